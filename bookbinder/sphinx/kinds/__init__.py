"""The kinds of question: one module for each, and the table of them for builds.

To add a kind, write a module for it here and in `grading/graders`, and add it to both tables.
Other modules do not compare the names of kinds: they use the attributes of `Kind`.
"""

from bookbinder.sphinx.kinds import choice, manual, number, regex, text
from bookbinder.sphinx.kinds.base import Kind

__all__ = ["DEFAULT", "DEFAULT_WITH_CHOICES", "KINDS", "PLANNED", "TAKING_CHOICES", "Kind", "of"]

KINDS = {module.KIND.name: module.KIND for module in (text, regex, number, choice, manual)}
# The names of graders that do not exist yet.
PLANNED = ("blanks", "order", "pairs", "areas", "poll")
# The kinds of a question that names no grader: one without choices, and one with choices.
DEFAULT, DEFAULT_WITH_CHOICES = text.KIND, choice.KIND
TAKING_CHOICES = tuple(kind.name for kind in KINDS.values() if kind.takes_choices)
_UNKNOWN = Kind("", takes_feedback=False, may_be_tried=False)


def of(name: str) -> Kind:
    """Return the kind with this name. An unknown one takes neither choices nor feedback."""
    return KINDS.get(name, _UNKNOWN)
