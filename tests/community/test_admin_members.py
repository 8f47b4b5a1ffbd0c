"""Z4, P12: staff see a number, no address, list or note; and what they do is on record."""

import time

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from community.member_data import support
from community.models import Consent, Event, Member
from tests.community.account_steps import sign_in
from tests.factories import (
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    make_live,
    make_staff,
)
from tests.mail_checks import REVEALING

pytestmark = pytest.mark.django_db

LIST = "/admin/community/member/"
FIND = f"{LIST}find/"
STEPS = ("way-in", "sign-out", "switch-off", "switch-on", "delete")


@pytest.fixture(autouse=True)
def _ledger(settings, tmp_path):
    settings.FORGOTTEN_DIR = tmp_path / "forgotten"


@pytest.fixture
def superuser():
    staff = make_staff("Editor")
    Member.objects.filter(pk=staff.pk).update(is_superuser=True)
    staff.refresh_from_db()
    return staff


@pytest.fixture
def desk(client, superuser):
    """A browser in which an administrator has just proved who they are."""
    client.force_login(superuser)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "totp", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(superuser.pk)
    session.save()
    return client


def page(member):
    return f"{LIST}{member.pk}/change/"


def step(member, name):
    return f"{LIST}{member.pk}/do/{name}/"


def recorded():
    return list(Event.objects.order_by("pk").values_list("action", "subject_key"))


# Z4


def with_canaries():
    """Return a member who holds a canary in everything."""
    member = MemberFactory(email="canary-address@example.org", display_name="CANARY-name")
    reading_list = ReadingListFactory(member=member, title="CANARY-title")
    SavedItemFactory(reading_list=reading_list, note="CANARY-note")
    Consent.objects.create(member=member, version="2026-11", given_at=timezone.now())
    sign_in(Client(HTTP_USER_AGENT="CANARY-agent"), member)
    return member


def every_page(objects):
    """Yield the address of every page of the desk: lists, forms, histories, its own pages."""
    yield from ("/admin/", FIND, "/admin/community/")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        rows = list(model._base_manager.all()[:5])
        rows += [row for row in objects if isinstance(row, model)]
        for row in rows:
            for what in ("change", "history", "delete"):
                try:
                    yield reverse(f"{name}_{what}", args=[row.pk])
                except NoReverseMatch:
                    continue


@pytest.mark.parametrize("role", ["Editor", "Reviewer", "Moderator", "superuser"])
def test_z4_no_page_of_the_desk_shows_what_is_a_members(client, superuser, role):
    member = with_canaries()
    make_live()
    SupportGroupFactory()
    staff = superuser if role == "superuser" else make_staff(role)
    client.force_login(staff)
    # What was done to the account is there, and must hold nothing either.
    support.look_up(superuser, member.email)
    support.send_way_in(superuser, member)

    seen = 0
    for address in every_page([member, staff]):
        response = client.get(address, follow=True)
        assert response.status_code in {200, 403, 404, 405}, address
        text = response.content.decode()
        assert "CANARY" not in text, address
        assert "canary" not in text, address
        seen += response.status_code == 200
    assert seen > 5
    for entry in LogEntry.objects.all():
        assert "canary" not in f"{entry.object_repr}{entry.change_message}".lower()
    for event in Event.objects.all():
        assert "canary" not in str(vars(event)).lower()


@pytest.mark.parametrize("role", ["Editor", "Reviewer", "Moderator"])
def test_z4_only_administrators_see_members(client, member, role):
    client.force_login(make_staff(role))

    for address in (LIST, page(member), FIND, *(step(member, name) for name in STEPS)):
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"email": member.email}).status_code == 403, address
    assert client.get("/admin/community/event/").status_code == 403
    assert not Event.objects.exists()


def test_lists_are_no_model_of_the_desk(desk):
    names = {model._meta.model_name for model in admin.site._registry}

    assert not names & {
        "readinglist", "saveditem", "consent", "emailaddress", "usersession", "authenticator",
        "session", "dataexport", "dbtaskresult",
    }  # fmt: skip


@pytest.mark.parametrize("q", ["email__contains=zzz", "q=zzz", "display_name=zzz"])
def test_list_does_not_tell_who_has_what_is_asked_for(desk, q):
    """It is not narrowed by what is private: it shows all, or refuses."""
    member = with_canaries()

    response = desk.get(f"{LIST}?{q}")

    assert response.status_code in {302, 400} or f">{member}<" in response.text


