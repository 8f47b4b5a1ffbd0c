"""Who finds which rooms at the desk. A list of members is a list of diagnoses."""

import pytest
from django.contrib import admin
from django.test import Client

from community.models import Event
from tests.factories import MemberFactory, make_staff
from tests.portal.matrix import LETTERS
from tests.portal.matrix import ROOMS as TABLE

pytestmark = pytest.mark.django_db
KEPT_OUT = {
    "EmailAddress",
    "EmailConfirmation",
    "Authenticator",
    "UserSession",
    "Group",
    "DBTaskResult",
    "LogEntry",
    "Session",
    "Consent",
    "ReadingList",
    "SavedItem",
}
# Model names by role, out of the one reviewed table.
ROOMS = {
    LETTERS[letter].capitalize(): {
        label.split(".")[1] for label, (_row, sees, *_rest) in TABLE.items() if letter in sees
    }
    for letter in "ERM"
}
# What was done with listings and accounts; the events of facts are another model.
FOR_ADMINISTRATORS = {Event}


def test_what_staff_do_not_need_is_not_at_the_desk():
    registered = {model.__name__ for model in admin.site._registry}

    assert registered & KEPT_OUT == set()


@pytest.mark.parametrize("role", ROOMS)
def test_each_role_finds_its_rooms(client, role):
    client.force_login(make_staff(role))

    response = client.get("/admin/")

    found = {
        model["object_name"].lower()
        for app in response.context["app_list"]
        for model in app["models"]
    }
    assert found == ROOMS[role]
    page = response.content.decode()
    for model in {"topic", "factversion", "event", "supportgroup", "service", "member"}:
        assert (f"/{model}/" in page) == (model in ROOMS[role])
    assert "Authentication and Authorization" not in page


@pytest.mark.parametrize("role", ROOMS)
def test_no_role_meets_a_member(client, role):
    canary = MemberFactory(email="canary@example.org", display_name="Canary")
    client.force_login(make_staff(role))

    for model in admin.site._registry:
        name = model._meta.model_name
        response = client.get(f"/admin/{model._meta.app_label}/{name}/")
        is_theirs = name in ROOMS[role] and model not in FOR_ADMINISTRATORS
        if response.status_code == 200:
            assert is_theirs
            assert canary.email not in response.content.decode()
            assert "Canary" not in response.content.decode()
        else:
            assert response.status_code == 403
            assert not is_theirs


def test_words_of_the_first_page(client, editor):
    client.force_login(editor)

    page = client.get("/admin/").content.decode()

    for words in ("What would you like to do?", "Write a new fact", "Drafts and versions"):
        assert words in page


def test_account_without_a_role_is_told_so(client):
    person = make_staff("Editor")
    person.groups.clear()
    client.force_login(person)

    assert "no role yet" in client.get("/admin/").content.decode()


def test_signing_out_goes_where_everybody_signs_out(editor):
    client = Client()
    client.force_login(editor)

    page = client.get("/admin/").content.decode()

    assert 'action="/accounts/logout/"' in page
    assert "/admin/password_change/" not in page
