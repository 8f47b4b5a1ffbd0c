"""The writing desk: write, send, approve; refuse a stale save; and who may do what."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from facts.admin.transitions import TRANSITIONS
from facts.models import FactVersion
from tests.factories import (
    DraftFactory,
    FactFactory,
    MemberFactory,
    SourceFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db


def url(name, version):
    return reverse(f"admin:facts_factversion_{name}", args=[version.pk])


def typed(version, **changes):
    """Return what the form of `version` sends when nothing but `changes` was typed."""
    version.refresh_from_db()
    citations = list(version.citations.all())
    data = {
        "title": version.title,
        "neutral_heading": version.neutral_heading,
        "body": version.body,
        "sensitivity": version.sensitivity,
        "evidence": version.evidence,
        "audiences": version.audiences,
        "seen": version.edited_at.isoformat(),
        "citations-TOTAL_FORMS": len(citations),
        "citations-INITIAL_FORMS": len(citations),
    }
    for number, citation in enumerate(citations):
        data |= {
            f"citations-{number}-id": citation.pk,
            f"citations-{number}-version": version.pk,
            f"citations-{number}-source": citation.source_id,
            f"citations-{number}-supports": citation.supports,
            f"citations-{number}-position": citation.position,
        }
    return data | changes


def text_of(response):
    """Return the words of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def draft(editor):
    return DraftFactory(author=editor)


@pytest.fixture
def in_review(draft, editor):
    draft.submit(editor)
    return draft


def test_whole_way_from_a_new_version_to_the_page(client, editor, reviewer):
    old = make_live()
    client.force_login(editor)

    # The editor starts, writes, adds a source, and sends.
    response = client.post(f"/admin/facts/fact/{old.fact_id}/start/")
    new = old.fact.versions.get(number=2)
    assert response["Location"] == url("change", new)
    data = typed(new, title="It can be eased", body="<p>Rest helps.</p>", _submit="")
    data |= {
        "citations-TOTAL_FORMS": 2,
        "citations-1-version": new.pk,
        "citations-1-source": SourceFactory().pk,
        "citations-1-supports": "that rest helps",
        "citations-1-position": 2,
    }
    response = client.post(url("change", new), data)
    assert response["Location"] == url("submit", new)
    assert "A reviewer reads it" in text_of(client.get(url("submit", new)))
    response = client.post(url("submit", new))
    assert response["Location"] == url("change", new)

    # The reviewer reads, approves with a sentence.
    client.force_login(reviewer)
    page = client.get(url("approve", new))
    assert "It can be eased" in text_of(page)
    assert "that rest helps" in text_of(page)
    new.refresh_from_db()
    response = client.post(
        url("approve", new),
        {
            "change_kind": "meaning",
            "change_note": "Rest is proved to help.",
            "when": "now",
            "read_at": new.edited_at.isoformat(),
        },
    )
    assert response["Location"] == url("change", new)

    # Readers see the new text; the old one has its end.
    new.refresh_from_db()
    old.refresh_from_db()
    assert list(FactVersion.objects.live(timezone.now())) == [new]
    assert (new.status, new.author, new.approver) == ("approved", editor, reviewer)
    assert new.change_note == "Rest is proved to help."
    assert old.live_until == new.live_from
    assert new.citations.count() == 2
    client.logout()
    assert "Rest helps." in client.get(new.get_absolute_url()).content.decode()


