"""A few notes of each kind in the demo's book, so that no list is empty."""

from dataclasses import dataclass

from accounts.models import User
from annotations import page_texts, writing
from annotations.drafts import Draft, Selector
from annotations.models import Annotation
from books.models import Page
from grading.models import Course

Audience, Motivation = Annotation.Audience, Annotation.Motivation


@dataclass(frozen=True)
class Demo:
    """A note by the demo account `who` on the passage `words` of the page at `url`."""

    who: str
    url: str
    words: str
    body: str = ""
    audience: str = Audience.PRIVATE
    motivation: str = Motivation.COMMENTING
    problem: str = ""
    reply: str = ""  # by the instructor


NOTES = (
    Demo(
        "student", "authors/first-book", "Any Sphinx book will do, with any theme.",
        "Ours is in *furo*: try it with that one first.",
    ),
    Demo(
        "student", "authors/first-book", "without the server", motivation=Motivation.HIGHLIGHTING
    ),
    Demo(
        "student", "authors/first-book", "into the environment that has Sphinx",
        "Is that the same environment as on the server?", Audience.INSTRUCTORS,
        Motivation.QUESTIONING, reply="No: it is the one on **your** computer.",
    ),
    Demo(
        "instructor", "authors/first-book", "Three steps make it a Book Binder book.",
        "Do these three before our second meeting.", Audience.COURSE,
    ),
    Demo(
        "student", "authors/first-book", "It brings the extension alone",
        "How large is it? I would like to read that here.", Audience.AUTHORS, Motivation.EDITING,
        problem="unclear",
    ),
)  # fmt: skip


def make(users: dict[str, User], course: Course) -> None:
    """Save the notes, except those whose page or passage is not in the book."""
    for demo in NOTES:
        page = Page.objects.filter(book=course.book, url=demo.url).first()
        text = page_texts.of(page) if page else None
        start = text.text.find(demo.words) if text else -1
        if page is None or start < 0:
            continue
        is_shared = demo.audience in (Audience.INSTRUCTORS, Audience.COURSE)
        draft = Draft(
            demo.motivation,
            demo.body,
            demo.audience,
            course.pk if is_shared else None,
            problem=demo.problem,
            selector=Selector(demo.words, start, start + len(demo.words)),
        )
        note, _made = writing.create(users[demo.who], page, draft)
        if demo.reply:
            writing.reply(users["instructor"], note, Draft(Motivation.REPLYING, demo.reply))