# P12


def test_p12_each_look_at_an_account_is_on_record_and_told_to_its_owner(desk, superuser, member):
    text = desk.get(page(member)).text

    (event,) = Event.objects.all()
    assert (event.action, event.subject_kind, event.subject_key) == (
        "member-seen",
        "member",
        str(member.pk),
    )
    assert event.actor == superuser
    assert "page of an account opened" in text
    assert member.email not in str(vars(event))


def test_p12_look_at_nobody_is_not_on_record(desk):
    assert desk.get(f"{LIST}999999/change/").status_code == 302

    assert not Event.objects.exists()


def test_change_of_roles_is_on_record(desk, member):
    role = Group.objects.get(name="Moderator")
    desk.post(page(member), {"groups": [role.pk]})

    event = Event.objects.get(action="member-roles")
    assert event.detail == "Moderator"
    assert member.groups.get() == role
    assert not LogEntry.objects.exists()


def test_z6_form_changes_nothing_but_roles(desk, member):
    desk.post(
        page(member),
        {"groups": [], "is_superuser": "on", "is_staff": "on", "email": "x@example.org", "id": 7},
    )

    member.refresh_from_db()
    assert not member.is_superuser
    assert not member.is_staff
    assert member.email != "x@example.org"


def test_record_is_to_be_read_only(desk, member):
    desk.get(page(member))
    event = Event.objects.get()

    text = desk.get("/admin/community/event/").text

    assert "page of an account opened" in text
    for what in ("delete", "change"):
        desk.post(f"/admin/community/event/{event.pk}/{what}/", {"post": "yes"})
    assert Event.objects.count() == 1


# Finding a number


def test_whole_address_leads_to_the_number(desk, member):
    response = desk.post(FIND, {"email": member.email.upper()})

    assert response.headers["Location"] == page(member)
    assert recorded() == [("address-looked-up", str(member.pk))]


@pytest.mark.parametrize("typed", ["person", "@example.org", "", "a@b", "x" * 300 + "@example.org"])
def test_less_than_an_address_finds_nothing_and_is_said_in_words(desk, member, typed):
    response = desk.post(FIND, {"email": typed})

    assert response.status_code == 200
    assert "It is not done yet" in response.text
    assert not Event.objects.exists()


def test_unknown_address_is_on_record_without_the_address(desk):
    text = desk.post(FIND, {"email": "nobody@example.org"}).text

    assert "No account has this address." in text
    assert recorded() == [("address-looked-up", "")]
    assert "nobody" not in str(vars(Event.objects.get()))


def test_21st_look_up_of_an_hour_is_refused(desk):
    for number in range(20):
        assert desk.post(FIND, {"email": f"nobody{number}@example.org"}).status_code == 200

    assert desk.post(FIND, {"email": "one-more@example.org"}).status_code == 429
    assert Event.objects.count() == 20


def test_address_is_never_in_an_address(desk, member):
    assert desk.get(f"{FIND}?email={member.email}").status_code == 200
    assert not Event.objects.exists()


# Steps


@pytest.mark.parametrize("name", STEPS)
def test_step_is_explained_and_opening_it_does_nothing(desk, member, name):
    before = list(Member.objects.values())

    response = desk.get(step(member, name))

    assert response.status_code == 200
    assert "It is put on record" in response.text
    assert list(Member.objects.values()) == before
    assert not mail.outbox


def test_way_in_is_mailed_discreetly_and_holds_no_code(desk, member):
    desk.post(step(member, "way-in"))

    (sent,) = mail.outbox
    assert sent.to == [member.email]
    assert sent.subject == "A note about your account"
    assert not REVEALING.search(sent.subject + sent.body)
    assert "/accounts/login/code/" in sent.body
    assert recorded() == [("member-mailed", str(member.pk))]


def test_way_in_is_not_mailed_to_an_address_that_nobody_confirmed(desk, member):
    EmailAddress.objects.filter(user=member).update(verified=False)

    text = desk.post(step(member, "way-in"), follow=True).text

    assert "Ask them to sign up again." in text
    assert not mail.outbox
    assert ("member-mailed", str(member.pk)) not in recorded()