class TestSave:
    def test_saves_and_stays_on_the_page(self, client, editor, draft):
        client.force_login(editor)
        before = draft.edited_at

        response = client.post(url("change", draft), typed(draft, title="New"))

        assert response["Location"] == url("change", draft)
        draft.refresh_from_db()
        assert draft.title == "New"
        assert draft.edited_at > before

    def test_whoever_changes_it_is_its_author(self, client, draft):
        other = make_staff("Editor")
        client.force_login(other)

        client.post(url("change", draft), typed(draft, title="New"))

        draft.refresh_from_db()
        assert draft.author == other

    def test_changing_a_source_is_changing_it(self, client, draft):
        other = make_staff("Editor")
        client.force_login(other)

        client.post(url("change", draft), typed(draft, **{"citations-0-supports": "a part"}))

        draft.refresh_from_db()
        assert draft.author == other

    def test_saving_nothing_is_not(self, client, editor, draft):
        client.force_login(make_staff("Editor"))
        before = draft.edited_at

        client.post(url("change", draft), typed(draft))

        draft.refresh_from_db()
        assert (draft.author, draft.edited_at) == (editor, before)

    def test_text_of_the_starter_library_becomes_ours(self, client, editor):
        draft = DraftFactory(author=None, origin="starter library")
        client.force_login(editor)

        client.post(url("change", draft), typed(draft, title="New"))

        draft.refresh_from_db()
        assert (draft.origin, draft.author) == ("staff", editor)

    def test_draft_may_be_incomplete(self, client, editor, draft):
        client.force_login(editor)

        client.post(
            url("change", draft),
            typed(draft, title="", body="", sensitivity="", evidence="", neutral_heading=""),
        )

        draft.refresh_from_db()
        assert (draft.title, draft.body) == ("", "")
        assert "It has no heading." in text_of(client.get(url("change", draft)))

    def test_text_is_clean(self, client, editor, draft):
        client.force_login(editor)
        body = '<p onclick="x()">a</p><script>alert(1)</script><a href="javascript:x">b</a>'

        client.post(url("change", draft), typed(draft, body=body))

        draft.refresh_from_db()
        assert draft.body == "<p>a</p><a>b</a>"

    def test_nothing_else_can_be_set(self, client, editor, reviewer, draft):
        client.force_login(editor)

        client.post(
            url("change", draft),
            typed(
                draft,
                title="New",
                status="approved",
                number=7,
                approver=reviewer.pk,
                author=reviewer.pk,
                origin="starter library",
                live_from_0="2026-01-01",
                live_from_1="00:00",
                id=99,
                fact=FactFactory().pk,
            ),
        )

        saved = FactVersion.objects.get(pk=draft.pk)
        assert saved.title == "New"
        for name in ("status", "number", "approver", "author", "origin", "live_from", "fact_id"):
            assert getattr(saved, name) == getattr(draft, name)

    def test_hostile_words_are_shown_as_words(self, client, editor, draft):
        client.force_login(editor)
        words = '"><img src=x onerror=alert(1)>{{ 7 }}'

        client.post(url("change", draft), typed(draft, title=words))

        page = client.get(url("change", draft)).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;{{ 7 }}" in page


class TestStaleSave:
    def test_draft_that_somebody_saved_is_not_written_over(self, client, editor, draft):
        mine = typed(draft, title="Mine", body="<p>My text.</p>")
        other = make_staff("Editor")
        client.force_login(other)
        client.post(url("change", draft), typed(draft, title="Theirs", body="<p>Their text.</p>"))
        client.force_login(editor)

        response = client.post(url("change", draft), mine)

        draft.refresh_from_db()
        assert draft.title == "Theirs"
        page = response.content.decode()
        assert "Somebody saved this draft while you were writing" in page
        assert 'value="Mine"' in page
        assert "My text." in page
        assert "<dd>Theirs</dd>" in page
        assert "<p>Their text.</p>" in page

    def test_saving_again_is_a_decision(self, client, editor, draft):
        mine = typed(draft, title="Mine")
        other = make_staff("Editor")
        client.force_login(other)
        client.post(url("change", draft), typed(draft, title="Theirs"))
        client.force_login(editor)
        page = client.post(url("change", draft), mine).content.decode()

        seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
        client.post(url("change", draft), {**mine, "seen": seen})

        draft.refresh_from_db()
        assert draft.title == "Mine"

    @pytest.mark.parametrize("seen", ["", "yesterday"])
    def test_save_that_does_not_say_what_it_saw_is_stale(self, client, editor, draft, seen):
        client.force_login(editor)

        client.post(url("change", draft), typed(draft, title="Mine", seen=seen))

        draft.refresh_from_db()
        assert draft.title != "Mine"

    def test_text_that_was_sent_is_not_changed_and_both_are_shown(self, client, editor, draft):
        mine = typed(draft, title="Mine", body="<p>My text.</p><script>x</script>")
        draft.submit(editor)
        client.force_login(editor)

        response = client.post(url("change", draft), mine)

        assert response.status_code == 409
        draft.refresh_from_db()
        assert draft.title != "Mine"
        page = response.content.decode()
        assert "<dd>Mine</dd>" in page
        assert "<dd><p>My text.</p></dd>" in page
        assert draft.body in page

    def test_approved_text_is_not_changed(self, client, editor):
        live = make_live()
        client.force_login(editor)

        response = client.post(url("change", live), typed(live, title="Other"))

        assert response.status_code == 409
        live.refresh_from_db()
        assert live.title != "Other"


