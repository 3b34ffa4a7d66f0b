"""Feedback that is written in the admin: expected answers and the replies to them."""

import hashlib
from urllib.parse import unquote, urljoin, urlsplit

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbinder.sphinx import markdown
from bookbinder.sphinx.expected_answers import fault_of
from books.models import Feedback, Question
from books.releases import serving
from books.sources.directive import tidy


def check_answer(question: Question, answer: str) -> None:
    """Raise ValidationError if the question's grader does not accept the expected answer."""
    fault = fault_of(question.grader, answer, question.options)
    if fault:
        raise ValidationError(_("This answer is %(fault)s.") % {"fault": fault})


def text_to_edit(feedback: Feedback) -> str:
    """Return a reply as Markdown; one that has another markup in its source is converted."""
    if feedback.markup == Feedback.Markup.MARKDOWN:
        return feedback.text
    # Not imported above: it loads Beautiful Soup, which most commands and requests do not need.
    from books.editing import to_markdown

    return to_markdown.from_html(feedback.feedback)


def set_reply(feedback: Feedback, text: str) -> None:
    """Give a feedback a reply written in Markdown, without saving it."""
    text = tidy(text)  # as a source can contain it; browsers send other newlines
    feedback.text = text
    feedback.markup = Feedback.Markup.MARKDOWN
    feedback.feedback = markdown.render(text)


def mark_of(feedback: Feedback) -> str:
    """Return a hash by which to detect that a feedback was changed after a form was opened."""
    said = (feedback.answer, feedback.points, feedback.text, feedback.source_text)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def put_last(feedback: Feedback) -> None:
    """Place a new feedback after all others, so that it does not take precedence over them."""
    last = Feedback.objects.filter(question=feedback.question_id).aggregate(last=Max("index"))
    feedback.index = 0 if last["last"] is None else last["last"] + 1


def takes_new_feedback(question: Question) -> bool:
    """Return whether feedback can be added in the admin. Choices cannot: pages contain them."""
    return question.kind.takes_new_feedback


def check_links(question: Question, text: str) -> None:
    """Raise ValidationError if a relative link or picture in a reply leads to nothing in the book.

    Students read the reply on the question's page, so that the link is relative to this page.
    """
    page = question.page
    for address in markdown.addresses(text):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not parts.path:
            continue  # another site, or a place on this page
        path = urljoin(page.get_absolute_url(), parts.path)
        folder = reverse("project", args=(page.book.project,))
        inside = unquote(path.removeprefix(folder)) if path.startswith(folder) else None
        if inside is None or (inside and serving.find(page.book.project, inside) is None):
            what = _("“%(link)s” leads to nothing in this book. Links are relative to %(page)s.")
            raise ValidationError(what % {"link": address, "page": page.get_absolute_url()})
