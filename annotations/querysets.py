from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from accounts import access
from accounts.access import Person
from grading.models import Instructor


class AnnotationQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> Self:
        """What `user` may read: the rules are in `annotations.access`."""
        return self.filter(access.rows(user, "annotations.view_annotation"))

    def written_by(self, user: Any) -> Self:
        """A person's own notes and replies, but those that they deleted."""
        return self.filter(user=user, deleted_at=None)

    def read_in(self, course_id: int | None) -> Self:
        """Those that belong to no course, or to the one that is read in."""
        return self.filter(Q(course=None) | Q(course=course_id))

    def with_people(self) -> Self:
        """With what tells who wrote it, whether they teach its course, and what it replies to."""
        teaches = Instructor.objects.filter(course=OuterRef("course"), user=OuterRef("user"))
        return self.select_related("user").annotate(
            by_instructor=Exists(teaches), root_uuid=F("root__uuid"), parent_uuid=F("parent__uuid")
        )

    def with_places(self) -> Self:
        """With the book and page, for lists of more than one page's notes."""
        return self.select_related("book", "page__book")

    def with_rights_of(self, user: Person) -> Self:
        """With whether `user` teaches the note's course."""
        teaches = Instructor.objects.filter(course=OuterRef("course"), user=user.pk)
        return self.annotate(is_taught=Exists(teaches))

    def with_reply_count(self) -> Self:
        living = Q(replies__deleted_at=None)
        return self.annotate(reply_count=Count("replies", filter=living, distinct=True))

    def in_reading_order(self) -> Self:
        """By place on the page; replies after what they reply to, as they came."""
        thread = Coalesce("root", "pk")
        return self.order_by(Coalesce("root__start", "start").asc(nulls_first=True), thread, "pk")
