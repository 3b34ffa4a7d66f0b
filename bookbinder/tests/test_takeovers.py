"""Ways into what is somebody else's, each tried once by a reviewer and closed since."""

import io
import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts import proven_addresses, sign_in_providers
from accounts.models import User
from bookbinder.tests.support.admin_pages import change_form, changelist, course_data, text_of
from bookbinder.tests.support.rosters import confirm, roster, upload
from bookbinder.tests.support.signing_in import PERSON, SECRET, SIGNUP, code, go, is_in, sign_up
from conftest import PASSWORD, enroll, make_course
from grading.models import Answer, Instructor, Interactive, Invitation

BOSS = "boss@example.org"
NEW = "another horse battery"
UNMAILABLE = f"a@{'ü' * 60}.example"


@pytest.fixture(autouse=True)
def forget_tries():
    cache.clear()


def verified(user):
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def test_the_admins_login_signs_nobody_in(as_user, ines, root, settings):
    settings.BOOKBINDER_STAFF_2FA = True
    for user in (ines, root):
        TOTP.activate(user, SECRET)
    client = as_user(ines)
    client.post("/admin/login/", {"username": root.email, "password": PASSWORD, "next": "/admin/"})
    assert client.get(changelist(User)).status_code == 403
    assert client.get("/admin/login/?next=//evil.example").url == "/admin/"
    assert client.get("/admin/login/?next=/admin/grading/course/").url == "/admin/grading/course/"


def test_an_author_who_teaches_elsewhere_dismisses_nobody(as_user, ada, ines, course, book):
    Instructor.objects.create(course=make_course(book, "Adas own"), user=verified(ada))
    row = Instructor.objects.get(course=course, user=ines)
    dismissed = {"instructors-TOTAL_FORMS": 1, "instructors-INITIAL_FORMS": 1,
                 "instructors-0-id": row.pk, "instructors-0-course": course.pk,
                 "instructors-0-DELETE": "on"}  # fmt: skip
    mine = {"invitations-TOTAL_FORMS": 1, "invitations-0-email": ada.email}
    client = as_user(ada)
    for form in (dismissed, mine):
        client.post(change_form(course), course_data(course, price="", **form))
    assert [one.user for one in course.instructors.all()] == [ines]
    assert not Answer.objects.filter(enrollment__course=course).exists()


def test_an_author_appoints_one_who_appoints_the_others(as_user, ada, course):
    two = {"invitations-TOTAL_FORMS": 2, "invitations-0-email": "ines@example.org",
           "invitations-1-email": ada.email}  # fmt: skip
    page = as_user(verified(ada)).post(change_form(course), course_data(course, price="", **two))
    assert "Appoint one instructor" in text_of(page)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("origin", ["paid", "test"])
def test_saving_a_place_changes_nothing_of_it(as_user, ines, eve, course, origin):
    enrollment = enroll(eve if origin == "paid" else ines, course, origin=origin)
    as_user(ines).post(change_form(enrollment), {})
    enrollment.refresh_from_db()
    assert enrollment.origin == origin


def wait_for(client, uni, email=BOSS):
    """A stranger signs up at an untrusted provider with somebody else's address."""
    uni.person = PERSON | {"sub": "stranger", "email": email}
    go(client, uni)
    sign_up(client, email=email)
    assert not is_in(client) and SocialAccount.objects.count() == 1
    cache.clear()


def owner_resets() -> Client:
    owner = Client()
    owner.post("/accounts/password/reset/", {"email": BOSS})
    link = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert link
    path = owner.get(link[1], follow=True).redirect_chain[-1][0]
    owner.post(path, {"password1": NEW, "password2": NEW})
    owner.post("/accounts/login/", {"login": BOSS, "password": NEW})
    link = re.search(r"http://testserver(\S+confirm-email\S+)", str(mail.outbox[-1].body))
    assert link
    owner.post(link[1])
    owner.post("/accounts/login/", {"login": BOSS, "password": NEW})
    return owner


