"""Answering a question: the answer is checked, graded and stored in one transaction.

A client key identifies the answer: sent again with the same key, it is stored only once. With a new
key, an answer that equals the last attempt makes no attempt either.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import (
    F,
    FilteredRelation,
    Q,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from books.models import Question
from grading import enrolling, graders, limits
from grading.errors import GradingError
from grading.models import Attempt, Course, Enrollment, Repeat
from grading.scores import derivation, kept, reasons, writer
from grading.scores.derivation import Given, Override, Rules
from grading.scores.kept import Pair, decimal


class NotEnrolled(GradingError):
    """The person is not enrolled in a course of the question's book."""

    def __str__(self) -> str:
        return _("You are not enrolled in a course of this book.")


class Refused(GradingError):
    """The course does not accept the answer now."""


class Conflict(GradingError):
    """The client key has already been used for a different answer."""


class Changed(GradingError):
    """The published question is not the one on the page that was answered."""

    def __str__(self) -> str:
        return _(
            "This question has changed since you opened the page. Reload the page, then answer it."
        )


class Gone(Changed):
    """The published book no longer contains the question."""

    def __str__(self) -> str:
        return _("The book no longer contains this question. Reload the page.")


class Counting(NamedTuple):
    """What counts now for the question: the score, whether it is this attempt's, and why."""

    score: Decimal | None
    counts: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """What the student is shown. `points` is None if a person has to grade the answer.

    `feedback` is HTML. `attempt` is the number of the attempt at the question, from 1, or None if
    nothing was stored. The last three are a `Counting`.
    """

    points: Decimal | None
    points_possible: Decimal
    feedback: str | None
    attempt: int | None
    score: Decimal | None = None
    counts: bool = False
    reasons: tuple[str, ...] = ()


def answer(
    user: User,
    question: Question,
    given: object,
    client_key: UUID,
    course_id: int | None = None,
    version: str | None = None,
) -> Reply:
    """Store and grade an answer. The same key with the same answer gives the same reply.

    `version` is the version of the question that the person saw. Without `course_id`, the course
    that the person used last counts. Raises NotEnrolled, AnswerError, Refused, TooFast,
    Conflict or Changed; nothing is stored then.
    """
    received_at = timezone.now()  # before it waits for any lock
    try:
        with transaction.atomic():
            enrollment = _locked_enrollment(user, question, course_id)
            # The default ordering would join all tables up to the book's.
            feedback = list(question.feedback.select_related("question").order_by("index", "pk"))
            # Read again, since an edition may have been published while this waited for the lock.
            question = feedback[0].question if feedback else question
            earlier = _earlier(user, enrollment, question, client_key)
            # An answer that has been stored gets its reply even if the question has changed since.
            if earlier.sent_before is None and version not in (None, question.version):
                raise Changed
            string, outcome = graders.read_and_grade(given, question, feedback)
            html = outcome.html if enrollment.shows_feedback is not False else None
            possible = question.points_possible
            if earlier.sent_before is not None:
                number = _number_of_sent(earlier, string)
                return Reply(earlier.points, possible, html, number, *earlier.what_counts)
            _require_open(enrollment)
            limits.check_pace(user, question, earlier.this_minute, earlier.this_minute_in_all)
            if _is_repeated(earlier, string, outcome, question.version):
                limits.check_pace_of_repeats(user, question)
                _remember(earlier, enrollment, client_key)
                return Reply(earlier.points, possible, html, earlier.count, *earlier.what_counts)
            _require_attempts_left(enrollment, earlier.count)
            attempt = Attempt.objects.create(
                enrollment=enrollment,
                question=question,
                client_key=client_key,
                string=string,
                points=outcome.points,
                feedback=outcome.matched,
                parts=outcome.parts,
                version=question.version,
                received_at=received_at,
            )
            counts = _write_score(attempt, earlier, possible)
            return Reply(outcome.points, possible, html, earlier.count + 1, *counts)
    except IntegrityError:
        if Question.objects.filter(pk=question.pk).exists():
            raise
        # An edition without the question was published in the meantime.
        raise Gone from None


