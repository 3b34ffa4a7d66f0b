"""The API for answers: the format of requests and responses, and their status codes."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.security import SessionAuth

from accounts import limits
from accounts.http import signed_in
from accounts.schemas import Invalid, Pk, Problem
from books.models import Question
from grading import answering, enrolling, page_questions, trials
from grading.graders import AnswerError
from grading.limits import TooFast
from grading.scores import Totals
from grading.trials import TRIES_A_MINUTE

router = Router(tags=["answers"])


class AnswerIn(Schema):
    """An answer; `version` is the version of the question that the person saw."""

    answer: Any
    client_key: UUID
    course: Pk | None = None
    version: str | None = None


class ReplyOut(Schema):
    """What the answer earned; `points` is null if a person has to grade it.

    `score` is what counts for the question now, with its `reasons`, and `counts` whether that is
    this attempt.
    """

    points: float | None
    points_possible: float
    feedback: str | None
    attempt: int | None
    score: float | None
    counts: bool
    reasons: list[str]


class ProgressOut(Schema):
    """How much of a page or a book is answered, and its final points."""

    answered: int
    questions: int
    points: float
    points_possible: float


def progress_of(totals: Totals) -> dict[str, Any]:
    """Return sums as a ProgressOut has them."""
    return {
        "answered": totals.answered,
        "questions": totals.questions,
        "points": totals.final.points,
        "points_possible": totals.final.possible,
    }


class AttemptOut(Schema):
    answer: str
    points: float | None
    feedback: str | None
    at: datetime
    notes: list[str]
    comment: str


class CodedProblem(Problem):
    """`changed`: reload the page. `conflict`: the client key was used for another answer."""

    code: Literal["changed", "conflict"]


class AnybodyWithToken(SessionAuth):
    """Accepts anybody, even without an account, but requires a CSRF token; the view decides."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return request.user


PROBLEMS: dict[type[Exception], int] = {
    AnswerError: 400,
    answering.NotEnrolled: 403,
    answering.Refused: 403,
    TooFast: 429,
}
CODED: dict[type[Exception], tuple[int, str]] = {
    answering.Conflict: (409, "conflict"),
    answering.Changed: (409, "changed"),
    answering.Gone: (404, "changed"),
}
STATUSES = {200: ReplyOut, 422: Invalid} | dict.fromkeys((400, 401, 403, 404), Problem)
ANSWER_STATUSES = STATUSES | {404: CodedProblem, 409: CodedProblem, 429: Problem}
ATTEMPT_STATUSES = {200: list[AttemptOut], 422: Invalid} | dict.fromkeys((401, 403, 404), Problem)


@router.post("/questions/{question_id}/answers", response=ANSWER_STATUSES, auth=AnybodyWithToken())
def answer_question(
    request: HttpRequest, response: HttpResponse, question_id: Pk, data: AnswerIn
) -> Any:
    """Answer a question.

    If it is sent again with the same client key, the answer gets the same reply and is stored only
    once. An answer that equals the last attempt gets its reply, and no attempt is stored. Without
    an account or an enrollment, an answer is graded but not stored, if the author lets anybody try
    the question.
    """
    try:
        if request.user.is_authenticated:
            return _answer(request, response, question_id, data)
        reply = _try(request, response, question_id, data)
        return reply or Status(401, {"detail": "Unauthorized"})
    except (*PROBLEMS, *CODED) as error:
        if isinstance(error, TooFast):
            response["Retry-After"] = str(error.seconds)
        return _problem(error)


def _published(question_id: int) -> Question | None:
    questions = Question.objects.filter(page__book__release__isnull=False)
    return questions.select_related("page").filter(pk=question_id).first()


def _answer(request: HttpRequest, response: HttpResponse, question_id: int, data: AnswerIn) -> Any:
    question = _published(question_id)
    if question is None:
        raise answering.Gone
    user = signed_in(request)
    try:
        return answering.answer(
            user, question, data.answer, data.client_key, data.course, data.version
        )
    except answering.NotEnrolled:
        # People with an account but no enrollment can try whatever people without an account can.
        reply = _try(request, response, question_id, data)
        if reply is None:
            raise
        return reply


def _try(request: HttpRequest, response: HttpResponse, question_id: int, data: AnswerIn) -> Any:
    """Grade an answer without storing it. Returns None if the question cannot be tried.

    If the request names a course, the answer would have to be stored there, so None is returned.
    """
    question = trials.find(question_id) if data.course is None else None
    if question is None:
        return None
    if limits.count(request, "try", seconds=limits.MINUTE) > TRIES_A_MINUTE:
        wait = limits.seconds_left(limits.MINUTE)
        response["Retry-After"] = str(wait)
        text = _("Too many attempts. Wait %(n)d seconds, or join a course.") % {"n": wait}
        return Status(429, {"detail": text})
    return trials.grade(question, data.answer, data.version)


def _problem(error: Exception) -> Status:
    if type(error) in CODED:
        status, code = CODED[type(error)]
        return Status(status, {"detail": str(error), "code": code})
    return Status(PROBLEMS[type(error)], {"detail": str(error)})


@router.get("/questions/{question_id}/attempts", response=ATTEMPT_STATUSES)
def own_attempts(request: HttpRequest, question_id: Pk, course: Pk | None = None) -> Any:
    """Return the person's attempts at a question in their course, newest first, at most 100."""
    question = _published(question_id)
    if question is None:
        raise Http404
    enrollment = enrolling.find_enrollment(signed_in(request), question.page.book_id, course)
    if enrollment is None:
        return _problem(answering.NotEnrolled())
    return page_questions.attempts_at(question, enrollment)
