import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

# What the pages of books load.
READERS = re.compile(r"(books|annotations)/[\w/]+\.(js|css)")
_COMMENT = re.compile(r"^[ \t]*(//.*|/\*(?s:.*?)\*/[ \t]*)\n", re.MULTILINE)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names with a hash of the content, also where one ES module imports another.

    Pages of books load the files without one, which are compressed too, and bring no comments.
    """

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], **options: Any) -> Iterator[Any]:
        for name in () if options.get("dry_run") else filter(READERS.fullmatch, paths):
            _strip(Path(self.path(name)))
        yield from super().post_process(paths, **options)


def without_comments(text: str) -> str:
    """Return a script or style sheet of ours without the comments that stand on their own lines."""
    return _COMMENT.sub("", text)


def _strip(file: Path) -> None:
    if file.is_symlink():
        return  # collected by links: it is the source itself
    text = file.read_text(encoding="utf-8")
    file.write_text(without_comments(text), encoding="utf-8")
