"""The base of all our admin classes: rights and rows from the table in `accounts.access`."""

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

from accounts import access
from accounts.http import signed_in

_LOOKUP = re.compile(r"(__id)?(__(exact|isnull|isempty|gte|lt))?$")
SEARCHED_WORDS = 10


@contextmanager
def _numbers_that_fit() -> Iterator[None]:
    """Answer 400 to a number or a date in a form or an address that no database takes."""
    try:
        yield
    except (OverflowError, DataError) as error:
        raise SuspiciousOperation("a number or date out of range") from error


def _rendered(response: Any) -> Any:
    """Return the response with its page written: a widget asks the database only then."""
    return response.render() if hasattr(response, "render") else response


def may(request: HttpRequest, permission: str, obj: Model | None = None) -> bool:
    """Whether the request's user has a right: asked of the database once a request.

    Django's admin asks again for each form of a page.
    """
    answers: dict[Any, bool] = request.__dict__.setdefault("_rights", {})
    key = (permission, obj and obj.pk)
    if key not in answers:
        answers[key] = access.may(signed_in(request), permission, obj)
    return answers[key]


class _ByRules:
    """Rights and rows from the table in `accounts.access`, for admin pages and their inlines."""

    model: type[Model]

    def permission(self, act: str) -> str:
        return f"{self.model._meta.app_label}.{act}_{self.model._meta.model_name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(access.rows(signed_in(request), self.permission("view")))

    def may(self, request: HttpRequest, act: str, obj: Model | None) -> bool:
        # An inline is asked with the object that it stands on: its rows were chosen above.
        own = obj if isinstance(obj, self.model) else None
        return may(request, self.permission(act), own)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "view", obj) or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "delete", obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What may be added is said of the row that it is added to."""
        return may(request, self.permission("add"), obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class RulesAdmin(_ByRules, admin.ModelAdmin):
    show_full_result_count = False
    # Filters that links of other pages use, beside those of `list_filter`.
    linked_filters: tuple[str, ...] = ()
    # Who has this right on any row at all sees the list also while nothing of theirs is in it.
    listed_for = ""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only the filters that pages offer: Django takes any lookup on a model's own fields.

        Among those are regular expressions, which a person could make as slow as they like.
        """
        names = [entry[0] if isinstance(entry, tuple) else entry for entry in self.list_filter]
        offered = {*map(str, names), *self.linked_filters}
        return _LOOKUP.sub("", lookup) in offered

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        with _numbers_that_fit():
            return _rendered(super().changelist_view(request, extra_context))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with _numbers_that_fit():
            return _rendered(super().changeform_view(request, *args, **kwargs))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """For who may change the row: it names what the change page hides from who may only see.

        Its lines tell inline rows by their names, such as the answer that a feedback foresees.
        """
        row = self.get_object(request, unquote(object_id))
        if row is not None and not self.has_change_permission(request, row):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Each word is a condition more: a thousand are more than a database takes.
        words = " ".join(search_term.split()[:SEARCHED_WORDS])
        return super().get_search_results(request, queryset, words)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if super().has_view_permission(request, obj):
            return True
        return obj is None and bool(self.listed_for) and may(request, self.listed_for)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_add_permission(request, None)


class RulesInline(_ByRules, admin.TabularInline):
    extra = 0


class ReadOnly:
    """Shown, never written here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
