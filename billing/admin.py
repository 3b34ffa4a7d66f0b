"""Payments in the admin, for admins only: viewing, refunds, totals and an export."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin

from accounts.admin.base import ReadOnly, RelatedFilter, RulesAdmin
from billing import money, refunds, resources, stripe_client
from billing.models import Payment, StripeEvent

# The statuses of payments for which money has been received.
EARNED = (Payment.Status.PAID, Payment.Status.REFUNDED, Payment.Status.DISPUTED)


class RefundForm(forms.Form):
    """How much of a payment to refund. If several are selected, all that is left is refunded."""

    amount = forms.IntegerField(min_value=1, label=_("Amount, in the smallest unit"))


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ExportMixin, RulesAdmin):
    list_display = ("user", "course", "paid", "refunded", "status", "created_at", "at_stripe")
    list_filter = ("status", ("course", RelatedFilter), "created_at")
    list_select_related = ("user", "course")
    search_fields = (
        "user__email",
        "user__last_name",
        "course__name",
        "session_id",
        "payment_intent_id",
        "charge_id",
    )
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    fields = (
        "user",
        "course",
        "paid",
        "refunded",
        "status",
        "created_at",
        "updated_at",
        "at_stripe",
        "reference",
        "session_id",
        "payment_intent_id",
        "charge_id",
    )
    readonly_fields = fields
    actions = ("refund",)
    linked_filters = ("created_at__year", "created_at__month", "created_at__day")
    resource_classes = (resources.PaymentResource,)
    import_export_change_list_template = "admin/billing/payment/change_list.html"

    def get_export_formats(self) -> list[type[Any]]:
        return [resources.SafeCSV, resources.SafeXLSX]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.totals_view)
        return [path("totals/", view, name="billing_payment_totals"), *super().get_urls()]

    @admin.display(description=_("amount"), ordering="amount")
    def paid(self, payment: Payment) -> str:
        return money.in_words(payment.amount, payment.currency)

    @admin.display(description=_("refunded"), ordering="refunded_amount")
    def refunded(self, payment: Payment) -> str:
        if not payment.refunded_amount:
            return "–"
        return money.in_words(payment.refunded_amount, payment.currency)

    @admin.display(description=_("at Stripe"))
    def at_stripe(self, payment: Payment) -> SafeString | str:
        """Return a link to the payment in Stripe's dashboard, or a dash if it is not there."""
        if not payment.payment_intent_id:
            return "–"
        test = "test/" if settings.STRIPE_SECRET_KEY.startswith(("sk_test_", "rk_test_")) else ""
        url = f"https://dashboard.stripe.com/{test}payments/{payment.payment_intent_id}"
        return format_html('<a href="{}" rel="noreferrer">{}</a>', url, _("Stripe"))

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("billing.refund_payment"))

    @admin.action(description=_("Refund (asks for confirmation)"), permissions=["refund"])
    def refund(self, request: HttpRequest, payments: QuerySet[Payment]) -> HttpResponse | None:
        """Ask for confirmation, then refund all that is left of each payment, or a part of one."""
        chosen = list(payments.select_related("user", "course__book"))
        is_sent = "give_back" in request.POST
        alone = chosen[0] if len(chosen) == 1 else None
        form = RefundForm(
            request.POST if is_sent else None,
            initial={"amount": alone.refundable if alone else None},
        )
        if is_sent and (alone is None or form.is_valid()):
            for payment in chosen:
                amount = form.cleaned_data["amount"] if alone else payment.refundable
                self._refund(request, payment, amount)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Confirm refund"),
            "opts": self.opts,
            "form": form if alone else None,
            "form_id": uuid.uuid4(),
            "payments": [
                (payment, money.in_words(payment.refundable, payment.currency))
                for payment in chosen
            ],
        }
        return render(request, "admin/billing/payment/refund.html", context)

    def _refund(self, request: HttpRequest, payment: Payment, amount: int) -> None:
        shown = request.POST.get(f"shown-{payment.pk}", "")
        try:
            refunds.refund(
                payment,
                amount,
                shown=int(shown) if shown.isascii() and shown.isdigit() else -1,
                form=request.POST.get("form_id", "")[:36],
            )
        except (refunds.RefundError, stripe_client.StripeProblem) as error:
            self.message_user(request, f"{payment}: {error}", messages.ERROR)
            return
        what = _("%(payment)s: %(amount)s refunded.")
        values = {"payment": payment, "amount": money.in_words(amount, payment.currency)}
        self.message_user(request, what % values, messages.SUCCESS)

    def totals_view(self, request: HttpRequest) -> HttpResponse:
        """Show what each course has earned in each month.

        Raises PermissionDenied if the person may not view payments.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        sums = (
            self.get_queryset(request)
            .filter(status__in=EARNED)
            .order_by()
            .annotate(month=TruncMonth("created_at"))
            .values("course__name", "course", "month", "currency")
            .annotate(count=Count("pk"), paid=Sum("amount"), back=Sum("refunded_amount"))
            .order_by("-month", "course__name", "currency")
        )
        rows = [
            row
            | {
                "paid_text": money.in_words(row["paid"], row["currency"]),
                "back_text": money.in_words(row["back"], row["currency"]),
                "kept_text": money.in_words(row["paid"] - row["back"], row["currency"]),
            }
            for row in sums
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Totals by course and month"),
            "opts": self.opts,
            "rows": rows,
            "payments_url": reverse("admin:billing_payment_changelist"),
        }
        return render(request, "admin/billing/payment/totals.html", context)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, RulesAdmin):
    list_display = ("event_id", "type", "received_at", "done_at")
    list_filter = ("type", "received_at")
    ordering = ("-pk",)
