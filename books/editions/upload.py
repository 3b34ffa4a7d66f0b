"""A build that comes as a zip file: unpacked into a folder of ours, or refused."""

import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from bookbinder.sphinx.checks import is_publishable
from bookbinder.sphinx.manifest import FILE_NAME
from books.errors import BooksError

FILES = 50_000  # files in one build
CHUNK = 1024 * 1024
_LAST_RECORD = 22  # bytes, and then a comment
_LONGEST_COMMENT = 65_535
_A_NAME = 300  # bytes that a file takes in the list, generously
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class UploadError(BooksError):
    """The file cannot be taken; the text says why to the person who sent it."""


def unpack(file: IO[bytes], target: Path) -> None:
    """Write a zip's build into `target`, which is made. Raises UploadError; nothing is left then.

    Sizes are counted as they come out: what a zip says of itself is not believed.
    """
    target.mkdir(parents=True)
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            _unpack(archive, target)
    except UploadError:
        shutil.rmtree(target, ignore_errors=True)
        raise
    except _BROKEN:
        shutil.rmtree(target, ignore_errors=True)
        what = _("This is no zip file that can be read: pack the build's HTML folder anew.")
        raise UploadError(what) from None
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        what = _("The file cannot be unpacked here: %(why)s.")
        raise UploadError(what % {"why": error.strerror}) from error


def _check_directory(file: IO[bytes]) -> None:
    """Look how much a zip lists before Python reads all of it into memory.

    By its last record (APPNOTE.TXT 4.3.16), which is full where there are 65,535 files or more.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LAST_RECORD - _LONGEST_COMMENT))
    end = file.read()
    at = end.rfind(b"PK\x05\x06")
    file.seek(0)
    if at < 0 or len(end) < at + _LAST_RECORD:
        return  # no zip, which is told of next
    count, listed = struct.unpack_from("<HI", end, at + 10)
    if count > FILES or listed > FILES * _A_NAME:
        raise UploadError(_("The zip has more than %(n)d files.") % {"n": FILES})


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    entries = archive.infolist()
    if len(entries) > FILES:
        raise UploadError(_("The zip has more than %(n)d files.") % {"n": FILES})
    root = _root(entries)
    left = settings.BOOKBINDER_UPLOAD_LIMIT * CHUNK
    for entry in entries:
        _check_entry(entry)
        path = _inside(entry, root)
        if path is None:
            continue
        place = target / path
        if place.exists():
            raise UploadError(_("The zip has %(path)s twice.") % {"path": path})
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, place.open("xb") as unpacked:
            for data in _chunks(packed):
                left -= len(data)
                if left < 0:
                    what = _("The build is larger than %(n)d MB, unpacked.")
                    raise UploadError(what % {"n": settings.BOOKBINDER_UPLOAD_LIMIT})
                unpacked.write(data)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while data := file.read(CHUNK):
        yield data


def _root(entries: list[zipfile.ZipInfo]) -> str:
    """Return the folder of the zip that holds the build: its top, or one folder in it."""
    names = [entry.filename for entry in entries if entry.filename.rpartition("/")[2] == FILE_NAME]
    # A build in a folder of the build is another: its top is what was packed.
    found = [FILE_NAME] if FILE_NAME in names else [name for name in names if name.count("/") == 1]
    if len(found) != 1:
        what = _("The zip has no %(name)s: pack the HTML folder of a build that ended well.")
        raise UploadError(what % {"name": FILE_NAME})
    return found[0].removesuffix(FILE_NAME)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0] or "\0" in name:
        raise UploadError(_("%(path)s leads out of the folder.") % {"path": name[:200]})
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(_("%(path)s is a link or no file at all.") % {"path": name[:200]})
    # Others inflate without a limit: a few kilobytes would fill the memory.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UploadError(_("The zip is packed in an unusual way: pack it as usual (deflate)."))
    if entry.flag_bits & 1:
        raise UploadError(_("The zip is encrypted."))


def _inside(entry: zipfile.ZipInfo, root: str) -> str | None:
    """Return the entry's path within the build; None for what is never published."""
    if entry.is_dir() or not entry.filename.startswith(root):
        return None
    path = entry.filename.removeprefix(root)
    return path if path == FILE_NAME or is_publishable(path) else None
