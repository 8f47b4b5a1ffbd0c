"""How long somebody stays signed in, what ends it, and that it costs few writes (S3, S5, S6)."""

import time

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from community.accounts.devices import device_in_words
from community.accounts.sessions import CHOICES, LIMITS, Stay, stay_of
from tests.community.account_steps import code_in, sign_in
from tests.factories import PASSWORD, MemberFactory, make_staff

MORNING = "2026-11-22 10:00:00Z"


@pytest.fixture
def clock(time_machine):
    """A clock that stands still until it is moved by so many minutes."""
    time_machine.move_to(MORNING, tick=False)
    return lambda minutes: time_machine.shift(minutes * 60)


def is_signed_in(client, path="/account/"):
    return client.get(path).status_code == 200


def recovery_code(member):
    return member.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]


def sign_in_as_staff(client, editor, **extra):
    sign_in(client, editor, **extra)
    return client.post("/accounts/2fa/authenticate/", {"code": recovery_code(editor)})


# S6, time-outs


def test_member_stays_for_a_day_without_a_step(client, member, clock):
    sign_in(client, member)

    clock(23 * 60)
    assert is_signed_in(client)
    clock(23 * 60)
    assert is_signed_in(client)
    clock(24 * 60)

    assert not is_signed_in(client)


def test_member_stays_for_14_days_at_most(client, member, clock):
    sign_in(client, member)
    for _day in range(27):
        clock(12 * 60)
        assert is_signed_in(client)

    clock(12 * 60)

    assert not is_signed_in(client)


def test_kept_session_lasts_14_days_without_a_step(client, member, clock):
    sign_in(client, member, stay="kept")
    assert client.cookies["session"]["max-age"] == 14 * 24 * 3600

    clock(14 * 24 * 60 - 1)
    assert is_signed_in(client)
    clock(1)

    assert not is_signed_in(client)


def test_shared_computer_forgets_after_15_minutes_without_a_step(client, member, clock):
    sign_in(client, member, stay="shared")
    assert client.cookies["session"]["max-age"] == ""

    clock(14)
    assert is_signed_in(client)
    clock(14)
    assert is_signed_in(client)
    clock(15)

    assert not is_signed_in(client)


def test_shared_computer_forgets_after_12_hours_in_any_case(client, member, clock):
    sign_in(client, member, stay="shared")
    for _time in range(71):
        clock(10)
        assert is_signed_in(client)

    clock(10)

    assert not is_signed_in(client)


def test_staff_are_signed_out_after_30_minutes_without_a_step(client, editor, clock):
    sign_in_as_staff(client, editor)
    clock(29)
    assert is_signed_in(client, "/admin/")
    clock(29)
    assert is_signed_in(client, "/admin/")

    clock(30)

    assert client.get("/admin/").status_code == 302
    assert not is_signed_in(client)


def test_staff_are_signed_out_after_12_hours_in_any_case(client, editor, clock):
    sign_in_as_staff(client, editor)
    for _time in range(35):
        clock(20)
        assert is_signed_in(client, "/admin/")

    clock(20)

    assert client.get("/admin/").status_code == 302


def test_staff_cannot_choose_to_stay_longer(client, editor, clock):
    sign_in_as_staff(client, editor, stay="kept")
    assert is_signed_in(client)
    assert client.cookies["session"]["max-age"] == ""

    clock(31)

    assert not is_signed_in(client)


def test_staff_at_a_shared_computer_have_the_shorter_limit(client, editor, clock):
    sign_in_as_staff(client, editor, stay="shared")
    assert is_signed_in(client, "/admin/")

    clock(15)

    assert not is_signed_in(client, "/admin/")


def test_session_from_before_the_role_is_narrowed_at_the_desk(client, editor, clock):
    editor.is_staff = False
    editor.save()
    sign_in_as_staff(client, editor, stay="kept")
    type(editor).objects.filter(pk=editor.pk).update(is_staff=True)
    assert is_signed_in(client, "/admin/")
    assert stay_of(client.session) == Stay.STAFF

    clock(31)

    assert not is_signed_in(client)


@pytest.mark.parametrize("stay", CHOICES)
def test_choice_holds_for_a_sign_in_by_code(client, member, stay):
    client.post("/accounts/login/code/", {"email": member.email, "stay": stay})

    client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0])})

    assert stay_of(client.session) == stay


@pytest.mark.parametrize("stay", CHOICES)
def test_choice_holds_for_a_sign_up(client, db, stay):
    form = {
        "email": "new@example.org",
        "password1": "seven quiet herons wading",
        "is_old_enough": "on",
        "consents": "on",
        "stay": stay,
    }
    client.post("/accounts/signup/", form)

    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})

    assert stay_of(client.session) == stay


