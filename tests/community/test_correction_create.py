"""“Is something wrong here?”: what differs from the listing as the sender saw it is kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import signing
from django.utils import timezone

from community.care.suggested import seal
from community.models import Suggestion, SupportGroup
from tests.factories import JoiningDetailsFactory, MeetingFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
PAGE = "/groups/circle/correct/"


@pytest.fixture
def group():
    group = SupportGroupFactory(
        slug="circle",
        name="Tea circle",
        description="We talk.\r\n\r\nWe drink\ttea.",
        organisation="St Mary’s",
        run_by="both",
        is_in_person=True,
        place="Library, Leeds",
        languages=["en", "es", "fr", "de"],
        audiences=["men"],
        website="https://example.org/",
        how_to_ask="Call 0113 496 0000",
    )
    MeetingFactory(group=group, time_zone="Europe/London")
    return group


def as_shown(client, address=PAGE):
    """Return what a browser would send back of the form if nobody touched it."""
    form = client.get(address).context["form"]
    return {
        name: form[name].value() for name in form.fields if form[name].value() not in (None, "")
    }


def changes():
    return Suggestion.objects.get().changes


class TestPage:
    def test_it_holds_the_listing(self, client, group):
        response = client.get(PAGE)

        form = response.context["form"]
        assert form["name"].value() == "Tea circle"
        assert form["is_metastatic_only"].value() == "no"
        assert form["ways"].value() == ["is_in_person", "is_online"]
        assert [form[name].value() for name in form.language_names] == [
            "en", "es", "de", "fr", None,
        ]  # fmt: skip
        assert "Only if this is wrong: Every Tuesday, 6:30 p.m. London time" in response.text
        assert "“Tea circle”" in response.text

    def test_nobody_keeps_it_and_no_search_engine_lists_it(self, client, group):
        response = client.get(PAGE)

        assert response["Cache-Control"] == "private, no-store"
        assert set(response.cookies) == {"csrf"}
        assert '<meta name="robots" content="noindex, nofollow">' in response.text
        assert PAGE not in client.get("/sitemap.xml").text

    def test_ways_in_are_not_on_it(self, client, group):
        JoiningDetailsFactory(group=group, link="https://zoom.us/j/5551234567", passcode="Canary7")
        group.joining_policy, group.staff_contact = "members", "Canary8"
        group.save()

        page = client.get(PAGE).text

        assert "Canary" not in page
        assert "5551234567" not in page
        token = client.get(PAGE).context["form"]["seen"].value()
        assert "Canary" not in str(signing.loads(token, salt="community.suggested.seen"))

    def test_six_queries_are_enough(self, client, group, django_assert_max_num_queries):
        with django_assert_max_num_queries(6):
            client.get(PAGE)

    @pytest.mark.parametrize("slug", ["nothing", "-1", "0", str(2**63)])
    def test_what_never_was_is_not_found(self, client, group, slug):
        assert client.get(f"/groups/{slug}/correct/").status_code == 404
        assert client.post(f"/groups/{slug}/correct/", {"words": "x"}).status_code == 404

    def test_draft_is_not_found(self, client, group):
        SupportGroup.objects.update(published_at=None)

        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, {"words": "x"}).status_code == 404
        assert not Suggestion.objects.exists()


class TestSend:
    def test_only_what_differs_is_kept(self, client, group):
        sent = as_shown(client) | {
            "cost": "£3 for tea",
            "place": "",
            "ways": ["is_online"],
            "language_4": "",
            "is_metastatic_only": "yes",
            "meets": "On Wednesdays",
        }

        response = client.post(PAGE, sent)

        assert (response.status_code, response["Location"]) == (302, "/groups/suggest/thanks/")
        assert changes() == {
            "cost": {"was": "", "new": "£3 for tea"},
            "place": {"was": "Library, Leeds", "new": ""},
            "is_in_person": {"was": True, "new": False},
            "languages": {"was": ["en", "es", "de", "fr"], "new": ["en", "es", "de"]},
            "is_metastatic_only": {"was": False, "new": True},
            "meets": {"was": "Every Tuesday, 6:30 p.m. London time", "new": "On Wednesdays"},
        }
        kept = Suggestion.objects.get()
        assert (kept.kind, kept.group, kept.suggested_by) == ("correction", group, None)
        group.refresh_from_db()
        assert group.cost == ""

    def test_form_that_nobody_touched_is_not_sent(self, client, group):
        response = client.post(PAGE, as_shown(client))

        assert response.status_code == 400
        assert "Nothing here differs from the listing yet." in response.text

    def test_group_that_has_ended_is_one_tick(self, client, group, time_machine):
        time_machine.move_to(datetime(2031, 11, 24, 12, tzinfo=UTC))

        client.post(PAGE, as_shown(client) | {"has_ended": "on"})

        assert changes() == {"ended_on": {"was": None, "new": "2031-11-24"}}
        group.ended_on = date(2031, 11, 24)
        group.save()
        assert "has_ended" not in as_shown(client)
        assert "Nobody meets there any more" not in client.get(PAGE).text

    def test_boxes_that_did_not_come_at_all_say_nothing(self, client, group):
        assert client.post(PAGE, {}).status_code == 400
        assert client.post(PAGE, {"cost": "£3 for tea"}).status_code == 302
        assert changes() == {"cost": {"was": "", "new": "£3 for tea"}}

    @pytest.mark.parametrize("name", ["words", "joining"])
    def test_own_words_are_enough(self, client, group, name):
        response = client.post(PAGE, as_shown(client) | {name: "The door is round the back."})

        assert response.status_code == 302
        assert changes() == {}
        assert getattr(Suggestion.objects.get(), name) == "The door is round the back."

    def test_it_is_compared_with_what_the_sender_saw(self, client, group):
        sent = as_shown(client) | {"cost": "£3 for tea"}
        group.cost, group.place = "£2", "Town hall"
        group.save()

        client.post(PAGE, sent)

        assert changes() == {"cost": {"was": "", "new": "£3 for tea"}}

    @pytest.mark.parametrize("token", ["", "x", "-1", str(2**63), "١٢", "a:b:c", "é" * 3000])
    def test_token_that_is_none_counts_as_the_listing_of_now(self, client, group, token):
        sent = as_shown(client) | {"cost": "£3 for tea", "seen": token}

        assert client.post(PAGE, sent).status_code == 302
        assert changes() == {"cost": {"was": "", "new": "£3 for tea"}}

    def test_words_that_come_after_it_went_off_the_site_are_taken(self, client, group):
        sent = as_shown(client) | {"cost": "£3 for tea"}
        SupportGroup.objects.update(published_at=None, slug="tea-circle")

        assert client.post(PAGE, sent).status_code == 302
        assert Suggestion.objects.get().group == group

    def test_group_that_is_no_more_is_not_found(self, client, group):
        sent = as_shown(client) | {"cost": "£3 for tea"}
        group.delete()

        assert client.post(PAGE, sent).status_code == 404

    def test_what_was_wrong_before_is_nothing_to_put_right(self, client, group):
        SupportGroup.objects.update(
            description="Join at https://zoom.us/j/81234567890", website="ftp://example.org/"
        )
        sent = as_shown(client) | {"cost": "£3 for tea"}

        assert client.post(PAGE, sent).status_code == 302
        assert set(changes()) == {"cost"}

    def test_way_in_that_is_new_is_refused_kindly(self, client, group):
        sent = as_shown(client) | {"place": "Library, door code 4711"}

        response = client.post(PAGE, sent)

        assert response.status_code == 400
        assert "only our staff see that" in response.text
        assert response.context["form"]["place"].value() == "Library, door code 4711"
        assert response.context["form"]["seen"].value() == sent["seen"]

    def test_another_group_cannot_be_slipped_in(self, client, group):
        draft = SupportGroupFactory(published_at=None, description="Canary")
        forged = signing.dumps({"group": draft.pk}, salt="another")

        response = client.post("/groups/none/correct/", {"words": "x", "seen": forged})

        assert response.status_code == 404

    def test_what_nobody_asked_for_changes_nothing(self, client, group, moderator):
        """Z6."""
        extra = {
            "id": "77", "group": "1", "status": "approved", "outcome": "accepted", "approved": "1",
            "decided_by": moderator.pk, "is_staff": "1", "slug": "x", "published_at": "",
            "checked_on": "2020-01-01", "staff_contact": "x", "joining_policy": "members",
            "suggested_by": moderator.pk, "public_contact": "Ann", "is_example": "1", "owner": "1",
        }  # fmt: skip
        before = SupportGroup.objects.values().get()

        client.post(PAGE, as_shown(client) | {"cost": "£3 for tea"} | extra)

        kept = Suggestion.objects.get()
        assert kept.changes == {"cost": {"was": "", "new": "£3 for tea"}}
        assert (kept.outcome, kept.suggested_by, kept.decided_by) == ("", None, None)
        assert kept.pk != 77
        assert SupportGroup.objects.values().get() == before

    def test_ended_token_of_long_ago_is_taken(self, client, group, time_machine):
        sent = as_shown(client) | {"cost": "£3 for tea"}
        time_machine.move_to(timezone.now() + timedelta(days=30))

        assert client.post(PAGE, sent).status_code == 302


def test_everything_in_a_token_is_public(client, group):
    told = signing.loads(seal(group), salt="community.suggested.seen")
    page = client.get("/groups/circle/").text

    assert str(told["name"]) in page
    assert set(told) == {
        "group", "ended_on", "name", "description", "first_meeting", "organisation", "run_by",
        "is_metastatic_only", "audiences", "is_in_person", "is_online", "is_by_phone", "place",
        "access", "languages", "attendance", "cost", "website", "how_to_ask", "meets",
    }  # fmt: skip
