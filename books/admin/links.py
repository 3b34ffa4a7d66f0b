"""Counts and links for the change lists of the admin."""

from django.db.models import Count, IntegerField, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def count_of(model: type[Model], path: str) -> Coalesce:
    """Return an expression for the number of `model` rows whose `path` is the annotated row.

    It is a subquery, since joins to several tables would multiply the rows.
    """
    rows = model._default_manager.filter(**{path: OuterRef("pk")}).order_by().values(path)
    counted = rows.annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def list_link(model: type[Model], query: str, text: object) -> SafeString:
    """Return an HTML link to the change list of `model`, filtered by `query`, a query string."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, query, text)
