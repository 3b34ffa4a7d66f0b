"""The API that the pages of previews use. Nothing is stored."""

from typing import Any

from django.http import Http404, HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from ninja import Router, Schema, Status

from accounts import schemas
from accounts.http import signed_in
from bookbinder.site import reader_texts
from books.releases import previews
from grading import api as grading_api
from grading import trials
from grading.graders import AnswerError
from grading.scores.totals import Item, add_up

router = Router(tags=["previews"])


class PreviewAnswerIn(Schema):
    answer: Any


class PreviewQuestionOut(Schema):
    pk: int
    label: str
    former_labels: list[str] = []
    grader: str
    version: str
    enabled: bool = True
    can_try: bool = False
    points_possible: float
    answer: None = None
    points: None = None
    counts: bool = True
    reasons: list[str] = []
    feedback: None = None
    attempts: int = 0
    attempts_left: None = None


class PreviewStateOut(Schema):
    """The state of a page of a preview, like that of a published page but without database rows."""

    book: str
    book_url: str
    user: str
    user_pk: int
    is_preview: bool = True
    progress: None = None
    next: None = None
    resume: None = None
    on_page: grading_api.ProgressOut
    questions: list[PreviewQuestionOut]
    notes: list[Any] = []
    texts: dict[str, str]


def _preview(request: HttpRequest, token: str) -> previews.Preview:
    preview = previews.find(request.user, token)
    if preview is None:
        raise Http404
    return preview


STATUSES = {200: PreviewStateOut, 401: schemas.Problem, 404: schemas.Problem}


@router.get("/previews/{token}/state/{path:docname}", response=STATUSES)
def state(request: HttpRequest, token: str, docname: str) -> dict[str, Any]:
    """The questions of a page of a preview. The `pk` of a question is its number in the edition."""
    preview = _preview(request, token)
    if docname not in preview.docnames:
        raise Http404
    get_token(request)  # sets the cookie
    asked = [one for one in trials.questions_of(preview) if one.docname == docname]
    items = (Item(None, one.question.points_possible, is_answered=False) for one in asked)
    return {
        "book": preview.manifest.books[0].title,
        "book_url": reverse("preview", args=(token, f"{docname}.html")),
        "user": signed_in(request).get_full_name(),
        "user_pk": request.user.pk,
        "questions": [
            {
                "pk": previewed.number,
                "label": previewed.question.label,
                "grader": previewed.question.grader,
                "version": previewed.question.version,
                "points_possible": previewed.question.points_possible,
            }
            for previewed in asked
        ],
        "on_page": grading_api.progress_of(add_up(items, is_over=False)),
        "texts": reader_texts.texts(),
    }


@router.post("/previews/{token}/questions/{number}/answers", response=grading_api.STATUSES)
def answer(request: HttpRequest, token: str, number: schemas.Pk, data: PreviewAnswerIn) -> Any:
    """Grade an answer with the feedback of the preview. Nothing is stored."""
    try:
        reply = trials.answer_in_preview(_preview(request, token), number, data.answer)
    except AnswerError as error:
        return Status(400, {"detail": str(error)})
    if reply is None:
        raise Http404
    return reply
