"""Random editions: the database mirrors each, no answer goes unannounced, notes keep their words."""

import itertools
from uuid import UUID

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import noting
from bookbinder.tests.support.random_editions import Edition
from bookbinder.tests.support.seeds import seeds
from books.models import Book, Feedback, Page, Question
from books.releases import folders
from books.releases.folders import Staged
from books.sources import page_ids
from books.sync import pipeline, snapshot
from books.sync.apply import apply
from books.sync.plan import Plan
from books.sync.planning.make_plan import make_plan
from conftest import enroll, make_answer, make_course, make_user
from grading.models import Answer

pytestmark = pytest.mark.slow

numbers = itertools.count()


def plan_of(manifest: m.Manifest) -> Plan:
    ids = {page.page_id for page in manifest.pages() if page.page_id}
    return make_plan([manifest], snapshot.take({"random"}, ids), page_ids.random_ids())


def bring_in(edition: Edition) -> Plan:
    manifest = edition.manifest()
    plan = plan_of(manifest)
    staged = Staged("random", folders.releases_folder("random") / f"staged-{next(numbers)}")
    folder = folders.html_folder("random", staged.release)
    edition.write(folder)
    effects = pipeline.compute_effects(
        plan, snapshot.take({"random"}), [pipeline.Build(manifest, folder)]
    )
    if not plan.is_empty:
        apply(plan, effects, [staged] if plan.releases else [], summary="")
    return plan


def told(manifest: m.Manifest) -> list[object]:
    return [
        (page.url, position, [
            (question.label, index, [
                (item.key, item.answer, item.text, number)
                for number, item in enumerate(question.feedback)
            ])
            for index, question in enumerate(page.questions)
        ])
        for position, page in enumerate(manifest.pages())
    ]  # fmt: skip


def stored() -> list[object]:
    return [
        (page.url, page.position, [
            (question.label, question.index, [
                (item.key, item.answer, item.text, item.index)
                for item in Feedback.objects.filter(question=question).order_by("index", "pk")
            ])
            for question in Question.objects.filter(page=page).order_by("index")
        ])
        for page in Page.objects.filter(book__project="random").order_by("position")
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("seed", seeds(40))
def test_each_edition_is_mirrored_and_people_lose_only_what_was_announced(seed, data_dir):
    edition = Edition(seed)
    bring_in(edition)
    noted: dict[UUID, str] = {}
    enrollment = enroll(make_user("sam"), make_course(Book.objects.get()))
    for _edition in range(6):
        for question in Question.objects.filter(answers=None):
            make_answer(enrollment, question, f"of {question.pk}")
        before = dict(Answer.objects.values_list("question", "string"))
        for page in Page.objects.select_related("book__release"):
            uuid = noting.write(edition.chance, enrollment.user, page)
            noted[uuid] = f"Note {uuid}"
        notes = noting.held()
        edition.change()
        manifest = edition.manifest()
        plan = bring_in(edition)
        noting.check(noted, notes, noting.held(), moves=not plan.is_empty)
        assert stored() == told(manifest)
        assert plan_of(manifest).is_empty
        assert not Page.objects.filter(source_id__startswith="//").exists()
        after = dict(Answer.objects.values_list("question", "string"))
        assert before.keys() - after.keys() == {loss.question_id for loss in plan.losses}
        assert all(before[pk] == string for pk, string in after.items())
