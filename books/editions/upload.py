"""Unpacks a build that was uploaded as a zip file, or refuses it."""

import shutil
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookbinder.sphinx.checks import is_publishable
from bookbinder.sphinx.manifest import FILE_NAME
from books.errors import BooksError

FILES = 50_000  # files in one build
CHUNK = 1024 * 1024
_ENTRY = b"PK\x01\x02"  # with which each file's entry in the central directory begins
_LONGEST_ENTRY = 300  # bytes, on average, a generous estimate
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


_UNREADABLE = gettext_lazy("This zip file cannot be read. Zip the build's HTML folder again.")


class UploadError(BooksError):
    """The file is refused; the message tells the person who uploaded it why."""


def check_kind(file: IO[bytes]) -> None:
    """Raise UploadError if this is not a zip file."""
    if not zipfile.is_zipfile(file):
        raise UploadError(_UNREADABLE)
    file.seek(0)


def unpack(file: IO[bytes], target: Path) -> None:
    """Unpack the build in a zip file into `target`, a new folder.

    Sizes are counted while unpacking, since those that a zip file declares may be false. Raises
    UploadError if the file is refused, and leaves nothing behind.
    """
    target.mkdir(parents=True)
    try:
        listing = _Listing(file)
        with zipfile.ZipFile(cast("IO[bytes]", listing)) as archive:
            listing.is_listed = True
            _unpack(archive, target)
    except UploadError:
        shutil.rmtree(target, ignore_errors=True)
        raise
    except _BROKEN:
        shutil.rmtree(target, ignore_errors=True)
        raise UploadError(_UNREADABLE) from None
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        what = _("The file cannot be unpacked here: %(why)s.")
        raise UploadError(what % {"why": error.strerror}) from error


class _Listing:
    """A zip file that refuses to be read if it lists too many files, whatever number it says.

    Python reads the list of files, the central directory (APPNOTE.TXT 4.3.12), by a single call.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.is_listed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        if self.is_listed:
            return self._file.read(size)
        if size > FILES * _LONGEST_ENTRY:
            raise _too_many()
        data = self._file.read(size)
        if data.count(_ENTRY) > FILES:
            raise _too_many()
        return data


def _too_many() -> UploadError:
    return UploadError(_("The zip has more than %(n)d files.") % {"n": FILES})


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    entries = archive.infolist()
    root = _root(entries)
    left = settings.BOOKBINDER_UPLOAD_LIMIT * CHUNK
    for entry in entries:
        _check_entry(entry)
        path = _inside(entry, root)
        if path is None:
            continue
        file = target / path
        if file.exists():
            raise UploadError(_("The zip has %(path)s twice.") % {"path": path})
        file.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, file.open("xb") as unpacked:
            while data := packed.read(CHUNK):
                left -= len(data)
                if left < 0:
                    what = _("The build is larger than %(n)d MB, unpacked.")
                    raise UploadError(what % {"n": settings.BOOKBINDER_UPLOAD_LIMIT})
                unpacked.write(data)


def _root(entries: list[zipfile.ZipInfo]) -> str:
    """Return what precedes the build's paths in the zip file: nothing, or a folder.

    Raises UploadError if there is no manifest.
    """
    names = [entry.filename for entry in entries if entry.filename.rpartition("/")[2] == FILE_NAME]
    # If there is a manifest at the top, those in folders are of other builds within the build.
    found = [FILE_NAME] if FILE_NAME in names else [name for name in names if name.count("/") == 1]
    if len(found) != 1:
        what = _("The zip file has no %(name)s. Zip the HTML folder of a successful build.")
        raise UploadError(what % {"name": FILE_NAME})
    return found[0].removesuffix(FILE_NAME)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0] or "\0" in name:
        raise UploadError(_("%(path)s leads out of the folder.") % {"path": name[:200]})
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(_("%(path)s is not a regular file.") % {"path": name[:200]})
    # Other methods decompress without a limit: a few kilobytes could fill the memory.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UploadError(_("The zip file uses an unsupported compression method. Use deflate."))
    if entry.flag_bits & 1:
        raise UploadError(_("The zip is encrypted."))


def _inside(entry: zipfile.ZipInfo, root: str) -> str | None:
    """Return the entry's path within the build, or None if it is never published."""
    if entry.is_dir() or not entry.filename.startswith(root):
        return None
    path = entry.filename.removeprefix(root)
    return path if path == FILE_NAME or is_publishable(path) else None
