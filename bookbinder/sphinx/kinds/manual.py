"""Questions answered by a text of any length, which a person reads and grades."""

from bookbinder.sphinx.kinds.base import Kind, several_lines

KIND = Kind(
    "manual", takes_feedback=False, may_be_tried=False, field=several_lines, button="Submit"
)