def _locked_enrollment(user: User, question: Question, course_id: int | None) -> Any:
    """Return the enrollment, locked, with the course's switches for the question.

    The lock makes the answers of a student in a course wait for each other, so that a limit of
    attempts is enforced and a client key is used only once. Raises NotEnrolled.
    """
    of_question = Q(course__interactives__question=question.pk)
    enrollment = enrolling.enrollment_for(
        user,
        question.page.book_id,
        course_id,
        Enrollment.objects.annotate(
            switch=FilteredRelation("course__interactives", condition=of_question)
        )
        .annotate(is_enabled=F("switch__enabled"), shows_feedback=F("switch__provide_feedback"))
        .select_for_update(of=("self",)),
    )
    if enrollment is None:
        raise NotEnrolled
    return enrollment


@dataclass(frozen=True)
class Earlier:
    """What the database says about earlier answers, and about the rules for the score.

    `attempt` is the primary key of the one that has been sent with the client key or, if there is
    none, of the last one at the question; it is None without any, and if the client key was used at
    another question. The next four are its columns. `sent_before` is None if the client key is new.
    `attempts` are those at the question, with what has been given for them; `this_minute` and
    `this_minute_in_all` are what `limits` counts. The next three are the answer that counts, the
    others the rules; they have been read after the enrollment was locked.
    """

    attempt: int | None
    string: str | None
    points: Decimal | None
    feedback: int | None
    version: str | None
    sent_before: int | None
    attempts: list[derivation.Attempt]
    this_minute: int
    this_minute_in_all: int
    counting: int | None
    score: Decimal | None
    reasons: str
    policy: str
    full_points: bool
    override: Decimal | None
    override_reason: str

    @property
    def count(self) -> int:
        return len(self.attempts)

    @property
    def what_counts(self) -> Counting:
        """Return what counts, if `attempt` is replied to once more."""
        texts = reasons.in_words(json.loads(self.reasons))
        return Counting(self.score, self.counting == self.attempt, tuple(texts))


# Each is found by an index, since there can be many attempts with long texts. It is not composed by
# Django, which takes 3 ms of CPU for it, a quarter of an answer.
_EARLIER = """
    SELECT a.id, a.string, a.points, a.feedback_id, a.version, w.sent_before,
        {attempts},
        (SELECT COUNT(*) FROM grading_attempt m JOIN grading_enrollment e ON e.id = m.enrollment_id
            WHERE e.user_id = %s AND m.received_at > %s AND m.question_id = %s),
        (SELECT COUNT(*) FROM grading_attempt m JOIN grading_enrollment e ON e.id = m.enrollment_id
            WHERE e.user_id = %s AND m.received_at > %s),
        s.attempt_id, s.points, s.reasons, c.attempts_policy, i.full_points, o.points,
        CASE WHEN o.is_private THEN '' ELSE o.reason END
    FROM (
        SELECT COALESCE(
            (SELECT id FROM grading_attempt WHERE enrollment_id = %s AND client_key = %s),
            (SELECT attempt_id FROM grading_repeat WHERE enrollment_id = %s AND client_key = %s)
        ) AS sent_before,
        (SELECT MAX(id) FROM grading_attempt WHERE enrollment_id = %s AND question_id = %s) AS last
    ) w
    JOIN grading_course c ON c.id = %s
    LEFT JOIN grading_attempt a
        ON a.id = COALESCE(w.sent_before, w.last) AND a.question_id = %s
    LEFT JOIN grading_answer s ON s.enrollment_id = %s AND s.question_id = %s
    LEFT JOIN grading_interactive i ON i.course_id = c.id AND i.question_id = %s
    LEFT JOIN grading_override o
        ON o.enrollment_id = %s AND o.question_id = %s AND o.ended_at IS NULL
"""


