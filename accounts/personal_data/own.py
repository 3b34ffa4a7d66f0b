"""What this app, and the libraries below it, keep of a person."""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import UnsentLetter, User
from accounts.personal_data.table import Erasure, PersonalData, register


def addresses_of(user: User) -> list[str]:
    """Return the addresses that have been proven to be the person's, in lower case."""
    proven = EmailAddress.objects.filter(user=user, verified=True)
    return sorted({email.lower() for email in proven.values_list("email", flat=True)})


def _reason_to_stay(user: User) -> Any:
    """Others must be able to see who has changed a course, a price or a reply."""
    changed = LogEntry.objects.filter(user=user).exists()
    return _("the history of the admin has changes of yours") if changed else ""


def _letters_to(user: User) -> QuerySet[UnsentLetter]:
    letters = UnsentLetter.objects.alias(lower=Lower("to"))
    return letters.filter(lower__in=addresses_of(user))


ENTRIES = (
    PersonalData(
        User,
        title=_("Account"),
        person="pk",
        fields=(
            "email",
            "username",
            "first_name",
            "last_name",
            "type",
            "date_joined",
            "last_login",
            "policy_version",
            "policy_agreed_at",
            "wants_reply_letters",
            "wants_waiting_letters",
            "waiting_told_at",
            "erasure_due_at",
        ),
        erasure=Erasure.NAMELESS,
    ),
    PersonalData(
        EmailAddress,
        title=_("E-mail addresses"),
        person="user",
        fields=("email", "verified", "primary"),
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        EmailConfirmation,
        title=_("Unconfirmed e-mail addresses"),
        person="email_address__user",
        fields=("email_address__email", "created", "sent"),
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        Authenticator,
        title=_("Second factors"),
        person="user",
        fields=("type", "created_at", "last_used_at"),  # not the secrets
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        SocialAccount,
        title=_("Connected accounts"),
        person="user",
        fields=("provider", "uid", "extra_data", "date_joined", "last_login"),
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        SocialToken,
        title=_("Keys of connected accounts"),
        person="account__user",
        fields=("account__provider", "expires_at"),  # not the secrets
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        UnsentLetter,
        title=_("E-mails that could not be sent yet"),
        find=_letters_to,
        fields=("to", "subject", "created_at"),  # a text may contain a link that signs in
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        LogEntry,
        title=_("Changes made in the admin"),
        person="user",
        # Without `object_repr` and `change_message`: they contain names of other people.
        fields=("action_time", "action_flag", "content_type__model", "object_id"),
        erasure=Erasure.NAMELESS,
        reason_to_stay=_reason_to_stay,
    ),
)


def fill() -> None:
    """Add this app's entries to the table."""
    register(*ENTRIES)
