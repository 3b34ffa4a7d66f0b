"""The API of answers: the form of requests and replies, and their status codes."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from accounts.http import signed_in
from books.models import Question
from grading import answering
from grading.graders import AnswerError

router = Router(tags=["answers"])


Pk = Annotated[int, Field(ge=1, lt=2**63)]


class AnswerIn(Schema):
    answer: Any
    client_key: UUID
    course: Pk | None = None


class ReplyOut(Schema):
    points: float | None
    points_possible: float
    feedback: str | None
    attempt: int | None


class Problem(Schema):
    detail: str


class Invalid(Schema):
    """A request that is not of the form that is asked for: what is wrong, and where."""

    detail: list[Any]


PROBLEMS: dict[type[Exception], int] = {
    AnswerError: 400,
    answering.NotEnrolled: 403,
    answering.Refused: 403,
    answering.Conflict: 409,
}
STATUSES = {200: ReplyOut, 422: Invalid} | dict.fromkeys((400, 401, 403, 404, 409), Problem)


@router.post("/questions/{question_id}/answers", response=STATUSES)
def answer_question(request: HttpRequest, question_id: Pk, data: AnswerIn) -> Any:
    """Give an answer. Sent again with the same client key, it is answered alike and kept once."""
    questions = Question.objects.select_related("page").filter(page__book__release__isnull=False)
    question = get_object_or_404(questions, pk=question_id)
    try:
        return answering.answer(
            signed_in(request), question, data.answer, data.client_key, data.course
        )
    except tuple(PROBLEMS) as error:
        return Status(PROBLEMS[type(error)], {"detail": str(error)})