def _earlier(user: User, enrollment: Enrollment, question: Question, client_key: UUID) -> Earlier:
    """Return what the database says about earlier answers, by one statement."""
    here = [enrollment.pk, question.pk]
    key = [
        enrollment.pk,
        Attempt._meta.get_field("client_key").get_db_prep_value(client_key, connection),
    ]
    since = connection.ops.adapt_datetimefield_value(timezone.now() - limits.MINUTE)
    recent = [user.pk, since]
    of_score = [enrollment.course_id, question.pk, *here, question.pk, *here]
    with connection.cursor() as cursor:
        cursor.execute(
            _EARLIER.format(attempts=kept.attempts_as_json()),
            [*here, *recent, question.pk, *recent, *key, *key, *here, *of_score],
        )
        (
            attempt, string, points, feedback, version, sent, attempts, minute, in_all,
            counting, score, stored, policy, full_points, override, why,
        ) = cursor.fetchone()  # fmt: skip
    return Earlier(
        attempt, string, decimal(points), feedback, version, sent,
        kept.attempts_of(attempts), minute, in_all, counting, decimal(score), stored or "[]",
        policy, bool(full_points), decimal(override), why or "",
    )  # fmt: skip


def _number_of_sent(earlier: Earlier, string: str) -> int:
    """Return the number of the attempt that has been sent before, from 1. Raises Conflict."""
    if earlier.string != string:
        raise Conflict(_("This answer has already been sent with different content."))
    return 1 + [attempt.pk for attempt in earlier.attempts].index(earlier.attempt or 0)


def _is_repeated(earlier: Earlier, string: str, outcome: graders.Outcome, version: str) -> bool:
    """Return whether an answer is the last attempt again, at the same version of the question.

    It is not if its points or feedback have been edited since: then it earns something else.
    """
    matched = outcome.matched.pk if outcome.matched else None
    last = (earlier.string, earlier.version, earlier.points, earlier.feedback)
    return earlier.attempt is not None and last == (string, version, outcome.points, matched)


def _remember(earlier: Earlier, enrollment: Enrollment, client_key: UUID) -> None:
    """Store the key of a repeated answer, unless there are many already."""
    assert earlier.attempt is not None
    if Repeat.objects.filter(attempt=earlier.attempt).count() < limits.REPEATS:
        Repeat.objects.create(
            enrollment=enrollment, attempt_id=earlier.attempt, client_key=client_key
        )


def _require_open(enrollment: Any) -> None:
    """Raise Refused if the course does not accept an answer to the question."""
    if enrollment.is_enabled is False:
        raise Refused(_("This question is switched off in your course."))
    if not enrollment.course.is_open and not enrollment.is_test:
        raise Refused(_("Your course is not open now."))


def _require_attempts_left(enrollment: Enrollment, attempts: int) -> None:
    """Raise Refused if the course, or the site, does not accept a further attempt."""
    limit = enrollment.course.attempt_limit
    if limit is not None and attempts >= limit:
        raise Refused(_("You have no attempts left at this question."))
    if attempts >= limits.AT_QUESTION:
        raise Refused(
            _("You have made %(n)d attempts at this question, which is the maximum.")
            % {"n": limits.AT_QUESTION}
        )


def _write_score(attempt: Attempt, earlier: Earlier, possible: Decimal) -> Counting:
    """Derive and store the score at a question that a new attempt has been added to."""
    pair = Pair(attempt.enrollment_id, attempt.question_id)
    rules = Rules(
        possible,
        keeps_best=earlier.policy == Course.AttemptsPolicy.BEST,
        full_points=earlier.full_points,
    )
    override = None
    if earlier.override is not None:
        override = Override(earlier.override, earlier.override_reason)
    given = Given(attempt.points, attempt.feedback_id)
    new = derivation.Attempt(attempt.pk, given, received_at=attempt.received_at)
    score = derivation.derive([*earlier.attempts, new], rules, override)
    writer.write([(pair, score)])
    texts = reasons.in_words(score.reasons)
    return Counting(score.points, score.attempt == attempt.pk, tuple(texts))
