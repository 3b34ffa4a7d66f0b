"""The adapters through which allauth calls this site's own code."""

import json
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from accounts import mail, proven_addresses, site_policy
from accounts.http import after_response
from accounts.models import User

PENDING = "password_of_pending_login"
CONFIRM_AGAIN = 180  # seconds between two confirmation e-mails to an account


class AccountAdapter(DefaultAccountAdapter):
    """Adds to allauth's accounts the policy, proof of addresses, and e-mails in HTML."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "The e-mail address and the password do not match, or the address has not been "
            "confirmed yet: look for our e-mail."
        )
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Also record that the user has agreed to the current policy, which the form requires."""
        site_policy.agree(user)
        return super().save_user(request, user, form, commit)

    def get_login_stages(self) -> list[str]:
        """Add the policy stage after the second factor, so that it is the owner who agrees."""
        return [*super().get_login_stages(), "accounts.sign_in_stages.PolicyStage"]

    def clean_email(self, email: str) -> str:
        return mail.check_address(super().clean_email(email))

    def set_password(self, user: Any, password: str) -> None:
        if not proven_addresses.is_proven(user):
            # Only the owner of the address has received the link that resets the password.
            proven_addresses.forget_unproven(user)
        super().set_password(user, password)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Refuse an account whose address is not confirmed, just as after a wrong password.

        Otherwise, people could sign up with somebody's address and then try the password: the
        response would reveal whether the address already had an account. The confirmation e-mail is
        sent again, after the response, whose time would reveal it too.
        """
        user = super().authenticate(request, **credentials)
        if not isinstance(user, User) or proven_addresses.is_proven(user):
            return user
        after_response(request, lambda: self._confirm_again(request, user))
        return None

    def _confirm_again(self, request: HttpRequest, user: User) -> None:
        if cache.add(f"confirm:{user.pk}", 1, CONFIRM_AGAIN):
            address, _is_new = EmailAddress.objects.get_or_create(
                user=user, email=user.email, defaults={"primary": True}
            )
            with request_context(request):  # which allauth reads
                address.send_confirmation(request)

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        """Store a hash of the current password in the session, for `login` to compare."""
        request.session[PENDING] = user.get_session_auth_hash()
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign the user in, unless the password changed while a second step was awaited.

        Raises ImmediateHttpResponse, with a redirect to the sign-in page, if it did.
        """
        begun_with = request.session.pop(PENDING, None)
        if begun_with is not None and begun_with != user.get_session_auth_hash():
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        message = super().render_mail(*args, **kwargs)
        mail.add_html(message)
        return message


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Believes only trusted providers about who owns an e-mail address.

    At an untrusted provider, people could enter a stranger's address in their account. They would
    then get into the stranger's account here, or take the seats that invitations reserve for that
    address.
    """

    def is_trusted(self, login: Any) -> bool:
        return login.account.provider in settings.BOOKBINDER_TRUSTED_PROVIDERS

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Treat addresses as unverified unless the provider is trusted.

        Raises ImmediateHttpResponse, with an error page, if the provider's data contains NUL.
        """
        if "\\u0000" in json.dumps(sociallogin.account.extra_data):  # PostgreSQL cannot store NUL
            page = render(request, "socialaccount/authentication_error.html", status=401)
            raise ImmediateHttpResponse(page)
        if not self.is_trusted(sociallogin):
            for address in sociallogin.email_addresses:
                address.verified = False

    def authenticate_by_email(self, sociallogin: Any) -> Any:
        """Return allauth's match, after removing unproven ways of signing in to that account."""
        found = super().authenticate_by_email(sociallogin)
        if found is not None and not proven_addresses.is_proven(found[0]):
            proven_addresses.forget_unproven(found[0])
        return found

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return self.is_trusted(login)
