"""Graders are pure: no database."""

from decimal import Decimal

import pytest

from books.models import Feedback, Question
from grading import graders
from grading.graders import AnswerError
from grading.graders.choice import keys_of
from grading.points import in_words, plain, verdict


def make_question(grader, **over):
    return Question(grader=grader, label="q", **({"points_possible": Decimal(2)} | over))


def foresee(*pairs):
    return [
        Feedback(answer=answer, points=Decimal(points), feedback=f"<p>{answer}</p>", key=key)
        for answer, points, key in ((*pair, None)[:3] for pair in pairs)
    ]


def grade(grader, answer, *pairs, **over):
    question, feedback = make_question(grader, **over), foresee(*pairs)
    return graders.read_and_grade(answer, question, feedback)[1]


@pytest.mark.parametrize(
    ("grader", "foreseen", "answer", "points"),
    [
        ("text", "Helsinki", "  helsinki ", 2),
        ("text", "two words", "TWO \n words", 2),
        ("text", "Straße", "STRASSE", 2),
        ("text", "é", "e\u0301", 2),
        ("text", "Helsinki", "Helsink", 0),
        ("regex", "[ab]+", " abba ", 2),
        ("regex", "[ab]+", "ABBA", 0),
        ("regex", "(?i)[ab]+", "ABBA", 2),
        ("regex", "a", "xax", 0),
        ("number", "3.14 +- 0.01", "3.15", 2),
        ("number", "3.14 +- 0.01", "3.16", 0),
        ("number", "0.5", "1/2", 2),
    ],
)
def test_an_answer_earns_what_was_foreseen(grader, foreseen, answer, points):
    assert grade(grader, answer, (foreseen, 2)).points == points


def test_the_first_that_matches_wins():
    outcome = grade("number", "4", ("4 +- 1", 1), ("4", 2))
    assert (outcome.points, outcome.html) == (1, "<p>4 +- 1</p>")


def test_anything_else_matches_last_wherever_it_stands():
    assert grade("text", "a", ("*", 1), ("a", 2)).points == 2
    assert grade("text", "b", ("*", 1), ("a", 2)).points == 1


def test_what_nobody_foresaw_earns_nothing_and_has_no_reply():
    outcome = grade("text", "b", ("a", 2))
    assert (outcome.points, outcome.html, outcome.matched) == (0, None, None)


def test_a_pattern_past_the_checks_matches_nothing():
    assert grade("regex", "(a", ("(a", 2)).points == 0


def test_one_choice_earns_its_points():
    choices = ("Turku", 0, "t"), ("Helsinki", 2, "h")
    assert grade("choice", "h", *choices).points == 2
    assert grade("choice", "t", *choices).html == "<p>Turku</p>"


SEVERAL = ("two", 2, "b"), ("three", 2, "a"), ("four", 0, "c")


@pytest.mark.parametrize(
    ("taken", "points"),
    [(["a", "b"], 2), (["b", "a", "a"], 2), (["a"], 0), (["a", "b", "c"], 0), ('["b", "a"]', 2)],
)
def test_exactly_the_right_set_earns_all(taken, points):
    assert grade("choice", taken, *SEVERAL, options={"multiple": True}).points == points


def test_several_choices_reply_each_in_the_authors_order():
    outcome = grade("choice", ["a", "b"], *SEVERAL, options={"multiple": True})
    assert outcome.html == "<p>two</p>\n<p>three</p>"


def test_several_choices_are_kept_as_sorted_json():
    question = make_question("choice", options={"multiple": True})
    string, _outcome = graders.read_and_grade(["b", "a"], question, foresee(*SEVERAL))
    assert string == '["a", "b"]'


def test_a_text_for_a_person_has_no_points_yet():
    outcome = grade("manual", "Once upon a time")
    assert (outcome.points, outcome.html) == (None, None)


@pytest.mark.parametrize("grader", ["text", "regex", "number", "manual"])
@pytest.mark.parametrize(
    "answer", ["", "  \n", None, 4, ["a"], {"a": 1}, True, "x" * 1_000_000, "a\0b", "\ud800"]
)
def test_what_is_no_answer_is_refused(grader, answer):
    with pytest.raises(AnswerError):
        grade(grader, answer, ("a", 1)) if grader != "manual" else grade(grader, answer)


COMMA = {"decimal_comma": True}


