"""A plan as a person reads it, and as JSON. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from books.releases.stored_csp import Refusal
from books.sync.follower import Effects
from books.sync.plan import BookPlan, Changes, Edit, Match, NearMiss, Plan
from books.sync.report import row_changes
from books.sync.report.row_changes import of_book

FIRST = 20  # how many of the user data that would go are shown
FEW = 4  # how many of each other list: a book has a screen of 24 lines


class Line(NamedTuple):
    """A line of text; its tone is one of `head`, `plain`, `good`, `warn`, `bad`."""

    text: str
    tone: str = "plain"


Lines = Iterator[Line]


def lines(plan: Plan, effects: Mapping[str, Effects], *, verbose: bool = False) -> list[Line]:
    """Return what happens to each book and to the files, what is kept, and what would be lost."""
    few = None if verbose else FEW
    found: list[Line] = []
    if is_nothing(plan, effects):
        found.append(Line("Nothing to do: the database and the files are as the build says."))
    for part in plan.parts:
        found += _book(part, few)
    for project, files in plan.releases.items():
        counts = {
            "added": len(files.added),
            "changed": len(files.changed),
            "renamed": len(files.renamed),
            "removed": len(files.removed),
        }
        found.append(Line(f"files of {project}: {_counted(counts) or 'the same'}"))
    found += _refused(plan, few)
    for effect in effects.values():
        found += [Line(text, "warn") for text in effect.lines]
    found += _losses(plan)
    return found


def names(plan: Plan, effects: Mapping[str, Effects]) -> list[Line]:
    """Return whose data would go, the first of them: not for everybody's eyes."""
    told = [Line(f"  {name}", "bad") for effect in effects.values() for name in effect.losses]
    total = sum(loss_counts(plan).values())
    rest = [Line(f"  … {total} in all", "bad")] if total > len(told[:FIRST]) else []
    return [*told[:FIRST], *rest]


def text(plan: Plan, effects: Mapping[str, Effects], *, verbose: bool = False) -> str:
    """Return the plan as text, with whose data would go."""
    all_lines = [*lines(plan, effects, verbose=verbose), *names(plan, effects)]
    return "\n".join(line.text for line in all_lines)


def is_nothing(plan: Plan, effects: Mapping[str, Effects]) -> bool:
    """Whether neither the plan nor a follower has anything to do."""
    return plan.is_empty and not any(effect.is_work for effect in effects.values())


def _book(part: BookPlan, few: int | None) -> Lines:
    row = part.row
    name = f"{row.title} ({row.project}/{row.url})"
    if part.fate == "withdrawn":
        yield Line(
            f"WITHDRAWN: {name}: it has courses or notes, so its rows stay, "
            "and it is no longer shown",
            "bad",
        )
        return
    told = list(_tables(part))
    asides = [*_matches(part, few), *_removals(part, few), *_near(part, few), *_edits(part, few)]
    if part.fate == "deleted":
        yield Line(f"{name}: the build has it no longer: it goes", "bad")
    elif part.book.create:
        yield Line(f"WARNING: a new book: {name}", "head")
    elif told or asides or not part.is_empty:
        yield Line(name, "head")
    yield from told
    if few is None:
        yield from _each(part)
    yield from asides


def _tables(part: BookPlan) -> Lines:
    if part.book.update and part.book.update[0][0] != part.book.update[0][1]:
        yield Line("  book: 1 changed")
    for kind, told in zip(
        (row_changes.PAGES, row_changes.QUESTIONS, row_changes.FEEDBACK), of_book(part), strict=True
    ):
        line = told.line()
        if line or told.renumbered:
            yield Line(f"  {kind.table}: {line or 'renumbered'}")


def _each(part: BookPlan) -> Lines:
    """Name every row: what `-v 2` asks for."""
    for thing, told in zip(("page", "question", "feedback"), of_book(part), strict=True):
        for word in ("created", "changed", "moved"):
            for name in getattr(told, word):
                yield Line(f"    {thing} {word}: {_short(name)}")


def _limited(found: Sequence[Line], few: int | None) -> list[Line]:
    if few is None or len(found) <= few:
        return list(found)
    return [*found[:few], Line(f"    … and {len(found) - few} more of these (-v 2 shows them)")]


def _matches(part: BookPlan, few: int | None) -> list[Line]:
    def told(match: Match) -> Line:
        return Line(f"  same {match.kind} (by {match.by}): {match.old} -> {match.new}", "good")

    return _limited([told(match) for match in part.matches], few)


