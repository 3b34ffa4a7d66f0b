import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

# The files that published pages load. Their names have no hash, since pages live longer than the
# versions of these files. The last two are in pages that an older version of this site published.
ENTRIES = (
    "bookbinder/reader.js",
    "bookbinder/reader.css",
    "books/reader.js",
    "books/reader.css",
)
OURS = ("bookbinder/", "books/", "annotations/")
# Indentation, and comments that have lines of their own.
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(//.*|/\*(?s:.*?)\*/[ \t]*)\n", re.MULTILINE)


def packed(text: str) -> str:
    """Return a script or style sheet without indentation and without comments on their own lines.

    No string in it may span several lines, which a test ensures for our files.
    """
    return _INDENT.sub("", _COMMENT.sub("", text))


class _ReaderFilesStorage(ManifestStaticFilesStorage):
    """Adds a hash of the content to file names, also where one ES module imports another.

    So that pages of books load little, our scripts and style sheets are stored without comments.
    The files in `ENTRIES` keep their names, and load files with a hash, which browsers cache
    forever.
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
    """The static files of the site: those of `_ReaderFilesStorage`, also compressed."""
