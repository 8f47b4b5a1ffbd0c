"""Previews: at the desk, and by a signed link for somebody without an account."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facts import preview_links
from facts.models import Event, FactVersion
from tests.factories import DraftFactory, MemberFactory, make_live, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(editor):
    return DraftFactory(
        author=editor,
        title="Canary title",
        neutral_heading="A neutral heading",
        body="<p>Canary text.</p>",
        call_now="Canary call.",
        sensitivity="prognosis",
    )


def address(version):
    return f"/preview/{preview_links.token(version)}/"


def url(name, version):
    return reverse(f"admin:facts_factversion_{name}", args=[version.pk])


def test_link_shows_the_draft_gentle_first(client, draft):
    response = client.get(address(draft))

    page = response.content.decode()
    assert response.status_code == 200
    assert "Not published: a draft" in page
    assert "A neutral heading" in page
    assert "Canary" not in page
    assert response["Cache-Control"] == "private, no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert 'content="noindex, nofollow"' in page
    assert "canonical" not in page
    assert not response.cookies


def test_link_shows_all_when_asked(client, draft):
    page = client.get(f"{address(draft)}?show={draft.fact.slug}").content.decode()

    for words in ("Canary title", "Canary text.", "Canary call."):
        assert words in page
    title = page[page.index("<title>") : page.index("</title>")]
    assert "Canary" not in title
    assert "neutral" not in title


@pytest.mark.parametrize("show", ["", "show"])
def test_phone_and_wide(client, draft, show):
    query = {"show": draft.fact.slug} if show else {}
    wide = client.get(address(draft), query).content.decode()
    phone = client.get(address(draft), {**query, "width": "phone"}).content.decode()

    assert 'class="phone-frame"' not in wide
    assert 'class="phone-frame"' in phone
    assert "<iframe" not in phone
    assert ("Canary text." in phone) == bool(show)
    # Asking for it keeps the width.
    if not show:
        assert f'href="?width=phone&amp;show={draft.fact.slug}#' in phone


def test_page_offers_nothing_that_belongs_to_a_published_fact(client, draft):
    page = client.get(address(draft)).content.decode()

    for path in ("/lists/save/", "/history/", "/preferences/?next", "/admin/"):
        assert path not in page


def test_members_see_no_more(client, draft, member):
    client.force_login(member)

    assert "Canary" not in client.get(address(draft)).content.decode()


def test_text_in_review_is_shown_too(client, draft, editor):
    draft.submit(editor)

    assert client.get(address(draft)).status_code == 200


def test_draft_of_a_topic_that_is_not_published_is_shown(client):
    draft = DraftFactory(fact__topic__published_at=None)

    assert client.get(address(draft)).status_code == 200


def test_link_ends_after_seven_days(client, draft):
    link = address(draft)
    now = timezone.now()

    with time_machine.travel(now + timedelta(days=7, seconds=-60), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(now + timedelta(days=7, seconds=60), tick=False):
        assert client.get(link).status_code == 404


@pytest.mark.parametrize("decision", ["approve", "reject", "delete"])
def test_link_ends_when_the_text_is_decided(client, draft, editor, reviewer, decision):
    link = address(draft)
    if decision == "delete":
        draft.delete()
    else:
        draft.submit(editor)
        if decision == "approve":
            FactVersion.objects.filter(pk=draft.pk).update(
                status="approved",
                approver=reviewer,
                approved_at=timezone.now(),
                live_from=timezone.now(),
            )
        else:
            draft.reject(reviewer, "No.")

    assert client.get(link).status_code == 404
    assert client.get(f"{link}?show=all").status_code == 404


def test_withdrawn_text_is_never_shown(client, editor, reviewer):
    live = make_live(body="<p>Canary.</p>")
    link = address(live)
    live.withdraw(reviewer, "It was wrong.")
    draft = FactVersion.start(live.fact, editor)

    assert client.get(link).status_code == 404
    # A new draft begins with the words that were withdrawn.
    assert client.get(address(draft)).status_code == 404
    with pytest.raises(ValidationError, match="still the one that was withdrawn"):
        preview_links.make(draft, editor)
    draft.body = "<p>Better words.</p>"
    draft.save()
    assert client.get(address(draft)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sensitivity": ""}, "Say first whether it is sensitive"),
        ({"sensitivity": "prognosis", "neutral_heading": ""}, "a neutral heading first"),
    ],
)
def test_what_cannot_be_covered_is_not_shown(client, editor, fields, words):
    draft = DraftFactory(author=editor, title="Canary", **fields)

    with pytest.raises(ValidationError, match=words):
        preview_links.make(draft, editor)
    assert client.get(address(draft)).status_code == 404


def tampered(token):
    body, stamp, signature = token.split(":")
    yield f"{body}:{stamp}:{signature[:-1]}{'a' if signature[-1] != 'a' else 'b'}"
    yield f"{body}x:{stamp}:{signature}"
    yield f"{body}:zzzzzz:{signature}"
    yield f"{body}:{stamp}"
    yield signature
    yield ":".join([body, stamp, signature, signature])
    yield signing.dumps(int(signing.b64_decode(body.encode())))
    yield signing.dumps(1, salt="facts.review_links")
    yield signing.dumps({"a": 1}, salt=preview_links.SALT)
    yield signing.dumps([1], salt=preview_links.SALT)
    yield signing.dumps("x", salt=preview_links.SALT)
    yield signing.dumps(None, salt=preview_links.SALT)
    yield signing.dumps(2**70, salt=preview_links.SALT)
    yield signing.dumps(0, salt=preview_links.SALT)


def test_whatever_is_wrong_is_not_found(client, draft):
    tokens = [
        *tampered(preview_links.token(draft)),
        "x",
        ":",
        "::",
        "%00",
        "é",
        "١٢",
        "a" * 5000,
        "..",
        "%ff",
        ".eJw:1:2",
    ]

    for token in tokens:
        response = client.get(f"/preview/{token}/")
        assert response.status_code in {400, 404}, token
        assert b"Canary" not in response.content


def test_link_of_another_key_opens_nothing(client, draft, settings):
    link = address(draft)
    settings.SECRET_KEY = "another key, made by chance: 0123456789abcdefghijklmnopqrstuvwxyz"

    assert client.get(link).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_is_for_reading_alone(client, draft, method):
    assert getattr(client, method)(address(draft)).status_code == 405


def test_queries_are_few(client, draft, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        client.get(address(draft))


class TestMakingALink:
    def test_button_makes_one_and_the_trail_says_so(self, client, draft, editor):
        client.force_login(editor)
        page = client.get(url("share", draft))
        assert page.status_code == 200
        assert not Event.objects.filter(verb="shared").exists()

        response = client.post(url("share", draft))

        link = response.context["link"]
        assert link.startswith("http")
        assert response["Cache-Control"] == "private, no-store"
        assert Event.objects.get(verb="shared").actor == editor
        assert Client().get(link[link.index("/preview/") :]).status_code == 200

    def test_decided_text_has_none(self, client, reviewer):
        live = make_live()
        client.force_login(reviewer)

        response = client.post(url("share", live))

        assert response.status_code == 409
        assert response.context["link"] == ""
        assert not Event.objects.filter(verb="shared").exists()

    def test_role_is_asked_in_the_model_too(self, draft):
        with pytest.raises(PermissionDenied):
            preview_links.make(draft, MemberFactory())

    def test_forged_request_is_refused(self, draft, editor):
        client = Client(enforce_csrf_checks=True)
        client.force_login(editor)

        assert client.post(url("share", draft)).status_code == 403


# Who gets which answer at the desk: None is sign-in.
MAY_SEE = {
    "anonymous": None,
    "member": None,
    "moderator": 403,
    "editor": 200,
    "reviewer": 200,
    "superuser": 200,
}


@pytest.mark.parametrize("who", MAY_SEE)
@pytest.mark.parametrize("name", ["preview", "compare", "share", "make"])
def test_who_may_see_what(client, draft, who, name):
    person = {
        "anonymous": lambda: None,
        "member": MemberFactory,
        "superuser": lambda: make_staff("Moderator"),
    }.get(who, lambda: make_staff(who.capitalize()))()
    if who == "superuser":
        person.is_superuser = True
        person.save()
    if person:
        client.force_login(person)

    made_by_post = name == "make"
    response = client.post(url("share", draft)) if made_by_post else client.get(url(name, draft))

    if MAY_SEE[who] is None:
        assert "login" in response["Location"]
    else:
        assert response.status_code == MAY_SEE[who]
    made = Event.objects.filter(verb="shared").count()
    assert made == (name == "make" and MAY_SEE[who] == 200)


@pytest.mark.parametrize("name", ["preview", "compare", "share"])
@pytest.mark.parametrize("pk", ["0", "-1", "9223372036854775808", "9" * 400, "١٢", "1.0", "x"])
def test_odd_numbers_are_not_found(client, reviewer, name, pk):
    client.force_login(reviewer)

    assert client.get(f"/admin/facts/factversion/{pk}/{name}/").status_code in {302, 400, 404}


class TestCompare:
    def test_draft_is_compared_with_what_readers_see(self, client, editor):
        live = make_live(title="Rest helps", body="<p>Rest helps most people.</p>")
        draft = FactVersion.start(live.fact, editor)
        draft.title = "Rest often helps"
        draft.save()
        client.force_login(editor)
        assert url("compare", draft) in client.get(url("change", draft)).content.decode()

        page = client.get(url("compare", draft)).content.decode()

        assert "From version 1 to version 2" in page
        assert "<ins>" in page
        assert "<dd>Rest helps</dd>" in page
        assert "<dd>Rest often helps</dd>" in page

    def test_any_two_are_compared(self, client, editor, reviewer):
        first = make_live(title="First", until=timezone.now())
        second = DraftFactory(fact=first.fact, number=2, title="Second", author=editor)
        second.submit(editor)
        second.reject(reviewer, "No.")
        third = make_live(first.fact, number=3, title="Third")
        client.force_login(editor)

        page = client.get(url("compare", third), {"with": "2"}).content.decode()

        assert "From version 2 to version 3" in page
        assert "Rejected" in page

    @pytest.mark.parametrize("number", ["", "0", "9", "x", "١", "1" * 40, "2"])
    def test_wrong_numbers_are_told(self, client, editor, number):
        first = make_live()
        DraftFactory(fact=FactVersion.objects.get(pk=first.pk).fact, number=3, author=editor)
        client.force_login(editor)

        response = client.get(url("compare", first), {"with": number})

        assert response.status_code == 200
        assert "There is no such version." in response.content.decode()

    def test_only_version_has_nothing_to_be_compared_with(self, client, editor, draft):
        client.force_login(editor)

        assert "This is the only version" in client.get(url("compare", draft)).content.decode()

    def test_approver_sees_what_differs(self, client, editor, reviewer):
        live = make_live(title="Rest helps")
        draft = FactVersion.start(live.fact, editor)
        draft.title = "Rest often helps"
        draft.save()
        draft.submit(editor)
        client.force_login(reviewer)

        page = client.get(url("approve", draft)).content.decode()

        assert "What differs from version 1" in page
        difference = page[page.index("What differs") :]
        assert "often" in difference[: difference.index("</section>")]

    def test_queries_do_not_grow_with_versions(self, client, editor, django_assert_max_num_queries):
        first = make_live(until=timezone.now())
        for number in range(2, 22):
            make_live(first.fact, number=number, until=timezone.now())
        client.force_login(editor)

        with django_assert_max_num_queries(22):
            client.get(url("compare", first), {"with": "21"})
