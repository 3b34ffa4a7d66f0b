"""Tries at a question by somebody without a place in a course: judged at once, never kept."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookbinder.sphinx.manifest import NOT_TRIED
from books.models import Page, Question
from grading import graders
from grading.answering import Changed, Reply
from grading.models import Course


def with_tries(pages: QuerySet[Page]) -> Any:
    """Add to pages whether their marked questions may be tried: public ones, by courses' leave."""
    against = Course.objects.open().filter(book=OuterRef("book"), allows_tries=False)
    return pages.annotate(takes_tries=Q(~Exists(against), access=Page.Access.PUBLIC))


def is_marked(question: Question) -> bool:
    """Whether the author has let anybody try the question."""
    return question.options.get("try") is True and question.grader not in NOT_TRIED


def find(question_id: int) -> Question | None:
    """Return the question if anybody may try it now; whatever else there is, None."""
    pages = with_tries(Page.objects.published()).filter(takes_tries=True)
    questions = Question.objects.filter(pk=question_id, page__in=pages.values("pk"))
    question = questions.first()
    return question if question and is_marked(question) else None


def judge(question: Question, given: Any, version: str | None = None) -> Reply:
    """Return what an answer would earn, and no word of feedback. Raises AnswerError or Changed."""
    if version not in (None, question.version):
        raise Changed
    feedback = list(question.feedback.all())
    outcome = graders.grade(graders.read(given, question, feedback), question, feedback)
    return Reply(outcome.points, question.points_possible, None, None)
