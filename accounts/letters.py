"""E-mails that could not be sent are kept, and sent again later."""

from datetime import timedelta

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils import timezone

from accounts import mail
from accounts.models import UnsentLetter

KEPT_FOR = timedelta(days=3)  # after that, a letter is no news
AT_ONCE = 200


def send(message: EmailMessage) -> bool:
    """Send an e-mail, or keep it so that `send_again` does; return whether it was sent."""
    if mail.send(message):
        return True
    UnsentLetter.objects.create(
        to=message.to[0],
        subject=str(message.subject),
        body=str(message.body),
        headers=message.extra_headers,
    )
    return False


def send_again() -> int:
    """Send the e-mails that are kept, oldest first, and return how many were sent.

    Stops at the first that cannot be sent: the others would wait for the mail server as well.
    """
    UnsentLetter.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    sent = 0
    for letter in UnsentLetter.objects.order_by("tries", "pk")[:AT_ONCE]:
        message = EmailMultiAlternatives(
            letter.subject, letter.body, to=[letter.to], headers=letter.headers
        )
        mail.add_html(message)
        if not mail.send(message):
            letter.tries += 1
            letter.save(update_fields=["tries"])
            break
        letter.delete()
        sent += 1
    return sent
