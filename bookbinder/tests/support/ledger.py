"""Records what the site has acknowledged, and checks that the database or an archive has it.

This includes notes: see `noting`.
"""

import json
import re
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.management import call_command

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import noting
from bookbinder.tests.support.two_editions import Edition
from books.models import Feedback, Question
from grading import graders
from grading.models import Answer, Attempt, RegradedAttempt, Repeat

KEYS = {"old": "a", "new": "b"}


def as_in(edition: str, string: str) -> str:
    """Return an answer with the keys that its choices have in an edition."""
    return re.sub(r"\b[ab](\d)\b", rf"{KEYS[edition]}\1", string)


class Given(NamedTuple):
    """An attempt; `string` has the keys of the old edition."""

    enrollment: int
    prompt: str
    string: str


class Row(NamedTuple):
    """An answer in the database, which is the attempt that counts."""

    enrollment: int
    prompt: str
    string: str
    points: Decimal | None
    feedback: int | None
    attempt: int


class Held(NamedTuple):
    """The answers, attempts with their keys, regrades and notes in the database."""

    answers: dict[int, Row]
    attempts: dict[UUID, tuple[int, str, str]]
    history: frozenset[tuple[int, int, Decimal | None]]
    notes: dict[UUID, noting.Note]


def held() -> Held:
    """Return what the database contains now."""
    columns = ("pk", "enrollment", "question__prompt", "string", "points", "feedback", "attempt")
    attempts = Attempt.objects.values_list("client_key", "enrollment", "question__prompt", "string")
    repeats = Repeat.objects.values_list(
        "client_key", "enrollment", "attempt__question__prompt", "attempt__string"
    )
    sent = [*attempts, *repeats]
    return Held(
        {pk: Row(*rest) for pk, *rest in Answer.objects.values_list(*columns)},
        {key: (enrollment, prompt, string) for key, enrollment, prompt, string in sent},
        frozenset(RegradedAttempt.objects.values_list("pk", "attempt", "points")),
        noting.held(),
    )


def earned(edition: Edition, prompt: str, string: str) -> Decimal | None:
    """Return the points of an answer according to the feedback of an edition."""
    said = next(question for question in questions(edition) if question.prompt == prompt)
    question = Question(
        grader=said.grader, options=said.options, points_possible=said.points_possible
    )
    feedback = [
        Feedback(key=one.key, answer=one.answer, points=one.points) for one in said.feedback
    ]
    return graders.grade(as_in(edition.name, string), question, feedback).points


def questions(edition: Edition) -> Iterable[m.Question]:
    for manifest in edition.manifests:
        for page in manifest.pages():
            yield from page.questions


def archives() -> set[Path]:
    """Return the archives that exist now."""
    return set((Path(settings.BOOKBINDER_DATA_DIR) / "archives").glob("*.json"))


class Ledger:
    """Everything that was acknowledged, and the archives of what is no longer in the database."""

    def __init__(self, editions: Sequence[Edition]) -> None:
        self.editions = editions
        self.acknowledged: dict[UUID, Given] = {}
        self.noted: dict[UUID, str] = {}  # the text of each note
        # Name of an edition -> the archives to load when it is live again.
        self.away: dict[str, list[Path]] = {"old": [], "new": []}

    def note(self, key: UUID, enrollment: int, prompt: str, string: str) -> None:
        """Record an attempt that was acknowledged; `key` is its client key."""
        self.acknowledged[key] = Given(enrollment, prompt, as_in("old", string))

    def check(
        self, before: Held, was: Edition, now: Edition, made: set[Path], live: Container[int] = ()
    ) -> None:
        """Check that a sync, killed or not, has lost nothing.

        `before` is what the database contained, `made` are the new archives, and `live` are the
        enrollments that have answered during the sync.
        """
        after = held()
        noting.check(self.noted, before.notes, after.notes, moves=was != now)
        settled = {pk: row for pk, row in before.answers.items() if row.enrollment not in live}
        if was == now:
            assert settled.items() <= after.answers.items(), "answers changed, the edition did not"
            assert after.history == before.history
        else:
            gone = was.prompts() - now.prompts()
            # Plans that were made again have left none, so the last is of the plan carried out.
            away = [max(made)] if made else []
            check_followed(settled, after, before, gone, read(away, "grading.answer"))
            self.away[was.name] += away
        self.check_points(after, now)
        self.check_nothing_lost(after, now)
        if self.away[now.name]:
            self.bring_back(now)

    def check_points(self, after: Held, now: Edition) -> None:
        """Check that each answer has this edition's keys and points, whenever it was given."""
        for row in after.answers.values():
            assert row.string == as_in(now.name, row.string), f"keys of another edition: {row}"
            assert row.points == earned(now, row.prompt, row.string), row

    def check_nothing_lost(self, after: Held, now: Edition) -> None:
        """Check that each acknowledged attempt is in the database or in an archive."""
        known = {
            key: Given(enrollment, prompt, as_in("old", string))
            for key, (enrollment, prompt, string) in after.attempts.items()
        }
        away = read(self.all_away(), "grading.attempt") | read_repeats(self.all_away())
        for key, given in self.acknowledged.items():
            if given.prompt in now.prompts():
                assert known.get(key, away.get(str(key))) in (given, given.string), (key, given)
            else:
                assert as_in("old", away[str(key)]) == given.string, (key, given)

    def all_away(self) -> list[Path]:
        """Return the archives that have not been loaded again."""
        return [path for paths in self.away.values() for path in paths]

    def bring_back(self, now: Edition) -> None:
        """Load the archives of the questions that are back, as an operator does."""
        paths, self.away[now.name] = self.away[now.name], []
        for path in paths:
            call_command("load_archive", path, stdout=StringIO())
        self.check_nothing_lost(held(), now)


def check_followed(
    settled: dict[int, Row], after: Held, before: Held, gone: set[str], away: dict[str, str]
) -> None:
    """Check that answers to deleted questions are archived, and that changes are layers."""
    new = {attempt for _pk, attempt, _points in after.history - before.history}
    for pk, row in settled.items():
        if row.prompt in gone:
            assert pk not in after.answers
            assert away[str(pk)] == row.string, "no archive has it"
            continue
        now = after.answers[pk]
        if (now.points, now.feedback) != (row.points, row.feedback):
            assert now.attempt in new, f"no layer: {row}, {now}"


def read(paths: Iterable[Path], model: str) -> dict[str, str]:
    """Return the strings of archived attempts by client key, or of answers by primary key."""
    found = {}
    for path in paths:
        for row in json.loads(path.read_bytes()):
            if row["model"] == model:
                key = row["fields"].get("client_key", row["pk"])
                found[str(key)] = row["fields"]["string"]
    return found


def read_repeats(paths: Iterable[Path]) -> dict[str, str]:
    """Return the strings of the attempts that archived repeated answers were, by client key."""
    found = {}
    for path in paths:
        rows = json.loads(path.read_bytes())
        strings = {
            row["pk"]: row["fields"]["string"] for row in rows if row["model"] == "grading.attempt"
        }
        for row in rows:
            if row["model"] == "grading.repeat":
                found[row["fields"]["client_key"]] = strings[row["fields"]["attempt"]]
    return found
