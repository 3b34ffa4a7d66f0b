"""Answering a question: the answer is checked, graded and stored in one transaction.

A client key identifies the answer: sent again with the same key, it is stored only once. With a new
key, an answer that equals the last attempt makes no attempt either.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
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
from grading.models import Answer, Attempt, Enrollment, Repeat


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


@dataclass(frozen=True)
class Reply:
    """What the student is shown. `points` is None if a person has to grade the answer.

    `feedback` is HTML. `attempt` is the number of the attempt at the question, from 1, or None if
    nothing was stored.
    """

    points: Decimal | None
    points_possible: Decimal
    feedback: str | None
    attempt: int | None


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
            if earlier.sent_before is not None:
                number = _number_of_sent(earlier, enrollment, question, string)
                return Reply(earlier.points, question.points_possible, html, number)
            _require_open(enrollment)
            limits.check_pace(user, question, earlier.this_minute, earlier.this_minute_in_all)
            if _is_repeated(earlier, string, outcome, question.version):
                limits.check_pace_of_repeats(user, question)
                _remember(earlier, enrollment, client_key)
                return Reply(earlier.points, question.points_possible, html, earlier.count)
            _require_attempts_left(enrollment, earlier.count)
            attempt = Attempt.objects.create(
                enrollment=enrollment,
                question=question,
                client_key=client_key,
                string=string,
                points=outcome.points,
                feedback=outcome.matched,
                version=question.version,
            )
            counted = earlier.counted_points
            if not (enrollment.course.keeps_best and _is_more(counted, outcome.points)):
                _store_as_answer(attempt)
            return Reply(outcome.points, question.points_possible, html, earlier.count + 1)
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
    """What the database says about earlier answers.

    `attempt` is the primary key of the one that has been sent with the client key or, if there is
    none, of the last one at the question; it is None without any, and if the client key was used at
    another question. The next four are its columns. `sent_before` is None if the client key is new.
    `count` is the number of attempts at the question, `counted_points` the points of the answer
    that counts, and `this_minute` and `this_minute_in_all` are what `limits` counts.
    """

    attempt: int | None
    string: str | None
    points: Decimal | None
    feedback: int | None
    version: str | None
    sent_before: int | None
    count: int
    counted_points: Decimal | None
    this_minute: int
    this_minute_in_all: int


# Each is found by an index, since there can be many attempts with long texts. It is not composed by
# Django, which takes 3 ms of CPU for it, a quarter of an answer.
_EARLIER = """
    SELECT a.id, a.string, a.points, a.feedback_id, a.version, w.sent_before,
        (SELECT COUNT(*) FROM grading_attempt WHERE enrollment_id = %s AND question_id = %s),
        (SELECT points FROM grading_answer WHERE enrollment_id = %s AND question_id = %s),
        (SELECT COUNT(*) FROM grading_attempt m JOIN grading_enrollment e ON e.id = m.enrollment_id
            WHERE e.user_id = %s AND m.created_at > %s AND m.question_id = %s),
        (SELECT COUNT(*) FROM grading_attempt m JOIN grading_enrollment e ON e.id = m.enrollment_id
            WHERE e.user_id = %s AND m.created_at > %s)
    FROM (
        SELECT COALESCE(
            (SELECT id FROM grading_attempt WHERE enrollment_id = %s AND client_key = %s),
            (SELECT attempt_id FROM grading_repeat WHERE enrollment_id = %s AND client_key = %s)
        ) AS sent_before,
        (SELECT MAX(id) FROM grading_attempt WHERE enrollment_id = %s AND question_id = %s) AS last
    ) w
    LEFT JOIN grading_attempt a
        ON a.id = COALESCE(w.sent_before, w.last) AND a.question_id = %s
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
    with connection.cursor() as cursor:
        cursor.execute(
            _EARLIER,
            [*here, *here, *recent, question.pk, *recent, *key, *key, *here, question.pk],
        )
        attempt, string, points, feedback, version, sent, count, counted, *pace = cursor.fetchone()
    return Earlier(
        attempt, string, _decimal(points), feedback, version, sent, count, _decimal(counted), *pace
    )


def _decimal(points: Any) -> Decimal | None:
    """Return points as the database's driver returns them as a decimal: SQLite has none."""
    return None if points is None else Decimal(str(points)).quantize(Decimal("0.01"))


def _number_of_sent(
    earlier: Earlier, enrollment: Enrollment, question: Question, string: str
) -> int:
    """Return the number of the attempt that has been sent before, from 1. Raises Conflict."""
    if earlier.string != string:
        raise Conflict(_("This answer has already been sent with different content."))
    attempts = Attempt.objects.filter(enrollment=enrollment, question=question)
    return attempts.filter(pk__lte=earlier.attempt).count()


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


def _is_more(counted: Decimal | None, points: Decimal | None) -> bool:
    """Return whether the points that count exceed those of a new attempt; None is ungraded."""
    return counted is not None and points is not None and counted > points


def _store_as_answer(attempt: Attempt) -> None:
    """Store the attempt as the answer that counts, in a single statement."""
    counts = Answer(
        enrollment_id=attempt.enrollment_id,
        question_id=attempt.question_id,
        string=attempt.string,
        points=attempt.points,
        feedback_id=attempt.feedback_id,
        answered_at=timezone.now(),
    )
    Answer.objects.bulk_create(
        [counts],
        update_conflicts=True,
        unique_fields=["enrollment", "question"],
        update_fields=["string", "points", "feedback", "answered_at"],
    )
