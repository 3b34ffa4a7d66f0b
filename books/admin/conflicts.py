"""Shows what an admin and the source have both changed, side by side, with a button for each."""

from collections.abc import Iterable
from typing import Any, Literal

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.admin.base import RulesAdmin
from books.editing import conflicts


class ConflictsFilter(admin.SimpleListFilter):
    title = _lazy("conflicts")
    parameter_name = "conflicts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("With conflicts"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return conflicts.with_conflicts(queryset) if self.value() == "open" else queryset


class ConflictsAdmin(RulesAdmin):
    """An admin class whose change page shows conflicts and lets people resolve them."""

    change_form_template = "admin/books/conflicts.html"

    @admin.display(description=_lazy("conflicts"))
    def conflict_count(self, obj: Any) -> str:
        """Return the number of open conflicts in the object's own row, or "" if there are none."""
        return str(len(obj.conflicts.split(","))) if obj.conflicts else ""

    def editables(self, obj: Any) -> Iterable[conflicts.Editable]:
        """Return the rows whose conflicts are shown on the object's page."""
        return [obj]

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_resolve"
        view = self.admin_site.admin_view(self.resolve)
        return [path("<path:object_id>/settle/", view, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = {"conflicts": self.conflicts(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def conflicts(self, request: HttpRequest, object_id: str) -> list[dict[str, Any]]:
        """Return an object's open conflicts for the template; none if the user may not edit it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_change_permission(request, obj):
            return []
        found = [
            conflict for row in self.editables(obj) for conflict in conflicts.conflicts_of(row)
        ]
        return [
            {
                "name": (
                    conflict.label if conflict.obj == obj else f"{conflict.obj} · {conflict.label}"
                ),
                "ours": _shown(conflict, conflict.ours),
                "theirs": _shown(conflict, conflict.theirs),
                "value": f"{conflict.obj.pk}-{conflict.field}",
            }
            for conflict in found
        ]

    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Resolve the conflict whose button was pressed, and ignore the rest of the form."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or request.method != "POST":
            raise Http404
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        given = request.POST.get("take_source") or request.POST.get("keep_admin") or ""
        take: Literal["source", "admin"] = "source" if "take_source" in request.POST else "admin"
        pk, _dash, field = given.partition("-")
        rows = {str(row.pk): row for row in self.editables(obj)}
        if pk not in rows or field not in conflicts.FIELDS:
            raise Http404
        try:
            conflicts.resolve(rows[pk], field, take)
        except ValidationError as error:
            self.message_user(request, error.messages[0], messages.WARNING)
        else:
            self.message_user(request, _("The conflict has been resolved."), messages.SUCCESS)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return redirect(reverse(name, args=(obj.pk,)))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if hasattr(obj, "conflicts"):
            conflicts.decide(obj, form.changed_data)
        super().save_model(request, obj, form, change)


def _shown(conflict: conflicts.Conflict, value: str) -> str:
    # It comes from the author's own build, or from our renderer, which sanitizes it.
    return mark_safe(value) if conflict.is_html else value  # nosec B308 B703
