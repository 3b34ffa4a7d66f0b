import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import access
from accounts.models import User
from books.models import Book, Page
from conftest import enroll, make_book, make_course, make_page, make_user


def readable(user) -> set[str]:
    return {page.title for page in Page.objects.visible_to(user)}


@pytest.fixture
def pages(page, book):
    """One protected page, one public, and one of another book that must not show."""
    make_page(book, "front", title="Front", access="public", index=2)
    other = make_book("other")
    make_page(other, "secret", title="Secret")
    return other


def test_anyone_reads_public_pages_alone(pages):
    assert readable(AnonymousUser()) == {"Front"}


def test_a_stranger_reads_public_pages_alone(pages, eve):
    assert readable(eve) == {"Front"}


def test_a_student_reads_the_book_of_the_course(pages, sam):
    assert readable(sam) == {"Front", "Numbers"}


def test_a_student_whose_place_has_ended_reads_public_pages_alone(pages, enrollment):
    enrollment.status = "ended"
    enrollment.save()
    assert readable(enrollment.user) == {"Front"}


def test_an_instructor_reads_the_book_of_the_course(pages, ines):
    assert readable(ines) == {"Front", "Numbers"}


def test_an_author_of_the_book_reads_it(pages, ada):
    assert readable(ada) == {"Front", "Numbers"}


@pytest.mark.parametrize("name", ["sam", "ines"])
def test_pages_outside_every_book_are_for_the_members_of_its_project(pages, name, request):
    front = make_book("tiny2", url="", project="tiny")
    make_page(front, "about", title="About")
    make_page(make_book("far", url=""), "about", title="Far away")
    assert readable(request.getfixturevalue(name)) == {"Front", "Numbers", "About"}


def test_who_has_the_type_author_reads_every_book(pages, db):
    assert readable(make_user("olga", type="author")) == {"Front", "Numbers", "Secret"}


def test_an_admin_reads_everything(pages, root):
    assert readable(root) == {"Front", "Numbers", "Secret"}


def test_an_inactive_admin_has_no_rights(pages, root):
    root.is_active = False
    assert readable(root) == {"Front"}
    assert not root.has_perm("books.change_book")


def test_a_permission_nobody_declared_is_refused(sam, ines, ada):
    for user in (sam, ines, ada):
        assert not user.has_perm("books.burn_book")


def test_a_permission_about_another_kind_of_thing_is_a_mistake_in_the_code(ada, page):
    with pytest.raises(TypeError, match="is about Book, not Page"):
        ada.has_perm("books.change_book", page)


def test_without_an_object_a_right_means_at_least_one(ada, eve):
    assert ada.has_perm("books.change_book")
    assert not eve.has_perm("books.change_book")


def test_rights_do_not_reach_another_book(ada, pages):
    assert ada.has_perm("books.change_book", Book.objects.get(project="tiny"))
    assert not ada.has_perm("books.change_book", pages)


@pytest.mark.parametrize(
    ("name", "enters"),
    [("ada", True), ("ines", True), ("root", True), ("sam", False), ("eve", False)],
)
def test_who_enters_the_admin(name, enters, request):
    assert request.getfixturevalue(name).is_staff is enters


def test_no_row_comes_out_twice_for_who_has_two_rights(book, page, ines, course):
    enroll(ines, course, origin="test")
    enroll(ines, make_course(book, "Spring"))
    assert Page.objects.visible_to(ines).count() == 1


APPS = ("accounts", "annotations", "books", "grading")


def test_every_permission_has_a_rule_and_a_model():
    for name, model in access.permissions().items():
        app, _, code = name.partition(".")
        assert app in APPS
        assert "_" in code
        assert model._meta.app_label in APPS


def test_the_user_name_is_filled_from_the_email(db):
    first = User.objects.create_user("Max@Example.org", "x", first_name="M", last_name="M")
    second = User.objects.create_user("max@example.com", "x", first_name="M", last_name="M")
    assert first.email == "max@example.org"
    assert first.username != second.username