class TestReading:
    def test_decided_text_is_shown_and_not_editable(self, client, editor):
        live = make_live(body="<p>It <strong>helps</strong>.</p>")
        client.force_login(editor)

        page = client.get(url("change", live)).content.decode()

        assert "<p>It <strong>helps</strong>.</p>" in page
        assert 'name="title"' not in page
        assert 'name="body"' not in page
        assert "Start a new version" in page

    def test_names_no_address(self, client, editor, reviewer, in_review):
        client.force_login(reviewer)

        page = client.get(url("change", in_review)).content.decode()
        history = client.get(url("history", in_review)).content.decode()

        assert editor.email not in page + history
        assert f"a colleague (M{editor.pk})" in page

    def test_note_of_the_reviewer_is_shown_to_the_author(self, client, editor, reviewer, in_review):
        client.force_login(reviewer)
        client.post(url("return", in_review), {"note": "Cite the figure."})
        client.force_login(editor)

        assert "Cite the figure." in text_of(client.get(url("change", in_review)))

    def test_preview_is_gentle_until_asked(self, client, editor):
        draft = DraftFactory(author=editor, sensitivity="prognosis", body="<p>Canary.</p>")
        client.force_login(editor)

        covered = client.get(url("preview", draft))
        shown = client.get(url("preview", draft), {"show": draft.fact.slug})

        assert b"Canary." not in covered.content
        assert b"Canary." in shown.content
        assert "no-store" in covered["Cache-Control"]


