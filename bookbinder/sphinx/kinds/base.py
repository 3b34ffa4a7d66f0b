"""The interface of a kind of question, which builds, the admin and syncs use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def nothing_wrong(answer: str, options: Mapping[str, Any]) -> str | None:
    """Accept any expected answer."""
    return None


def no_options(language: str) -> dict[str, Any]:
    """Return no options: the book's language makes no difference."""
    return {}


def one_line(attributes: str, size: int = 32) -> str:
    """Return the HTML of a field for one line, `size` characters wide, without autocorrection.

    Numbers use it too: browsers discard "1/3" in a field with type=number, and the numeric keypads
    of some phones have neither "/" nor "-".
    """
    return (
        f'<input type="text" {attributes} size="{size}" autocapitalize="off" autocorrect="off" '
        f'spellcheck="false" inputmode="text" enterkeyhint="send">'
    )


def several_lines(attributes: str) -> str:
    """Return the HTML of a field for several lines."""
    return f'<textarea {attributes} rows="5" spellcheck="true"></textarea>'


@dataclass(frozen=True)
class Kind:
    """A kind of question as the extension knows it; `grading.graders` has the other half.

    - `takes_choices`: whether it has `choice` directives, which are shown on the page.
    - `takes_feedback`: whether authors can list expected answers; otherwise a person grades them.
    - `may_be_tried`: whether answers are right or wrong, so that `:try:` makes sense.
    - `fault_of`: returns what is wrong with an expected answer, or None, given the question's
      options.
    - `options_of`: returns the question's options that follow from the language of its book.
    - `field`: returns the HTML of the field for an answer, given its attributes.
    - `button`: the text of the button that sends an answer, in English.
    """

    name: str
    takes_choices: bool = False
    takes_feedback: bool = True
    may_be_tried: bool = True
    fault_of: Callable[[str, Mapping[str, Any]], str | None] = nothing_wrong
    options_of: Callable[[str], dict[str, Any]] = no_options
    field: Callable[[str], str] = one_line
    button: str = "Check"

    @property
    def takes_new_feedback(self) -> bool:
        """Whether feedback can be added outside the source. That of choices is always in it."""
        return self.takes_feedback and not self.takes_choices
