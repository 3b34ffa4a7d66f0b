"""Our e-mails: a text, and the same in HTML, in one frame."""

import logging
import smtplib

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)


LONGEST_ADDRESS = 254  # RFC 5321


def check_address(email: str) -> str:
    """Return an address that a letter can be sent to. Raises ValidationError.

    Django's own validator lets host names pass that no mail server can be asked for.
    """
    try:
        host = email.rpartition("@")[2].encode("idna")
    except UnicodeError:
        host = b""
    if not host or len(email) > LONGEST_ADDRESS:
        raise ValidationError(_("Enter a valid email address."))
    return email


def add_html(message: EmailMessage) -> None:
    """Add the message's text as HTML: what is in it is escaped, addresses become links."""
    if isinstance(message, EmailMultiAlternatives) and not message.alternatives:
        context = {"subject": message.subject, "text": message.body}
        message.attach_alternative(render_to_string("email/frame.html", context), "text/html")


def compose(template: str, to: str, context: dict[str, object]) -> EmailMultiAlternatives:
    """Return the e-mail that a text template says: its first line is the subject."""
    context = context | {"site": settings.BOOKBINDER_SITE_URL}
    # What people wrote may hold line ends; a subject of two lines would be two headers.
    subject, _newline, body = render_to_string(template, context).strip().partition("\n")
    message = EmailMultiAlternatives(" ".join(subject.split()), body.strip(), to=[to])
    add_html(message)
    return message


def send(message: EmailMessage) -> bool:
    """Send an e-mail that nothing waits for: a mail server that is down stops nobody."""
    try:
        message.send()
    except (OSError, ValueError, smtplib.SMTPException):
        log.exception("An e-mail could not be sent: %s", message.subject)
        return False
    return True
