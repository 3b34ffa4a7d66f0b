"""E-mails about notes. They never contain the text of a note, which is read on the site."""

from django.conf import settings
from django.core.cache import cache
from django.core.signing import Signer
from django.urls import reverse

from accounts import letters, mail
from accounts.models import User
from annotations.models import Annotation

# Seconds after an e-mail about a reply in which further replies to the note by the same person send
# none. The replies themselves do not tell: they may have been deleted.
QUIET = 600
_signer = Signer(salt="annotations.mail")


def address_of(note: Annotation) -> str:
    """Return the full URL of a note on its page, or in the list of notes if it has no page."""
    path = note.page.get_absolute_url() if note.page else reverse("notes")
    return f"{settings.BOOKBINDER_SITE_URL}{path}#note-{(note.root or note).uuid}"


def stop_address(user: User) -> str:
    """Return the full URL that turns off a person's e-mails about notes without signing in."""
    token = _signer.sign(str(user.pk))
    return f"{settings.BOOKBINDER_SITE_URL}{reverse('stop-note-letters', args=(token,))}"


def user_of(token: str) -> int:
    """Return the key of the user whose e-mails the URL with this token turns off.

    Raises BadSignature if we did not sign the token.
    """
    return int(_signer.unsign(token))


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
    person = note.user
    if not (person.is_active and person.wants_reply_letters):
        return
    context = {
        "note": note,
        "book": note.book.title,
        "page": note.page.title if note.page else "",
        "url": address_of(note),
        "stop_url": stop_address(person),
    }
    message = mail.compose(template, person.email, context)
    # Mail programs show these headers as a button (RFC 8058).
    message.extra_headers["List-Unsubscribe"] = f"<{context['stop_url']}>"
    message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letters.send(message)