class TestSteps:
    def test_page_says_everything_that_is_missing(self, client, reviewer, editor):
        version = DraftFactory(
            author=editor, status="in-review", title="", evidence="", cited=False
        )
        client.force_login(reviewer)

        response = client.get(url("approve", version))

        words = text_of(response)
        for missing in ("no heading", "kind of evidence", "No source"):
            assert missing in words
        assert 'value="Approve"' not in response.content.decode()

    def test_approving_keeps_what_was_typed(self, client, reviewer, editor):
        version = DraftFactory(fact=make_live().fact, number=2, author=editor, status="in-review")
        client.force_login(reviewer)

        response = client.post(
            url("approve", version),
            {
                "change_note": "My sentence.",
                "when": "now",
                "read_at": version.edited_at.isoformat(),
            },
        )

        assert "My sentence." in response.content.decode()
        version.refresh_from_db()
        assert version.status == "in-review"

    def test_approved_for_later(self, client, reviewer, in_review):
        client.force_login(reviewer)
        moment = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)

        client.post(
            url("approve", in_review),
            {
                "when": "later",
                "live_from_0": f"{moment:%Y-%m-%d}",
                "live_from_1": f"{moment:%H:%M}",
                "read_at": in_review.edited_at.isoformat(),
            },
        )

        in_review.refresh_from_db()
        assert in_review.live_from == moment
        assert "Scheduled for" in text_of(client.get(url("change", in_review)))

    @pytest.mark.parametrize(
        "later",
        [
            {},
            {"live_from_0": "2020-01-01", "live_from_1": "10:00"},
            {"live_from_0": "soon", "live_from_1": "10:00"},
        ],
    )
    def test_later_is_a_moment_ahead(self, client, reviewer, in_review, later):
        client.force_login(reviewer)

        client.post(
            url("approve", in_review),
            {"when": "later", "read_at": in_review.edited_at.isoformat(), **later},
        )

        in_review.refresh_from_db()
        assert in_review.status == "in-review"

    def test_approves_the_text_that_was_on_the_page(self, client, reviewer, editor, in_review):
        client.force_login(reviewer)
        read_at = in_review.edited_at.isoformat()
        in_review.return_to_author(editor)
        in_review.record_edit(editor)
        in_review.submit(editor)

        response = client.post(url("approve", in_review), {"when": "now", "read_at": read_at})

        assert response.status_code == 409
        assert "has changed since you opened it" in text_of(response)
        in_review.refresh_from_db()
        assert in_review.status == "in-review"

    def test_second_decision_is_told_and_keeps_its_words(self, client, reviewer, in_review):
        in_review.approve(make_staff("Reviewer"))
        client.force_login(reviewer)

        response = client.post(url("reject", in_review), {"note": "My long reason."})

        assert response.status_code == 409
        assert "already “Approved”" in text_of(response)
        assert "My long reason." in text_of(response)
        in_review.refresh_from_db()
        assert in_review.status == "approved"

    def test_rejects(self, client, reviewer, in_review):
        client.force_login(reviewer)

        client.post(url("reject", in_review), {"note": "Not for patients."})

        in_review.refresh_from_db()
        assert in_review.status == "rejected"

    def test_author_takes_it_back(self, client, editor, in_review):
        client.force_login(editor)

        client.post(url("return", in_review))

        in_review.refresh_from_db()
        assert in_review.status == "draft"

    def test_withdraws(self, client, reviewer):
        live = make_live()
        client.force_login(reviewer)
        assert client.post(url("withdraw", live), {"reason": ""}).status_code == 200

        client.post(url("withdraw", live), {"reason": "The study was retracted."})

        live.refresh_from_db()
        assert live.withdrawn_reason == "The study was retracted."

    def test_review_is_recorded_with_the_next_one_proposed(self, client, reviewer):
        live = make_live(fact__topic__risk_class="treatment")
        client.force_login(reviewer)
        page = client.get(url("review", live)).content.decode()
        due = re.search(r'name="review_due" value="([\d-]+)"', page)[1]
        assert "every 9 months" in page

        client.post(
            url("review", live),
            {
                "reviewer_name": "Ada Wells",
                "reviewer_role": "Oncologist",
                "reviewed_on": timezone.localdate().isoformat(),
                "review_due": due,
            },
        )

        review = live.reviews.get()
        assert (review.recorded_by, review.review_due.isoformat()) == (reviewer, due)

    @pytest.mark.parametrize("years", [-1, 4])
    def test_next_review_is_not_too_early_or_late(self, client, reviewer, years):
        live = make_live()
        client.force_login(reviewer)
        today = timezone.localdate()

        response = client.post(
            url("review", live),
            {
                "reviewer_name": "Ada Wells",
                "reviewer_role": "Oncologist",
                "reviewed_on": today.isoformat(),
                "review_due": today.replace(year=today.year + years, day=1).isoformat(),
            },
        )

        assert response.status_code in {200, 409}
        assert "Ada Wells" in response.content.decode()
        assert not live.reviews.exists()

    def test_getting_a_page_changes_nothing(self, client, reviewer, in_review):
        client.force_login(reviewer)
        before = FactVersion.objects.values().get(pk=in_review.pk)

        for name in [*TRANSITIONS, "preview", "change", "history"]:
            client.get(url(name, in_review))
            client.head(url(name, in_review))

        assert FactVersion.objects.values().get(pk=in_review.pk) == before

    @pytest.mark.parametrize("name", [*TRANSITIONS, "preview"])
    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods_are_refused(self, client, reviewer, in_review, name, method):
        client.force_login(reviewer)

        assert getattr(client, method)(url(name, in_review)).status_code == 405

    @pytest.mark.parametrize("name", [*TRANSITIONS, "preview"])
    @pytest.mark.parametrize("pk", ["0", "-1", "9223372036854775808", "9" * 400, "١٢", "1.0", "x"])
    def test_odd_numbers_are_not_found(self, client, reviewer, name, pk):
        client.force_login(reviewer)

        response = client.get(f"/admin/facts/factversion/{pk}/{name}/")

        assert response.status_code in {302, 400, 404}

    @pytest.mark.parametrize("name", TRANSITIONS)
    def test_forged_request_is_refused(self, reviewer, in_review, name):
        from django.test import Client

        client = Client(enforce_csrf_checks=True)
        client.force_login(reviewer)

        assert client.post(url(name, in_review), {"note": "No."}).status_code == 403


class TestDelete:
    def test_draft(self, client, editor, draft):
        client.force_login(editor)
        assert client.get(url("delete", draft)).status_code == 200

        client.post(url("delete", draft), {"post": "yes"})

        assert not FactVersion.objects.filter(pk=draft.pk).exists()

    def test_not_what_was_sent_or_decided(self, client, editor, in_review):
        client.force_login(editor)

        for version in (in_review, make_live()):
            assert client.post(url("delete", version), {"post": "yes"}).status_code == 403
            assert FactVersion.objects.filter(pk=version.pk).exists()


def test_review_of_a_far_day_is_refused_and_keeps_what_was_typed(client, reviewer):
    live = make_live()
    client.force_login(reviewer)
    days = {"reviewed_on": "9999-12-01", "review_due": "9999-12-31"}

    response = client.post(
        url("review", live), {"reviewer_name": "Ada Wells", "reviewer_role": "Nurse", **days}
    )

    assert response.status_code == 409
    assert 'value="Ada Wells"' in response.content.decode()


