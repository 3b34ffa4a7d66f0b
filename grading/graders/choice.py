"""One choice by its key; or several, where exactly the right set earns all."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from books.models import Feedback, Question
from grading.graders.base import AnswerError, Grader, Outcome


def read(answer: Any, question: Question, feedback: Sequence[Feedback]) -> str:
    if question.is_multiple:
        return _read_several(answer, feedback)
    if not isinstance(answer, str):
        raise AnswerError(_("An answer to this question is the key of one choice."))
    if not answer:
        raise AnswerError(_("The answer is empty."))
    _check_keys([answer], feedback)
    return answer


def _read_several(answer: Any, feedback: Sequence[Feedback]) -> str:
    """Take a list of keys, or the JSON of one."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except (ValueError, RecursionError):
            answer = None
    if not isinstance(answer, list) or not all(isinstance(key, str) for key in answer):
        raise AnswerError(_("An answer to this question is a list of keys of choices."))
    if not answer:
        raise AnswerError(_("The answer is empty."))
    _check_keys(answer, feedback)
    return json.dumps(sorted(set(answer)))


def _check_keys(keys: Sequence[str], feedback: Sequence[Feedback]) -> None:
    known = {one.key for one in feedback if one.key}
    if not known.issuperset(keys):
        raise AnswerError(_("The question has no such choice. Reload the page."))


def taken(string: str, feedback: Sequence[Feedback]) -> Outcome:
    """Return the choices of a kept answer in the author's order; the points are not told."""
    keys = keys_of(string)
    return Outcome(None, tuple(one for one in feedback if one.key in keys))


def keys_of(string: str) -> list[str]:
    """Return the keys of a kept answer, also from before its question took several choices."""
    try:
        keys = json.loads(string)
    except ValueError:
        return [string]
    is_list = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    return keys if is_list else [string]


def with_keys(string: str, question: Question, keys: Mapping[str, str]) -> str:
    """Return a kept answer whose choices' keys have changed: old key -> new key."""
    if not keys:
        return string
    taken = keys_of(string)
    if taken == [string]:
        return keys.get(string, string)
    # A list, maybe from when the question took several.
    return json.dumps(sorted({keys.get(key, key) for key in taken}))


def in_words(string: str, question: Question, choices: Sequence[Feedback]) -> str:
    """Return a kept answer as a person reads it: choices by their texts."""
    keys = values(string, question)
    texts = {choice.key: choice.answer for choice in choices}
    return "; ".join(texts.get(key, key) for key in keys)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    if not question.is_multiple:
        chosen = next(one for one in feedback if one.key == string)
        return Outcome(chosen.points, (chosen,))
    chosen_ones = taken(string, feedback).feedback
    right = {one.key for one in feedback if one.points > 0}
    is_right = right == {one.key for one in chosen_ones}
    return Outcome(question.points_possible if is_right else Decimal(0), chosen_ones)


def values(string: str, question: Question) -> list[str]:
    """Return the keys that a kept answer took."""
    return keys_of(string) if question.is_multiple else [string]


def can_grade(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    """Whether all that a kept answer chose is there still."""
    return {one.key for one in feedback}.issuperset(values(string, question))


def reply(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    """Return the replies to all choices taken; of a single choice, that to the one."""
    if question.is_multiple:
        return taken(string, choices).html
    return (matched.feedback or None) if matched else None


GRADER = Grader(
    read,
    grade,
    can_grade=can_grade,
    in_words=in_words,
    values=values,
    with_keys=with_keys,
    reply=reply,
    template="books/kinds/choice.html",
)
