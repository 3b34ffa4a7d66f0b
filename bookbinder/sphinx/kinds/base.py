"""What a build, the admin and a sync ask of a kind of question, instead of its name."""

from collections.abc import Callable
from dataclasses import dataclass


def nothing_wrong(answer: str) -> str | None:
    return None


def one_line(attributes: str, size: int = 32) -> str:
    """Return a field for one line of `size` characters.

    For a keyboard that corrects nothing. A number's is a text's: browsers drop "1/3" of
    type=number, and the keypads for digits of some phones have neither "/" nor "-".
    """
    return (
        f'<input type="text" {attributes} size="{size}" autocapitalize="off" autocorrect="off" '
        f'spellcheck="false" inputmode="text" enterkeyhint="send">'
    )


def several_lines(attributes: str) -> str:
    return f'<textarea {attributes} rows="5" spellcheck="true"></textarea>'


@dataclass(frozen=True)
class Kind:
    """A kind of question, as the extension knows it. `grading.graders` has the other half.

    - `takes_choices`: it is asked by `choice` directives; they stand on the page.
    - `takes_feedback`: answers can be foreseen for it; else a person reads them.
    - `may_be_tried`: something is right or wrong, so `:try:` makes sense.
    - `fault_of`: what is wrong with an answer that is foreseen, or None.
    - `field`: the HTML of the field for an answer, given its attributes.
    """

    name: str
    takes_choices: bool = False
    takes_feedback: bool = True
    may_be_tried: bool = True
    fault_of: Callable[[str], str | None] = nothing_wrong
    field: Callable[[str], str] = one_line

    @property
    def takes_new_feedback(self) -> bool:
        """Whether feedback can be added beside the source: not to choices, which it has."""
        return self.takes_feedback and not self.takes_choices