# Who gets which answer: a status, or None where it leads to signing in.
STEPS = {
    #            anonymous, member, moderator, editor, author, reviewer, author with both roles
    "submit": (None, 403, 403, 302, 302, 302, 302),
    "return": (None, 403, 403, 403, 302, 302, 302),
    "reject": (None, 403, 403, 403, 403, 302, 403),
    "approve": (None, 403, 403, 403, 403, 302, 403),
    "withdraw": (None, 403, 403, 403, 403, 302, 302),
    "review": (None, 403, 403, 403, 403, 302, 302),
    "preview": (None, 403, 403, 200, 200, 200, 200),
    "start": (None, 403, 403, 302, 302, 403, 302),
    "change": (None, 403, 403, 302, 302, 302, 302),
    "delete": (None, 403, 403, 302, 302, 403, 302),
}
PEOPLE = ("anonymous", "member", "moderator", "editor", "author", "reviewer", "both")


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("step", STEPS)
def test_who_may_do_what(client, step, who, member, moderator, reviewer):
    author, both = make_staff("Editor"), make_staff("Editor")
    both.groups.add(*reviewer.groups.all())
    writer = both if who == "both" else author
    people = {
        "anonymous": None,
        "member": member,
        "moderator": moderator,
        "editor": make_staff("Editor"),
        "author": author,
        "reviewer": reviewer,
        "both": both,
    }
    if step in {"withdraw", "review", "start"}:
        version = make_live(author=writer)
    else:
        waits = step in {"return", "reject", "approve"}
        version = DraftFactory(author=writer, status="in-review" if waits else "draft")
    address = (
        f"/admin/facts/fact/{version.fact_id}/start/" if step == "start" else url(step, version)
    )
    today = timezone.localdate()
    data = {
        "note": "A note.",
        "reason": "A reason.",
        "when": "now",
        "read_at": version.edited_at.isoformat(),
        "reviewer_name": "Ada Wells",
        "reviewer_role": "Oncologist",
        "reviewed_on": today.isoformat(),
        "review_due": (today + timedelta(days=300)).isoformat(),
        "post": "yes",
        **(typed(version, title="New") if step == "change" else {}),
    }
    if people[who]:
        client.force_login(people[who])
    before = FactVersion.objects.filter(pk=version.pk).values().first()
    count = version.fact.versions.count()

    response = client.get(address) if step == "preview" else client.post(address, data)

    expected = STEPS[step][PEOPLE.index(who)]
    signing_in = response.status_code == 302 and "login" in response["Location"]
    if expected is None or (expected == 403 and who == "member"):
        assert signing_in or response.status_code == 403
    else:
        assert not signing_in
        assert response.status_code == expected
    if expected != 302:
        assert FactVersion.objects.filter(pk=version.pk).values().first() == before
        assert version.fact.versions.count() == count
        assert not version.reviews.exists()


def test_staff_without_a_second_factor_is_kept_out(client, in_review):
    person = MemberFactory(is_staff=True, is_superuser=True)
    client.force_login(person)

    for name in TRANSITIONS:
        assert client.get(url(name, in_review)).status_code == 302


def test_list_tells_where_each_stands(client, editor, draft):
    DraftFactory(status="in-review")
    live = make_live(title="A heading like no other")
    FactVersion.objects.filter(pk=make_live().pk).update(
        live_until=timezone.now(), withdrawn_reason="Wrong."
    )
    make_live(since=timezone.now() + timedelta(days=2))
    client.force_login(editor)

    words = text_of(client.get("/admin/facts/factversion/"))

    for state in ("Draft by you", "In review", "Live since", "Withdrawn on", "Scheduled for"):
        assert state in words
    for state, number in {"mine": 1, "draft": 1, "in-review": 1, "live": 1, "scheduled": 1}.items():
        page = client.get("/admin/facts/factversion/", {"state": state})
        assert page.context["cl"].result_count == number, state
    found = client.get("/admin/facts/factversion/", {"q": live.title})
    assert found.context["cl"].result_count == 1


def test_approved_text_of_an_unpublished_topic_is_not_called_live(client, editor):
    make_live(fact__topic__published_at=None)
    client.force_login(editor)

    for address in ("/admin/facts/factversion/", "/admin/facts/fact/"):
        words = text_of(client.get(address))
        assert "Approved, appears with its topic" in words
        assert "Live since" not in words


def test_list_needs_few_queries_whatever_the_number(client, editor, django_assert_max_num_queries):
    client.force_login(editor)
    for _number in range(30):
        DraftFactory(author=editor)

    with django_assert_max_num_queries(12):
        client.get("/admin/facts/factversion/")
