"""Where a new edition puts each note: pure, over both texts."""

from dataclasses import replace
from typing import Any

from annotations.anchoring import map_pages
from annotations.following.placing import Row, TextDiff, place_all
from annotations.page_texts import ids_in

FOX = "<p>The quick brown fox jumps over the lazy dog and is gone.</p>"
OWL = "<p>An owl sits in the old oak tree and waits for the night to come.</p>"


def html(*paragraphs: str) -> str:
    return f'<html><body><div class="body">{"".join(paragraphs)}</div></body></html>'


def editions(old: dict[str, str], new: dict[str, str]) -> TextDiff:
    ids = {key: ids_in(page) for key, page in new.items()}
    return TextDiff(map_pages(old, new), ids, frozenset({*old, *new}))


def row(words: str, text: str, **over) -> Row:
    start = text.index(words)
    end = start + len(words)
    around = {"prefix": text[max(0, start - 32) : start], "suffix": text[end : end + 32]}
    fields: dict[str, Any] = {
        "pk": 1,
        "user_id": 1,
        "book_id": 7,
        "key": "1",
        "fragment": "",
        "start": start,
        "end": end,
    }
    fields |= {"quote": words, **around, "state": "kept", "orig_key": "1"}
    fields |= {"orig_quote": words} | {f"orig_{name}": value for name, value in around.items()}
    return Row(**(fields | over))


def placed(words, old, new, **over):
    both = editions(old, new)
    return place_all([row(words, both.map.old["1"], **over)], {7: both})


def test_words_before_a_passage_move_it_and_it_is_kept():
    (one,) = placed("brown fox", {"1": html(FOX)}, {"1": html(OWL, FOX)})
    assert (one.outcome, one.state, one.key, one.quote) == ("kept", "kept", "1", "brown fox")
    assert one.prefix.endswith("The quick ")


def test_a_section_that_moves_to_another_page_takes_its_notes_along():
    old = {"1": html(FOX, OWL), "2": html("<p>Another page.</p>")}
    new = {"1": html(OWL), "2": html("<p>Another page.</p>", FOX)}
    (one,) = placed("brown fox jumps", old, new)
    assert (one.outcome, one.state, one.key) == ("moved", "moved", "2")


def test_other_words_in_its_place_are_changed_words():
    (one,) = placed("quick brown fox", {"1": html(FOX)}, {"1": html(FOX.replace("brown", "red"))})
    assert (one.outcome, one.state, one.quote) == ("changed", "changed", "quick red fox")


def test_what_is_kept_twice_is_still_changed_from_what_it_was():
    changed = FOX.replace("brown", "red")
    (one,) = placed(
        "quick red fox", {"1": html(changed)}, {"1": html(OWL, changed)},
        state="changed", orig_quote="quick brown fox",
    )  # fmt: skip
    assert (one.outcome, one.state) == ("kept", "changed")


def test_a_passage_that_is_gone_is_an_orphan():
    (one,) = placed("brown fox", {"1": html(FOX, OWL)}, {"1": html(OWL)})
    assert (one.outcome, one.state, one.key, one.start) == ("orphan", "orphan", None, None)


def test_an_author_who_takes_it_back_brings_an_orphan_home():
    both = editions({"1": html(OWL)}, {"1": html(OWL, FOX)})
    lost = row("The quick brown fox jumps", both.map.new["1"], state="orphan", start=None, end=None)
    (one,) = place_all([lost], {7: both})
    assert (one.outcome, one.state, one.key) == ("found", "kept", "1")
    assert both.map.new["1"][one.start : one.end] == lost.quote


def test_an_orphan_that_is_not_found_stays_as_it_is():
    both = editions({"1": html(OWL)}, {"1": html(OWL, "<p>More.</p>")})
    lost = row(
        "waits for",
        both.map.old["1"],
        quote="nowhere to be found at all",
        state="orphan",
        orig_quote="nowhere either, I am sorry",
    )
    assert place_all([lost], {7: both}) == []


def test_a_page_that_goes_leaves_its_notes_as_orphans_or_where_its_words_went():
    old, new = {"1": html(FOX, OWL)}, {"-1": html(OWL)}
    (gone,) = placed("brown fox", old, new)
    (went,) = placed("the old oak tree", old, new)
    assert gone.state == "orphan"
    assert (went.key, went.state) == ("-1", "moved")


def test_what_resembles_a_lost_passage_is_offered_and_not_taken():
    long = "Much is said of the forest by day, by people who walk there with their dogs. "
    like = f"<p>{long}{long.upper()} Owls sit in an old oak tree, waiting for a night. {long}</p>"
    (one,) = placed(
        "An owl sits in the old oak tree and waits for the night",
        {"1": html(FOX, OWL)}, {"1": html(FOX), "2": html(like)},
    )  # fmt: skip
    assert (one.state, one.key) == ("orphan", None)
    assert one.suggestion is not None
    key, _start, _end, words = one.suggestion
    assert key == "2"
    assert "old oak tree" in words


def test_a_note_never_goes_to_another_book():
    here, there = editions({"1": html(FOX, OWL)}, {"1": html(OWL)}), editions({}, {"9": html(FOX)})
    lost = row("quick brown fox jumps over", here.map.old["1"])
    (one,) = place_all([lost], {7: here, 8: there})
    assert one.state == "orphan"


def test_a_note_on_a_figure_stays_with_its_id():
    fields = {"fragment": "map", "start": None, "end": None, "orig_quote": ""}
    figure = '<figure id="map"></figure>'
    both = editions({"1": html(FOX, figure)}, {"1": html(figure, OWL), "2": html(FOX)})
    assert place_all([row("brown", both.map.old["1"], **fields)], {7: both}) == []
    both = editions({"1": html(FOX, figure)}, {"1": html(FOX), "2": html(figure)})
    (moved,) = place_all([row("brown", both.map.old["1"], **fields)], {7: both})
    assert (moved.key, moved.start, moved.state) == ("2", None, "moved")
    both = editions({"1": html(FOX, figure)}, {"1": html(FOX)})
    (gone,) = place_all([row("brown", both.map.old["1"], **fields)], {7: both})
    assert gone.state == "orphan"


def test_a_note_on_a_whole_page_stays_as_long_as_the_page():
    fields = {"start": None, "end": None, "quote": "", "orig_quote": ""}
    both = editions({"1": html(FOX)}, {"1": html(OWL)})
    assert place_all([row("brown", both.map.old["1"], **fields)], {7: both}) == []
    both = editions({"1": html(FOX)}, {"2": html(OWL)})
    (gone,) = place_all([row("brown", both.map.old["1"], **fields)], {7: both})
    assert gone.state == "orphan"


def test_a_page_that_is_again_as_it_was_has_its_notes_where_they_were():
    was = html(FOX, OWL)
    both = editions({"1": html(FOX.replace("brown fox jumps", "hare sits"), OWL)}, {"1": was})
    text = both.map.new["1"]
    start = text.index("brown fox jumps")
    shrunk = row(
        "quick", both.map.old["1"], state="changed", orig_quote="brown fox jumps",
        orig_start=start, orig_end=start + 15, orig_sha256="of the text",
    )  # fmt: skip
    (one,) = place_all([shrunk], {7: replace(both, homes={"of the text": "1"})})
    assert (one.outcome, one.state, one.quote) == ("changed", "kept", "brown fox jumps")
    assert text[one.start : one.end] == "brown fox jumps"
