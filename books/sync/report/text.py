"""Returns a plan as text, for people. Pure, apart from the language of the texts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from books.releases.stored_csp import Refusal
from books.sync.follower import Effects
from books.sync.plan import BookPlan, Edit, Plan
from books.sync.report import row_changes
from books.sync.report.totals import FIRST, is_nothing, loss_counts, shortened

FEW = 20  # how many rows of each other list are shown


class Line(NamedTuple):
    """A line of text; its tone is one of `head`, `plain`, `good`, `warn`, `bad`."""

    text: str
    tone: str = "plain"


def lines(plan: Plan, effects: Mapping[str, Effects], *, verbose: bool = False) -> list[Line]:
    """Return what happens to each book and to the files, what is kept, and what would be lost."""
    few = None if verbose else FEW
    result: list[Line] = []
    if is_nothing(plan, effects):
        text = _("Nothing to do: the database and the files are the same as in the build.")
        result.append(Line(text))
    for part in plan.parts:
        result += _book(part, few)
    for project, files in plan.releases.items():
        counts = {
            _("added"): len(files.added),
            _("changed"): len(files.changed),
            _("renamed"): len(files.renamed),
            _("removed"): len(files.removed),
        }
        values = {"project": project, "counts": _counted(counts) or _("the same")}
        result.append(Line(_("files of %(project)s: %(counts)s") % values))
    result += _limited([_refusal(refusal) for refusal in plan.refused], few)
    for effect in effects.values():
        result += [Line(text, "warn") for text in effect.lines]
    for book in plan.gutted:
        text = _(
            "WARNING: more than half of the pages of %(book)s are removed. Is this the right "
            "folder, and the right project?"
        )
        result.append(Line(text % {"book": f"{book.title} ({book.project}/{book.url})"}, "bad"))
    if plan.losses:
        text = _("USER DATA THAT WILL BE DELETED: %(counts)s")
        result.append(Line(text % {"counts": _counted(loss_counts(plan))}, "bad"))
    return result


def names(plan: Plan, effects: Mapping[str, Effects]) -> list[Line]:
    """Return the first rows of user data that would be deleted. Only admins may see them."""
    rows = [Line(f"  {name}", "bad") for effect in effects.values() for name in effect.losses]
    answers = loss_counts(plan).get("answers", 0)
    if answers > len(rows[:FIRST]):
        return [*rows[:FIRST], Line("  " + _("… %(n)d answers in all") % {"n": answers}, "bad")]
    return rows[:FIRST]


def text(plan: Plan, effects: Mapping[str, Effects], *, verbose: bool = False) -> str:
    """Return the plan as text, with the names of the rows that would be deleted."""
    all_lines = [*lines(plan, effects, verbose=verbose), *names(plan, effects)]
    return "\n".join(line.text for line in all_lines)


def _book(part: BookPlan, few: int | None) -> Iterator[Line]:
    row = part.row
    book = {"book": f"{row.title} ({row.project}/{row.url})"}
    if part.fate == "withdrawn":
        text = _(
            "WITHDRAWN: %(book)s is no longer shown. Its rows are kept, since it has courses or "
            "notes."
        )
        yield Line(text % book, "bad")
        return
    tables = list(_tables(part))
    details = [*_matches(part, few), *_removals(part, few), *_near(part, few), *_edits(part, few)]
    if part.fate == "deleted":
        text = _("%(book)s is no longer in the build and will be deleted")
        yield Line(text % book, "bad")
    elif part.book.create:
        yield Line(_("A new book: %(book)s") % book, "head")
    elif tables or details or not part.is_empty:
        yield Line(book["book"], "head")
    yield from tables
    if few is None:
        yield from _every_row(part)
    yield from details


def _tables(part: BookPlan) -> Iterator[Line]:
    """Yield a line of counts for each table of the book that changes."""
    if any(old != new for old, new in part.book.update):
        yield Line("  " + _("book: 1 changed"))
    changes = row_changes.of_book(part)
    for name, rows in (
        (_("pages"), changes.pages),
        (_("questions"), changes.questions),
        (_("feedback"), changes.feedback),
    ):
        if rows.line() or rows.renumbered:
            yield Line(f"  {name}: {rows.line() or _('renumbered')}")


def _every_row(part: BookPlan) -> Iterator[Line]:
    """Yield a line for every row, for the option `-v 2`."""
    changes = row_changes.of_book(part)
    for kind, rows in (
        (_("page"), changes.pages),
        (_("question"), changes.questions),
        (_("feedback"), changes.feedback),
    ):
        for word, row_names in (
            (_("created"), rows.created),
            (_("changed"), rows.changed),
            (_("moved"), rows.moved),
        ):
            for name in row_names:
                yield Line(f"    {kind} {word}: {shortened(name)}")


def _limited(rows: Sequence[Line], few: int | None) -> list[Line]:
    if few is None or len(rows) <= few:
        return list(rows)
    rest = _("… and %(n)d more of these (-v 2 shows them)") % {"n": len(rows) - few}
    return [*rows[:few], Line(f"    {rest}")]


def _matches(part: BookPlan, few: int | None) -> list[Line]:
    text = _("same %(kind)s (by %(by)s): %(old)s -> %(new)s")
    rows = [
        Line("  " + text % {**vars(match), "kind": _kind(match.kind)}, "good")
        for match in part.matches
    ]
    return _limited(rows, few)


def _kind(kind: str) -> str:
    """Return the name of a kind of row in the language of the reader."""
    words = {"page": _("page"), "question": _("question"), "choice": _("choice")}
    words |= {"book": _("book"), "feedback": _("feedback")}
    return words[kind]


def _removals(part: BookPlan, few: int | None) -> list[Line]:
    rows = [
        Line("  " + _("page removed: %(url)s (%(title)s)") % page._asdict(), "bad")
        for page in part.pages.delete
    ]
    rows += [
        Line("  " + _("question removed: %(label)s") % question._asdict(), "bad")
        for question in part.questions.delete
    ]
    return _limited(rows, few)


def _near(part: BookPlan, few: int | None) -> list[Line]:
    """Ask about rows that may be the same, those with the most user data first."""
    rows = []
    for miss in sorted(part.near_misses, key=lambda miss: -sum(miss.counts.values())):
        if miss.kind == "question":
            text = _(
                "question %(old)s was removed and %(new)s added with a similar prompt: the same? "
                "Add `%(was)s` to keep %(kept)s."
            )
        else:
            text = _(
                "page %(old)s was removed and %(new)s added with most of its questions: "
                "the same? Add `%(was)s` to keep %(kept)s."
            )
        kept = _("its %(counts)s") % {"counts": _counted(miss.counts)}
        values = {**vars(miss), "kept": kept if miss.counts else _("it as it was")}
        rows.append(Line("  " + text % values, "warn"))
    return _limited(rows, few)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _edits(part: BookPlan, few: int | None) -> list[Line]:
    deleted = _("feedback %(name)s: edited in the admin, WILL BE DELETED")
    rows = [Line("  " + deleted % {"name": name}, "bad") for name in part.lost_edits]
    rows += map(_edit, sorted(part.edits, key=lambda edit: not edit.is_conflict))
    return _limited(rows, few)


def _edit(edit: Edit) -> Line:
    name = f"  {_kind(edit.kind)} {edit.name}: {edit.field}"
    if not edit.is_conflict:
        return Line(f"{name} " + _("edited in the admin, kept"))
    values = {"admin": repr(shortened(edit.shown)), "source": repr(shortened(edit.source))}
    if edit.stays:
        text = _("CONFLICT, the admin's text is kept: admin %(admin)s, source %(source)s")
    else:
        text = _("CONFLICT, the source's text is taken: source %(source)s, admin %(admin)s")
    return Line(f"{name} {text % values}", "warn")


class Refused(NamedTuple):
    """What browsers refuse to load, and what the author can do about it."""

    what: str
    remedy: str


def _refused(kind: str) -> Refused:
    """Return the texts for a kind of refusal, to be filled in with `what`."""
    return {
        "host": Refused(
            _("scripts from %(what)s"),
            _(
                'add bookbinder_script_hosts = ["%(what)s"] to conf.py if the book should load '
                "scripts from there"
            ),
        ),
        "insecure": Refused(
            _("scripts from %(what)s"),
            _("load them over HTTPS, from a host in bookbinder_script_hosts in conf.py"),
        ),
        "source": Refused(
            _("a script from %(what)s"),
            _(
                "save it as a file in html_static_path, or load it from a host in "
                "bookbinder_script_hosts in conf.py"
            ),
        ),
        "link": Refused(
            _("the link %(what)s"),
            _("make it a button, and give it its action in a script"),
        ),
        "mathjax2": Refused(
            _("the script of type %(what)s"),
            _(
                "it is a script of MathJax 2, which needs more than a page may do: use "
                "mathjax4_config in conf.py, and no mathjax_path of version 2"
            ),
        ),
        "many": Refused(
            _("some of the inline scripts"),
            _("a header has room for no more than %(what)s of them: put them into script files"),
        ),
    }[kind]


def _refusal(refusal: Refusal) -> Line:
    others = refusal.pages - 1
    pages = ngettext("%(page)s and %(n)d more", "%(page)s and %(n)d more", others)
    values = {
        "what": _refused(refusal.kind).what % {"what": refusal.what},
        "pages": pages % {"page": refusal.first, "n": others} if others else refusal.first,
        "remedy": remedy(refusal),
    }
    return Line(_("browsers will refuse %(what)s (%(pages)s): %(remedy)s") % values, "warn")


def remedy(refusal: Refusal) -> str:
    """Return what the author can do about what browsers refuse."""
    return _refused(refusal.kind).remedy % {"what": refusal.what}
