"""The kinds of question: a module for each, and the one table of them on the build's side.

To add one, write its module here and in `grading/graders`, and name both in the two tables. No
other module asks which kind a question is: it asks the kind for what it takes.
"""

from bookbinder.sphinx.kinds import choice, manual, number, regex, text
from bookbinder.sphinx.kinds.base import Kind

__all__ = ["DEFAULT", "DEFAULT_WITH_CHOICES", "KINDS", "PLANNED", "TAKING_CHOICES", "Kind", "of"]

KINDS = {module.KIND.name: module.KIND for module in (text, regex, number, choice, manual)}
PLANNED = ("blanks", "order", "pairs", "areas", "poll")
# What a question is that names no grader: without choices, and with some.
DEFAULT, DEFAULT_WITH_CHOICES = text.KIND, choice.KIND
TAKING_CHOICES = tuple(kind.name for kind in KINDS.values() if kind.takes_choices)
_UNKNOWN = Kind("", takes_feedback=False, may_be_tried=False)


def of(name: str) -> Kind:
    """Return the kind of that name. One that is not known takes nothing."""
    return KINDS.get(name, _UNKNOWN)
