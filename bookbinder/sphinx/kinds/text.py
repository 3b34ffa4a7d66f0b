"""Questions answered by a word or a sentence, ignoring case and white space."""

from bookbinder.sphinx.kinds.base import Kind

KIND = Kind("text")
