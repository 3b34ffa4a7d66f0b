"""Signing up with an address that already has an account takes the same work as with a new one."""

import uuid
from typing import Any

from allauth.account.forms import SignupForm
from django.db import transaction
from django.http import HttpRequest


class EvenSignupForm(SignupForm):
    """allauth's sign-up form, with the fields of `accounts.forms.SignupForm`.

    allauth answers alike whether or not the address has an account, and sends one e-mail either
    way. But only a new account costs the hash of a password, which an attacker could measure.
    """

    def try_save(self, request: HttpRequest) -> Any:
        """Create the account; if there is one, create another for nobody and take it back."""
        with transaction.atomic():
            if not self.account_already_exists:
                return super().try_save(request)
            self._rehearse(request)
            transaction.set_rollback(True)
        return super().try_save(request)

    def _rehearse(self, request: HttpRequest) -> None:
        given: dict[str, Any] = self.cleaned_data  # type: ignore[has-type]
        self.cleaned_data = given | {"email": f"{uuid.uuid4().hex}@nobody.example"}
        self.account_already_exists = False
        self.save(request)
        self.cleaned_data = given
        self.account_already_exists = True
