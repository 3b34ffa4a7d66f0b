import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What published pages ask for by names without a hash, since they live longer than a version of
# it. Pages that an older version published have the last two.
ENTRIES = (
    "bookbinder/reader.js",
    "bookbinder/reader.css",
    "books/reader.js",
    "books/reader.css",
)
OURS = ("bookbinder/", "books/", "annotations/")
# Comments that have lines of their own.
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(//.*|/\*(?s:.*?)\*/[ \t]*)\n", re.MULTILINE)


def packed(text: str) -> str:
    """Return a script or style sheet of ours without indents, and comments on their own lines.

    No text in it may go over several lines: a test holds ours to that.
    """
    return _INDENT.sub("", _COMMENT.sub("", text))


class _ReaderFilesStorage(ManifestStaticFilesStorage):
    """Names with a hash of the content, also where one ES module imports another.

    What a page of a book loads is small: its comments are for who reads the source, and the two
    files that it names lead to hashed ones, which browsers keep for ever.
    """

    support_js_module_import_aggregation = True

    def _save(self, name: str, content: File) -> str:
        if name.endswith((".js", ".css")) and name.startswith(OURS):
            text = b"".join(content.chunks()).decode()
            content = ContentFile(packed(text).encode())
        return super()._save(name, content)  # type: ignore[misc]

    def post_process(self, *args: Any, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        yield from super().post_process(*args, dry_run=dry_run, **options)
        for name in () if dry_run else ENTRIES:
            with self.open(self.stored_name(name)) as hashed:
                content = hashed.read()
            self.delete(name)
            self.save(name, ContentFile(content))


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage, _ReaderFilesStorage):
    """The same, compressed last."""
