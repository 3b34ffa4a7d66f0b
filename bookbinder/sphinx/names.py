"""The names of the directives: all in a domain, short ones where no other extension has them."""

import re
from collections.abc import Set
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.config import Config
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from bookbinder.sphinx import directives
from bookbinder.sphinx.checked_directive import others, replies_in
from bookbinder.sphinx.clashes import ours_alone
from bookbinder.sphinx.collector import note_mistake
from bookbinder.sphinx.stopping import stop

logger = logging.getLogger(__name__)
DIRECTIVES: dict[str, type[Directive]] = {
    "question": directives.Question,
    "choice": directives.Choice,
    "feedback": directives.Feedback,
    "page-id": directives.PageId,
}
_PREFIX = re.compile(r"([a-z][a-z0-9]*[-_])?")


class BookBinderDomain(Domain):
    """The directives as `bookbinder:question` and so on, which no other extension can take."""

    name = "bookbinder"
    label = "Book Binder"
    directives = DIRECTIVES

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Do nothing: the domain keeps nothing; see `collector`."""

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return nothing: questions are no targets of references."""
        return []


def register_short_names(app: Sphinx, config: Config) -> None:
    """Register `question` and so on, except for names that another extension or `conf.py` has.

    `bookbinder_prefix` stands before the names, except for `page-id`, which a sync writes.
    """
    prefix = config.bookbinder_prefix
    if not _PREFIX.fullmatch(prefix):
        stop(f'bookbinder_prefix = {prefix!r} in conf.py: use a text such as "bb-"')
    for name, ours in _short_names(prefix).items():
        if others(name) is None:
            app.add_directive(name, ours, override=True)


def settle_clashes(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Give each name that another extension has too to the side for which the book uses it.

    It stays the other's if the book uses it for both. All documents are read again if a name
    changes sides, as a clean build would read them.
    """
    prefix = app.config.bookbinder_prefix
    clashing = {name: others(name) for name in _short_names(prefix) if others(name) is not None}
    given: frozenset[str] = frozenset()
    if clashing:
        paths = [Path(env.doc2path(name)) for name in sorted(env.found_docs)]
        texts = (path.read_text(app.config.source_encoding, "replace") for path in paths)
        given = ours_alone(texts, prefix)
    for name, other in clashing.items():
        ours = _short_names(prefix)[name]
        if name in given:
            app.add_directive(name, ours, override=True)
        _tell(name, other, ours, is_ours=name in given)
    # Also with a prefix: an author may have forgotten it.
    other = others("question")
    if isinstance(other, type) and not issubclass(other, _Watched):
        app.add_directive(
            "question",
            type(other.__name__, (_Watched, other), {"theirs": _full_name(other)}),
            override=True,
        )
    if given != getattr(env, "bookbinder_given_names", given):
        docnames[:] = env.found_docs
    env.bookbinder_given_names = given  # type: ignore[attr-defined]


def _short_names(prefix: str) -> dict[str, type[Directive]]:
    return {n if n == "page-id" else prefix + n: ours for n, ours in DIRECTIVES.items()}


class _Watched(Directive):
    """Refuses a question of ours that reached the directive of another extension.

    That directive, whose full name is `theirs`, may put the content with the answers on the page.
    """

    theirs = ""

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        if all(map(others, replies_in(self.content, env.config.bookbinder_prefix))):
            return list(super().run())
        source, line = self.state_machine.get_source_and_line(self.lineno)
        what = (
            f"question: this is the directive of {self.theirs}, with a choice or feedback of Book "
            "Binder: write bookbinder:question, or set bookbinder_prefix in conf.py"
        )
        note_mistake(env, source, line, what)
        return []


def _full_name(directive: Any) -> str:
    return f"{directive.__module__}.{getattr(directive, '__name__', type(directive).__name__)}"


def _tell(name: str, other: Any, ours: type, *, is_ours: bool) -> None:
    # No warning, which -W makes an error: nothing is wrong with a book that has both.
    if is_ours:
        logger.info(
            "bookbinder: the directive %s is that of %s in this book, which has none of %s.",
            name,
            _full_name(ours),
            _full_name(other),
        )
        return
    own_name = next(own for own, directive in DIRECTIVES.items() if directive is ours)
    logger.info(
        "bookbinder: the directive %s is that of %s. That of %s is bookbinder:%s here; for a short "
        'name, set bookbinder_prefix in conf.py, for example to "bb-" for bb-%s.',
        name,
        _full_name(other),
        _full_name(ours),
        own_name,
        own_name,
    )
