"""Two editions of two projects, which differ in everything that a sync can change.

Prompts are the same in both, so that they identify questions. The keys of choices are a1, a2, …
in one edition and b1, b2, … in the other.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import builds

CONF = """
project = "{title}"
extensions = ["bookbinder.sphinx"]
html_static_path = ["own"]
html_copy_source = False
"""
STATIC_FILES = 40


@dataclass(frozen=True)
class Edition:
    """The build folders of an edition, and their manifests."""

    name: str
    folders: tuple[Path, ...]
    manifests: tuple[m.Manifest, ...]

    def prompts(self) -> set[str]:
        pages = (page for manifest in self.manifests for page in manifest.pages())
        return {question.prompt for page in pages for question in page.questions}


def question(label: str, prompt: str, grader: str, **points: object) -> str:
    """Return the source of a question; `points` maps expected answers (one word) to points."""
    replies = "".join(
        f"   .. feedback:: {answer}\n      :points: {number}\n\n      About {answer}.\n\n"
        for answer, number in points.items()
    )
    return (
        f".. question:: {label}\n   :grader: {grader}\n   :points: 9\n\n   {prompt}\n\n{replies}\n"
    )


def choices(label: str, prompt: str, key: str, right: tuple[str, ...], options: str) -> str:
    """Return the source of a question with three choices; `key` is the start of their keys."""
    text = f".. question:: {label}\n{options}\n   {prompt}\n\n"
    for number, answer in enumerate(("Turku", "Helsinki", "Vaasa"), start=1):
        correct = "      :correct:\n" if answer in right else ""
        text += (
            f"   .. choice:: {answer}\n      :key: {key}{number}\n{correct}\n      {answer}!\n\n"
        )
    return text + "\n"


def page(title: str, *parts: str, page_id: str = "") -> str:
    head = f".. page-id:: {page_id}\n\n" if page_id else ""
    return f"{head}{title}\n{'=' * len(title)}\n\n" + "".join(parts)


def toctree(*names: str) -> str:
    return ".. toctree::\n\n" + "".join(f"   {name}\n" for name in names)


WORTH, MULTIPLE = "   :points: {}\n", "   :points: {}\n   :multiple:\n"
SUM, WHY, CITY, CITIES = "What is 2 + 2?", "Why so?", "Which city?", "Which cities?"
RIVER, LAKE, SEA, FRESH = "Which river?", "Which lake?", "Which sea?", "Which is new?"


# The texts that notes are on. The new edition rewords COUNTING, moves RAPIDS to another page, and
# deletes SALMON, and TIDES with its page.
COUNTING = "Whoever counts on both hands comes to ten, and then begins anew with both feet.\n\n"
RECOUNTING = (
    "Whoever counts on two hands soon comes to ten, and then begins again with both feet.\n\n"
)
HARBOUR = "The harbour smells of tar and smoked herring, in spring most of all.\n\n"
RAPIDS = "Below the last rapids a ferryman waits for who has come too late for the bridge.\n\n"
SALMON = "Salmon climb the ladder beside the dam in June, while nobody looks.\n\n"
TIDES = "Hardly any tide is seen here, but the wind piles the water up against the shore.\n\n"


def old_pages() -> dict[str, str]:
    """Return the sources of the first project in the old edition, by docname."""
    return {
        "index": page("Book", toctree("numbers", "cities", "rivers", "extra")),
        "numbers": page(
            "Numbers",
            COUNTING,
            question("adding", SUM, "number", **{"4": 2, "5": 0.5}),
            question("why", WHY, "text", because=1, maybe=0.5),
            page_id="numbers1",
        ),
        "cities": page(
            "Cities",
            HARBOUR,
            RAPIDS,
            choices("city", CITY, "a", ("Helsinki",), WORTH.format(4)),
            choices("towns", CITIES, "a", ("Turku", "Vaasa"), MULTIPLE.format(4)),
            page_id="cities1",
        ),
        "rivers": page(
            "Rivers",
            SALMON,
            question("river", RIVER, "text", Kemi=2, Oulu=1),
            question("lake", LAKE, "text", Inari=2),
        ),
        "extra": page("Extra", TIDES, question("sea", SEA, "text", Baltic=1)),
    }


def new_pages() -> dict[str, str]:
    """Return the sources of the first project in the new edition, by docname.

    The sum has another label, the river is on another page, and lake and sea are gone.
    """
    return {
        "index": page("Book", toctree("cities", "figures", "rivers", "more")),
        "figures": page(
            "Figures",
            RECOUNTING,
            question("total", SUM, "number", **{"4": 3, "5": 1}),
            question("why", WHY, "text", because=2),
            page_id="numbers1",
        ),
        "cities": page(
            "Cities and towns",
            HARBOUR,
            choices("towns", CITIES, "b", ("Turku", "Helsinki"), MULTIPLE.format(5)),
            choices("city", CITY, "b", ("Turku",), WORTH.format(6)),
            question("river", RIVER, "text", Kemi=1, Oulu=2, Tana=1),
            page_id="cities1",
        ),
        "rivers": page("Rivers", "No question is left.\n\n", RAPIDS),
        "more": page("More", question("fresh", FRESH, "text", this=1)),
    }


def side_pages(points: int) -> dict[str, str]:
    """Return the sources of the second project, by docname; `points` tells the editions apart."""
    rest = question("side", "On which side?", "text", left=points, right=3 - points)
    return {"index": page(f"Side {points}", rest)}


def _build(source: Path, title: str, pages: dict[str, str]) -> tuple[Path, m.Manifest]:
    builds.write_book(source, CONF.format(title=title), **pages)
    own = source / "own"
    own.mkdir()
    for number in range(STATIC_FILES):
        # A third of the files are equal in both editions, a third differ, a third are in only one.
        kind = number % 3
        name = f"{source.parent.name}{number}" if kind == 2 else f"file{number}"
        text = f"{number}" if kind == 0 else f"{number} of {source.parent.name}"
        (own / f"{name}.txt").write_text(text * 50, encoding="utf-8")
    output = source.with_name(f"{source.name}-build")
    return output, builds.build(source, output)


def make(folder: Path) -> tuple[Edition, Edition]:
    """Build the old and the new edition in `folder`, and return them."""
    jobs = [
        (folder / "old/main", "Main", old_pages()),
        (folder / "old/side", "Side", side_pages(1)),
        (folder / "new/main", "Main", new_pages()),
        (folder / "new/side", "Side", side_pages(2)),
    ]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda job: _build(*job), jobs))
    first, second = zip(*done[:2], strict=True), zip(*done[2:], strict=True)
    return Edition("old", *first), Edition("new", *second)
