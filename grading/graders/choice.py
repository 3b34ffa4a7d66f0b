"""One choice, by its key; or several, of which exactly the right set earns the points."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from books.models import Feedback, Question
from grading.graders.base import AnswerError, Grader, Outcome


def read(answer: object, question: Question, feedback: Sequence[Feedback]) -> str:
    if question.is_multiple:
        return _read_several(answer, feedback)
    if not isinstance(answer, str):
        raise AnswerError(_("An answer to this question is the key of one choice."))
    if not answer:
        raise AnswerError(_("The answer is empty."))
    _check_keys([answer], feedback)
    return answer


def _read_several(answer: object, feedback: Sequence[Feedback]) -> str:
    """Return the JSON of the keys; `answer` is a list of keys, or the JSON of one."""
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
    known = {choice.key for choice in feedback if choice.key}
    if not known.issuperset(keys):
        raise AnswerError(_("The question has no such choice. Reload the page."))


def taken(string: str, feedback: Sequence[Feedback]) -> tuple[Feedback, ...]:
    """Return the choices that a stored answer took, in the author's order."""
    keys = keys_of(string)
    return tuple(choice for choice in feedback if choice.key in keys)


def keys_of(string: str) -> list[str]:
    """Return the keys in a stored answer; its question may have taken one choice at that time."""
    try:
        keys = json.loads(string)
    except ValueError:
        return [string]
    is_list = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    return keys if is_list else [string]


def with_keys(string: str, question: Question, keys: Mapping[str, str]) -> str:
    """Return a stored answer with changed keys of choices (old key -> new key)."""
    if not keys:
        return string
    taken = keys_of(string)
    if taken == [string]:
        return keys.get(string, string)
    # A list, perhaps from the time when the question took several choices.
    return json.dumps(sorted({keys.get(key, key) for key in taken}))


def in_words(string: str, question: Question, choices: Sequence[Feedback]) -> str:
    """Return a stored answer as people read it: choices by their texts."""
    keys = values(string, question)
    texts = {choice.key: choice.answer for choice in choices}
    return "; ".join(texts.get(key, key) for key in keys)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    if not question.is_multiple:
        chosen = next(choice for choice in feedback if choice.key == string)
        return Outcome(chosen.points, (chosen,))
    choices = taken(string, feedback)
    right = {choice.key for choice in feedback if choice.points > 0}
    is_right = right == {choice.key for choice in choices}
    return Outcome(question.points_possible if is_right else Decimal(0), choices)


def values(string: str, question: Question) -> list[str]:
    """Return the keys of the choices that a stored answer took."""
    return keys_of(string) if question.is_multiple else [string]


def can_grade(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    """Whether all choices that a stored answer took still exist."""
    return {choice.key for choice in feedback}.issuperset(values(string, question))


def reply(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    """Return the feedback of all choices taken, or of the only one."""
    if question.is_multiple:
        return Outcome(None, taken(string, choices)).html
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
