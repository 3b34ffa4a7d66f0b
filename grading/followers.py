"""What a sync does to answers: counts them, lists those that go, follows a choice's new key."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db.models import Count, Model, QuerySet

from books.followers import Counts, Effects
from books.models import Question
from books.sync.changes import Plan
from books.sync.show import FIRST
from grading.graders import keys_of
from grading.models import Answer, Attempt, Course, Interactive

KINDS: dict[str, type[Model]] = {"answers": Answer, "attempts": Attempt, "switches": Interactive}


class AnswersFollower:
    name = "answers"

    def counts(self, projects: Iterable[str]) -> Counts:
        courses = Course.objects.filter(book__project__in=projects)
        books = frozenset(courses.values_list("book", flat=True))
        by_question: dict[int, dict[str, int]] = defaultdict(dict)
        # Where there is no course, nobody has answered.
        for kind, model in KINDS.items() if books else ():
            rows = model._default_manager.filter(question__page__book__in=books)
            counted = rows.values("question").annotate(count=Count("pk")).order_by()
            for question, count in counted.values_list("question", "count"):
                by_question[question][kind] = count
        return Counts(dict(by_question), books)

    def preview(
        self, plan: Plan, old_files: Mapping[str, Path], new_files: Mapping[str, Path]
    ) -> Effects:
        questions = [loss.question_id for loss in plan.losses]
        answers = (
            Answer.objects.filter(question__in=questions)
            .select_related("question__page", "enrollment__user")
            .order_by("pk")[:FIRST]
        )
        return Effects(losses=tuple(map(_told, answers)))

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        questions = [loss.question_id for loss in plan.losses]
        for model in KINDS.values():
            rows = model._default_manager.filter(question__in=questions).order_by("pk")
            yield rows.select_related("question__page__book")

    def follow(self, plan: Plan, effects: Effects) -> None:
        """Write a choice's new key into the answers that took it."""
        keys: dict[int, dict[str, str]] = defaultdict(dict)
        for old, new in plan.feedback.update:
            if old.key and new.key and old.key != new.key:
                keys[new.question_id][old.key] = new.key
        for question in Question.objects.filter(pk__in=keys, grader="choice"):
            for model in (Answer, Attempt):
                _rename(model, question, keys[question.pk])


def _told(answer: Answer) -> str:
    user, question = answer.enrollment.user, answer.question
    words = " ".join(answer.string.split())
    short = words if len(words) <= 40 else f"{words[:39]}…"
    return f"{user.email}: {question.page.url}#{question.label}: {short!r}"


def _rename(model: type[Answer] | type[Attempt], question: Question, keys: dict[str, str]) -> None:
    manager: Any = model._default_manager
    rows = list(manager.filter(question=question))
    for row in rows:
        if question.is_multiple:
            taken = keys_of(row.string)
            row.string = json.dumps(sorted(keys.get(key, key) for key in taken))
        else:
            row.string = keys.get(row.string, row.string)
    manager.bulk_update(rows, ["string"], batch_size=500)
