"""A book as its author changes it at random."""

import hashlib
import random

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import make_feedback, make_page, make_question

WORDS = [
    "sun",
    "moon",
    "fox",
    "owl",
    "river",
    "lake",
    "sea",
    "tide",
    "harbour",
    "ferry",
    "bridge",
    "salmon",
    "herring",
    "tar",
]
CHANGES = [
    "rename",
    "swap_urls",
    "drop",
    "add",
    "rewrite",
    "reorder",
    "move",
    "relabel",
    "swap_labels",
    "change_feedback",
]


class Edition:
    """A book as its author changes it at random; labels, urls and keys are reused on purpose."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.texts = 0
        # A page's sentences by its fingerprint.
        self.bodies: dict[str, list[str]] = {}
        self.pages = [self.new_page(f"p{n}") for n in range(4)]

    def fresh(self) -> str:
        self.texts += 1
        return f"{self.texts:064x}"

    def sentence(self) -> str:
        words = self.chance.sample(WORDS, 4)
        return f"Law {self.fresh().lstrip('0')} tells the {', the '.join(words)} what to do."

    def some_body(self) -> str:
        name = self.fresh()
        self.bodies[name] = [self.sentence() for _n in range(6)]
        return name

    def rewritten(self, name: str) -> str:
        """Change a word, drop a sentence, and put a new one somewhere."""
        body = list(self.bodies[name])
        body[0] = body[0].replace(" what to do", self.chance.choice([" whom to ask", ""]))
        del body[self.chance.randrange(len(body))]
        body.insert(self.chance.randrange(len(body)), self.sentence())
        new = self.fresh()
        self.bodies[new] = body
        return new

    def html(self, page: m.Page) -> bytes:
        body = "".join(f"<p>{one}</p>" for one in self.bodies[page.fingerprint])
        return f'<html><head></head><body><div class="body">{body}</div></body></html>'.encode()

    def new_feedback(self, number: int) -> m.Feedback:
        key = self.chance.choice([None, f"k{number}"])
        return make_feedback(key=key, answer=f"a{number}", text=self.chance.choice("xyz"))

    def new_question(self, label: str) -> m.Question:
        items = tuple(self.new_feedback(n) for n in range(self.chance.randint(0, 3)))
        return make_question(label=label, fingerprint=self.fresh(), feedback=items)

    def new_page(self, url: str) -> m.Page:
        count = self.chance.randint(0, 3)
        questions = tuple(self.new_question(f"q{n}") for n in range(count))
        return make_page(url, fingerprint=self.some_body(), questions=questions)

    def change(self) -> None:
        for _change in range(self.chance.randint(1, 4)):
            getattr(self, self.chance.choice(CHANGES))()
        # A name stands once in an edition: the extension sees to that.
        self.pages = list({page.url: page for page in self.pages}.values())
        self.pages = [self.with_names_once(page) for page in self.pages]

    def with_names_once(self, page: m.Page) -> m.Page:
        questions = {one.label: one for one in page.questions}.values()
        return page._replace(questions=tuple(map(self.with_keys_once, questions)))

    def with_keys_once(self, question: m.Question) -> m.Question:
        items, keys = [], set()
        for item in question.feedback:
            if item.key is None or item.key not in keys:
                items.append(item)
                keys.add(item.key)
        return question._replace(feedback=tuple(items))

    def any_page(self) -> int:
        return self.chance.randrange(len(self.pages))

    def rename(self) -> None:
        number = self.any_page()
        url = f"p{self.chance.randrange(8)}"
        self.pages[number] = self.pages[number]._replace(url=url, docname=url)

    def swap_urls(self) -> None:
        one, two = self.any_page(), self.any_page()
        first, second = self.pages[one], self.pages[two]
        self.pages[one] = first._replace(url=second.url, docname=second.url)
        self.pages[two] = second._replace(url=first.url, docname=first.url)

    def drop(self) -> None:
        if len(self.pages) > 2:
            del self.pages[self.any_page()]

    def add(self) -> None:
        self.pages.append(self.new_page(f"p{self.chance.randrange(8)}"))

    def rewrite(self) -> None:
        number = self.any_page()
        name = self.rewritten(self.pages[number].fingerprint)
        self.pages[number] = self.pages[number]._replace(fingerprint=name)

    def reorder(self) -> None:
        self.chance.shuffle(self.pages)

    def edit(self, change) -> None:
        number = self.any_page()
        questions = list(self.pages[number].questions)
        if questions:
            change(questions)
            self.pages[number] = self.pages[number]._replace(questions=tuple(questions))

    def move(self) -> None:
        moved: list[m.Question] = []
        self.edit(lambda questions: moved.append(questions.pop()))
        self.edit(lambda questions: questions.extend(moved))

    def relabel(self) -> None:
        def change(questions):
            questions[0] = questions[0]._replace(label=f"q{self.chance.randrange(6)}")

        self.edit(change)

    def swap_labels(self) -> None:
        def change(questions):
            first, last = questions[0].label, questions[-1].label
            questions[0] = questions[0]._replace(label=last)
            questions[-1] = questions[-1]._replace(label=first)

        self.edit(change)

    def change_feedback(self) -> None:
        def change(questions):
            items = [self.new_feedback(self.chance.randrange(4)) for _n in range(3)]
            questions[0] = questions[0]._replace(feedback=tuple(items))

        self.edit(change)

    def manifest(self) -> m.Manifest:
        pages = (
            page._replace(sha256=hashlib.sha256(self.html(page)).hexdigest()) for page in self.pages
        )
        return m.Manifest("random", (m.Book("random", "Random", tuple(pages)),), {})

    def write(self, folder) -> None:
        for page in self.pages:
            file = folder / f"{page.docname}.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.html(page))
