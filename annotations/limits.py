"""How many notes one person may write: in a minute, and in a book."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import limits
from accounts.models import User
from annotations.errors import Refused
from annotations.models import Annotation

TOO_MANY = gettext_lazy("Too many notes in one minute. Wait a little, then try again.")
MOST, MOST_ACTS = 60, 240  # a minute: writes, and what is done with notes
MOST_KEPT = 5_000  # a person and book


def too_many(request: HttpRequest, what: str = "note", most: int = MOST) -> bool:
    """Count a write; say whether it is one too many."""
    return limits.count(request, what, seconds=limits.MINUTE) > most


def check_count(user: User, book_id: int) -> None:
    """Raise Refused where a person has as many notes in a book as they may."""
    if Annotation.objects.written_by(user).filter(book=book_id).count() >= MOST_KEPT:
        raise Refused(
            _("You have %(n)d notes in this book, as many as one can keep. Delete some first.")
            % {"n": MOST_KEPT}
        )


def site_of(request: HttpRequest) -> str:
    """Return the site's own address, which the ids of notes begin with."""
    return request.build_absolute_uri("/").rstrip("/")
