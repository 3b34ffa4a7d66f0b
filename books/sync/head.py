"""What publishing adds to the head of an author's page."""

import hashlib

# Without a hash in their names: a page lives longer than a version of its script.
ADDED = (
    b'<link rel="stylesheet" href="/static/books/reader.css">'
    b'<script type="module" src="/static/books/reader.js"></script>'
)
# Part of what is known of a published page: another addition is something to do.
VERSION = hashlib.sha256(ADDED).hexdigest()[:12]


def add(html: bytes) -> bytes:
    """Return a page with Book Binder's stylesheet and script in its head."""
    head, tag, rest = html.partition(b"</head>")
    return head + ADDED + tag + rest if tag else ADDED + html