@pytest.mark.parametrize("way", ["make_user", "confirmed by hand", "reset"])
def test_who_waits_in_an_account_is_out_when_its_owner_comes(client, uni, way):
    wait_for(client, uni)
    if way == "make_user":
        proven_addresses.make(BOSS, kind="admin", first_name="B", last_name="B")
    elif way == "confirmed by hand":
        proven_addresses.confirm(User.objects.get(email=BOSS))
    else:
        assert is_in(owner_resets())
    stranger = Client()
    go(stranger, uni)
    assert not is_in(stranger)
    assert not SocialAccount.objects.exists()


def test_a_trusted_provider_brings_the_owner_and_drops_the_stranger(client, uni, settings):
    wait_for(client, uni)
    settings.BOOKBINDER_TRUSTED_PROVIDERS = ["uni"]
    uni.person = PERSON | {"sub": "owner", "email": BOSS}
    go(Client(), uni)
    assert list(SocialAccount.objects.values_list("uid", flat=True)) == ["owner"]


@pytest.mark.parametrize("step", ["policy", "second factor"])
def test_a_sign_in_half_done_ends_when_the_password_changes(client, eve, step):
    verified(eve)
    if step == "policy":
        User.objects.update(policy_version="0")
    else:
        TOTP.activate(eve, SECRET)
    client.post("/accounts/login/", {"login": eve.email, "password": PASSWORD})
    user = User.objects.get(pk=eve.pk)
    user.set_password(NEW)
    user.save()
    client.post("/accounts/policy/", {"agree": "on"})
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert not is_in(client)


def test_an_account_that_goes_while_it_signs_in_is_no_error(client, eve):
    verified(eve)
    User.objects.update(policy_version="0")
    client.post("/accounts/login/", {"login": eve.email, "password": PASSWORD})
    eve.delete()
    assert client.post("/accounts/policy/", {"agree": "on"}).url == "/accounts/login/"


def test_signing_up_and_in_again_tells_nothing(client, eve):
    verified(eve)
    seen = []
    for email in (eve.email, "nobody@example.org"):
        visitor = Client()
        visitor.post("/accounts/signup/", SIGNUP | {"email": email, "password1": NEW})
        page = visitor.post("/accounts/login/", {"login": email, "password": NEW})
        text = re.sub(r'value="[^"]{30,}"', "", page.content.decode()).replace(email, "X")
        seen.append((page.status_code, text))
    assert seen[0] == seen[1]


def test_who_has_not_confirmed_gets_the_letter_again(client, db):
    client.post("/accounts/signup/", SIGNUP)
    cache.clear()
    page = Client().post("/accounts/login/", {"login": SIGNUP["email"], "password": PASSWORD})
    assert "look for our e-mail" in page.content.decode()
    assert len(mail.outbox) == 2 and "confirm-email" in mail.outbox[-1].body


def test_an_admin_may_write_an_address_in_capitals(as_user, root, eve):
    verified(eve)
    data = {"email": "Eva@Example.org", "username": eve.username, "first_name": "Eva",
            "last_name": "Tester", "type": "user", "is_active": "on"}  # fmt: skip
    as_user(root).post(change_form(eve), data)
    visitor = Client()
    visitor.post("/accounts/login/", {"login": "Eva@Example.org", "password": PASSWORD})
    assert is_in(visitor)


@pytest.mark.parametrize("name", ["Hello!\n\nYou have won", "https://evil.example", "a@b.example"])
def test_no_stranger_writes_our_letters(client, db, name):
    client.post("/accounts/signup/", SIGNUP | {"first_name": name})
    assert not User.objects.exists() and not mail.outbox


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/"])
def test_an_address_that_no_letter_reaches_is_refused(client, db, path):
    page = client.post(path, SIGNUP | {"email": UNMAILABLE})
    assert "Enter a valid email address." in page.content.decode()
    assert not User.objects.exists()


def test_a_roster_names_an_address_that_no_letter_reaches(as_user, ines, course):
    page = upload(as_user(ines), course, roster(f"email\nb@example.org\n{UNMAILABLE}\n"))
    assert "This is not a valid e-mail address." in text_of(page)


def test_a_file_that_only_looks_like_a_spreadsheet_is_refused(as_user, ines, course):
    end = b"PK\x05\x06" + b"\0" * 4 + b"\x01\0\x01\0" + (46).to_bytes(4, "little") + bytes(6)
    page = upload(as_user(ines), course, roster(b"x" * 46 + end, "r.xlsx"), "1")
    assert "This file cannot be read." in text_of(page)


