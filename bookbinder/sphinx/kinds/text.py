"""A word or a sentence, as a whole: case and white space do not count."""

from bookbinder.sphinx.kinds.base import Kind

KIND = Kind("text")
