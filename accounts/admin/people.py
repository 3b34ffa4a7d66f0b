"""Accounts in the admin, and the ways of signing in that their owners may have lost."""

from collections import Counter
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import proven_addresses
from accounts.admin.base import ReadOnly, RulesAdmin
from accounts.models import User
from accounts.personal_data import erasure
from accounts.personal_data.erasure import ErasureError
from accounts.personal_data.table import Erasure

DELETED_AT_ONCE = 100  # accounts, each with a plan of its own

# Sign-in providers are configured only in the environment, so that no page shows a secret.
for model in (Group, SocialApp, SocialToken, SocialAccount, Authenticator):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(RulesAdmin):
    list_display = ("email", "last_name", "first_name", "type", "is_active", "date_joined")
    list_filter = ("type", "is_active")
    search_fields = ("email", "last_name", "first_name", "username")
    ordering = ("last_name", "first_name", "email")
    actions = ("confirm_addresses",)
    readonly_fields = (
        "date_joined", "last_login", "policy_version", "policy_agreed_at", "erasure_due_at",
        "erased_at",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("email", "username", "first_name", "last_name")}),
        (_("Rights"), {"fields": ("type", "is_active")}),
        (_("History"), {"fields": readonly_fields}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            # The owner sets a password through "Forgot your password?".
            obj.set_unusable_password()
        obj.email = obj.email.lower()  # as allauth stores and looks up addresses
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            proven_addresses.confirm(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if isinstance(obj, User) and erasure.reason_against(obj):
            return False
        return super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Count what would be deleted, and say which accounts only lose their names, and why."""
        shown, counts, protecting = [], Counter[str](), []
        if len(objs) > DELETED_AT_ONCE:
            text = gettext("Delete at most %(n)d accounts at once.") % {"n": DELETED_AT_ONCE}
            return [], {}, set(), [text]
        for user in objs:
            reason = erasure.reason_against(user)
            if reason:
                protecting.append(f"{user}: {reason}")
                continue
            plan = erasure.make_plan(user)
            reasons = "; ".join(plan.reasons)
            loses = gettext("%(account)s only loses its name (%(reasons)s)")
            shown.append(loses % {"account": user, "reasons": reasons} if reasons else str(user))
            for line in plan.lines:
                if line.erasure is Erasure.DELETED:
                    counts[line.title] += line.number
        return shown, dict(counts), set(), protecting

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erasure.erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            try:
                erasure.erase(user)
            except ErasureError as error:  # for the last of the admins that were chosen
                self.message_user(request, f"{user}: {error}", messages.ERROR)

    @admin.action(description=_("Confirm the e-mail addresses"), permissions=["change"])
    def confirm_addresses(self, request: HttpRequest, users: QuerySet[User]) -> None:
        users = users.filter(erased_at=None)
        for user in users:
            proven_addresses.confirm(user)
        text = _("Addresses confirmed: %(n)d.") % {"n": users.count()}
        self.message_user(request, text, messages.SUCCESS)


class _Forgotten(ReadOnly, RulesAdmin):
    """Rows that can be viewed, and deleted if their owner has lost access, but not edited."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "delete", obj)


@admin.register(Authenticator)
class AuthenticatorAdmin(_Forgotten):
    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__last_name")
    fields = list_display


@admin.register(SocialAccount)
class SocialAccountAdmin(_Forgotten):
    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__last_name", "uid")
    fields = list_display
