"""What a sync does to answers.

It counts those that would be deleted, writes the new keys of choices, and computes which answers
would earn different points.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Model, QuerySet
from django.utils.translation import gettext_lazy

from books.sync.follower import Counts, Effects
from books.sync.plan import Options, Plan
from books.sync.report.totals import FIRST, shortened
from grading import former_archives, graders, scores
from grading.models import (
    Answer,
    Attempt,
    Course,
    Enrollment,
    Grade,
    Interactive,
    Override,
    RegradedAttempt,
    Repeat,
    RuleChange,
)
from grading.regrade import affected, choice_keys, regrade, report

KINDS: dict[str, type[Model]] = {"answers": Answer, "attempts": Attempt, "switches": Interactive}
# All rows that are deleted with a question, each after those that it needs.
DELETED: tuple[tuple[type[Model], str], ...] = (
    (Attempt, "question"),
    (Repeat, "attempt__question"),
    (RegradedAttempt, "attempt__question"),
    (Grade, "attempt__question"),
    (Override, "question"),
    (Answer, "question"),
    (Interactive, "question"),
    (RuleChange, "question"),
)
ENDED = (Grade, Override)
REASON = gettext_lazy("A new edition was published, and its feedback gives different points.")


@dataclass(frozen=True)
class _Rows:
    """What `follow` writes: new keys into answers to these questions, and the new points."""

    rekeyed: Mapping[int, regrade.Material]
    regrading: regrade.Regrading | None


class AnswersFollower:
    """Applies a sync to answers and attempts, what was given for them, and question switches."""

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
            is_work=options.regrade and not regrading.is_empty,
        )

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        questions = [loss.question_id for loss in plan.losses]
        for model, path in DELETED:
            rows = model._default_manager.filter(**{f"{path}__in": questions}).order_by("pk")
            names = {field.name for field in model._meta.concrete_fields}
            # The archive names questions, and a matched feedback, by these rows.
            needed = [
                related
                for name, related in (
                    ("question", "question__page__book"),
                    ("feedback", "feedback__question__page__book"),
                )
                if name in names
            ]
            yield rows.select_related(*needed) if needed else rows

    def mark(self, plan: Plan) -> Any:
        questions = [loss.question_id for loss in plan.losses]
        return [
            model._default_manager.filter(**{f"{path}__in": questions}).aggregate(
                Count("pk"), Max("pk"), *([Count("ended_at")] if model in ENDED else [])
            )
            for model, path in DELETED
        ]

    def lock_rows(self, plan: Plan) -> None:
        """Make new answers to the plan's books wait.

        An answer locks the student's enrollment before anything else. It therefore cannot lock
        other rows first and then cause a deadlock with this transaction.
        """
        scores.lock_courses(Course.objects.filter(book__project__in=plan.projects))

    def drop(self, plan: Plan) -> None:
        """Delete without Django's cascade, which reads every row while others wait on SQLite."""
        gone = [loss.question_id for loss in plan.losses]
        for model, path in reversed(DELETED):
            rows: Any = model._default_manager.filter(**{f"{path}__in": gone})
            rows._raw_delete(rows.db)

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        """Write the new keys of choices into the answers that contain them, then the points."""
        assert isinstance(effects.rows, _Rows)
        choice_keys.write(choice_keys.find_changes(effects.rows.rekeyed))
        if effects.rows.regrading:
            regrade.write(effects.rows.regrading, str(REASON), by=None, pks=pks)
        _follow_full_points(plan)

    def in_this_version(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return former_archives.in_this_version(rows)

    def restored(self, rows: Sequence[Model]) -> None:
        """Derive the scores at questions whose rows have come back."""
        questions = {row.question_id for row in rows if isinstance(row, Attempt | Override)}
        enrollments = {row.enrollment_id for row in rows if isinstance(row, Attempt | Override)}
        scores.lock(Enrollment.objects.filter(pk__in=enrollments))
        scores.refresh(enrollments, questions)


def _follow_full_points(plan: Plan) -> None:
    """Let full points for everybody be what is possible now."""
    worth = [
        new.pk for old, new in plan.questions.update if old.points_possible != new.points_possible
    ]
    full = Interactive.objects.filter(question__in=worth, full_points=True)
    for course in set(full.values_list("course", flat=True)):
        questions = full.filter(course=course).values_list("question", flat=True)
        enrollments = Enrollment.objects.filter(course=course).values_list("pk", flat=True)
        scores.refresh(list(enrollments), list(questions))


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
