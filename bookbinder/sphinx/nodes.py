"""The nodes of a question, and their HTML: a form that works with and without JavaScript.

No stored node contains points or correct answers, so neither a page nor a doctree can reveal them.
"""

from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

from bookbinder.sphinx import kinds

# Texts by the book's language. A table, since a gettext catalog would have to be compiled.
WORDS = {"de": {"Check": "Prüfen", "Submit": "Abgeben", "Your answer": "Ihre Antwort"}}


# The attribute that marks a footnote as parsed inside a reply.
IN_REPLY = "bookbinder-in-reply"


class bookbinder_question(nodes.General, nodes.Element):
    """A question, with `label`, `grader`, `multiple`, `try` and `action` (the URL of its form)."""


class bookbinder_prompt(nodes.General, nodes.Element):
    """What a question asks."""


class bookbinder_choice(nodes.General, nodes.TextElement):
    """A choice, with `key` and `multiple`; its content is its text."""


class bookbinder_feedback(nodes.General, nodes.Element):
    """A reply. It is removed before the page is stored; rendering sets its `html`."""


# Sphinx finds the visitors of a node by the name of its class, which other extensions may have too.
question = bookbinder_question
prompt = bookbinder_prompt
choice = bookbinder_choice
feedback = bookbinder_feedback


class hidden_feedback(nodes.Invisible, nodes.Element):
    """A placeholder for a reply while it is hidden from Sphinx's domains."""


def _say(self: HTML5Translator, words: str) -> str:
    language = (self.config.language or "en").partition("_")[0]
    return self.encode(WORDS.get(language, {}).get(words, words))


def visit_question(self: HTML5Translator, node: question) -> None:
    label = node["label"]
    attributes = {
        "method": "get",
        "action": node["action"],
        "data-label": label,
        "data-grader": node["grader"],
        "aria-labelledby": f"{label}-prompt",
    }
    if node["multiple"]:
        attributes["data-multiple"] = ""
    self.body.append(
        self.starttag(nodes.Element(ids=[label]), "form", CLASS="bookbinder-question", **attributes)
    )


def depart_question(self: HTML5Translator, node: question) -> None:
    label = self.attval(node["label"])
    if not kinds.of(node["grader"]).takes_choices:
        self.body.append(_answer_field(self, node))
    self.body.append(
        f'<div class="bookbinder-actions" data-annot-skip>'
        f'<input type="hidden" name="label" value="{label}">'
        f'<button type="submit">{_say(self, kinds.of(node["grader"]).button)}</button></div>\n'
        f'<div class="bookbinder-result" role="status" data-annot-skip></div>\n'
        f'<div class="bookbinder-attempts" data-annot-skip></div>\n</form>\n'
    )


def _answer_field(self: HTML5Translator, node: question) -> str:
    label = self.attval(node["label"])
    attributes = (
        f'id="{label}-answer" name="answer" aria-describedby="{label}-prompt" autocomplete="off"'
    )
    field = kinds.of(node["grader"]).field(attributes)
    return (
        f'<p class="bookbinder-answer" data-annot-skip><label for="{label}-answer">'
        f"{_say(self, 'Your answer')}</label> {field}</p>\n"
    )


def visit_prompt(self: HTML5Translator, node: prompt) -> None:
    label = node.parent["label"] if isinstance(node.parent, question) else ""
    self.body.append(
        self.starttag(nodes.Element(ids=[f"{label}-prompt"]), "div", CLASS="bookbinder-prompt")
    )


def depart_prompt(self: HTML5Translator, node: prompt) -> None:
    self.body.append("</div>\n")


def visit_choice(self: HTML5Translator, node: choice) -> None:
    kind = "checkbox" if node["multiple"] else "radio"
    self.body.append(
        f'<label class="bookbinder-choice" data-annot-skip><input type="{kind}" name="answer" '
        f'value="{self.attval(node["key"])}"> <span>'
    )


def depart_choice(self: HTML5Translator, node: choice) -> None:
    self.body.append("</span></label>\n")


def visit_feedback(self: HTML5Translator, node: feedback) -> None:
    node["start"] = len(self.body)


def depart_feedback(self: HTML5Translator, node: feedback) -> None:
    node["html"] = "".join(self.body[node["start"] :]).strip()


def visit_text(self: nodes.NodeVisitor, node: nodes.Element) -> None:
    """Write nothing: in print, a question is its prompt followed by its choices."""


def depart_text(self: nodes.NodeVisitor, node: nodes.Element) -> None:
    """Write nothing: there is nothing to close."""


def visit_paper_choice(self: nodes.NodeVisitor, node: choice) -> None:
    self.visit_paragraph(node)  # type: ignore[arg-type]


def depart_paper_choice(self: nodes.NodeVisitor, node: choice) -> None:
    self.depart_paragraph(node)  # type: ignore[arg-type]


# The writers that print a question: its prompt and choices, without a form.
PAPER = ("latex", "text", "man", "texinfo")
_Visitors = dict[type[nodes.Element], tuple[Callable[[Any, Any], None], Callable[[Any, Any], None]]]
HTML: _Visitors = {
    question: (visit_question, depart_question),
    prompt: (visit_prompt, depart_prompt),
    choice: (visit_choice, depart_choice),
    feedback: (visit_feedback, depart_feedback),
}
ON_PAPER: _Visitors = {
    question: (visit_text, depart_text),
    prompt: (visit_text, depart_text),
    choice: (visit_paper_choice, depart_paper_choice),
    feedback: (visit_text, depart_text),
}
