"""The gradebook as a resource of django-import-export."""

from typing import Any

from django.db.models import QuerySet
from django.utils.text import slugify
from import_export import resources
from import_export.formats import base_formats
from tablib import Dataset

from grading import gradebook
from grading.models import Course
from grading.spreadsheet import as_csv


class GradebookCSV(base_formats.CSV):
    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        # tablib's own writer copies each row twice more, which takes a twentieth of the export.
        return as_csv(dataset[:])

    def is_binary(self) -> bool:
        return True


FORMATS: dict[str, type[base_formats.Format]] = {"csv": GradebookCSV, "xlsx": base_formats.XLSX}


class GradebookResource(resources.Resource):
    """A course's gradebook. It has three rows of headings, which are rows of the dataset."""

    def export(self, queryset: QuerySet[Course] | None = None, **kwargs: Any) -> Dataset:
        """Return the gradebook of the one course in `queryset`.

        The keyword argument `cell` makes cells from points; by default, these are numbers.
        """
        assert queryset is not None
        cell = kwargs.get("cell", gradebook.number)
        return Dataset(*gradebook.rows(queryset.get(), cell), title="Gradebook")


def export(course: Course, format_name: str) -> bytes:
    """Return the content of the gradebook's file. Raises KeyError if the format is unknown."""
    # A CSV file is written faster from texts; a spreadsheet needs numbers.
    cell = gradebook.number_text if format_name == "csv" else gradebook.number
    dataset = GradebookResource().export(Course.objects.filter(pk=course.pk), cell=cell)
    data = FORMATS[format_name]().export_data(dataset)
    return data if isinstance(data, bytes) else str(data).encode()


def file_name(course: Course, format_name: str) -> str:
    return f"gradebook-{slugify(course.name) or course.pk}.{format_name}"
