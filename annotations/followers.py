"""What a sync does to annotations: none is ever deleted, and their books stay."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from annotations.models import Annotation
from books.followers import Counts, Effects
from books.sync.changes import Plan
from books.sync.options import Options


class AnnotationsFollower:
    name = "annotations"

    def counts(self, projects: Iterable[str]) -> Counts:
        rows = Annotation.objects.filter(book__project__in=projects).order_by()
        return Counts(kept_books=frozenset(rows.values_list("book", flat=True).distinct()))

    def preview(
        self,
        plan: Plan,
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: Options,
    ) -> Effects:
        return Effects()

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        return iter(())

    def mark(self, plan: Plan) -> Any:
        """No annotation goes."""

    def hold(self, plan: Plan) -> None:
        """A note waits for nothing of a sync's, nor a sync for it."""

    def drop(self, plan: Plan) -> None:
        """No annotation goes."""

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        """The page of an annotation becomes null with the page's deletion."""