def _removals(part: BookPlan, few: int | None) -> list[Line]:
    found = [Line(f"  page goes: {page.url} ({page.title})", "bad") for page in part.pages.delete]
    gone = part.questions.delete
    found += [Line(f"  question goes: {question.label}", "bad") for question in gone]
    return _limited(found, few)


def _near(part: BookPlan, few: int | None) -> list[Line]:
    def told(miss: NearMiss) -> Line:
        what = "prompt" if miss.kind == "question" else "title and questions"
        kept = _kept(miss.counts)
        return Line(
            f"  {miss.kind} {miss.old} was removed and {miss.new} added with a similar {what}: "
            f"the same? Add `{miss.was}` to keep {kept}.",
            "warn",
        )

    misses = sorted(part.near_misses, key=lambda miss: -sum(miss.counts.values()))
    return _limited([told(miss) for miss in misses], None if few is None else few - 2)


def _kept(counts: Mapping[str, int]) -> str:
    return f"its {_counted(counts, sep=' ')}" if counts else "it as it was"


def _counted(counts: Mapping[str, int], sep: str = " ") -> str:
    return ", ".join(f"{count:,}{sep}{name}" for name, count in counts.items() if count)


def _edits(part: BookPlan, few: int | None) -> list[Line]:
    edits = sorted(part.edits, key=lambda edit: not edit.is_conflict)
    gone = [f"  feedback {name}: edited in the admin, GOES" for name in part.lost_edits]
    return _limited([*(Line(text, "bad") for text in gone), *map(_edit, edits)], few)


def _edit(edit: Edit) -> Line:
    name = f"  {edit.kind} {edit.name}: {edit.field}"
    if not edit.is_conflict:
        return Line(f"{name} edited in the admin, stays")
    ours, theirs = f"admin {_short(edit.shown)!r}", f"source {_short(edit.source)!r}"
    if edit.stays:
        return Line(f"{name} CONFLICT, the admin's stays: {ours}, {theirs}", "warn")
    return Line(f"{name} CONFLICT, the source's is taken: {theirs}, {ours}", "warn")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else f"{words[:39]}…"


REMEDIES = {
    "host": 'add bookbinder_script_hosts = ["{what}"] to conf.py if the book shall load scripts '
    "from there",
    "insecure": "load it by https, from a host in bookbinder_script_hosts in conf.py",
    "source": "save it as a file in html_static_path, or load it from a host in "
    "bookbinder_script_hosts in conf.py",
    "link": "make it a button, and give it its action in a script",
    "mathjax2": "it is of MathJax 2, which needs more than a page may do: use mathjax4_config in "
    "conf.py and no mathjax_path of version 2",
    "many": "a header has room for no more than {what} of them: put them into script files",
}
_THINGS = {
    "host": "scripts from {what}",
    "insecure": "scripts from {what}",
    "source": "a script from {what}",
    "link": "the link {what}",
    "mathjax2": "the script of type {what}",
    "many": "some of the inline scripts",
}


def _refused(plan: Plan, few: int | None) -> list[Line]:
    def told(one: Refusal) -> Line:
        where = one.first if one.pages == 1 else f"{one.first} and {one.pages - 1} more"
        thing = _THINGS[one.kind].format(what=one.what)
        return Line(f"browsers will refuse {thing} ({where}): {remedy(one)}", "warn")

    return _limited([told(one) for one in plan.refused], few)


def remedy(one: Refusal) -> str:
    """Return how what is refused can be had."""
    return REMEDIES[one.kind].format(what=one.what)


def _losses(plan: Plan) -> Lines:
    for book in plan.gutted:
        yield Line(
            f"WARNING: more than half of the pages of {book.title} ({book.project}/{book.url}) go. "
            "Is this the right folder, and the right project?",
            "bad",
        )
    if plan.losses:
        yield Line(f"USER DATA THAT GOES: {_counted(loss_counts(plan))}", "bad")


def loss_counts(plan: Plan) -> dict[str, int]:
    """Return how many rows of each kind go with the plan's deletions."""
    total: Counter[str] = Counter()
    for loss in plan.losses:
        total.update(loss.counts)
    return dict(sorted(total.items()))


def summary(plan: Plan) -> str:
    """Return one line on what the plan does, for its release."""
    tables: list[tuple[row_changes.Kind, Changes[Any]]] = [
        (row_changes.PAGES, plan.pages),
        (row_changes.QUESTIONS, plan.questions),
        (row_changes.FEEDBACK, plan.feedback),
    ]
    told = [(kind.table, row_changes.tell(kind, changes).line()) for kind, changes in tables]
    return "; ".join(f"{table}: {line}" for table, line in told if line) or "files alone"