@pytest.mark.parametrize("stay", ["staff", "for ever", "-1", "٣", "9" * 30])
def test_nothing_else_can_be_chosen(client, member, stay):
    response = sign_in(client, member, stay=stay)

    assert 'href="#id_stay_0"' in response.text
    assert not is_signed_in(client)


def test_next_sign_in_begins_with_the_shortest_again(client, member):
    sign_in(client, member, stay="kept")
    client.post("/accounts/logout/")

    sign_in(client, member)

    assert stay_of(client.session) == Stay.DAY


def test_row_in_the_database_ends_with_the_session(client, member, clock):
    sign_in(client, member, stay="shared")
    row = Session.objects.get(session_key=client.session.session_key)

    assert row.expire_date.timestamp() == time.time() + 15 * 60


@pytest.mark.parametrize(("stay", "writes"), [("day", 0), ("kept", 0), ("shared", 8)])
def test_steps_write_few_rows(client, member, clock, stay, writes):
    sign_in(client, member, stay=stay)
    with CaptureQueriesContext(connection) as queries:
        for _step in range(60):
            clock(0.08)
            client.get("/help/")

    updates = [q for q in queries if q["sql"].startswith("UPDATE")]

    assert len(updates) == writes


def test_reader_who_is_not_signed_in_writes_no_session(client, db):
    client.cookies["session"] = "a" * 32

    client.get("/help/")

    assert not Session.objects.exists()


def test_session_of_nobody_is_over_with_the_browser_and_after_a_day(client, db, clock):
    client.post("/accounts/login/code/", {"email": "nobody@example.org"})

    row = Session.objects.get()
    assert client.cookies["session"]["max-age"] == ""
    assert row.expire_date.timestamp() == time.time() + 24 * 3600


def test_limits_are_what_the_house_promises():
    hours = {stay: (limits.idle / 3600, limits.in_all / 3600) for stay, limits in LIMITS.items()}

    assert hours == {"day": (24, 336), "kept": (336, 336), "shared": (0.25, 12), "staff": (0.5, 12)}


def test_clock_that_is_set_back_signs_nobody_out(client, member, clock):
    sign_in(client, member, stay="shared")

    clock(-60)

    assert is_signed_in(client)


# A8, what a page asks by itself


def test_page_learns_how_long_it_has_without_that_being_a_step(client, member, clock):
    sign_in(client, member, stay="shared")
    clock(10)
    assert client.get("/account/stay/").json()["seconds"] == 5 * 60
    clock(4)
    assert client.get("/account/stay/").json()["seconds"] == 60
    clock(1)

    assert client.get("/account/stay/").json() == {"seconds": 0, "token": ""}
    assert not is_signed_in(client)


def test_staying_begins_the_idle_time_anew(client, member, clock):
    sign_in(client, member, stay="shared")
    clock(14)

    answer = client.post("/account/stay/").json()

    assert answer["seconds"] == 15 * 60
    clock(14)
    assert is_signed_in(client)


def test_staying_does_not_move_the_limit_of_the_whole(client, member, clock):
    sign_in(client, member, stay="kept")
    clock(14 * 24 * 60 - 2)

    assert client.post("/account/stay/").json()["seconds"] == 120


