"""E-mails about notes. What was written in a note is not in them: it is read on the site."""

from datetime import timedelta

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse
from django.utils import timezone

from accounts import mail
from accounts.models import User
from annotations.models import Annotation

QUIET = timedelta(minutes=10)  # of one person's replies to a note, the first is told
_signer = Signer(salt="annotations.mail")


def address_of(note: Annotation) -> str:
    """Return the full address of a note in its page, or of the list where it has none."""
    path = note.page.get_absolute_url() if note.page else reverse("notes")
    return f"{settings.BOOKBINDER_SITE_URL}{path}#note-{(note.root or note).uuid}"


def stop_address(user: User) -> str:
    """Return the address by which a person ends these letters, without signing in."""
    token = _signer.sign(str(user.pk))
    return f"{settings.BOOKBINDER_SITE_URL}{reverse('stop-note-letters', args=(token,))}"


def user_of(token: str) -> int:
    """Return whose letters an address ends. Raises BadSignature."""
    return int(_signer.unsign(token))


def tell_of_reply(reply: Annotation) -> None:
    """Write to who wrote the note, if they may read the reply and want such letters."""
    root = reply.root
    assert root is not None
    if root.user_id == reply.user_id or root.deleted_at or reply.hidden_at:
        return
    since = timezone.now() - QUIET
    if root.replies.filter(user=reply.user_id, pk__lt=reply.pk, created_at__gt=since).exists():
        return
    _write("email/note_reply.txt", root)


def tell_of_fix(report: Annotation) -> None:
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
    # By RFC 8058 mail programs offer this as a button.
    message.extra_headers["List-Unsubscribe"] = f"<{context['stop_url']}>"
    message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.send(message)
