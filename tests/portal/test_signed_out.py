"""A8: what was typed over a dead session is given back, and can be sent again after signing in."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from facts.models import Topic
from tests.portal.forms_found import forms_of

pytestmark = pytest.mark.django_db

ADD = "/admin/facts/topic/add/"
TYPED = {
    "title": "Bones & joints",
    "slug": "bones",
    "summary": "Where pain may come from.",
    "introduction": "<p>Kind <em>words</em>.</p>",
    "position": "1",
    "risk_class": "practical",
    "_save": "Save",
}


@pytest.fixture
def strict():
    """A browser whose forms are looked at, and which says where they come from."""
    return Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin"})


def token_in(response):
    return re.search(r'csrfmiddlewaretoken" value="(\w+)"', response.text)[1]


@pytest.mark.parametrize("address", [ADD, "/lists/", "/accounts/email/?step=2"])
def test_typing_is_given_back_instead_of_a_sign_in(client, address):
    response = client.post(address, {"title": "Ask about <ports>", "_save": "Save"})

    assert response.status_code == 403
    assert response["Cache-Control"] == "private, no-store"
    assert "Ask about &lt;ports&gt;</textarea>" in response.text
    assert f'<form method="post" action="{address}">' in response.text
    assert 'name="_save" value="Save"' in response.text
    assert not Topic.objects.exists()


def test_it_is_sent_again_after_signing_in(strict, editor):
    anonymous = strict.get("/accounts/login/")
    given_back = strict.post(ADD, {**TYPED, "csrfmiddlewaretoken": token_in(anonymous)})
    strict.force_login(editor)
    strict.cookies.pop("csrf")  # Signing in brings another one.

    once_more = strict.post(ADD, {**TYPED, "csrfmiddlewaretoken": token_in(given_back)})

    assert "Please press once more" in once_more.text
    [form] = [f for f in forms_of(ADD, once_more.text) if f.method == "post"]
    assert (form.target, form.filled()) == (ADD, TYPED)
    sent = strict.post(ADD, {**form.filled(), "csrfmiddlewaretoken": token_in(once_more)})
    assert sent.status_code == 302
    topic = Topic.objects.get()
    assert (topic.title, topic.introduction) == (TYPED["title"], TYPED["introduction"])


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_form_of_a_stranger_is_not_offered_to_be_sent_again(editor, site):
    strict = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": site})
    strict.force_login(editor)

    response = strict.post(ADD, TYPED)

    assert response.status_code == 403
    assert "<form" not in response.text.split("<main")[1]


@pytest.mark.parametrize(
    "pressed", [{}, {"action": "publish"}, {"direction": "up"}, {"_save": "1"}]
)
def test_where_nothing_was_typed_it_is_a_sign_in(client, pressed):
    response = client.post(ADD, pressed)

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=")


def test_password_is_not_given_back_and_the_rest_not_sent_without_it(client):
    response = client.post(
        "/accounts/email/", {"email": "new@example.org", "password": "hunter2 hunter2"}
    )

    assert "new@example.org</textarea>" in response.text
    assert "hunter2" not in response.text
    assert "<form" not in response.text.split("<main")[1]


def test_file_has_to_be_chosen_anew(client):
    file = SimpleUploadedFile("groups.csv", b"name\nCircle\n", content_type="text/csv")

    response = client.post("/admin/community/supportgroup/", {"note": "A list", "file": file})

    assert "A file has to be chosen anew." in response.text
    assert "<form" not in response.text.split("<main")[1]


def test_sign_in_itself_and_whoever_is_signed_in_are_left_alone(client, member):
    assert client.post("/accounts/login/", {"login": "a@example.org"}).status_code == 200
    client.force_login(member)

    assert client.post(ADD, TYPED).status_code == 302
