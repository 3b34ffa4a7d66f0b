"""What an operator must set before the site is open to others."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def email_goes_out(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend":
        return []
    return [
        checks.Error(
            "E-mails go to the console: nobody can confirm an address or reset a password.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example.org:587.",
            id="bookbinder.E001",
        )
    ]
