"""Questions answered by one of the choices on the page, or by several with `:multiple:`."""

from bookbinder.sphinx.kinds.base import Kind

KIND = Kind("choice", takes_choices=True)
