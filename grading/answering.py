"""One answer of one student: checked, graded and kept in one transaction, once a client key."""

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
from grading.models import Answer, Attempt, Course, Enrollment


class Refused(Exception):
    """The answer is not taken now; the text says why to the person who gave it."""


class Conflict(Exception):
    """The client key has been used for another answer."""


class Changed(Exception):
    """A new edition asks something else than the page that was answered, or asks no more."""

    def __str__(self) -> str:
        return _(
            "This question has changed since you opened the page. Reload the page, then answer it."
        )


class Gone(Changed):
    def __str__(self) -> str:
        return _("The book has no such question any more. Reload the page.")


@dataclass(frozen=True)
class Reply:
    """What a student is told; `points` is None where a person has to grade the answer.

    `attempt` counts from 1 for the question; None where nothing was kept.
    """

    points: Decimal | None
    points_possible: Decimal
    feedback: str | None
    attempt: int | None


class NotEnrolled(Exception):
    """The person has no place in a course of the question's book."""

    def __str__(self) -> str:
        return _("You have no place in a course of this book.")


def answer(
    user: User,
    question: Question,
    given: Any,
    client_key: UUID,
    course_id: int | None = None,
    version: str | None = None,
) -> Reply:
    """Keep and grade an answer. The same key with the same answer gives the same reply.

    `version` is the question's as the person saw it. Raises NotEnrolled, AnswerError, Refused,
    Conflict or Changed, and keeps nothing then.
    """
    try:
        return _answer(user, question, given, client_key, course_id, version)
    except IntegrityError:
        if Question.objects.filter(pk=question.pk).exists():
            raise
        # A new edition went live meanwhile.
        raise Gone from None


@transaction.atomic
def _answer(
    user: User,
    question: Question,
    given: Any,
    client_key: UUID,
    course_id: int | None,
    version: str | None,
) -> Reply:
    place = _locked_place(user, question, course_id)
    # Django's own order would join the tables up to the book.
    feedback = list(question.feedback.select_related("question").order_by("index", "pk"))
    # As it is now: an edition may have gone live while this waited for its turn.
    question = feedback[0].question if feedback else question
    before = list(_attempts(place, question, client_key))
    number, again = _sent_before(before, client_key)
    # An answer that has been taken gets its reply, whatever its question has become.
    if again is None and version not in (None, question.version):
        raise Changed
    string = graders.read(given, question, feedback)
    outcome = graders.grade(string, question, feedback)
    html = outcome.html if place.shows_feedback is not False else None
    if again is not None:
        if again.string != string or again.question_id != question.pk:
            raise Conflict(_("This answer has been sent before with other content."))
        return Reply(again.points, question.points_possible, html, number)
    _require_open(place, len(before))
    attempt = Attempt.objects.create(
        enrollment=place,
        question=question,
        client_key=client_key,
        string=string,
        points=outcome.points,
        feedback=outcome.matched,
    )
    if place.course.attempts_policy != Course.AttemptsPolicy.BEST or not _is_worse(attempt, before):
        _keep(attempt)
    return Reply(outcome.points, question.points_possible, html, len(before) + 1)


def _sent_before(attempts: list[Attempt], client_key: UUID) -> tuple[int, Attempt | None]:
    """Return the number of the attempt with this key, and itself."""
    numbered = enumerate(attempts, start=1)
    return next(((n, one) for n, one in numbered if one.client_key == client_key), (0, None))


def _locked_place(user: User, question: Question, course_id: int | None) -> Any:
    """Return the place, with the course's switches for the question.

    Its row is locked: answers of one student to one course queue, so that a limit of attempts
    holds and a client key is used once.
    """
    ours = Q(course__interactives__question=question.pk)
    places = (
        Enrollment.objects.annotate(switch=FilteredRelation("course__interactives", condition=ours))
        .annotate(is_enabled=F("switch__enabled"), shows_feedback=F("switch__provide_feedback"))
        .select_for_update(of=("self",))
    )
    place = enrolling.place_for(user, question.page.book_id, course_id, places)
    if place is None:
        raise NotEnrolled
    return place


def _attempts(place: Enrollment, question: Question, client_key: UUID) -> Any:
    """Attempts at this question, and the one of this key wherever it was made; first ones first.

    Each with the points of the answer that counts: what was never tried has none.
    """
    counts = Answer.objects.filter(enrollment=place, question=question).values("points")
    own = Attempt.objects.filter(enrollment=place)
    found = own.filter(question=question) | own.filter(client_key=client_key)
    # Their texts may be long and many; a repeated one is fetched when it is compared.
    return found.annotate(counted_points=Subquery(counts)).order_by("pk").defer("string")


def _require_open(place: Any, attempts: int) -> None:
    course = place.course
    if place.is_enabled is False:
        raise Refused(_("This question is switched off in your course."))
    if not course.is_open and not place.is_test:
        raise Refused(_("Your course is not open now."))
    if course.attempt_limit is not None and attempts >= course.attempt_limit:
        raise Refused(_("You have no attempts left at this question."))


def _is_worse(attempt: Attempt, before: list[Any]) -> bool:
    """Whether what counts so far has earned more."""
    counted = before[0].counted_points if before else None
    if counted is None or attempt.points is None:
        return False
    return bool(counted > attempt.points)


def _keep(attempt: Attempt) -> None:
    """Let the attempt count."""
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
