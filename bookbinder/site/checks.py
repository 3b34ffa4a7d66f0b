"""System checks of what an operator must set up before other people use the site."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def email_goes_out(**kwargs: Any) -> list[checks.CheckMessage]:
    """E-mails must be sent, not written to the console."""
    if settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend":
        return []
    return [
        checks.Error(
            "E-mails go to the console: nobody can confirm an address or reset a password.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example.org:587.",
            id="bookbinder.E001",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def database_is_private(**kwargs: Any) -> list[checks.CheckMessage]:
    """SQLite's file contains the answer key and personal data: only our own user may read it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    path = Path(database["NAME"])
    if not path.is_file() or not path.stat().st_mode & 0o077:
        return []
    text = f"Other users of this machine can read the database {path}."
    return [checks.Warning(text, hint=f"chmod 600 {path}*", id="bookbinder.W003")]


@checks.register(checks.Tags.security, deploy=True)
def payment_is_whole(**kwargs: Any) -> list[checks.CheckMessage]:
    """Payment must be set up completely or not at all."""
    names = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    if not missing:
        return []
    if len(missing) == len(names):
        text = "Payment is not set up: paid courses say so, free ones work."
        hint = f"To sell courses, set {' and '.join(names)}."
        return [checks.Info(text, hint=hint, id="bookbinder.I002")]
    hint = f"Set {missing[0]}, from the same place in Stripe's dashboard."
    return [checks.Error("Payment is half set up.", hint=hint, id="bookbinder.E002")]
