from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from accounts import access
from accounts.access import Person
from grading.models import Instructor

LAST = 2**31 - 1  # a position after all others


class AnnotationQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> Self:
        """Notes and replies that `user` may read, by the rules in `annotations.access`."""
        return self.filter(access.rows(user, "annotations.view_annotation"))

    def written_by(self, user: Any) -> Self:
        """A person's own notes and replies, except those that they deleted."""
        return self.filter(user=user, deleted_at=None)

    def read_in(self, course_id: int | None) -> Self:
        """Those that belong to no course, or to the course in which the book is read."""
        return self.filter(Q(course=None) | Q(course=course_id))

    def with_people(self) -> Self:
        """With the writer, `by_instructor`, `root_uuid` and `parent_uuid`.

        `by_instructor` is whether the writer teaches the course of the note.
        """
        teaches = Instructor.objects.filter(course=OuterRef("course"), user=OuterRef("user"))
        return self.select_related("user").annotate(
            by_instructor=Exists(teaches), root_uuid=F("root__uuid"), parent_uuid=F("parent__uuid")
        )

    def with_places(self) -> Self:
        """With the book and the page, for lists of the notes on several pages."""
        return self.select_related("book", "page__book")

    def with_rights_of(self, user: Person) -> Self:
        """With `is_taught`: whether `user` teaches the course of the note."""
        teaches = Instructor.objects.filter(course=OuterRef("course"), user=user.pk)
        return self.annotate(is_taught=Exists(teaches))

    def with_reply_count(self) -> Self:
        """With `reply_count`, which does not count deleted replies."""
        living = Q(replies__deleted_at=None)
        return self.annotate(reply_count=Count("replies", filter=living, distinct=True))

    def in_reading_order(self) -> Self:
        """By `position` on the page and `thread`: each note, then its replies, oldest first.

        Notes on the whole page, a figure or a question come first, and orphans last.
        """
        is_orphan = Q(root=None, state="orphan") | Q(root__state="orphan")
        position = Case(
            When(is_orphan, then=Value(LAST)),
            default=Coalesce("root__start", "start", Value(-1)),
            output_field=IntegerField(),
        )
        rows = self.annotate(position=position, thread=Coalesce("root", "pk"))
        return rows.order_by("position", "thread", "pk")

    def after(self, position: int, thread: int, pk: int) -> Self:
        """Those that follow a given note `in_reading_order`."""
        in_thread = Q(thread__gt=thread) | Q(thread=thread, pk__gt=pk)
        return self.filter(Q(position__gt=position) | (Q(position=position) & in_thread))
