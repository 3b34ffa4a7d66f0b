"""Accounts whose address somebody vouches for: only the owner ever knows a password."""

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.urls import reverse

from accounts.models import User


@transaction.atomic
def make(email: str, *, kind: str, first_name: str, last_name: str) -> tuple[User, bool]:
    """Create the account of an address, or change its type; return it, and whether it is new.

    The address counts as confirmed, since the operator vouches for it. If the account exists but
    its address was never confirmed, somebody else may have signed up with it: the password and all
    sessions then become invalid.
    """
    user = User.objects.filter(email__iexact=email.strip()).first()
    is_new = user is None
    if user is None:
        user = User.objects.create_user(email, None, first_name=first_name, last_name=last_name)
    elif not EmailAddress.objects.is_verified(user.email):
        user.set_unusable_password()
        user.save(update_fields=["password"])
        forget_unproven(user)
    if user.type != kind:
        user.type = kind
        user.save(update_fields=["type"])
    confirm(user)
    return user, is_new


@transaction.atomic
def confirm(user: User) -> None:
    """Mark the account's address as confirmed, because somebody vouches for it.

    Other accounts lose their claim to the address, and this account loses its other addresses. If
    the address was not confirmed before, unproven ways of signing in are removed.
    """
    if not is_proven(user):
        forget_unproven(user)
    EmailAddress.objects.filter(email__iexact=user.email).exclude(user=user).delete()
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


def is_proven(user: User) -> bool:
    """Return whether somebody has proven that they own the account's address."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def forget_unproven(user: User) -> None:
    """Remove the ways of signing in that were added to an account without proof of ownership.

    Somebody else may have signed up with the address and connected them, in order to get in as soon
    as the address's owner confirms it.
    """
    SocialAccount.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()


def password_path(user: User) -> str:
    """Return the path of the page on which `user` sets a password.

    The link works once, and only for the time that PASSWORD_RESET_TIMEOUT sets.
    """
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", args=(user_pk_to_url_str(user), key))
