"""`:was:` settles which page or question is which, once: it stays in the source afterwards."""

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.drawn_editions import after, brought_in, flat, plan_of
from bookbinder.tests.support.manifests import make_manifest, make_page, make_question


def text(number: int) -> str:
    return f"{number:064x}"


def page(url: str, number: int, *questions: m.Question, **over) -> m.Page:
    return make_page(url, fingerprint=text(number), questions=questions, **over)


def question(label: str, number: int, was: str | None = None) -> m.Question:
    return make_question(label=label, fingerprint=text(number), was=was)


def pages_after(before: m.Manifest, new: m.Manifest) -> dict[str, str]:
    """Return url -> the url that the page had before, `new` for one that is created."""
    snapshot = brought_in(before)
    old = {row.pk: row.url for row in flat(snapshot.pages)}
    done = after(snapshot, plan_of(snapshot, new, ids="later"))
    assert plan_of(done, new).is_empty
    return {row.url: old.get(row.pk, "new") for row in flat(done.pages)}


def questions_after(before: m.Manifest, new: m.Manifest) -> dict[str, str]:
    """Return place -> the place that the question had before."""

    def places(snapshot):
        urls = {row.pk: row.url for row in flat(snapshot.pages)}
        return {row.pk: f"{urls[row.page_id]}#{row.label}" for row in flat(snapshot.questions)}

    snapshot = brought_in(before)
    done = after(snapshot, plan_of(snapshot, new, ids="later"))
    assert plan_of(done, new).is_empty
    old = places(snapshot)
    return {place: old.get(pk, "new") for pk, place in places(done).items()}


def test_a_page_takes_the_name_of_another_that_was_renamed_too():
    before = make_manifest(page("a", 1), page("b", 2))
    new = make_manifest(page("b", 3, was="a"), page("c", 4, was="b"))
    assert pages_after(before, new) == {"b": "a", "c": "b"}


def test_a_page_takes_the_name_of_another_that_is_known_by_its_id():
    before = make_manifest(page("a", 1), page("b", 2, page_id="x"))
    new = make_manifest(page("b", 3, was="a"), page("c", 4, page_id="x"))
    assert pages_after(before, new) == {"b": "a", "c": "b"}


def test_pages_exchange_names_where_their_texts_say_so_too():
    before = make_manifest(page("a", 1), page("b", 2))
    new = make_manifest(page("a", 2, was="b"), page("b", 1, was="a"))
    assert pages_after(before, new) == {"a": "b", "b": "a"}
    # Left in the source, the same words mean nothing any more.
    later = make_manifest(page("a", 5, was="b"), page("b", 6, was="a"))
    assert pages_after(new, later) == {"a": "a", "b": "b"}


def test_an_old_was_does_not_take_a_newer_page_of_that_name():
    before = make_manifest(page("a", 1), page("b", 2, was="a"))
    assert pages_after(before, before) == {"a": "a", "b": "b"}
    renamed = make_manifest(page("a", 1), page("c", 2, was="a"))
    assert pages_after(before, renamed) == {"a": "a", "c": "b"}


def test_a_new_page_may_stand_where_one_was_that_says_so():
    before = make_manifest(page("a", 1), page("other", 2))
    new = make_manifest(page("a", 3), page("b", 4, was="a"), page("other", 2))
    assert pages_after(before, new) == {"a": "new", "b": "a", "other": "other"}


def test_two_pages_that_say_they_were_one_are_none_of_it():
    before = make_manifest(page("a", 1), page("other", 2))
    new = make_manifest(page("b", 3, was="a"), page("c", 4, was="a"), page("other", 2))
    assert pages_after(before, new) == {"b": "new", "c": "new", "other": "other"}


def test_labels_go_round():
    before = make_manifest(page("p", 1, question("q1", 1), question("q2", 2)))
    new = make_manifest(page("p", 1, question("q2", 3, "q1"), question("q3", 4, "q2")))
    assert questions_after(before, new) == {"p#q2": "p#q1", "p#q3": "p#q2"}


def test_labels_are_exchanged_where_the_texts_say_so_too():
    before = make_manifest(page("p", 1, question("q1", 1), question("q2", 2)))
    new = make_manifest(page("p", 1, question("q2", 1, "q1"), question("q1", 2, "q2")))
    assert questions_after(before, new) == {"p#q2": "p#q1", "p#q1": "p#q2"}


def test_an_old_was_does_not_take_a_newer_question_of_that_label():
    before = make_manifest(page("p", 1, question("q1", 1), question("q2", 2, "q1")))
    assert questions_after(before, before) == {"p#q1": "p#q1", "p#q2": "p#q2"}
    new = make_manifest(page("p", 1, question("q1", 1), question("q3", 2, "q1")))
    assert questions_after(before, new) == {"p#q1": "p#q1", "p#q3": "p#q2"}


def test_a_question_says_that_it_stood_on_a_page_where_another_has_its_label_now():
    before = make_manifest(page("p", 1, question("q", 1)), page("other", 2))
    new = make_manifest(page("p", 1, question("q", 2)), page("other", 2, question("z", 3, "p#q")))
    assert questions_after(before, new) == {"p#q": "new", "other#z": "p#q"}


def test_a_question_says_page_and_label_where_it_stands_too():
    before = make_manifest(page("p", 1, question("q", 1)))
    new = make_manifest(page("p", 1, question("q", 2), question("z", 3, "p#q")))
    assert questions_after(before, new) == {"p#q": "new", "p#z": "p#q"}


def test_a_question_says_the_label_that_it_had_on_another_page():
    before = make_manifest(page("p", 1, question("q", 1)), page("other", 2))
    new = make_manifest(page("p", 1), page("other", 2, question("z", 3, "q")))
    assert questions_after(before, new) == {"other#z": "p#q"}


def test_a_question_that_may_have_moved_is_asked_for_with_its_page():
    """On its new page the label alone would be that of another question."""
    before = make_manifest(page("a", 1, question("q", 1)), page("b", 2, question("q", 2)))
    new = make_manifest(page("a", 1), page("b", 2, question("q", 2), question("z", 3)))
    (miss,) = plan_of(brought_in(before), new).parts[0].near_misses
    assert (miss.old, miss.new, miss.was) == ("a#q", "b#z", ":was: a#q")
    told = make_manifest(page("a", 1), page("b", 2, question("q", 2), question("z", 3, "a#q")))
    assert questions_after(before, told) == {"b#q": "b#q", "b#z": "a#q"}
