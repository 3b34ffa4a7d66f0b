"""What several apps do when somebody signs in."""

from typing import Any

from django.http import HttpRequest

from accounts import adapters
from grading import invitations


class AccountAdapter(adapters.AccountAdapter):
    def login(self, request: HttpRequest, user: Any) -> None:
        """Let invitations take effect: with a session, the address has been confirmed."""
        super().login(request, user)
        invitations.accept_all(user)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        is_confirmed = super().confirm_email(request, email_address)
        if is_confirmed:
            invitations.accept_all(email_address.user)
        return is_confirmed
