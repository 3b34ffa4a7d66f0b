"""Drafts, which are notes as people submit them, and the checks that need no database."""

from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from annotations.errors import Invalid, TooLong
from annotations.models import Annotation

BODY_BYTES = 10_000
QUOTE_LENGTH = 5_000  # code points
TAGS, TAG_LENGTH = 10, 40
Audience = Annotation.Audience
Motivation = Annotation.Motivation
Problem = Annotation.Problem


@dataclass(frozen=True)
class Selector:
    """A passage as a browser sends it.

    `start` and `end` count code points of the page's canonical text; -1 if they were not sent.
    """

    exact: str
    start: int
    end: int
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class Draft:
    """A note to be created, or the new contents of a note.

    `fragment` is the HTML id of a figure or question. Without it and without `selector`, the note
    is on the whole page.
    """

    motivation: str
    body: str = ""
    audience: str = Audience.PRIVATE
    course_id: int | None = None
    anonymous: bool = False
    problem: str = ""
    tags: tuple[str, ...] = ()
    selector: Selector | None = None
    fragment: str = ""
    uuid: UUID | None = field(default=None, compare=False)

    @property
    def is_report(self) -> bool:
        """Whether this is a problem report to the book's authors."""
        return self.audience == Audience.AUTHORS and self.motivation != Motivation.REPLYING

    @property
    def kind(self) -> str:
        """The motivation to store: a highlight with a text is stored as a note."""
        if self.is_report:
            return Motivation.EDITING
        is_note = self.motivation == Motivation.HIGHLIGHTING and self.body.strip()
        return Motivation.COMMENTING if is_note else self.motivation


def check(draft: Draft) -> None:
    """Raise Invalid or TooLong if a draft cannot be stored, whoever wrote it."""
    if len(draft.body.encode("utf-8", "surrogatepass")) > BODY_BYTES:
        raise TooLong(_("A note has at most %(n)d bytes. Shorten it.") % {"n": BODY_BYTES})
    if draft.selector and len(draft.selector.exact) > QUOTE_LENGTH:
        raise TooLong(
            _("A passage has at most %(n)d characters. Select less.") % {"n": QUOTE_LENGTH}
        )
    _check_text(draft)
    _check_tags(draft.tags)
    if draft.motivation == Motivation.EDITING and not draft.is_report:
        raise Invalid(_("A problem report goes to the book's authors."))
    if draft.is_report and draft.problem not in Problem.values[1:]:
        raise Invalid(_("Say what kind of problem it is."))
    if draft.anonymous and draft.audience != Audience.COURSE:
        raise Invalid(_("Only a note to the whole course can be anonymous to classmates."))


def _check_text(draft: Draft) -> None:
    texts = (draft.body, draft.fragment, draft.selector.exact if draft.selector else "")
    if any("\0" in text or _has_surrogate(text) for text in texts):
        raise Invalid(_("The text has characters that cannot be kept."))
    if not draft.body.strip() and draft.motivation != Motivation.HIGHLIGHTING:
        raise Invalid(_("Write something first."))
    if draft.motivation == Motivation.HIGHLIGHTING and not draft.selector:
        raise Invalid(_("Select what to highlight first."))


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _check_tags(tags: tuple[str, ...]) -> None:
    if len(tags) > TAGS:
        raise Invalid(_("A note has at most %(n)d tags.") % {"n": TAGS})
    for tag in tags:
        if not tag.strip() or len(tag) > TAG_LENGTH or "\0" in tag or _has_surrogate(tag):
            raise Invalid(_("A tag has 1 to %(n)d characters.") % {"n": TAG_LENGTH})


def tidied(tags: tuple[str, ...]) -> list[str]:
    """Return each tag once, without white space around it, in the order given."""
    return list(dict.fromkeys(tag.strip() for tag in tags))
