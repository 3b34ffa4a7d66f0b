"""One of the choices on the page, or several with `:multiple:`."""

from bookbinder.sphinx.kinds.base import Kind

KIND = Kind("choice", takes_choices=True)
