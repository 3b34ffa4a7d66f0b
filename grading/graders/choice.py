"""One choice, by its key; or several, of which only exactly the right set earns points."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from books.models import Feedback, Question
from grading.graders.base import AnswerError, Grader, Outcome


def read(answer: object, question: Question, feedback: Sequence[Feedback]) -> str:
    """Return the key, or the JSON of several keys. Raises AnswerError if they are not valid."""
    if question.is_multiple:
        return _read_several(answer, feedback)
    if not isinstance(answer, str):
        raise AnswerError(_("The answer to this question must be the key of one choice."))
    if not answer:
        raise AnswerError(_("The answer is empty."))
    _check_keys([answer], feedback)
    return answer


def _read_several(answer: object, feedback: Sequence[Feedback]) -> str:
    """Return the JSON of the keys. `answer` is a list of keys, or the JSON of such a list."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except (ValueError, RecursionError):
            answer = None
    if not isinstance(answer, list) or not all(isinstance(key, str) for key in answer):
        raise AnswerError(_("The answer to this question must be a list of keys of choices."))
    if not answer:
        raise AnswerError(_("The answer is empty."))
    _check_keys(answer, feedback)
    return json.dumps(sorted(set(answer)))


def _check_keys(keys: Sequence[str], feedback: Sequence[Feedback]) -> None:
    known = {choice.key for choice in feedback if choice.key}
    if not known.issuperset(keys):
        raise AnswerError(_("The question has no such choice. Reload the page."))


def taken(string: str, feedback: Sequence[Feedback]) -> tuple[Feedback, ...]:
    """Return the choices in a stored answer, in the author's order."""
    keys = keys_of(string)
    return tuple(choice for choice in feedback if choice.key in keys)


def keys_of(string: str) -> list[str]:
    """Return the keys in a stored answer: those in a JSON list, or else the only one.

    The question may have accepted either one choice or several when the answer was given.
    """
    try:
        keys = json.loads(string)
    except (ValueError, RecursionError):  # no JSON, or JSON of thousands of lists in lists
        return [string]
    is_list = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    return keys if is_list else [string]


def with_keys(string: str, question: Question, keys: Mapping[str, str]) -> str:
    """Return a stored answer with new keys of choices. `keys` maps old keys to new ones."""
    if not keys:
        return string
    taken = keys_of(string)
    if taken == [string]:
        return keys.get(string, string)
    # A list, even if the question no longer accepts several choices.
    return json.dumps(sorted({keys.get(key, key) for key in taken}))


def in_words(string: str, question: Question, choices: Sequence[Feedback]) -> str:
    """Return a stored answer for display, with the texts of choices instead of their keys."""
    keys = values(string, question)
    texts = {choice.key: choice.answer for choice in choices}
    return "; ".join(texts.get(key, key) for key in keys)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    """Return the outcome: the choice's points or, for several, all points if the set is right."""
    if not question.is_multiple:
        chosen = next(choice for choice in feedback if choice.key == string)
        return Outcome(chosen.points, (chosen,))
    choices = taken(string, feedback)
    right = {choice.key for choice in feedback if choice.points > 0}
    is_right = right == {choice.key for choice in choices}
    return Outcome(question.points_possible if is_right else Decimal(0), choices)


def values(string: str, question: Question) -> list[str]:
    """Return the keys of the choices in a stored answer."""
    return keys_of(string) if question.is_multiple else [string]


def can_grade(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    """Return whether all choices in a stored answer still exist."""
    return {choice.key for choice in feedback}.issuperset(values(string, question))


def reply(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    """Return the HTML of the feedback on all choices in the answer, or None if there is none."""
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
