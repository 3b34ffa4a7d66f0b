"""What a sync does to answers.

It counts those that would be deleted, writes the new keys of choices, and computes which answers
would earn different points.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Model, QuerySet, Sum
from django.utils.translation import gettext_lazy

from books.sync.follower import Counts, Effects
from books.sync.plan import Options, Plan
from books.sync.report.totals import FIRST, shortened
from grading import graders
from grading.models import Answer, Attempt, Course, Enrollment, Interactive, Regrade, Repeat
from grading.regrade import affected, choice_keys, regrade, report

KINDS: dict[str, type[Model]] = {"answers": Answer, "attempts": Attempt, "switches": Interactive}
REASON = gettext_lazy("A new edition was published, and its feedback gives different points.")


@dataclass(frozen=True)
class _Rows:
    """What `follow` writes: new keys into answers to these questions, and the new points."""

    rekeyed: Mapping[int, regrade.Material]
    regrading: regrade.Regrading | None


class AnswersFollower:
    """Applies a sync to answers, attempts, regrades and question switches."""

    name = "answers"

    def counts(self, projects: Iterable[str]) -> Counts:
        courses = Course.objects.filter(book__project__in=projects)
        books = frozenset(courses.values_list("book", flat=True))
        by_question: dict[int, dict[str, int]] = defaultdict(dict)
        # Without a course there are no answers.
        for kind, model in KINDS.items() if books else ():
            rows = model._default_manager.filter(question__page__book__in=books)
            counted = rows.values("question").annotate(count=Count("pk")).order_by()
            for question, count in counted.values_list("question", "count"):
                by_question[question][kind] = count
        return Counts(dict(by_question), books)

    def compute_effects(
        self,
        plan: Plan,
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: Options,
    ) -> Effects:
        materials = affected.after(plan, everything=options.regrade)
        regrading = regrade.compute(materials, options.each)
        rekeyed = {
            pk: material
            for pk, material in materials.items()
            if material.keys and material.question.kind.takes_choices
        }
        description = report.describe(regrading, materials, is_wanted=options.regrade)
        return Effects(
            lines=description.lines,
            losses=_losses(plan),
            figures=description.figures,
            rows=_Rows(rekeyed, regrading if options.regrade else None),
            is_work=options.regrade and bool(regrading.rows),
        )

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        questions = [loss.question_id for loss in plan.losses]
        for model in KINDS.values():
            rows = model._default_manager.filter(question__in=questions).order_by("pk")
            # The archive identifies a matched feedback by these rows.
            matched = () if model is Interactive else ("feedback__question__page__book",)
            yield rows.select_related("question__page__book", *matched)
            if model is Answer:
                history = Regrade.objects.filter(answer__question__in=questions).order_by("pk")
                yield history.select_related("feedback__question__page__book")
            if model is Attempt:
                yield Repeat.objects.filter(attempt__question__in=questions).order_by("pk")

    def mark(self, plan: Plan) -> Any:
        gone = Answer.objects.filter(question__in=[loss.question_id for loss in plan.losses])
        return gone.aggregate(
            Count("pk"), Max("answered_at"), Max("override_at"), Sum("override_points")
        )

    def lock_rows(self, plan: Plan) -> None:
        """Make new answers to the plan's books wait, as SQLite does by itself.

        An answer locks the student's enrollment before anything else. It therefore cannot lock
        other rows first and then cause a deadlock with this transaction.
        """
        if connection.features.has_select_for_update:
            enrollments = Enrollment.objects.filter(course__book__project__in=plan.projects)
            locked = enrollments.select_for_update(of=("self",), no_key=True).order_by("pk")
            list(locked.values_list("pk"))

    def drop(self, plan: Plan) -> None:
        """Delete without Django's cascade, which reads every row while others wait on SQLite."""
        gone = [loss.question_id for loss in plan.losses]
        querysets: list[Any] = [
            Regrade.objects.filter(answer__question__in=gone),
            Repeat.objects.filter(attempt__question__in=gone),
            *(model._default_manager.filter(question__in=gone) for model in KINDS.values()),
        ]
        for rows in querysets:
            rows._raw_delete(rows.db)

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        """Write the new keys of choices into the answers that contain them, then the points."""
        assert isinstance(effects.rows, _Rows)
        choice_keys.write(choice_keys.find_changes(effects.rows.rekeyed))
        if effects.rows.regrading:
            regrade.write(effects.rows.regrading, str(REASON), pks)


def _losses(plan: Plan) -> tuple[str, ...]:
    """Return texts about the first of the answers that would be deleted."""
    questions = [loss.question_id for loss in plan.losses]
    answers = (
        Answer.objects.filter(question__in=questions)
        .select_related("question__page", "enrollment__user")
        .prefetch_related("question__feedback")
        .order_by("pk")[:FIRST]
    )
    names = []
    for answer in answers:
        question = answer.question
        words = graders.in_words(answer.string, question, list(question.feedback.all()))
        path = f"{question.page.url}#{question.label}"
        names.append(f"{answer.enrollment.user.email}: {path}: {shortened(words)!r}")
    return tuple(names)
