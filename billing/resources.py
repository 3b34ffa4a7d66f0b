"""The export of payments to a file."""

from typing import Any

from import_export import fields, resources
from import_export.formats import base_formats
from tablib import Dataset

from billing import money
from billing.models import Payment
from grading.spreadsheet import formula_safe


class _Safe:
    """Exports text that a spreadsheet would run as a formula in such a way that it stays text."""

    def export_data(self, dataset: Dataset, **kwargs: Any) -> Any:
        rows = [[formula_safe(str(cell)) for cell in row] for row in dataset]
        safe = Dataset(*rows, headers=dataset.headers, title=dataset.title)
        return super().export_data(safe, **kwargs)  # type: ignore[misc]


class SafeCSV(_Safe, base_formats.CSV):
    pass


class SafeXLSX(_Safe, base_formats.XLSX):
    pass


class PaymentResource(resources.ModelResource):
    email = fields.Field("user__email", "email")
    last_name = fields.Field("user__last_name", "last name")
    first_name = fields.Field("user__first_name", "first name")
    course = fields.Field("course__name", "course")
    amount = fields.Field(column_name="amount")
    refunded = fields.Field(column_name="refunded")
    currency = fields.Field("currency", "currency")
    status = fields.Field("status", "status")
    created_at = fields.Field("created_at", "started")
    payment_intent = fields.Field("payment_intent_id", "payment intent")

    class Meta:
        model = Payment
        fields = (
            "email",
            "last_name",
            "first_name",
            "course",
            "amount",
            "refunded",
            "currency",
            "status",
            "created_at",
            "payment_intent",
        )

    def dehydrate_amount(self, payment: Payment) -> str:
        return str(money.whole(payment.amount, payment.currency))

    def dehydrate_refunded(self, payment: Payment) -> str:
        return str(money.whole(payment.refunded_amount, payment.currency))
