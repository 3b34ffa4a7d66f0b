"""The roster of a course, imported from a CSV or XLSX file. Each address in it is invited."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from import_export import fields, resources
from import_export.formats import base_formats
from tablib import Dataset

from accounts import mail
from accounts.models import User
from grading import enrolling, invitations
from grading.models import Course, Invitation
from grading.spreadsheet import as_csv, formula_safe

LARGEST_FILE = 5_000_000  # bytes
LARGEST_UNPACKED = 20_000_000
COLUMNS = 100
ROWS = 5_000  # more is a mistake or an attempt to send bulk e-mail
CELLS, TAGS = 150_000, 1_000_000  # of a workbook, which openpyxl reads in about two seconds
# Elements of a sheet in SpreadsheetML, with or without a prefix (ECMA-376 part 1, 18.3.1).
_ROW = re.compile(rb"<(?:[\w.-]+:)?row[\s/>]")
_CELL = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
# The beginning of an XML file in which these elements are not written like that.
_OTHER_ENCODING = re.compile(
    rb"\xff\xfe|\xfe\xff|<\0|\0<"
    rb"|(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"'](?!(?i:utf-8|us-ascii)[\"'])"
)
HEADINGS = ("email", "e-mail", "email address", "e-mail address", "mail")


def check_size(file: IO[bytes]) -> None:
    """Raise ValidationError if the file is too large to be read quickly.

    Of a workbook, what is in it is counted and not yet read: a small file can have a million cells.
    """
    size = file.seek(0, io.SEEK_END)
    if size > LARGEST_FILE:
        raise ValidationError(_("A roster file can have at most 5 MB."))
    if not zipfile.is_zipfile(file):
        return
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as workbook:
            _check_parts(workbook)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):
        raise ValidationError(_("This file cannot be read.")) from None


def _check_parts(workbook: zipfile.ZipFile) -> None:
    unpacked = cells = tags = 0
    for part in workbook.infolist():
        # Other methods decompress without a limit.
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError
        with workbook.open(part) as packed:
            data = packed.read(LARGEST_UNPACKED - unpacked + 1)
        unpacked += len(data)
        if unpacked > LARGEST_UNPACKED:
            raise ValidationError(_("This file is too large when unpacked."))
        if _OTHER_ENCODING.match(data):
            raise ValueError
        of_rows = [len(_CELL.findall(row)) for row in _ROW.split(data)]
        if max(of_rows) > COLUMNS:
            raise ValidationError(_("A roster can have at most %(n)d columns.") % {"n": COLUMNS})
        cells, tags = cells + sum(of_rows), tags + data.count(b"<")
        if cells > CELLS or tags > TAGS:
            raise ValidationError(_("This file has too many cells. Keep only the addresses."))


class RosterCSV(base_formats.CSV):
    """CSV as spreadsheets write it.

    A byte order mark is optional; the delimiter is a comma, a semicolon or a tab.
    """

    def get_read_mode(self) -> str:
        return "rb"

    def is_binary(self) -> bool:
        return True

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Dataset:
        """Return the rows as a dataset. Raises ValueError if this is not a CSV file."""
        data = in_stream if isinstance(in_stream, bytes) else str(in_stream).encode()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
        text = text.replace("\0", "")
        heading = text.partition("\n")[0]
        delimiter = max(",;\t", key=heading.count)
        try:
            rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), ROWS + 2))
        except csv.Error:
            raise ValueError(_("This is not a CSV file.")) from None
        return _addresses(rows)


class RosterXLSX(base_formats.XLSX):
    """The first sheet, read only as far as a roster can go, whatever size the file claims."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Dataset:
        """Return the rows as a dataset. Raises ValueError if this is not an XLSX file."""
        import openpyxl

        try:
            book = openpyxl.load_workbook(io.BytesIO(in_stream), read_only=True, data_only=True)
            sheet = book.worksheets[0]
            rows = [
                list(row)
                for row in sheet.iter_rows(max_row=ROWS + 2, max_col=COLUMNS, values_only=True)
            ]
        except Exception:
            # openpyxl does not say what it raises if a file is broken.
            raise ValueError(_("This is not an XLSX file.")) from None
        return _addresses(rows)


