from fractions import Fraction

import pytest

from bookbinder.sphinx import markdown
from bookbinder.sphinx.fingerprints import key_of, question_fingerprint
from bookbinder.sphinx.kinds import regex
from bookbinder.sphinx.kinds.number import (
    AmbiguousError,
    NumberError,
    options_of,
    parse,
    parse_range,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        (" -0.5 ", Fraction(-1, 2)),
        ("+.5", Fraction(1, 2)),
        ("5.", 5),
        ("1e-3", Fraction(1, 1000)),
        ("2/3", Fraction(2, 3)),
        ("1,000", 1000),
        ("1,000,000.5", Fraction(2000001, 2)),
        ("0,5", Fraction(1, 2)),
        ("\N{MINUS SIGN}3", -3),
        ("0.1", Fraction(1, 10)),
    ],
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,5", Fraction(2469, 2)),
        ("1.234.567", 1234567),
        ("-1.234,", -1234),
        ("1,234", Fraction(617, 500)),
        ("0,5", Fraction(1, 2)),
        ("0.5", Fraction(1, 2)),
        ("3.14", Fraction(157, 50)),
        ("0.125", Fraction(1, 8)),
        ("1.000,5/2", Fraction(2001, 4)),
    ],
)
def test_with_a_decimal_comma_points_separate_thousands(text, value):
    assert parse(text, decimal_comma=True) == value


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1.234", ("1234", "1,234")),
        ("-10.000", ("-10000", "-10,000")),
        ("1/2.000", ("2000", "2,000")),
    ],
)
def test_a_point_before_three_digits_is_ambiguous_with_a_decimal_comma(text, readings):
    with pytest.raises(AmbiguousError) as error:
        parse(text, decimal_comma=True)
    assert error.value.readings == readings


@pytest.mark.parametrize("text", ["12.34,5", "0.123,5", "1.2345,6", "1,2,3", "1.23.456"])
def test_with_a_decimal_comma_other_groups_are_no_number(text):
    with pytest.raises(NumberError):
        parse(text, decimal_comma=True)


@pytest.mark.parametrize(
    ("language", "has_comma"),
    [("de", True), ("pt_BR", True), ("en", False), ("de_CH", False), ("xx", False), ("", False)],
)
def test_the_language_of_a_book_says_how_numbers_are_read(language, has_comma):
    assert options_of(language) == ({"decimal_comma": True} if has_comma else {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 2",
        "9" * 101,
        *[
            "four",
            "1/0",
            "1//2",
            "1e9999",
            "1e401",
            "--2",
            "1.2.3",
            "1,2,3",
            "0x10",
            "nan",
            "inf",
            ".",
        ],
    ],
)
def test_anything_else_is_no_number(text):
    with pytest.raises(NumberError):
        parse(text)


def test_a_tolerance_includes_both_ends():
    accepted = parse_range("3.14 +- 0.01")
    assert parse("3.13") in accepted and parse("3.15") in accepted
    assert parse("3.1299") not in accepted


def test_a_tolerance_can_be_a_percentage():
    assert parse("99") in parse_range("100 ± 1%")
    assert parse("98.9") not in parse_range("100 ± 1%")
    assert parse("-101") in parse_range("-100 +- 1%")


def test_without_a_tolerance_the_value_counts_and_not_its_writing():
    assert parse("4.00") in parse_range("4")
    assert parse("4.001") not in parse_range("4")


@pytest.mark.parametrize("text", ["3 +- -1", "3 +- x", "+- 3", "a +- b"])
def test_a_wrong_tolerance_is_refused(text):
    with pytest.raises(NumberError):
        parse_range(text)


def test_a_pattern_takes_the_whole_answer_with_white_space_trimmed():
    assert regex.matches("a|b", " b ")
    assert not regex.matches("a|b", "bc")
    assert regex.matches("(?i)yes", "YES")
    assert not regex.matches("yes", "YES")


def test_a_pattern_that_hangs_other_engines_is_quick():
    assert not regex.matches("(a+)+b", "a" * 5000)


def test_a_pattern_with_a_back_reference_is_refused():
    with pytest.raises(regex.PatternError, match="invalid escape"):
        regex.compile(r"(a)\1")


def test_markdown_gives_safe_html():
    html = markdown.render("**a** <script>alert(1)</script> [x](javascript:alert(1)) `c`")
    assert "<strong>a</strong>" in html and "<code>c</code>" in html
    assert "<script" not in html and "href" not in html


def test_an_equal_text_gets_another_key():
    first = key_of("two  words")
    assert first == key_of("two words")
    assert key_of("two words", {first}) == f"{first}~2"
    assert key_of("two words", {first, f"{first}~2"}) == f"{first}~3"


def test_a_fingerprint_does_not_depend_on_white_space_or_the_order_of_choices():
    one = question_fingerprint("Which  one?", {}, ["a", "b"])
    assert one == question_fingerprint("Which one?", {}, ["b", "a"])
    assert one != question_fingerprint("Which one?", {"multiple": True}, ["a", "b"])
    assert one == question_fingerprint("Which one?", {"decimal_comma": True}, ["a", "b"])
