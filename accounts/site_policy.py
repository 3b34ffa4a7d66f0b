"""The site policy, which everybody has to agree to."""

from django.conf import settings
from django.utils import timezone

from accounts.models import User


def is_agreed(user: User) -> bool:
    """Return whether `user` has agreed to the current version of the policy."""
    return user.policy_version == settings.BOOKBINDER_POLICY_VERSION


def agree(user: User) -> None:
    """Record on `user`, without saving it, that they agree to the current version of the policy."""
    user.policy_version = settings.BOOKBINDER_POLICY_VERSION
    user.policy_agreed_at = timezone.now()
