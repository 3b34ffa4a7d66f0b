"""The site policy that everybody agrees to."""

from django.conf import settings
from django.utils import timezone

from accounts.models import User


def is_agreed(user: User) -> bool:
    """Whether `user` has agreed to the policy in force."""
    return user.policy_version == settings.BOOKBINDER_POLICY_VERSION


def agree(user: User) -> None:
    """Note on `user`, without saving, that they agreed to the policy in force."""
    user.policy_version = settings.BOOKBINDER_POLICY_VERSION
    user.policy_agreed_at = timezone.now()
