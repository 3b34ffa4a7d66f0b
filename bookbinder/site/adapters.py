"""What several apps do when somebody signs in or confirms an address."""

from typing import Any

from django.http import HttpRequest

from accounts import adapters
from grading import invitations


class AccountAdapter(adapters.AccountAdapter):
    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in a user, who must have a confirmed address, and accept their invitations."""
        super().login(request, user)
        invitations.accept_all(user)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Confirm an address, and accept its invitations. Return whether it was confirmed."""
        is_confirmed = super().confirm_email(request, email_address)
        if is_confirmed:
            invitations.accept_all(email_address.user)
        return is_confirmed