def test_s5_member_is_signed_out_everywhere(desk, member):
    theirs = Client()
    sign_in(theirs, member)
    assert theirs.get("/account/").status_code == 200

    desk.post(step(member, "sign-out"))

    assert theirs.get("/account/").status_code == 302
    assert not UserSession.objects.filter(user=member).exists()
    assert recorded() == [("member-signed-out", str(member.pk))]


def test_z5_member_is_switched_off_and_on(desk, member):
    theirs = Client()
    sign_in(theirs, member)
    theirs.get("/account/")

    desk.post(step(member, "switch-off"))
    assert theirs.get("/account/").status_code == 302
    member.refresh_from_db()
    assert not member.is_active
    desk.post(step(member, "switch-on"))

    member.refresh_from_db()
    assert member.is_active
    assert [action for action, _key in recorded()] == ["member-switched-off", "member-switched-on"]


def test_deletion_on_request_wants_the_number_typed(desk, member):
    for typed in ("", "M", str(member.pk), f"M{member.pk}0"):
        text = desk.post(step(member, "delete"), {"typed": typed}).text
        assert "It is not done yet" in text
    assert Member.objects.filter(pk=member.pk).exists()

    response = desk.post(step(member, "delete"), {"typed": f" m{member.pk} "})

    assert response.headers["Location"] == LIST
    assert not Member.objects.filter(pk=member.pk).exists()
    assert recorded() == [("member-deleted", str(member.pk))]
    assert "has been deleted, as you asked" in mail.outbox[0].body


def test_deletion_on_request_asks_who_is_there(client, superuser, member):
    client.force_login(superuser)

    response = client.post(step(member, "delete"), {"typed": str(member)})

    assert response.status_code == 302
    assert Member.objects.filter(pk=member.pk).exists()


def test_own_account_is_left_to_its_own_page(desk, superuser):
    assert "Sign out everywhere…" not in desk.get(page(superuser)).text

    for name in ("sign-out", "switch-off"):
        text = desk.post(step(superuser, name), follow=True).text
        assert "This is your own account." in text
    desk.post(step(superuser, "delete"), {"typed": str(superuser)})

    superuser.refresh_from_db()
    assert superuser.is_active


def test_emptied_account_has_no_steps(desk):
    version = make_live()
    author = version.author
    desk.post(step(author, "delete"), {"typed": str(author)})
    author.refresh_from_db()
    assert author.emptied_on

    assert "Switch on…" not in desk.get(page(author)).text
    desk.post(step(author, "switch-on"))

    author.refresh_from_db()
    assert not author.is_active


@pytest.mark.parametrize("address", ["0/do/delete/", "-1/do/delete/", "9" * 30 + "/do/delete/",
                                     "1/do/nothing/", "\u0661/do/delete/"])  # fmt: skip
def test_b20_odd_numbers_are_not_found(desk, address):
    assert desk.get(f"{LIST}{address}").status_code in {302, 400, 403, 404}
    assert desk.post(f"{LIST}{address}").status_code in {302, 400, 403, 404}


def test_rules_hold_without_the_desk_too(editor, member):
    for do in (support.sign_out_everywhere, support.send_way_in, support.delete_on_request):
        with pytest.raises(PermissionDenied):
            do(editor, member)
    with pytest.raises(PermissionDenied):
        support.look_up(editor, member.email)
    assert Member.objects.filter(pk=member.pk).exists()


def test_nothing_is_done_that_cannot_be_put_on_record(superuser, member, monkeypatch):
    def fail(*args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(Event.objects, "create", fail)
    with pytest.raises(IntegrityError):
        support.delete_on_request(superuser, member)

    assert Member.objects.filter(pk=member.pk).exists()


def test_list_and_page_cost_as_many_queries_for_many(desk, django_assert_max_num_queries):
    members = [MemberFactory() for _number in range(30)]
    for member in members[:5]:
        support.write_down("member-seen", member, members[0])
    desk.get(LIST)

    with django_assert_max_num_queries(20):
        desk.get(LIST)
    with django_assert_max_num_queries(20):
        desk.get(page(members[0]))
    with django_assert_max_num_queries(16):
        desk.get("/admin/community/event/")
