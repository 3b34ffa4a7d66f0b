"""The directives `question`, `choice`, `feedback` and `page-id`, which create the nodes.

They accept any option and argument and check them here: docutils drops a directive with an unknown
option but lets the build succeed, so nobody would notice that the question is missing.
"""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from docutils import nodes as docnodes
from sphinx import addnodes

from bookbinder.sphinx import kinds, markdown, nodes, shapes
from bookbinder.sphinx.checked_directive import CheckedDirective, others, replies_in
from bookbinder.sphinx.collector import Item, found_in, note_mistake
from bookbinder.sphinx.expected_answers import ANYTHING_ELSE, fault_of
from bookbinder.sphinx.fingerprints import key_of

# Nodes that Sphinx would list outside a reply, or that make no sense in one.
LISTED = (
    addnodes.desc,
    addnodes.glossary,
    addnodes.productionlist,
    docnodes.citation,
    docnodes.meta,
    nodes.question,
)
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class PageId(CheckedDirective):
    """Gives the page that contains it a permanent id."""

    def run(self) -> list[docnodes.Node]:
        self.check_options()
        if self.content:
            self.mistake("takes no text: put an empty line and no indent after it")
        found = found_in(self.env, self.env.docname)
        if not shapes.PAGE_ID.fullmatch(self.argument):
            self.mistake(f"{self.argument!r} must be letters, digits, - and _, at most 64 of them")
        elif found.page_id is not None:
            self.mistake(f"the page has an id already: {found.page_id}")
        else:
            found.page_id = self.argument
        return []


class Reply(CheckedDirective):
    """The base of `choice` and `feedback`: a body that is Sphinx markup or Markdown."""

    def reply(self, answer: str, key: str | None, points: Decimal) -> nodes.feedback:
        """Return the node of a reply, with an `Item` that holds its values for the manifest."""
        text = "\n".join(self.content)
        markup = self.options.get("format", "sphinx")
        if markup not in ("sphinx", "markdown"):
            self.mistake(f"format must be sphinx or markdown, not {markup!r}")
        is_markdown = markup == "markdown"
        line = self.get_source_info()[1]
        item = Item(
            key=key,
            answer=answer,
            text=text,
            markup="md" if is_markdown else "sphinx",
            line=line,
            points=points,
            html=markdown.render(text) if is_markdown else None,
        )
        reply = nodes.feedback("", item=item, own_names=[])
        if not is_markdown:
            before = _of_whole_page(self.state.document)
            reply += self.parse_content_to_nodes()
            if _of_whole_page(self.state.document) != before:
                self.mistake("a title, header, footer or metadata of the page cannot be set here")
            self.check_body(reply)
        self.set_source_info(reply)
        return reply

    def key(self) -> str | None:
        """Return the option `key`, or None if it is missing. Note a key that is not valid."""
        key = self.options.get("key")
        if key is not None and not _KEY.fullmatch(key):
            self.mistake(f"key {key!r} must be letters, digits and - _ ., at most 64")
        return key

    def check_body(self, reply: nodes.feedback) -> None:
        """Record the names in a reply, mark its footnotes, and note nodes that it must not contain.

        Those would put the reply's words into a public list, or define a label that is never found.
        """
        for node in reply.findall():
            if isinstance(node, docnodes.Element) and node["names"]:
                reply["own_names"] += node["names"]
            if isinstance(node, docnodes.footnote):
                # Lets `replies.cut_out` recognise a footnote that MyST has moved out of its reply.
                node[nodes.IN_REPLY] = True
            if isinstance(node, LISTED) or _is_module(node) or _is_numbered(node):
                self.mistake(
                    "definitions, citations, numbered formulas and questions cannot be in "
                    "feedback: move them out"
                )
                return
            if isinstance(node, docnodes.target) and node["names"] and "refuri" not in node:
                self.mistake("a label in feedback cannot be linked to: put it outside")
                return


def _of_whole_page(document: docnodes.document) -> tuple[Any, ...]:
    """Return the parts of a page that a directive can change, wherever it is on the page."""
    decoration = document.decoration.astext() if document.decoration else ""
    return document.get("title"), len(document.children), decoration


def _is_module(node: docnodes.Node) -> bool:
    return isinstance(node, docnodes.target) and bool(node.get("ismod"))