def test_a_small_file_that_says_it_is_huge_costs_little(as_user, ines, course):
    wide = "email" + "," * 100_000 + "\n" + "a@example.org\n" * 2_000
    assert "Also in row 2." in text_of(upload(as_user(ines), course, roster(wide)))


@pytest.mark.parametrize(
    "over",
    [{"format": "x"}, {"format": "7"}, {"format": "-9"}, {"format": "1"}, {"resource": "9"},
     {"import_file_name": "gone"}, {"import_file_name": "gone", "format": "1"}],
)  # fmt: skip
def test_an_odd_confirmation_of_a_roster_invites_nobody(as_user, ines, course, over):
    client = as_user(ines)
    page = upload(client, course, roster("email\na@example.org\n"))
    data = dict(page.context["confirm_form"].initial) | over
    response = client.post("/admin/grading/invitation/process_import/", data)
    assert response.status_code == 200
    assert not Invitation.objects.exists()


def test_a_roster_that_is_confirmed_twice_invites_once(as_user, ines, course):
    client = as_user(ines)
    page = upload(client, course, roster("email\na@example.org\n"))
    confirm(client, page)
    confirm(client, page)
    assert Invitation.objects.count() == 1 and len(mail.outbox) == 1


def test_a_question_is_switched_once(as_user, ines, course, adding):
    client = as_user(ines)
    once = {"interactives-2-TOTAL_FORMS": 1, "interactives-2-0-question": adding.pk}
    twice = {"interactives-2-TOTAL_FORMS": 2, "interactives-2-0-question": adding.pk,
             "interactives-2-1-question": adding.pk}  # fmt: skip
    assert "is listed twice" in text_of(
        client.post(change_form(course), course_data(course, **twice))
    )
    client.post(change_form(course), course_data(course, **once))
    page = client.post(change_form(course), course_data(course, **once))
    assert "is already listed above" in text_of(page)
    assert Interactive.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [f"enrollment__exact={'9' * 40}", "answered_at__gte=0001-01-01+00:00:00%2B14:00",
     f"q={'a+' * 2000}"],
)  # fmt: skip
def test_an_odd_list_is_no_error_of_ours(as_user, ines, course, query):
    assert as_user(ines).get(f"{changelist(Answer)}?{query}").status_code in (200, 302, 400)


def test_an_odd_form_of_a_course_is_no_error_of_ours(as_user, ines, course):
    odd = {"interactives-2-TOTAL_FORMS": 1, "interactives-2-0-question": "9" * 40}
    response = as_user(ines).post(change_form(course), course_data(course, **odd))
    assert response.status_code in (200, 400)


@pytest.mark.parametrize("credential", ['{"id":"x"}', "[" * 100_000, "null", '"x"', "{}"])
def test_an_odd_key_is_no_error_of_ours(client, db, credential):
    response = client.post("/accounts/2fa/webauthn/login/", {"credential": credential})
    assert response.status_code in (200, 302)
    assert not is_in(client)


def test_two_providers_share_no_id():
    import environ

    env = environ.Env()
    base = {"OIDC_A_URL": "https://a", "OIDC_B_URL": "https://b", "OIDC_A_SECRET": "s",
            "OIDC_B_SECRET": "s", "OIDC_A_CLIENT_ID": "same", "OIDC_B_CLIENT_ID": "same",
            "OIDC_PROVIDERS": "a,b"}  # fmt: skip
    env.ENVIRON = base
    with pytest.raises(ImproperlyConfigured, match="must be unique"):
        sign_in_providers.configured(env)
    env.ENVIRON = base | {"OIDC_B_CLIENT_ID": "other"}
    assert len(sign_in_providers.configured(env)["openid_connect"]["APPS"]) == 2


def test_a_spreadsheet_that_says_it_is_huge_costs_little(as_user, ines, course):
    from openpyxl import Workbook

    book, file = Workbook(), io.BytesIO()
    book.active["A1"], book.active["A20000"] = "email", "a@example.org"
    book.save(file)
    page = upload(as_user(ines), course, roster(file.getvalue(), "r.xlsx"), "1")
    assert page.status_code == 200 and not Invitation.objects.exists()
