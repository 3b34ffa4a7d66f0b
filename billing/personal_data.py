"""What this app keeps of a person; see `accounts.personal_data.table`."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.personal_data.table import Erasure, PersonalData, register
from billing.models import Payment


def _reason_to_stay(user: User) -> Any:
    """Books must be kept of what was paid."""
    return _("you have paid") if Payment.objects.filter(user=user).exists() else ""


ENTRIES = (
    PersonalData(
        Payment,
        title=_("Payments"),
        person="user",
        fields=(
            "course__name",
            "amount",
            "refunded_amount",
            "currency",
            "status",
            "reference",
            "session_id",
            "payment_intent_id",
            "charge_id",
            "created_at",
            "updated_at",
        ),
        erasure=Erasure.NAMELESS,
        reason_to_stay=_reason_to_stay,
    ),
)


def fill() -> None:
    """Add this app's entries to the table."""
    register(*ENTRIES)
