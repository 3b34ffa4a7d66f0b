"""What a sync does to answers: counts them, lists those that go, follows a choice's new key, and
tells who would earn other points."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Model, QuerySet, Sum

from books.sync.follower import Counts, Effects
from books.sync.plan import Options, Plan
from books.sync.report.text import FIRST
from grading import graders
from grading.models import Answer, Attempt, Course, Enrollment, Interactive, Regrade
from grading.regrade import affected, choice_keys, regrade, report

KINDS: dict[str, type[Model]] = {"answers": Answer, "attempts": Attempt, "switches": Interactive}
REASON = "A new edition was published, and its feedback gives other points."


@dataclass(frozen=True)
class _Rows:
    """What `follow` writes: new keys into answers to these questions, and new points."""

    rekeyed: Mapping[int, regrade.Material]
    regrading: regrade.Regrading | None


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

    def compute_effects(
        self,
        plan: Plan,
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: Options,
    ) -> Effects:
        materials = affected.after(plan, everything=options.regrade)
        found = regrade.look(materials, options.each)
        rekeyed = {
            pk: one for pk, one in materials.items() if one.keys and one.question.kind.takes_choices
        }
        told = report.tell(found, materials, is_wanted=options.regrade)
        return Effects(
            lines=told.lines,
            losses=_losses(plan),
            figures=told.figures,
            rows=_Rows(rekeyed, found if options.regrade else None),
            is_work=options.regrade and bool(found.rows),
        )

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        questions = [loss.question_id for loss in plan.losses]
        for model in KINDS.values():
            rows = model._default_manager.filter(question__in=questions).order_by("pk")
            # By these a matched feedback is named in the archive.
            matched = () if model is Interactive else ("feedback__question__page__book",)
            yield rows.select_related("question__page__book", *matched)
            if model is Answer:
                history = Regrade.objects.filter(answer__question__in=questions).order_by("pk")
                yield history.select_related("feedback__question__page__book")

    def mark(self, plan: Plan) -> Any:
        gone = Answer.objects.filter(question__in=[loss.question_id for loss in plan.losses])
        return gone.aggregate(
            Count("pk"), Max("answered_at"), Max("override_at"), Sum("override_points")
        )

    def lock_rows(self, plan: Plan) -> None:
        """Let answers to the plan's books wait, as SQLite does by itself.

        An answer locks its student's place before all else: one that came in between would wait
        for rows of ours while we wait for its own.
        """
        if connection.features.has_select_for_update:
            places = Enrollment.objects.filter(course__book__project__in=plan.projects)
            locked = places.select_for_update(of=("self",), no_key=True).order_by("pk")
            list(locked.values_list("pk"))

    def drop(self, plan: Plan) -> None:
        """Delete without Django's cascade, which fetches every row first: on SQLite others wait."""
        gone = [loss.question_id for loss in plan.losses]
        rows: list[Any] = [
            Regrade.objects.filter(answer__question__in=gone),
            *(model._default_manager.filter(question__in=gone) for model in KINDS.values()),
        ]
        for some in rows:
            some._raw_delete(some.db)

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        """Write choices' new keys into the answers that took them, then new points."""
        choice_keys.write(choice_keys.look(effects.rows.rekeyed))
        if effects.rows.regrading:
            regrade.write(effects.rows.regrading, REASON, pks)


def _losses(plan: Plan) -> tuple[str, ...]:
    questions = [loss.question_id for loss in plan.losses]
    answers = (
        Answer.objects.filter(question__in=questions)
        .select_related("question__page", "enrollment__user")
        .prefetch_related("question__feedback")
        .order_by("pk")[:FIRST]
    )
    return tuple(map(_told, answers))


def _told(answer: Answer) -> str:
    user, question = answer.enrollment.user, answer.question
    said = graders.in_words(answer.string, question, list(question.feedback.all()))
    words = " ".join(said.split())
    short = words if len(words) <= 40 else f"{words[:39]}…"
    return f"{user.email}: {question.page.url}#{question.label}: {short!r}"
