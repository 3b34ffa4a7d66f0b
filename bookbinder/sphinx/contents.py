"""The table of contents of a build: its documents in order, each with its place in the tree."""

from dataclasses import dataclass

from sphinx import addnodes
from sphinx.environment import BuildEnvironment


@dataclass(frozen=True)
class Entry:
    """A document in the table of contents.

    `level` is the number of documents above it, and `caption` that of the toctree that it is in.
    """

    level: int
    caption: str = ""


def read(env: BuildEnvironment) -> dict[str, Entry]:
    """Return all documents: those in toctrees, in their order, then the others by name."""
    entries: dict[str, Entry] = {}
    stack = [(env.config.root_doc, Entry(0))]
    while stack:
        docname, entry = stack.pop()
        if docname in entries or docname not in env.found_docs:
            continue
        entries[docname] = entry
        toctrees = env.tocs[docname].findall(addnodes.toctree)
        below = [
            (name, Entry(entry.level + 1, toctree.get("caption") or ""))
            for toctree in toctrees
            for name in toctree["includefiles"]
        ]
        stack.extend(reversed(below))
    others = sorted(env.found_docs - entries.keys())
    return entries | dict.fromkeys(others, Entry(1))