def _is_numbered(node: docnodes.Node) -> bool:
    return isinstance(node, docnodes.math_block) and bool(node.get("label"))


class Feedback(Reply):
    """An answer that the author expects, with its points and the reply to it."""

    known_options = ("points", "format", "key")

    def run(self) -> list[docnodes.Node]:
        self.check_options()
        if not self.argument:
            self.mistake(f"say which answer it is for; {ANYTHING_ELSE} for any other")
        return [self.reply(self.argument, self.key(), self.points(Decimal(0)))]


class Choice(Reply):
    """One of the answers to choose from; its body is the reply to those who choose it."""

    known_options = ("correct", "points", "format", "key")

    def run(self) -> list[docnodes.Node]:
        self.check_options()
        if not self.argument:
            self.mistake("has no text to choose")
        choice = nodes.choice(self.argument, "", correct="correct" in self.options)
        choice["given_key"] = self.key()
        choice["given_points"] = self.points(Decimal(-1))
        inline, messages = self.parse_inline(self.argument, lineno=self.lineno)
        choice += inline
        choice["reply"] = self.reply(self.argument, None, Decimal(0))
        self.set_source_info(choice)
        return [choice, choice.attributes.pop("reply"), *messages]


class Question(CheckedDirective):
    """A question, its choices and its feedback."""

    known_options = ("points", "grader", "multiple", "was", "try")

    def run(self) -> list[docnodes.Node]:
        is_understood = self.check_options()
        if not shapes.LABEL.fullmatch(self.argument):
            self.mistake(
                f"label {self.argument!r} must be letters, digits and - _ . :, at most 100"
            )
        points = self.points(Decimal(1))
        body = self.parse_content_to_nodes()
        choices = [node for node in body if isinstance(node, nodes.choice)]
        replies = [node for node in body if isinstance(node, nodes.feedback)]
        self.check_location(body)
        self.check_names()
        default = kinds.DEFAULT_WITH_CHOICES if choices else kinds.DEFAULT
        grader = self.grader(default.name)
        multiple = "multiple" in self.options
        node = nodes.question("", label=self.argument, grader=grader, multiple=multiple)
        node["try"] = self.may_be_tried(grader)
        node["options"] = self.options_of(grader)
        node["action"] = f"/answer/{self.config.bookbinder_project}/{self.env.docname}"
        self.set_source_info(node)
        asked = nodes.prompt("", *(n for n in body if n not in choices and n not in replies))
        node += asked
        if kinds.of(grader).takes_choices:
            self.check_choices(choices, replies, points, multiple=multiple)
            self.set_keys_and_points(choices, replies, points, multiple=multiple)
            node += docnodes.container("", *choices, classes=["bookbinder-choices"])
        elif choices or multiple:
            self.mistake(f"the grader {grader} takes no choices")
        else:
            self.check_feedback(grader, replies)
        if is_understood:
            self.check_worth(grader, points, replies)
        node += replies
        node["found"] = (points, node.line or self.lineno, self.was())
        return [node]

    def check_names(self) -> None:
        """Note replies that reach the directive of another extension, which may show them."""
        for name in replies_in(self.content, self.config.bookbinder_prefix):
            other = others(name)
            if other is not None:
                self.mistake(
                    f"{name} is the directive of {other.__module__} here: write bookbinder:{name}, "
                    "or set bookbinder_prefix in conf.py"
                )

    def check_worth(self, grader: str, points: Decimal, replies: list[nodes.feedback]) -> None:
        """Note a question for which nobody can earn points, or more than it is worth."""
        kind = kinds.of(grader)
        if kind.takes_new_feedback and not replies:
            self.mistake(
                "has no feedback, so no answer is right: add one with points for each right "
                "answer, or :grader: manual if a person reads the answers"
            )
        elif kind.takes_new_feedback and points and not any(one["item"].points for one in replies):
            self.mistake(
                "no answer earns any points: give the feedback of right answers :points:, or the "
                "question :points: 0"
            )
        for reply in replies:
            item = reply["item"]
            if item.points > points:
                what = f"{item.answer!r} is worth {item.points}, and the question only {points}"
                note_mistake(self.env, reply.source, reply.line, what)

    def options_of(self, grader: str) -> dict[str, Any]:
        """Return the options that follow from the language of the book."""
        return kinds.of(grader).options_of(self.config.language or "en")

    def may_be_tried(self, grader: str) -> bool:
        """Return whether people without an account may try it, which the option `try` says.

        Note a mistake if the option has a value, or if no answer is right or wrong.
        """
        text = self.options.get("try")
        if text not in (None, "", "true"):
            self.mistake(f"try takes no value, not {text!r}: remove it if nobody may try this")
        elif text is not None and not kinds.of(grader).may_be_tried:
            self.mistake(f"try: nothing is right or wrong with the grader {grader}")
        return text is not None

    def was(self) -> str | None:
        """Return the former name of the question: a label, or a docname, `#` and a label.

        Return None if the option `was` is missing, or if it is noted as not valid.
        """
        was = self.options.get("was")
        if was is not None and not shapes.WAS.fullmatch(was):
            self.mistake(f"was {was!r} must be an earlier label, or page#label")
            return None
        return was

    def grader(self, default: str) -> str:
        """Return the option `grader`, or `default` if it is missing, or noted as not known."""
        grader = self.options.get("grader", default)
        if grader in kinds.PLANNED:
            self.mistake(f"the grader {grader} is not built yet")
        elif grader not in kinds.KINDS:
            self.mistake(f"unknown grader {grader!r} (known: {', '.join(kinds.KINDS)})")
        else:
            return str(grader)
        return default

    def check_location(self, body: list[docnodes.Node]) -> None:
        """Note choices and feedback that are nested too deeply, and questions inside this one."""
        for top in body:
            for node in top.findall(lambda node: isinstance(node, nodes.choice | nodes.feedback)):
                if node is not top and not isinstance(top, nodes.question):
                    self.mistake(
                        "a choice or feedback is nested too deeply in the question: indent it less"
                    )
            if isinstance(top, nodes.question):
                self.mistake("a question cannot be inside a question")

    def check_choices(
        self,
        choices: list[nodes.choice],
        replies: list[nodes.feedback],
        points: Decimal,
        *,
        multiple: bool,
    ) -> None:
        """Note what is wrong with the choices of the question as a whole."""
        if len(choices) < 2:
            self.mistake("a question with choices needs two choices or more")
        if len(replies) > len(choices):
            self.mistake("put each reply inside its choice: the question takes no other feedback")
        right = [node for node in choices if node["correct"] or node["given_points"] > 0]
        if not right:
            self.mistake("no choice is marked :correct:")
        if not multiple and sum(bool(node["correct"]) for node in choices) > 1:
            self.mistake("several choices are :correct:, which only :multiple: allows")
        if multiple and any(node["given_points"] >= 0 for node in choices):
            self.mistake("with :multiple: only the whole right set earns points: a choice has none")
        if not points:
            self.mistake("a question with choices must be worth more than 0 points")

    def set_keys_and_points(
        self,
        choices: list[nodes.choice],
        replies: list[nodes.feedback],
        points: Decimal,
        *,
        multiple: bool,
    ) -> None:
        """Give each choice its key and its points, now that the question's points are known."""
        taken: set[str] = set()
        for choice, reply in zip(choices, replies, strict=False):
            key = choice["given_key"]
            if key in taken:
                self.mistake(f"two choices have the key {key!r}")
            key = key or key_of(choice.rawsource, taken)
            taken.add(key)
            choice["key"], choice["multiple"] = key, multiple
            own = choice["given_points"] if choice["given_points"] >= 0 else None
            worth = points if choice["correct"] else Decimal(0)
            item = reply["item"]
            reply["item"] = replace(item, key=key, points=worth if own is None else own)
            # The stored document must not reveal which choice is correct.
            for name in ("correct", "given_key", "given_points"):
                del choice[name]

    def check_feedback(self, grader: str, replies: list[nodes.feedback]) -> None:
        """Note feedback that the grader does not take, and answers that it cannot read."""
        if replies and not kinds.of(grader).takes_feedback:
            self.mistake(f"the grader {grader} takes no feedback: a person reads the answers")
        for reply in replies:
            answer = reply["item"].answer
            fault = fault_of(grader, answer, self.options_of(grader))
            if fault:
                note_mistake(self.env, reply.source, reply.line, f"feedback: {answer!r} is {fault}")
