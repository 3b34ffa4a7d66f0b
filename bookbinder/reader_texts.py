"""The texts of the reader's scripts: they come with a page's state, in the language asked for."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXTS: dict[str, Promise] = {
    "bookshelf": _("Bookshelf"),
    "next_question": _("Next unanswered question"),
    "not_sent": _("No connection. Your answer was not sent: try again."),
    "resume": _("Continue where you stopped"),
    "sign_in": _("Sign in"),
}


def texts() -> dict[str, str]:
    """Return every text in the language of this request."""
    return {key: str(text) for key, text in TEXTS.items()}
