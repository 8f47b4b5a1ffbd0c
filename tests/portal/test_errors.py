"""Error pages: ours, kind, without a trace, and nothing that was typed is lost."""

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from portal import urls as site
from portal.views import errors
from portal.wsgi import application

TYPED = "What I have been wanting to ask for weeks"


def breaks(request):
    raise RuntimeError("canary in the words of an error")


def busy(request):
    raise OperationalError("database is locked")


def gone(request):
    raise InterfaceError("connection already closed")


urlpatterns = [
    path("breaks/", breaks),
    path("busy/", busy),
    path("gone/", gone),
    *site.urlpatterns,
]
handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.permission_denied"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"


@pytest.fixture
def client():
    with override_settings(ROOT_URLCONF=__name__):
        yield Client(raise_request_exception=False)


def test_exception_gives_our_page_without_a_trace(client):
    response = client.get("/breaks/")

    html = response.content.decode()
    assert response.status_code == 500
    assert "canary" not in html
    assert "Traceback" not in html
    assert "<h1>" in html
    assert response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-store"


def test_session_that_cannot_be_written_gives_503_and_keeps_the_typing(member, client, monkeypatch):
    client.force_login(member)

    def save(self, *args, **kwargs):
        raise UpdateError

    monkeypatch.setattr("community.accounts.sessions.SessionStore.save", save)
    response = client.post("/lists/", {"title": TYPED})

    assert response.status_code == 503
    assert TYPED in response.content.decode()


def test_500_page_needs_no_database(client):
    # The fixture `db` is not used: a query would raise.
    assert client.get("/breaks/").status_code == 500


@pytest.mark.parametrize("address", ["/busy/", "/gone/"])
def test_database_that_fails_gives_503_and_keeps_the_typing(client, address):
    response = client.post(address, {"note": TYPED, "password": "hunter2 hunter2 hunter2"})

    html = response.content.decode()
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert response["Cache-Control"] == "private, no-store"
    assert TYPED in html
    assert "hunter2" not in html


def test_form_without_its_password_is_not_offered_to_be_sent_again(client):
    whole = client.post("/busy/", {"note": TYPED}).content.decode()
    with_password = client.post("/busy/", {"note": TYPED, "password": "x y z"}).content.decode()

    assert '<form method="post" action="/busy/">' in whole
    assert "<form" not in with_password.split("<main")[1]


def test_every_field_but_the_secret_ones_is_sent_again(client):
    fields = {"joining_details-0-passcode": "lavender", "door_code": "12#", "zip_code": "1"}

    html = client.post("/busy/", fields).content.decode()

    for name in fields:
        assert f'name="{name}"' in html


def test_what_was_typed_is_given_back_as_it_was(client):
    response = client.post("/busy/", {"note": "<script>alert(1)</script> & a line\nand another"})

    html = response.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; a line\nand another" in html


def test_database_that_fails_while_reading_gives_503(client):
    assert client.get("/busy/").status_code == 503


def test_form_from_elsewhere_is_refused_and_the_typing_shown(db):
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/preferences/", {"note": TYPED})

    html = response.content.decode()
    assert response.status_code == 403
    assert TYPED in html
    assert "<form method=" not in html.split("<main")[1]


def test_short_note_is_shown_too(db):
    strict = Client(enforce_csrf_checks=True)

    html = strict.post("/preferences/", {"note": "Letrozole"}).content.decode()

    assert "Letrozole" in html


@pytest.mark.parametrize(
    "charset", ["rot13", "hex", "zlib", "idna", "undefined", "no-such", "utf-16"]
)
def test_charset_that_a_request_names_is_passed_over(db, charset):
    environ = (
        RequestFactory().get("/health/live?q=caf%C3%A9", headers={"host": "localhost"}).environ
    )
    environ["CONTENT_TYPE"] = f"text/html; Charset={charset}"
    answers = []

    application(environ, lambda status, headers: answers.append(status))

    assert answers == ["200 OK"]


def test_page_that_is_not_there_is_a_page_of_ours(client, db):
    response = client.get("/no-such-page/")

    assert response.status_code == 404
    assert "<h1>" in response.content.decode()


def test_method_that_a_page_does_not_take_is_refused_in_words(client, db):
    response = client.post("/facts/")

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "That cannot be done from here" in response.content.decode()
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.parametrize(
    "address",
    [
        "/facts/%00/",
        "/facts/x/?show=%00",
        "/groups/?page=%00",
        "/glossary/?show=%ED%A0%80%00",
        "/%00",
    ],
)
def test_nul_is_refused_wherever_it_stands(client, db, address):
    assert client.get(address).status_code in {400, 404}


def test_nul_in_a_form_is_refused(client, db):
    assert client.post("/preferences/", {"zone": "a\x00b"}).status_code == 400


def test_too_many_fields_are_refused(client, db):
    data = {f"field{number}": "x" for number in range(1001)}

    assert client.post("/preferences/", data).status_code == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost@evil.example"]
)
def test_foreign_host_is_refused(db, host):
    assert Client(raise_request_exception=False).get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "number", ["-1", "0", "9223372036854775808", "1" + "0" * 400, "١٢", "1.0", ""]
)
def test_odd_page_numbers_do_no_harm(client, db, number):
    assert client.get("/groups/", {"page": number}).status_code in {200, 404}


def test_number_of_a_row_is_no_part_of_what_a_field_is_called(rf):
    sent = {"answer_7006671440506576": "Yes.", "new_1": "Why?", "based_on_7006671440506576": "1"}

    kept = errors.kept_text(rf.post("/", sent))

    assert [field["label"] for field in kept] == ["Answer", "New 1", ""]
    assert {field["name"] for field in kept} == set(sent)
