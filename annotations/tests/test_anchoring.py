import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.anchoring import canonical_text, find, locate, map_pages
from bookbinder.tests.support.passages import ODD_PAGE, ODD_TEXT

FIRST = "The sum of two odd numbers is even, and so is their difference."
SECOND = "A prime has exactly two divisors, itself and one."
THIRD = "Nobody knows whether there are odd perfect numbers."


def page(*paragraphs: str) -> str:
    text = "\n".join(f"<p>{one}</p>" for one in paragraphs)
    return f"<html><body><nav>Menu</nav><main>\n{text}\n</main></body></html>"


def followed(old: dict, new: dict, words: str, docname: str = "numbers"):
    """Return the state of these words' place, its page, and the words that stand there."""
    pages = map_pages(old, new)
    start = canonical_text(old[docname]).index(words)
    found = pages.locate(docname, start, start + len(words))
    if found.start is None:
        assert found.end is None
        return found.state, found.docname, None
    return found.state, found.docname, pages.new[found.docname][found.start : found.end]


# The canonical text


def test_the_text_is_the_body_without_buttons_widgets_and_the_form_of_a_question():
    assert canonical_text(ODD_PAGE) == ODD_TEXT


@pytest.mark.parametrize(
    "body",
    [
        '<div class="x body"><p>In</p></div>',
        '<div itemprop="articleBody">In</div>',
        '<article class="bd-article">In</article>',
        '<div role="main">In</div>',
        "<main>In</main>",
        "<article>In</article>",
    ],
)
def test_each_theme_s_body_is_found(body):
    assert canonical_text(f"<body><p>Out</p>{body}<p>Out</p></body>") == "In"


def test_a_page_without_a_known_body_is_read_whole():
    assert canonical_text("<p>One</p> <p>Two</p>") == "One Two"


@pytest.mark.parametrize("html", ["", " ", "<main></main>", "<!-- nothing -->", "\0"])
def test_an_empty_page_has_no_text(html):
    assert canonical_text(html) == ""


def test_white_space_is_what_javascript_takes_for_it():
    assert canonical_text("<main>a\ufeff\u3000b\x1cc\x85d\u2028e</main>") == "a b\x1cc\x85d e"


# Where a passage goes


def test_a_passage_of_an_unchanged_page_is_kept():
    old = {"numbers": page(FIRST, SECOND)}
    assert followed(old, old, "two divisors") == ("kept", "numbers", "two divisors")


def test_a_passage_before_which_something_was_added_is_kept():
    old, new = {"numbers": page(FIRST, SECOND)}, {"numbers": page("New.", FIRST, SECOND)}
    assert followed(old, new, "two divisors") == ("kept", "numbers", "two divisors")


def test_a_passage_whose_section_moved_on_its_page_is_kept():
    old, new = page(FIRST, SECOND, THIRD), page(THIRD, FIRST, SECOND)
    assert followed({"numbers": old}, {"numbers": new}, "odd perfect")[0] == "kept"


def test_a_passage_in_which_a_word_was_changed_is_changed_and_shows_the_new_words():
    new = {"numbers": page(FIRST, SECOND.replace("exactly", "just"), THIRD)}
    old = {"numbers": page(FIRST, SECOND, THIRD)}
    assert followed(old, new, "has exactly two") == ("changed", "numbers", "has just two")
    assert followed(old, new, "exactly") == ("changed", "numbers", "just")
    assert followed(old, new, "two divisors") == ("kept", "numbers", "two divisors")


def test_a_passage_that_went_to_another_page_is_moved():
    old = {"numbers": page(FIRST, SECOND), "open": page(THIRD)}
    new = {"numbers": page(FIRST), "open": page(THIRD, SECOND)}
    assert followed(old, new, "two divisors") == ("moved", "open", "two divisors")


def test_a_passage_of_a_renamed_page_is_moved():
    old, new = {"numbers": page(FIRST, SECOND)}, {"primes": page(FIRST, SECOND)}
    assert followed(old, new, "prime") == ("moved", "primes", "prime")


def test_a_long_quote_that_the_diff_lost_is_found_word_for_word():
    tail = " ".join(f"Then something else, number {n}, was said." for n in range(9))
    old = {"numbers": page(SECOND), "open": page(THIRD)}
    new = {"numbers": page("Gone."), "open": page(THIRD, tail + SECOND + tail)}
    assert followed(old, new, SECOND) == ("moved", "open", SECOND)
    assert followed(old, new, "two divisors") == ("orphan", "numbers", None)


