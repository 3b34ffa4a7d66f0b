"""E-mails about notes. They never contain the text of a note, which is read on the site."""

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from accounts.subscriptions import Subscription
from annotations.models import Annotation

# Seconds after an e-mail about a reply in which further replies to the note by the same person send
# none. The replies themselves do not tell: they may have been deleted.
QUIET = 600
LETTERS = Subscription("wants_reply_letters", "annotations.mail", "stop-note-letters")


def address_of(note: Annotation) -> str:
    """Return the full URL of a note on its page, or in the list of notes if it has no page."""
    path = note.page.get_absolute_url() if note.page else reverse("notes")
    return f"{settings.BOOKBINDER_SITE_URL}{path}#note-{(note.root or note).uuid}"


def tell_of_reply(reply: Annotation) -> None:
    """Send an e-mail about a reply to the writer of the note.

    They must want such e-mails, and be able to read the reply. Replies to one's own notes, and
    those soon after an e-mail about another reply by the same person, send none.
    """
    root = reply.root
    assert root is not None
    if root.user_id == reply.user_id or root.deleted_at or reply.hidden_at:
        return
    if cache.add(f"reply-letter:{root.pk}:{reply.user_id}", 1, QUIET):
        _write("email/note_reply.txt", root)


def tell_of_fix(report: Annotation) -> None:
    """Send the writer of a problem report an e-mail that it is fixed, if they want such e-mails.

    If it is fixed again soon after, they get no other one.
    """
    if cache.add(f"fix-letter:{report.pk}", 1, QUIET):
        _write("email/report_fixed.txt", report)


def _write(template: str, note: Annotation) -> None:
    page = note.page.title if note.page else ""
    context = {"note": note, "book": note.book.title, "page": page, "url": address_of(note)}
    LETTERS.send(template, note.user, context)
