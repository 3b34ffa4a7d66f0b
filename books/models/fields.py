from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class PointsField(models.DecimalField):
    """A number of points, with at most two decimal places."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_digits": 8, "decimal_places": 2})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class ConflictsField(models.CharField):
    """Comma-separated names of fields that an admin and then the source have changed.

    The names are those in `books.editing.conflicts.FIELDS`. A field is listed until somebody has
    decided which text is shown.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(_("conflicts"), max_length=100, blank=True, default="", editable=False)

    def deconstruct(self) -> Any:
        name, path, _args, _kwargs = super().deconstruct()
        return name, path, [], {}
