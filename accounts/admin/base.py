"""The base of all our admin classes: permissions and rows come from `accounts.access`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from accounts import access
from accounts.admin import deletion
from accounts.http import signed_in

_LOOKUP = re.compile(r"(__id)?(__(exact|isnull|isempty|gte|lt))?$")
SEARCHED_WORDS = 10
SHOWN = 20  # rows to be deleted that are named


@contextmanager
def _numbers_that_fit() -> Iterator[None]:
    """Respond with 400 to a number or date, in a form or URL, that no database can store."""
    try:
        yield
    except (OverflowError, DataError) as error:
        raise SuspiciousOperation("a number or date out of range") from error


def _rendered(response: Any) -> Any:
    """Return the rendered response, since some widgets query the database only on rendering."""
    return response.render() if hasattr(response, "render") else response


def may(request: HttpRequest, permission: str, obj: Model | None = None) -> bool:
    """Return whether the request's user has a permission, looking it up only once per request.

    Django's admin asks again for each form on a page.
    """
    answers: dict[Any, bool] = request.__dict__.setdefault("_rights", {})
    key = (permission, obj and obj.pk)
    if key not in answers:
        answers[key] = access.may(signed_in(request), permission, obj)
    return answers[key]


class RelatedFilter(admin.RelatedOnlyFieldListFilter):
    """A filter by the related rows that the list has. Django's also offers "-", for none."""

    include_empty_choice = False


class _ByRules:
    """Takes permissions and rows of an admin class or an inline from `accounts.access`."""

    model: type[Model]

    def permission(self, act: str) -> str:
        """Return the full name of a permission, such as `grading.view_course`."""
        return f"{self.model._meta.app_label}.{act}_{self.model._meta.model_name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(access.rows(signed_in(request), self.permission("view")))

    def may(self, request: HttpRequest, act: str, obj: Model | None) -> bool:
        # Django passes the parent object to an inline, whose rows get_queryset() has selected.
        own = obj if isinstance(obj, self.model) else None
        return may(request, self.permission(act), own)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "view", obj) or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "delete", obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether a row may be added to `obj`, its parent object."""
        return may(request, self.permission("add"), obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class RulesAdmin(_ByRules, admin.ModelAdmin):
    """A ModelAdmin whose permissions and rows come from `accounts.access`."""

    show_full_result_count = False
    # Lookups that links on other pages use, in addition to those of `list_filter`.
    linked_filters: tuple[str, ...] = ()
    # People with this permission on any row can open the list even while it is empty for them.
    listed_for = ""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow only the filters that pages offer; Django allows any on the model's own fields.

        Those include regular expressions, which can be made as slow as somebody likes.
        """
        names = [entry[0] if isinstance(entry, tuple) else entry for entry in self.list_filter]
        # A filter of its own kind is a class, with the name of what it reads from the query string.
        offered = {str(getattr(name, "parameter_name", name)) for name in names}
        offered.update(self.linked_filters)
        return _LOOKUP.sub("", lookup) in offered

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        with _numbers_that_fit():
            return _rendered(super().changelist_view(request, extra_context))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with _numbers_that_fit():
            return _rendered(super().changeform_view(request, *args, **kwargs))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Count what would be deleted, instead of loading and listing it.

        Returns what Django's templates show: the rows themselves, how many of each model, the
        models of which the person must not delete rows, and what protects the rows.
        """
        found = deletion.count(self.model, objs)
        forbidden = {
            f"{model._meta.verbose_name_plural}: {n}"
            for model, n in found.deleted.items()
            if model is not self.model and not self._may_delete_rows_of(model, request)
        }
        if not all(self.has_delete_permission(request, obj) for obj in objs):
            forbidden.add(str(self.opts.verbose_name))
        shown = [str(obj) for obj in objs[:SHOWN]]
        if len(objs) > SHOWN:
            shown.append(gettext("and %(n)d more") % {"n": len(objs) - SHOWN})
        counts = {str(model._meta.verbose_name_plural): n for model, n in found.deleted.items()}
        protecting = [
            f"{model._meta.verbose_name_plural}: {n}" for model, n in found.protecting.items()
        ]
        return shown, counts, forbidden, protecting

    def _may_delete_rows_of(self, model: type[Model], request: HttpRequest) -> bool:
        if not self.admin_site.is_registered(model):
            return True
        return self.admin_site.get_model_admin(model).has_delete_permission(request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show the history of a row only to people who may change the row.

        Its entries name inline rows, such as the expected answer of a feedback, which the change
        page hides from people who may only view it. Raises PermissionDenied for them.
        """
        row = self.get_object(request, unquote(object_id))
        if row is not None and not self.has_change_permission(request, row):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Each word adds a condition, and a database does not accept a thousand of them.
        words = " ".join(search_term.split()[:SEARCHED_WORDS])
        return super().get_search_results(request, queryset, words)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if super().has_view_permission(request, obj):
            return True
        return obj is None and bool(self.listed_for) and may(request, self.listed_for)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_add_permission(request, None)


class RulesInline(_ByRules, admin.TabularInline):
    """A TabularInline whose permissions and rows come from `accounts.access`."""

    extra = 0


class ReadOnly:
    """Mixin for rows that are shown in the admin but cannot be added, changed or deleted there."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
