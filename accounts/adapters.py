"""Where allauth asks us."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest

from accounts import mail, policy


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Keep with the account which policy was agreed to; the form required it."""
        policy.agree(user)
        return super().save_user(request, user, form, commit)

    def get_login_stages(self) -> list[str]:
        """Last, since it is the account's owner who agrees: after the second factor."""
        return [*super().get_login_stages(), "accounts.stages.PolicyStage"]

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        message = super().render_mail(*args, **kwargs)
        mail.add_html(message)
        return message


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Only a trusted provider's word counts for whose address it is.

    With an untrusted one, who writes a stranger's address into their account there would come into
    the stranger's account here, or take the places that invitations keep for that address.
    """

    def is_trusted(self, login: Any) -> bool:
        return login.account.provider in settings.BOOKBINDER_TRUSTED_PROVIDERS

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if not self.is_trusted(sociallogin):
            for address in sociallogin.email_addresses:
                address.verified = False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return self.is_trusted(login)
