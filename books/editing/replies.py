"""Feedback that people write in the admin: answers that are foreseen, and the replies to them."""

import hashlib

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from bookbinder.sphinx import markdown
from bookbinder.sphinx.expected_answers import fault_of
from books.models import Feedback, Question
from books.sources.directive import tidy


def check_answer(question: Question, answer: str) -> None:
    """Raises ValidationError where the question's grader cannot read the answer."""
    fault = fault_of(question.grader, answer)
    if fault:
        raise ValidationError(_("This answer is %(fault)s.") % {"fault": fault})


def text_to_edit(feedback: Feedback) -> str:
    """Return a reply as Markdown: one that its source wrote otherwise is turned into it."""
    if feedback.markup == Feedback.Markup.MARKDOWN:
        return feedback.text
    # It takes Beautiful Soup along, which most commands and requests do not need.
    from books.editing import to_markdown

    return to_markdown.from_html(feedback.feedback)


def set_reply(feedback: Feedback, text: str) -> None:
    """Give a feedback a reply written in Markdown, without saving it."""
    text = tidy(text)  # as a source can hold it: a browser sends other ends of lines
    feedback.text = text
    feedback.markup = Feedback.Markup.MARKDOWN
    feedback.feedback = markdown.render(text)


def mark_of(feedback: Feedback) -> str:
    """Return what tells whether a feedback has been changed since somebody looked at it."""
    said = (feedback.answer, feedback.points, feedback.text, feedback.source_text)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def put_last(feedback: Feedback) -> None:
    """Give a new feedback the place after all others: the first that matches wins."""
    last = Feedback.objects.filter(question=feedback.question_id).aggregate(last=Max("index"))
    feedback.index = 0 if last["last"] is None else last["last"] + 1


def takes_new_feedback(question: Question) -> bool:
    """Whether feedback can be added in the admin: not to choices, which stand in the page."""
    return question.kind.takes_new_feedback
