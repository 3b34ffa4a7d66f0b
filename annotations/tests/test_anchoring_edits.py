"""Notes through edits whose truth is known, as in `make bench`, with one seed and a floor each."""

import pytest

from benchmarks import anchoring
from benchmarks.anchoring import Tally, share
from benchmarks.edits import Book

pytestmark = pytest.mark.slow


def played(edit, seed: int = 11) -> Tally:
    tally = Tally()
    anchoring.play(edit, tally, seed)
    return tally


@pytest.mark.parametrize(
    ("edit", "right", "wrong"),
    [
        (anchoring.few_words, 98.5, 0.6),
        (anchoring.many_words, 94, 2.5),
        (Book.rewrap, 100, 0),
    ],
)
def test_notes_follow_their_words(edit, right, wrong):
    tally = played(edit)
    assert share(tally.all, "right") >= right
    assert share(tally.all, "wrong") <= wrong


def test_no_note_of_a_deleted_paragraph_is_anchored():
    tally = played(lambda book: book.drop_paragraphs(0.2))
    assert tally.gone["orphan"] > 50
    assert tally.gone["wrong"] == tally.gone["right"] == 0


def test_notes_follow_paragraphs_to_other_pages():
    tally = played(anchoring.other_page)
    assert tally.moved.total() > 50
    assert share(tally.moved, "right") >= 99


def test_two_equal_editions_keep_every_note_and_the_truth_is_told_from_chance():
    tally = played(lambda book: None)
    assert tally.all == {"right": anchoring.PAGES * anchoring.QUOTES}


def test_a_page_of_many_equal_cells_is_no_burden():
    cells = "<main><table>" + "<td>x y</td>\n" * 20_000
    old, new = {"a": cells}, {"a": cells + "<td>z</td>"}
    pages = anchoring.map_pages(old, new)
    assert pages.locate("a", 4_000, 4_003).state == "kept"


def test_a_page_of_one_huge_block_is_no_burden():
    words = " ".join(f"word{n}" for n in range(100_000))
    pages = anchoring.map_pages({"a": words}, {"a": words.replace("word77 ", "other ")})
    start = words.index("word5000 ")
    assert pages.locate("a", start, start + 8).state == "kept"
