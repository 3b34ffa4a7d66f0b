"""Edits made in the admin. What the source last said stays beside them, so that a sync can tell."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bookbinder.sphinx import markdown
from bookbinder.sphinx.foreseen import fault_of
from books.models import Feedback, Question

WITHOUT_FEEDBACK = ("manual",)
WITH_CHOICES = ("choice",)


def check_answer(question: Question, answer: str) -> None:
    """Raises ValidationError where the question's grader cannot read the answer."""
    fault = fault_of(question.grader, answer)
    if fault:
        raise ValidationError(_("This answer is %(fault)s.") % {"fault": fault})


def set_reply(feedback: Feedback, text: str) -> None:
    """Give a feedback a reply written in Markdown, without saving it."""
    feedback.text = text
    feedback.markup = Feedback.Markup.MARKDOWN
    feedback.feedback = markdown.render(text)


def takes_new_feedback(question: Question) -> bool:
    """Whether feedback can be added in the admin: not to choices, which stand in the page."""
    return question.grader not in WITHOUT_FEEDBACK + WITH_CHOICES
