"""Where allauth asks us."""

import json
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from accounts import mail, proven_addresses, site_policy
from accounts.models import User

PENDING = "password_of_pending_login"
CONFIRM_AGAIN = 180  # seconds


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "The e-mail address and the password do not fit together, or the address has not been "
            "confirmed yet: look for our e-mail."
        )
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Keep with the account which policy was agreed to; the form required it."""
        site_policy.agree(user)
        return super().save_user(request, user, form, commit)

    def get_login_stages(self) -> list[str]:
        """Last, since it is the account's owner who agrees: after the second factor."""
        return [*super().get_login_stages(), "accounts.sign_in_stages.PolicyStage"]

    def clean_email(self, email: str) -> str:
        return mail.check_address(super().clean_email(email))

    def set_password(self, user: Any, password: str) -> None:
        if not proven_addresses.is_proven(user):
            proven_addresses.forget_unproven(user)  # by the link of a reset: here comes the owner
        super().set_password(user, password)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Let nobody tell an address that is not confirmed from one that has an account.

        After signing up with an address, the right password would be answered otherwise than
        where the address had an account before.
        """
        user = super().authenticate(request, **credentials)
        if not isinstance(user, User) or proven_addresses.is_proven(user):
            return user
        if cache.add(f"confirm:{user.pk}", 1, CONFIRM_AGAIN):
            address, _is_new = EmailAddress.objects.get_or_create(
                user=user, email=user.email, defaults={"primary": True}
            )
            address.send_confirmation(request)
        return None

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        request.session[PENDING] = user.get_session_auth_hash()
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        """A sign-in that waits for a second step ends when the password changes meanwhile."""
        begun_with = request.session.pop(PENDING, None)
        if begun_with is not None and begun_with != user.get_session_auth_hash():
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        message = super().render_mail(*args, **kwargs)
        mail.add_html(message)
        return message


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Only a trusted provider's word counts for whose address it is.

    With an untrusted one, who writes a stranger's address into their account there would come into
    the stranger's account here, or take the seats that invitations keep for that address.
    """

    def is_trusted(self, login: Any) -> bool:
        return login.account.provider in settings.BOOKBINDER_TRUSTED_PROVIDERS

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if "\\u0000" in json.dumps(sociallogin.account.extra_data):  # PostgreSQL keeps no NUL
            page = render(request, "socialaccount/authentication_error.html", status=401)
            raise ImmediateHttpResponse(page)
        if not self.is_trusted(sociallogin):
            for address in sociallogin.email_addresses:
                address.verified = False

    def authenticate_by_email(self, sociallogin: Any) -> Any:
        found = super().authenticate_by_email(sociallogin)
        if found is not None and not proven_addresses.is_proven(found[0]):
            proven_addresses.forget_unproven(found[0])
        return found

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return self.is_trusted(login)
