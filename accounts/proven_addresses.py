"""Accounts that the operator makes: nobody but their owner ever knows a password."""

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
    """Return the account of an address, made or of another type now, and whether it is new.

    The address counts as confirmed: the operator vouches for it. Whoever had signed up with it
    and never confirmed may be somebody else: their password is void, and so are their sessions.
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
    """Count the account's address as confirmed: somebody vouches for it. Others of it go."""
    if not is_proven(user):
        forget_unproven(user)
    EmailAddress.objects.filter(email__iexact=user.email).exclude(user=user).delete()
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


def is_proven(user: User) -> bool:
    """Whether somebody has shown that the account's address is theirs."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def forget_unproven(user: User) -> None:
    """Take the other ways into an account that nobody had confirmed.

    Whoever signed up with the address may be somebody else, who waits until its owner confirms it
    to come in by what they had connected.
    """
    SocialAccount.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()


def password_path(user: User) -> str:
    """Return the path of the page on which `user` sets a password; it works once, for days."""
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", args=(user_pk_to_url_str(user), key))