@pytest.mark.parametrize(
    ("answer", "options", "hint"),
    [
        ("about ten", {}, "Write it like 42, -0.5, 2/3 or 1e-3."),
        ("about ten", COMMA, "Write it like 42, -0,5, 2/3 or 1e-3."),
        ("1.234,5", {}, "Write it like 42, -0.5"),
        ("1.234", COMMA, "This can mean two numbers: write 1234 or 1,234."),
    ],
)
def test_a_number_that_cannot_be_read_is_refused_with_a_hint(answer, options, hint):
    with pytest.raises(AnswerError) as refused:
        grade("number", answer, ("10", 1), ("*", 1), options=options)
    assert hint in str(refused.value)


@pytest.mark.parametrize("answer", ["1.234,5", "1234,5", "1234.5", "2469/2"])
def test_a_number_is_read_as_the_language_of_the_book_writes_it(answer):
    assert grade("number", answer, ("1.234,5", 2), options=COMMA).points == 2
    assert (
        grade("number", answer, ("1.230 +- 5", 2), ("1.230,0 +- 5", 1), options=COMMA).points == 1
    )


def test_a_kept_answer_that_cannot_be_read_earns_nothing():
    """Anything else stands for other numbers."""
    question = Question(grader="number", options={})
    feedback = foresee(("10", 2), ("*", 1))
    assert graders.grade("eleven", question, feedback).points == 0
    assert graders.grade("eleven", question, feedback).feedback == ()
    assert graders.grade("11", question, feedback).points == 1


@pytest.mark.parametrize("answer", ["", "nope", None, 4, ["h"], {"h": 1}])
def test_what_is_no_choice_is_refused(answer):
    with pytest.raises(AnswerError):
        grade("choice", answer, ("Helsinki", 2, "h"))


@pytest.mark.parametrize("answer", ["", [], "[]", ["nope"], [1], None, "{", "[" * 9999, {"a": 1}])
def test_what_is_no_set_of_choices_is_refused(answer):
    with pytest.raises(AnswerError):
        grade("choice", answer, *SEVERAL, options={"multiple": True})


def test_a_pile_of_accents_is_refused_before_it_costs_time():
    assert grade("text", "e" + "\u0301" * 3, ("a", 2)).points == 0
    with pytest.raises(AnswerError, match="too many accents"):
        grade("text", "a" + "\u0315" * 5000 + "\u0300" * 4999, ("a", 2))


def test_an_answer_from_before_several_could_be_taken_is_shown():
    question, choices = make_question("choice", options={"multiple": True}), foresee(*SEVERAL)
    assert graders.in_words("a", question, choices) == "three"
    for kept in ("5", "null", "no json", '{"a": 1}'):
        assert graders.in_words(kept, question, choices) == kept
        assert graders.shown_feedback(kept, question, None, choices) is None


def test_points_are_told_without_needless_decimals():
    assert [plain(Decimal(text)) for text in ("2.00", "0.50", "100.00", "0")] == [
        "2",
        "0.5",
        "100",
        "0",
    ]
    assert in_words(Decimal("1.50"), Decimal(2)) == "1.5 of 2 points"
    assert in_words(None, Decimal(2)) == "Received. It will be graded by a person."


@pytest.mark.parametrize(
    ("points", "possible", "told"),
    [
        ("2", "2", "Correct."),
        ("3", "2", "Correct."),
        ("0.5", "2", "Partly correct."),
        ("0", "2", "Incorrect."),
        ("0", "0", ""),  # what is worth nothing has no correct answer
    ],
)
def test_it_is_said_in_words_whether_an_answer_is_correct(points, possible, told):
    assert verdict(Decimal(points), Decimal(possible)) == told
    assert verdict(None, Decimal(possible)) == ""


def test_kept_choices_follow_their_keys_also_from_before_it_took_several():
    for multiple in (True, False):
        question = Question(grader="choice", options={"multiple": True} if multiple else {})
        assert graders.with_keys("a", question, {"a": "b"}) == "b"
        assert graders.with_keys('["a", "c"]', question, {"a": "d"}) == '["c", "d"]'
        assert graders.with_keys("x", question, {"a": "b"}) == "x"


@pytest.mark.parametrize("string", ["[" * 9_999, "[" * 9_999 + "]" * 9_999, '{"a":' * 9_999])
def test_deep_json_is_one_key(string):
    """A text answer may be any text, and its question may take several choices later."""
    assert keys_of(string) == [string]


@pytest.mark.parametrize("pattern", ["caf\u00e9", "cafe\u0301", "caf[e\u0301]"])
@pytest.mark.parametrize("given", ["caf\u00e9", "cafe\u0301", " cafe\u0301 "])
def test_a_pattern_matches_a_letter_however_it_was_typed(pattern, given):
    """é is one code point on some keyboards, and two on others."""
    assert grade("regex", given, (pattern, 2)).points == 2
