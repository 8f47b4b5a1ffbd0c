"""How a member reads is kept in the account, and on a shared computer nowhere else."""

import pytest
from django.db import OperationalError
from django.test import Client

from community.accounts.preferences import AS_IT_COMES
from community.accounts.sessions import Stay
from facts.preferences import Preferences
from tests.community.account_steps import sign_in
from tests.factories import MemberFactory

LARGE = {"hidden": ["prognosis", "end-of-life"], "text_size": "large", "scheme": "", "zone": ""}
DEFAULTS = {**LARGE, "text_size": ""}
pytestmark = pytest.mark.django_db


def cookie_of(client):
    cookie = client.cookies.get("preferences")
    return cookie.value if cookie and cookie["max-age"] != 0 else ""


def is_large(client, path="/glossary/"):
    return 'data-text="large"' in client.get(path).content.decode()


def test_choice_is_seen_in_all_sessions_of_the_member(member):
    here, there = Client(), Client()
    sign_in(here, member)
    sign_in(there, member)

    here.post("/preferences/", LARGE)

    assert is_large(here)
    assert is_large(there)
    member.refresh_from_db()
    assert member.preferences == "text=large"
    assert "kept in your account" in there.get("/preferences/").content.decode()


def test_errors_of_a_member_keep_what_was_chosen_and_change_nothing(client, member):
    client.force_login(member)

    response = client.post("/preferences/", {**LARGE, "zone": "nowhere"})

    assert response.status_code == 400
    assert response.context["form"]["text_size"].value() == "large"
    member.refresh_from_db()
    assert member.preferences == ""


@pytest.mark.parametrize(
    ("stay", "in_account"), [(Stay.DAY, "text=large"), (Stay.KEPT, "text=large"), (Stay.SHARED, "")]
)
def test_what_a_visitor_chose_is_taken_over_on_a_device_of_their_own(
    client, member, stay, in_account
):
    client.post("/preferences/", LARGE)

    sign_in(client, member, stay=stay)

    member.refresh_from_db()
    assert member.preferences == in_account
    assert is_large(client) == bool(in_account)


@pytest.mark.parametrize("chosen", ["scheme=dark", AS_IT_COMES])
def test_what_the_account_has_chosen_goes_first(client, member, chosen):
    member.preferences = chosen
    member.save()
    client.post("/preferences/", LARGE)

    sign_in(client, member)

    member.refresh_from_db()
    assert member.preferences == chosen
    assert not is_large(client)


def test_defaults_that_are_chosen_are_a_choice(client, member):
    client.force_login(member)
    client.post("/preferences/", LARGE)

    client.post("/preferences/", DEFAULTS)

    member.refresh_from_db()
    assert member.preferences == AS_IT_COMES
    assert Preferences.parse(AS_IT_COMES) == Preferences()
    assert not is_large(client)
    assert cookie_of(client) == ""


def test_text_keeps_its_size_when_a_member_signs_out_at_home(client, member):
    sign_in(client, member)
    client.post("/preferences/", LARGE)

    client.post("/accounts/logout/")

    assert is_large(client)
    assert is_large(client, "/accounts/login/")


@pytest.mark.parametrize("way", ["/accounts/logout/", "/accounts/sessions/"])
def test_nothing_is_left_at_a_shared_computer(client, member, way):
    client.post("/preferences/", DEFAULTS | {"scheme": "dark"})  # Whoever sat there before.
    sign_in(client, member, stay=Stay.SHARED)
    client.post("/preferences/", LARGE)
    assert is_large(client)
    assert cookie_of(client) == ""

    html = client.post(way, {"everywhere": "1"}).content.decode()

    assert "Nothing of yours is left on this computer." in html
    assert cookie_of(client) == ""
    assert not is_large(client)


def test_another_member_of_the_household_does_not_inherit(client, member):
    sign_in(client, member)
    client.post("/preferences/", {**LARGE, "hidden": []})
    client.post("/accounts/logout/")
    other = MemberFactory()

    sign_in(client, other)

    other.refresh_from_db()
    assert other.preferences == ""
    assert not is_large(client)


def test_deleting_the_account_takes_the_cookie_too(client, member):
    sign_in(client, member)
    client.post("/preferences/", LARGE)
    client.get("/glossary/")

    client.post("/account/delete/")

    assert cookie_of(client) == ""


def test_page_without_a_session_asks_for_no_session(client):
    before = client.get("/glossary/")

    client.cookies["preferences"] = "text=large"
    after = client.get("/glossary/")

    assert before["Cache-Control"] == "no-cache"
    assert not before.cookies
    assert not after.cookies


def test_page_of_a_member_costs_the_query_for_the_member_alone(
    client, member, django_assert_max_num_queries
):
    member.preferences = "text=large"
    member.save()
    sign_in(client, member)
    client.get("/about/")

    with django_assert_max_num_queries(6) as queries:
        client.get("/about/")

    assert sum('"community_member"' in query["sql"] for query in queries) <= 1


def test_mirror_is_read_while_the_database_is_away(client, member, monkeypatch):
    sign_in(client, member)
    client.post("/preferences/", LARGE)

    def away(*args):
        raise OperationalError

    monkeypatch.setattr("django.contrib.auth.middleware.get_user", away)
    response = client.get("/no-such-page/")

    assert response.status_code == 404
    assert 'data-text="large"' in response.content.decode()