def test_staying_needs_a_token(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    token = client.get("/account/stay/").json()["token"]

    assert client.post("/account/stay/").status_code == 403
    assert client.post("/account/stay/", {"csrfmiddlewaretoken": token}).status_code == 200


@pytest.mark.parametrize(
    ("stay", "words"), [("day", ""), ("shared", "for 15 minutes"), ("kept", "")]
)
def test_page_says_how_long_where_that_is_short(client, member, stay, words):
    sign_in(client, member, stay=stay)

    page = client.get("/account/").text

    assert words in page
    assert ("you are signed out" in page) == bool(words)
    assert ("data-shared" in page) == (stay == "shared")
    assert "data-session" in page


def test_desk_says_how_long(client, editor):
    client.force_login(editor)

    page = client.get("/admin/").text

    assert "for 30 minutes, and 12 hours" in page
    assert "data-session" in page


def test_public_page_says_nothing_of_it(client, member):
    sign_in(client, member, stay="shared")

    assert "data-session" not in client.get("/help/").text


# P10, a shared computer


def test_list_of_the_device_is_not_shown_at_a_shared_computer(client, member):
    sign_in(client, member)
    assert "data-device-list" in client.get("/lists/").text
    client.post("/accounts/logout/")
    sign_in(client, member, stay="shared")

    assert "data-device-list" not in client.get("/lists/").text


# S3, fixation


def test_key_changes_when_somebody_proves_anew_who_they_are(client, member, clock):
    sign_in(client, member)
    before = client.session.session_key
    clock(6)

    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/account/"})

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert UserSession.objects.get().session_key == client.session.session_key
    old = Client()
    old.cookies["session"] = before
    assert not is_signed_in(old)
    assert is_signed_in(client)


def test_key_changes_with_the_second_step(client, editor):
    sign_in(client, editor)
    before = client.session.session_key

    client.post("/accounts/2fa/authenticate/", {"code": recovery_code(editor)})

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_wrong_proof_changes_no_key(client, member):
    sign_in(client, member)
    before = client.session.session_key

    client.post("/accounts/reauthenticate/", {"password": "not this one"})

    assert client.session.session_key == before


# What is kept of a device


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
            "SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
            "Samsung Internet, Android",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox, Linux",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_device_is_known_by_words(agent, words):
    assert device_in_words(agent) == words
    assert device_in_words(words) == words


def test_neither_address_nor_browser_version_is_kept(member):
    client = Client(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="Mozilla/5.0 Firefox/133.0 (X11)")
    sign_in(client, member)

    row = UserSession.objects.get()

    assert (row.ip, row.user_agent) == ("0.0.0.0", "Firefox")


# Where somebody is signed in


def test_list_names_this_device_first_and_says_when_each_ends(client, member, clock):
    sign_in(Client(HTTP_USER_AGENT="Safari/604.1 (iPhone)"), member, stay="shared")
    clock(5)
    client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux) Firefox/133.0"
    sign_in(client, member)

    page = client.get("/accounts/sessions/").text

    assert page.index("Firefox, Linux") < page.index("Safari, iPhone")
    assert page.count("This device") == 1
    assert page.count("Shared computer") == 1
    assert "Signed in 5\xa0minutes ago. If nothing is done there, it ends 10\xa0minutes" in page


def test_list_costs_as_many_queries_for_many_devices(client, member):
    sign_in(client, member)
    client.get("/accounts/sessions/")
    numbers = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/accounts/sessions/")
        numbers.append(len(queries))
        for _device in range(5):
            sign_in(Client(REMOTE_ADDR=f"198.51.100.{_device}"), member)

    assert numbers[0] == numbers[1] <= 10


def test_signing_out_everywhere_else(client, member):
    sign_in(client, member)
    other, stranger = Client(), Client()
    sign_in(other, member)
    sign_in(stranger, MemberFactory())

    page = client.post("/accounts/sessions/", follow=True).text

    assert "You are signed out everywhere else." in page
    assert [is_signed_in(each) for each in (client, other, stranger)] == [True, False, True]


def test_signing_out_everywhere_here_too(client, member):
    sign_in(client, member)
    other = Client()
    sign_in(other, member)

    response = client.post("/accounts/sessions/", {"everywhere": "1"})

    assert "You are signed out everywhere." in response.text
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(client)
    assert not is_signed_in(other)
    assert not UserSession.objects.exists()


def test_ended_session_is_not_listed(client, member, clock):
    sign_in(Client(HTTP_USER_AGENT="Safari (iPhone)"), member, stay="shared")
    clock(16)
    sign_in(client, member)

    assert "iPhone" not in client.get("/accounts/sessions/").text


# S5 and Z5, other sessions, and rights that change at once


def demote(member):
    member.groups.clear()


def take_the_desk_away(member):
    member.is_staff = False
    member.save()


def switch_off(member):
    member.is_active = False
    member.save()


def delete(member):
    member.delete()


@pytest.mark.parametrize("change", [demote, take_the_desk_away, switch_off, delete])
def test_change_of_rights_is_felt_by_the_next_request_of_every_session(client, editor, change):
    other = Client()
    sign_in_as_staff(client, editor)
    sign_in_as_staff(other, editor)
    assert is_signed_in(client, "/admin/facts/topic/")
    assert is_signed_in(other, "/admin/facts/topic/")

    change(editor)

    for each in (client, other):
        assert each.get("/admin/facts/topic/").status_code == 302
        assert not is_signed_in(each)
    assert not UserSession.objects.exists()


def test_new_role_asks_for_a_new_sign_in(client, member):
    sign_in(client, member)

    call_command("invite_staff", member.email, role="editor")

    assert not is_signed_in(client)


def test_change_that_is_no_right_signs_nobody_out(client, member):
    sign_in(client, member)

    member.display_name = "Bird"
    member.save()

    assert is_signed_in(client)


def test_administrator_who_changes_their_own_role_stays(client, db):
    chief = make_staff("Editor")
    chief.is_superuser = True
    chief.save()
    sign_in_as_staff(client, chief)
    other = Client()
    sign_in_as_staff(other, chief)

    client.post(f"/admin/community/member/{chief.pk}/change/", {"groups": []})

    assert is_signed_in(client)
    assert not is_signed_in(other)
