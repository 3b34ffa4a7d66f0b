"""Answering a question: the answer is checked, graded and stored in one transaction.

A client key identifies the answer: sent again with the same key, it is stored only once.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, FilteredRelation, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from books.models import Question
from grading import enrolling, graders
from grading.errors import GradingError
from grading.models import Answer, Attempt, Enrollment


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
    that the person used last counts. Raises NotEnrolled, AnswerError, Refused, Conflict or Changed;
    nothing is stored then.
    """
    try:
        with transaction.atomic():
            enrollment = _locked_enrollment(user, question, course_id)
            # The default ordering would join all tables up to the book's.
            feedback = list(question.feedback.select_related("question").order_by("index", "pk"))
            # Read again, since an edition may have been published while this waited for the lock.
            question = feedback[0].question if feedback else question
            earlier, repeated = _earlier_attempts(enrollment, question, client_key)
            # An answer that has been stored gets its reply even if the question has changed since.
            if repeated is None and version not in (None, question.version):
                raise Changed
            string, outcome = graders.read_and_grade(given, question, feedback)
            html = outcome.html if enrollment.shows_feedback is not False else None
            if repeated is not None:
                if repeated.string != string or repeated.question_id != question.pk:
                    raise Conflict(_("This answer has already been sent with different content."))
                number = earlier.index(repeated) + 1
                return Reply(repeated.points, question.points_possible, html, number)
            _require_open(enrollment, len(earlier))
            attempt = Attempt.objects.create(
                enrollment=enrollment,
                question=question,
                client_key=client_key,
                string=string,
                points=outcome.points,
                feedback=outcome.matched,
            )
            counted = earlier[0].counted_points if earlier else None
            if not (enrollment.course.keeps_best and _is_more(counted, outcome.points)):
                _store_as_answer(attempt)
            return Reply(outcome.points, question.points_possible, html, len(earlier) + 1)
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


def _earlier_attempts(
    enrollment: Enrollment, question: Question, client_key: UUID
) -> tuple[list[Any], Attempt | None]:
    """Return the attempts at the question, oldest first, and the one with the client key.

    The latter is in the list even if it was made at another question; it is None if there is none.
    Each attempt has the points of the answer that counts as `counted_points`.
    """
    counts = Answer.objects.filter(enrollment=enrollment, question=question).values("points")
    own = Attempt.objects.filter(enrollment=enrollment)
    wanted = own.filter(question=question) | own.filter(client_key=client_key)
    # There can be many long texts: only that of a repeated answer is fetched, for comparison.
    attempts = list(wanted.annotate(counted_points=Subquery(counts)).order_by("pk").defer("string"))
    repeated = [attempt for attempt in attempts if attempt.client_key == client_key]
    return attempts, repeated[0] if repeated else None


def _require_open(enrollment: Any, attempts: int) -> None:
    """Raise Refused if the course does not accept an answer to the question, or no further one."""
    course = enrollment.course
    if enrollment.is_enabled is False:
        raise Refused(_("This question is switched off in your course."))
    if not course.is_open and not enrollment.is_test:
        raise Refused(_("Your course is not open now."))
    if course.attempt_limit is not None and attempts >= course.attempt_limit:
        raise Refused(_("You have no attempts left at this question."))


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
