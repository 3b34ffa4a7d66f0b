import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile, File

# What published pages ask for, by names without a hash: they live longer than a version of it.
ENTRIES = ("books/reader.js", "books/reader.css")
OURS = ("books/", "annotations/")
# Comments that have lines of their own.
_COMMENTS = re.compile(r"^[ ]*(?://.*|/\*(?:.|\n)*?\*/)\n", re.MULTILINE)


class HashedStaticFilesStorage(ManifestStaticFilesStorage):
    """Names with a hash of the content, also where one ES module imports another."""

    support_js_module_import_aggregation = True

    def _save(self, name: str, content: File) -> str:
        """Keep a file; ours without their comments, which are for who reads the source."""
        if name.endswith((".js", ".css")) and name.startswith(OURS):
            text = b"".join(content.chunks()).decode()
            content = ContentFile(_COMMENTS.sub("", text).encode())
        return super()._save(name, content)  # type: ignore[misc]

    def post_process(self, *args: Any, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Let what pages ask for lead to the hashed files, which browsers keep for ever."""
        yield from super().post_process(*args, dry_run=dry_run, **options)
        for name in () if dry_run else ENTRIES:
            with self.open(self.stored_name(name)) as hashed:
                content = hashed.read()
            self.delete(name)
            self.save(name, ContentFile(content))