def _addresses(rows: list[list[Any]]) -> Dataset:
    """Return a dataset of the headings and of the cells below them, without empty rows."""
    headings = [str(heading or "") for heading in (rows[0] if rows else [])][:COLUMNS]
    width = len(headings)
    found = [(row[:width] + [""] * width)[:width] for row in rows[1:] if any(row[:width])]
    return Dataset(*found, headers=headings or None)


@dataclass(frozen=True)
class Fault:
    """A row that cannot be taken, with the reason in words. The headings are row 1 of the file."""

    row: int
    email: str
    reason: str


class RosterResource(resources.ModelResource):
    """Invitations to one course, by e-mail address. Other columns are ignored.

    Rows that cannot be taken are left out, and are in `faults`.
    """

    email = fields.Field(attribute="email", column_name="email")

    class Meta:
        model = Invitation
        fields = ("email",)
        import_id_fields = ("email",)
        use_transactions = True

    def __init__(self, course: Course, invited_by: User) -> None:
        super().__init__()
        self.course, self.invited_by = course, invited_by
        self.seen: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.seats: int | None = None
        self.reasons: dict[str, str] = {}

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Find the column of addresses, and lock the course until the import is done.

        Raises ValidationError if there is not exactly one such column, or if there are too many
        rows.
        """
        headings = [str(heading or "").strip().lower() for heading in dataset.headers or ()]
        found = [column for column, heading in enumerate(headings) if heading in HEADINGS]
        if len(found) != 1:
            raise ValidationError(
                _("The first row must have one column named email. It has: %(names)s.")
                % {"names": ", ".join(headings)[:200] or _("nothing")}
            )
        if len(dataset) > ROWS:
            raise ValidationError(_("A roster can have at most %(n)d rows.") % {"n": ROWS})
        headings[found[0]] = "email"
        dataset.headers = headings
        self.course = enrolling.lock(self.course.pk)
        self.seats = enrolling.seats_left(self.course)
        self.reasons = invitations.reasons_against(self.course, Invitation.Role.STUDENT)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Normalize the address, and note what is wrong with it, for `skip_row`."""
        email = str(row.get("email") or "").strip().lower()
        row["email"] = email
        self.number = kwargs["row_number"] + 1  # as spreadsheets count, with the headings
        self.fault = self._fault_of(email)
        if not self.fault:
            self.seen[email] = self.number

    def _fault_of(self, email: str) -> str:
        """Return why an address cannot be invited, or "" if it can."""
        try:
            validate_email(email)
            mail.check_address(email)
        except ValidationError:
            return _("This is not a valid e-mail address.")
        if email in self.seen:
            return _("Also in row %(n)s.") % {"n": self.seen[email]}
        return ""

    def get_instance(self, instance_loader: Any, row: Any) -> None:
        """Return None: each row is a new invitation or skipped, and changes no existing one."""

    def import_instance(self, instance: Invitation, row: Any, **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        instance.course, instance.invited_by = self.course, self.invited_by

    def skip_row(self, instance: Any, original: Any, row: Any, *args: Any) -> bool:
        """Skip rows that cannot be taken, and people who are invited or enrolled already.

        So a file can be mended and imported again.
        """
        instance.reason = "" if self.fault else self.reasons.get(instance.email, "")
        if instance.reason:
            return True
        if not self.fault and self.seats is not None:
            if self.seats < 1:
                self.fault = _("All seats of this course are taken.")
            self.seats -= 1
        if self.fault:
            self.faults.append(Fault(self.number, instance.email, self.fault))
        instance.is_fault = bool(self.fault)
        return instance.is_fault

    def after_import(self, dataset: Dataset, result: Any, **kwargs: Any) -> None:
        """Hand the faults on with the result, which is what the pages of the admin are given."""
        result.faults = self.faults


def as_file(faults: Iterable[Fault]) -> bytes:
    """Return rows that could not be taken as a CSV file, which can be mended and imported."""
    rows = ((formula_safe(fault.email), fault.reason, fault.row) for fault in faults)
    return as_csv([("email", _("reason"), _("row")), *rows])