def test_a_long_name_that_the_diff_lost_is_found_too():
    name = "the_longest_identifier_of_all"
    tail = " ".join(f"Then something else, number {n}, was said." for n in range(9))
    old = {"numbers": page(f"Call {name} now."), "open": page(THIRD)}
    new = {"numbers": page("Gone."), "open": page(THIRD, f"{tail} {name} {tail}")}
    assert followed(old, new, name) == ("moved", "open", name)


def test_a_passage_that_ends_beyond_its_page_ends_with_it():
    html = {"numbers": page(FIRST)}
    assert map_pages(html, html).locate("numbers", 4, 10_000).end == len(FIRST)


def test_the_other_copy_of_a_sentence_is_not_taken_for_a_deleted_one():
    old = {"numbers": page(FIRST, SECOND), "open": page(THIRD, SECOND)}
    new = {"numbers": page(FIRST), "open": page(THIRD + " New.", SECOND)}
    assert followed(old, new, SECOND) == ("orphan", "numbers", None)


def test_a_deleted_passage_is_an_orphan_with_the_page_it_was_on():
    old, new = {"numbers": page(FIRST, SECOND, THIRD)}, {"numbers": page(FIRST, THIRD)}
    assert followed(old, new, "two divisors") == ("orphan", "numbers", None)


def test_the_passages_of_a_removed_page_are_orphans():
    old = {"numbers": page(FIRST), "open": page(THIRD)}
    assert followed(old, {"open": page(THIRD, "More.")}, "odd") == ("orphan", "numbers", None)


def test_of_equal_paragraphs_each_keeps_its_own():
    cells = ["Example:", FIRST, "Example:", SECOND, "Example:", THIRD]
    new = [cells[n] for n in (0, 1, 4, 5, 2, 3)]
    pages = map_pages({"numbers": page(*cells)}, {"numbers": page(*new)})
    start = canonical_text(page(*cells)).index(f"Example: {SECOND}")
    found = pages.locate("numbers", start, start + len("Example:"))
    assert pages.new["numbers"][found.start :].startswith(f"Example: {SECOND}")


def test_a_selection_that_ends_inside_a_word_keeps_its_end():
    old, new = {"numbers": page(FIRST, SECOND)}, {"numbers": page("New.", FIRST, SECOND)}
    assert followed(old, new, "m of two od") == ("kept", "numbers", "m of two od")


def test_a_passage_of_two_paragraphs_follows_both():
    old, new = {"numbers": page(FIRST, SECOND)}, {"numbers": page("New.", FIRST, SECOND)}
    words = "their difference. A prime"
    assert followed(old, new, words) == ("kept", "numbers", words)


def test_a_passage_of_an_unknown_page_is_an_error():
    with pytest.raises(KeyError):
        map_pages({}, {}).locate("numbers", 0, 1)


def test_a_part_of_a_doubled_word_that_became_one_is_the_word():
    old, new = {"numbers": page("foo foo bar is said.")}, {"numbers": page("foo bar is said.")}
    assert followed(old, new, "o f") == ("changed", "numbers", "foo")


def test_a_passage_without_words_is_an_orphan():
    html = {"numbers": page(FIRST)}
    assert map_pages(html, html).locate("numbers", 5, 5).state == "orphan"
    assert map_pages(html, {"numbers": page(THIRD)}).locate("numbers", 5, 5).state == "orphan"
    assert map_pages(html, {"other": page(FIRST)}).locate("numbers", 1, 1).state == "orphan"
    assert map_pages(html, html).locate("numbers", 5_000, 5_001).state == "orphan"


def test_a_reworded_passage_elsewhere_is_suggested_but_never_an_anchor():
    lost = "Every even number above two is perhaps the sum of two primes."
    found = "Perhaps every even number above two is also the sum of two primes, who knows?"
    tail = " ".join(f"Something else, case {n}, is said here." for n in range(9))
    old = {"numbers": page(FIRST, lost), "open": page(THIRD)}
    new = {"numbers": page(FIRST), "open": page(THIRD, f"{tail} {found} {tail}")}
    pages = map_pages(old, new)
    start = pages.old["numbers"].index(lost)
    assert pages.locate("numbers", start, start + len(lost)).state == "orphan"
    hint = pages.suggest("numbers", start, start + len(lost))
    assert "the sum of two primes" in pages.new["open"][hint.start : hint.end]


