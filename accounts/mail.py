"""The site's e-mails: plain text and the same text as HTML, in one frame."""

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
    """Return `email` if an e-mail can be sent to it; otherwise, raise ValidationError.

    Django's own validator also accepts host names that cannot be encoded for DNS, so that no mail
    server could be looked up for them.
    """
    try:
        host = email.rpartition("@")[2].encode("idna")
    except UnicodeError:
        host = b""
    if not host or len(email) > LONGEST_ADDRESS or is_of_nobody(email):
        raise ValidationError(_("Enter a valid email address."))
    return email


def is_of_nobody(email: str) -> bool:
    """Return whether an address can never be anybody's (RFC 2606), as that of an erased account."""
    return email.lower().endswith(".invalid")


def add_html(message: EmailMessage) -> None:
    """Add the message's text as HTML: the text is escaped, and its URLs become links."""
    if isinstance(message, EmailMultiAlternatives) and not message.alternatives:
        context = {"subject": message.subject, "text": message.body}
        message.attach_alternative(render_to_string("email/frame.html", context), "text/html")


def compose(template: str, to: str, context: dict[str, object]) -> EmailMultiAlternatives:
    """Return the e-mail that results from a text template, whose first line is the subject."""
    context = context | {"site": settings.BOOKBINDER_SITE_URL}
    # Texts that people wrote may contain line breaks; in the subject, one would begin a new header.
    subject, _newline, body = render_to_string(template, context).strip().partition("\n")
    message = EmailMultiAlternatives(" ".join(subject.split()), body.strip(), to=[to])
    add_html(message)
    return message


def send(message: EmailMessage) -> bool:
    """Send an e-mail and return whether that succeeded. Errors are logged, not raised.

    Nothing is sent to addresses of nobody, which is no error.
    """
    if all(map(is_of_nobody, message.to)):
        return True
    try:
        message.send()
    except (OSError, ValueError, smtplib.SMTPException):
        log.exception("An e-mail could not be sent: %s", message.subject)
        return False
    return True
