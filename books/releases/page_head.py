"""What publishing adds to the head of an author's page."""

import hashlib
import re

# Pages without a source, which Sphinx writes: search results and indexes. They have the bar too.
GENERATED = re.compile(r"(search|genindex[^/]*|[^/]*modindex)\.html")
# Their names have no hash, since a page lives longer than a version of its script.
ADDED = (
    b'<link rel="stylesheet" href="/static/bookbinder/reader.css">'
    b'<script type="module" src="/static/bookbinder/reader.js"></script>'
)
# Earlier values of ADDED, oldest first. When ADDED changes, its old value must be appended here,
# so that pages of old releases can get the new one.
FORMER: tuple[bytes, ...] = (
    b'<link rel="stylesheet" href="/static/books/reader.css">'
    b'<script type="module" src="/static/books/reader.js"></script>',
)
# Part of the version of a published page, so that a change of ADDED counts as one of the page.
VERSION = hashlib.sha256(ADDED).hexdigest()[:12]


def add(html: bytes) -> bytes:
    """Return a page with Book Binder's stylesheet and script in its head."""
    head, tag, rest = html.partition(b"</head>")
    return head + ADDED + tag + rest if tag else ADDED + html


def remove(html: bytes) -> bytes:
    """Return a published page as its author's build wrote it."""
    for added in (ADDED, *reversed(FORMER)):
        if html.startswith(added):
            return html.removeprefix(added)
        before, found, after = html.partition(added + b"</head>")
        if found:
            return before + b"</head>" + after
    return html