def test_nothing_is_suggested_for_what_has_no_like():
    pages = map_pages({"numbers": page(FIRST, SECOND)}, {"numbers": page(FIRST)})
    start = pages.old["numbers"].index(SECOND)
    assert pages.suggest("numbers", start, start + len(SECOND)) is None


# Finding a quote again


def test_a_revert_brings_an_orphan_home():
    texts = {"numbers": canonical_text(page(FIRST, SECOND)), "open": canonical_text(page(THIRD))}
    start = texts["numbers"].index(SECOND)
    assert find(SECOND, "", "", texts) == ("numbers", start, start + len(SECOND))


def test_a_short_quote_is_found_only_with_its_surroundings():
    text = canonical_text(page(FIRST, SECOND))
    at = text.index("two divisors")
    before, after = text[at - 32 : at], text[at + 12 :][:32]
    assert find("two divisors", "", "", {"numbers": text}) is None
    assert find("two divisors", before, after, {"numbers": text}) == ("numbers", at, at + 12)
    assert find("two divisors", before, "other words", {"numbers": text}) is None


def test_a_quote_that_stands_twice_is_told_apart_by_its_surroundings_or_not_found():
    texts = {"a": f"Before. {SECOND} After.", "b": f"Earlier. {SECOND} Later."}
    assert find(SECOND, "", "", texts) is None
    assert find(SECOND, "lier. ", " Lat", texts) == ("b", 9, 9 + len(SECOND))
    assert find(SECOND, "", " ", texts) is None


@pytest.mark.parametrize("quote", ["", " ", "\n"])
def test_a_quote_without_words_is_never_found(quote):
    assert find(quote, "The sum of two ", "odd numbers", {"numbers": FIRST}) is None
    assert locate(FIRST, 3, 3 + len(quote), quote, "", "") is None


def test_a_selection_is_taken_where_it_says_or_where_its_words_and_surroundings_are():
    at = FIRST.index("odd")
    before, after = FIRST[:at], FIRST[at + 3 :][:32]
    assert locate(FIRST, at, at + 3, "odd", "", "") == (at, at + 3)
    assert locate(FIRST, 0, 3, "odd", before, after) == (at, at + 3)
    assert locate(FIRST, 0, 3, "odd", "", "") is None
    assert locate(FIRST, -3, 0, "ce.", "", "") is None
    assert locate(FIRST, 10**9, 10**9 + 3, "odd", "", "") is None


# Whatever is edited

words = st.text("abcde é(.,😀￼", min_size=1, max_size=5)
paragraphs = st.lists(st.lists(words, min_size=1, max_size=8).map(" ".join), max_size=6)
books = st.dictionaries(st.sampled_from("abc"), paragraphs.map(lambda one: page(*one)), max_size=3)


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(books, books, st.data())
@settings(max_examples=300, deadline=None)
def test_a_place_is_within_its_page_and_has_the_words_it_claims(old, new, data):
    pages = map_pages(old, new)
    for docname, text in pages.old.items():
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        found = pages.locate(docname, start, end)
        if found.state == "orphan":
            assert found == (docname, None, None, "orphan")
            continue
        there = pages.new[found.docname]
        assert 0 <= found.start < found.end <= len(there)
        if found.state != "changed":
            assert letters(there[found.start : found.end]) == letters(text[start:end])
        hint = pages.suggest(docname, start, end)
        assert hint is None or 0 <= hint.start < hint.end <= len(pages.new[hint.docname])


@given(books)
@settings(deadline=None)
def test_the_same_pages_with_other_line_breaks_keep_every_passage(old):
    new = {docname: html.replace(" ", "\n") for docname, html in old.items()}
    pages = map_pages(old, new)
    assert pages.old == pages.new
    for docname, text in pages.old.items():
        for start in range(len(text)):
            assert pages.locate(docname, start, start + 1) == (docname, start, start + 1, "kept")


@given(st.lists(words, min_size=1, max_size=8, unique_by=letters))
@settings(deadline=None)
def test_a_renamed_page_takes_every_passage_along(texts):
    old = {"numbers": page(*texts)}
    pages = map_pages(old, {"primes": old["numbers"]})
    text = pages.old["numbers"]
    for start in range(len(text)):
        expected = (start, start + 1, "moved") if letters(text[start]) else (None, None, "orphan")
        assert pages.locate("numbers", start, start + 1)[1:] == expected
