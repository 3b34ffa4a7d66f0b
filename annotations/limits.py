"""How many notes one person may write per minute and per book."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import limits
from accounts.models import User
from annotations.errors import Refused
from annotations.models import Annotation

TOO_MANY = gettext_lazy("Too many notes in one minute. Wait a little, then try again.")
MOST, MOST_ACTS = 60, 240  # per minute: notes written, and other acts on notes
MOST_KEPT = 5_000  # per person and book


def too_many(request: HttpRequest, what: str = "note", most: int = MOST) -> bool:
    """Count a request of the kind `what`; return whether there are over `most` in this minute."""
    return limits.count(request, what, seconds=limits.MINUTE) > most


def check_count(user: User, book_id: int) -> None:
    """Raise Refused if a person already has the maximum number of notes in a book."""
    if Annotation.objects.written_by(user).filter(book=book_id).count() >= MOST_KEPT:
        raise Refused(
            _("You have %(n)d notes in this book, which is the maximum. Delete some first.")
            % {"n": MOST_KEPT}
        )


def site_of(request: HttpRequest) -> str:
    """Return the site's address without a final slash, with which the ids of notes begin."""
    return request.build_absolute_uri("/").rstrip("/")
