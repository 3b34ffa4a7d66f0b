"""How many notes one person may write per minute, on a page and in a book."""

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import limits
from accounts.models import User
from annotations.errors import Refused
from annotations.models import Annotation

TOO_MANY = gettext_lazy("Too many notes in one minute. Wait a little, then try again.")
MOST, MOST_ACTS = 60, 240  # per minute: notes written, and other acts on notes
MOST_IN_BOOK, MOST_ON_PAGE = 5_000, 200  # per person: notes and replies that are not deleted


def too_many(request: HttpRequest, what: str = "note", most: int = MOST) -> bool:
    """Count a request of the kind `what`; return whether there are over `most` in this minute."""
    return limits.count(request, what, seconds=limits.MINUTE) > most


def check_count(user: User, book_id: int, page_id: int | None) -> None:
    """Raise Refused if a person already has the maximum number of notes on a page or in a book.

    Without `page_id`, the page is gone: only the book counts.
    """
    written = Annotation.objects.written_by(user).filter(book=book_id)
    counts = written.aggregate(in_book=Count("pk"), on_page=Count("pk", filter=Q(page=page_id)))
    if page_id is not None and counts["on_page"] >= MOST_ON_PAGE:
        raise Refused(
            _("You have %(n)d notes on this page, which is the maximum. Delete some first.")
            % {"n": MOST_ON_PAGE}
        )
    if counts["in_book"] >= MOST_IN_BOOK:
        raise Refused(
            _("You have %(n)d notes in this book, which is the maximum. Delete some first.")
            % {"n": MOST_IN_BOOK}
        )


def site_of(request: HttpRequest) -> str:
    """Return the site's address without a final slash, with which the ids of notes begin."""
    return request.build_absolute_uri("/").rstrip("/")
