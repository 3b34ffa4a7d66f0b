"""Kinds of e-mails that a person can switch off: on a page, and by a link in each of them."""

from dataclasses import dataclass

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse

from accounts import letters, mail
from accounts.models import User


@dataclass(frozen=True)
class Subscription:
    """A kind of e-mails.

    `field` is the field of User that says whether a person wants them, and `url` the name of the
    URL of the link, which takes a token. Tokens are signed with `salt`.
    """

    field: str
    salt: str
    url: str

    def stop_address(self, user: User) -> str:
        """Return the full URL that switches a person's e-mails off without signing in."""
        token = Signer(salt=self.salt).sign(str(user.pk))
        return f"{settings.BOOKBINDER_SITE_URL}{reverse(self.url, args=(token,))}"

    def user_of(self, token: str) -> int:
        """Return the key of the user whose e-mails the URL with this token switches off.

        Raises BadSignature if we did not sign the token.
        """
        return int(Signer(salt=self.salt).unsign(token))

    def switch(self, user_pk: int, *, on: bool) -> None:
        """Switch a person's e-mails on or off."""
        User.objects.filter(pk=user_pk).update(**{self.field: on})

    def send(self, template: str, user: User, context: dict[str, object]) -> None:
        """Send an e-mail to a person who wants it; its template also gets `stop_url`."""
        if not (user.is_active and getattr(user, self.field)):
            return
        stop = self.stop_address(user)
        message = mail.compose(template, user.email, context | {"stop_url": stop})
        # Mail programs show these headers as a button (RFC 8058).
        message.extra_headers["List-Unsubscribe"] = f"<{stop}>"
        message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        letters.send(message)
