"""What a sync does to answers: counts them, lists those that go, follows a choice's new key, and
tells who would earn other points."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Case, Count, F, Model, QuerySet, TextField, Value, When

from books.followers import Counts, Effects
from books.sync.changes import Plan
from books.sync.options import Options
from books.sync.show import FIRST
from grading import graders, judged, regrading
from grading.models import Answer, Attempt, Course, Interactive, Regrade

KINDS: dict[str, type[Model]] = {"answers": Answer, "attempts": Attempt, "switches": Interactive}
REASON = "A new edition was published, and its feedback gives other points."


@dataclass(frozen=True)
class _Rows:
    """What `follow` writes: question -> (answer before -> with new keys), and new points."""

    strings: Mapping[int, Mapping[str, str]]
    regrading: regrading.Regrading | None


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
        self,
        plan: Plan,
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: Options,
    ) -> Effects:
        materials = judged.after(plan, everything=options.regrade)
        found = regrading.look(materials, options.each)
        told = judged.tell(found, materials, is_wanted=options.regrade)
        return Effects(
            lines=told.lines,
            losses=_losses(plan),
            figures=told.figures,
            rows=_Rows(_strings(materials), found if options.regrade else None),
            is_work=options.regrade and bool(found.rows),
        )

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        questions = [loss.question_id for loss in plan.losses]
        for model in KINDS.values():
            rows = model._default_manager.filter(question__in=questions).order_by("pk")
            yield rows.select_related("question__page__book")
            if model is Answer:
                yield Regrade.objects.filter(answer__question__in=questions).order_by("pk")

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        """Write choices' new keys into the answers that took them, then new points."""
        for question, strings in effects.rows.strings.items() if effects.rows else ():
            whens = [When(string=old, then=Value(new)) for old, new in strings.items()]
            for model in (Answer, Attempt):
                rows: Any = model._default_manager.filter(question=question)
                rows.filter(string__in=strings).update(
                    string=Case(*whens, default=F("string"), output_field=TextField())
                )
        if effects.rows and effects.rows.regrading:
            regrading.write(effects.rows.regrading, REASON, pks)


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


def _strings(materials: Mapping[int, regrading.Material]) -> dict[int, dict[str, str]]:
    """Return, by question, which kept answers are written otherwise under changed keys."""
    changed: dict[int, dict[str, str]] = {}
    for pk, material in materials.items():
        if material.keys and material.question.grader == "choice":
            strings = set(Attempt.objects.filter(question=pk).values_list("string", flat=True))
            strings |= set(Answer.objects.filter(question=pk).values_list("string", flat=True))
            renamed = {
                string: graders.with_keys(string, material.question, material.keys)
                for string in strings
            }
            changed[pk] = {old: new for old, new in renamed.items() if old != new}
    return {pk: strings for pk, strings in changed.items() if strings}
