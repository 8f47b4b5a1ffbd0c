"""“Suggest a group”: taken without an account, with the day and nothing of who sent it."""

from datetime import UTC, date, datetime

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client

from community.models import Suggestion
from tests.factories import SupportGroupFactory

pytestmark = pytest.mark.django_db
PAGE = "/groups/suggest/"
THANKS = "/groups/suggest/thanks/"
GOOD = {
    "name": "Tuesday tea",
    "description": "We talk\nand drink tea.",
    "organisation": "St Mary’s",
    "run_by": "peer",
    "is_metastatic_only": "yes",
    "audiences": ["men", "newly-diagnosed"],
    "language_1": "es",
    "language_2": "en",
    "ways": ["is_online", "is_in_person"],
    "place": "Library, Leeds",
    "meets": "Every second Tuesday, 6:30 in the evening",
    "cost": "Free",
    "website": "www.example.org/tea",
    "how_to_ask": "Call 0113 496 0000 and ask for Sam",
    "attendance": "drop-in",
    "first_meeting": "Sam says hello.",
    "joining": "https://zoom.us/j/81234567890 passcode lavender",
    "words": "I went there in May.",
    "reply_address": "daughter@example.org",
}
MISSING = "Tell us what the group is called."


class TestPage:
    def test_it_asks_for_nothing_of_the_sender(self, client):
        response = client.get(PAGE)

        assert response.status_code == 200
        assert "You need no account, and we do not ask who you are." in response.text
        assert "nothing tells us who sent it" in response.text
        assert "signed in as staff" not in response.text
        assert [
            name for name, field in response.context["form"].fields.items() if field.required
        ] == ["name"]

    def test_nobody_keeps_it_and_no_search_engine_lists_it(self, client):
        for address in (PAGE, THANKS):
            response = client.get(address)
            assert '<meta name="robots" content="noindex, nofollow">' in response.text
            assert address not in client.get("/sitemap.xml").text
        assert client.get(PAGE)["Cache-Control"] == "private, no-store"
        assert set(client.get(PAGE).cookies) == {"csrf"}

    def test_opening_it_changes_nothing(self, client):
        for address in (PAGE, THANKS):
            client.get(address)
            client.head(address)

        assert not Suggestion.objects.exists()
        assert not client.session.keys()

    def test_six_queries_are_enough(self, client, django_assert_max_num_queries):
        for address in (PAGE, THANKS):
            with django_assert_max_num_queries(6):
                client.get(address)

    def test_member_is_told_nothing_else_and_staff_that_a_colleague_decides(
        self, client, member, moderator
    ):
        client.force_login(member)
        assert "signed in as staff" not in client.get(PAGE).text
        client.force_login(moderator)
        assert "signed in as staff" in client.get(PAGE).text


class TestSend:
    def test_all_of_it_is_kept(self, client, time_machine):
        time_machine.move_to(datetime(2031, 11, 24, 2, 15, tzinfo=UTC))

        response = client.post(PAGE, GOOD)

        assert (response.status_code, response["Location"]) == (302, THANKS)
        kept = Suggestion.objects.get()
        assert (kept.kind, kept.group, kept.name) == ("new-group", None, "Tuesday tea")
        assert {name: change["new"] for name, change in kept.changes.items()} == {
            "name": "Tuesday tea",
            "description": "We talk\nand drink tea.",
            "organisation": "St Mary’s",
            "run_by": "peer",
            "is_metastatic_only": True,
            "audiences": ["newly-diagnosed", "men"],
            "languages": ["en", "es"],
            "is_in_person": True,
            "is_online": True,
            "place": "Library, Leeds",
            "meets": "Every second Tuesday, 6:30 in the evening",
            "cost": "Free",
            "website": "https://www.example.org/tea",
            "how_to_ask": "Call 0113 496 0000 and ask for Sam",
            "attendance": "drop-in",
            "first_meeting": "Sam says hello.",
        }
        assert all(set(change) == {"new"} for change in kept.changes.values())
        assert kept.joining == "https://zoom.us/j/81234567890 passcode lavender"
        assert kept.words == "I went there in May."
        assert kept.reply_address == "daughter@example.org"
        assert (kept.created_on, kept.language) == (date(2031, 11, 24), "en")
        assert kept.is_open
        assert "Thank you" in client.get(THANKS).text

    def test_a_name_and_a_web_page_are_enough(self, client):
        response = client.post(PAGE, {"name": "Tuesday tea", "website": "example.org"})

        assert response.status_code == 302
        assert Suggestion.objects.get().changes == {
            "name": {"new": "Tuesday tea"},
            "website": {"new": "https://example.org"},
        }

    def test_nothing_is_kept_of_who_sent_it(self, client, member):
        client.force_login(member)

        client.post(PAGE, GOOD, REMOTE_ADDR="203.0.113.77", headers={"user-agent": "Canary/1"})

        kept = Suggestion.objects.values().get()
        assert set(kept) == {
            "id", "kind", "group_id", "changes", "joining", "words", "reply_address", "language",
            "created_on", "suggested_by_id", "outcome", "reason", "note", "applied", "draft_id",
            "decided_by_id", "decided_at", "answered_at",
        }  # fmt: skip
        assert kept["suggested_by_id"] is None
        assert kept["decided_by_id"] is None
        assert not isinstance(kept["created_on"], datetime)
        assert "203.0.113.77" not in str(kept)

    def test_account_of_staff_is_kept(self, client, editor):
        client.force_login(editor)

        client.post(PAGE, GOOD)

        assert Suggestion.objects.get().suggested_by == editor

    def test_pressing_twice_is_one_suggestion(self, client):
        client.post(PAGE, GOOD)
        client.post(PAGE, GOOD)
        client.post(PAGE, {**GOOD, "words": "Something else."})
        client.post(PAGE, {**GOOD, "reply_address": "other@example.org"})

        assert Suggestion.objects.count() == 3

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"name": ""}, MISSING),
            ({"name": " \n\t "}, MISSING),
            ({"name": "\u202e\u200b\ufeff"}, MISSING),
            ({"name": "w" * 121}, "This is 121 characters long. Please use 120 at most."),
            ({"description": "w" * 2001}, "This is 2001 characters long."),
            ({"words": "w" * 2001}, "This is 2001 characters long."),
            ({"meets": "w" * 401}, "This is 401 characters long."),
            ({"website": "no page"}, "This is no address of a web page."),
            ({"website": "javascript:alert(1)"}, "This is no address of a web page."),
            ({"website": "ftp://example.org/"}, "This is no address of a web page."),
            ({"reply_address": "nobody"}, "This is no e-mail address."),
            ({"reply_address": "a@example.org\nBcc: b@example.org"}, "This is no e-mail address."),
            ({"run_by": "robots"}, "robots is not one of the available choices"),
            ({"ways": ["by-ship"]}, "by-ship is not one of the available choices"),
            ({"audiences": ["everybody"]}, "everybody is not one of the available choices"),
            ({"language_3": "xx"}, "xx is not one of the available choices"),
            (
                {"description": "Join at https://zoom.us/j/81234567890"},
                "Please move it to “How do people get in?”",
            ),
            ({"place": "Library, door code 4711"}, "Please move it to “How do people get in?”"),
            ({"website": "https://zoom.us/j/81234567890"}, "Please move it to"),
            ({"how_to_ask": "Dial in at 0113 496 0000, passcode 7788"}, "Please move it to"),
            ({"meets": "Tuesdays, meeting ID 812 3456 7890"}, "Please move it to"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self, client, change, said):
        response = client.post(PAGE, GOOD | change)

        assert response.status_code == 400
        assert said in response.text.replace("&#x27;", "'")
        assert "There is something to put right" in response.text
        assert not Suggestion.objects.exists()
        form = response.context["form"]
        for name, value in (GOOD | change).items():
            assert form[name].value() == value

    def test_name_alone_is_not_enough_to_find_a_group(self, client):
        response = client.post(PAGE, {"name": "Tuesday tea", "cost": "Free"})

        assert response.status_code == 400
        assert "Give us something to find the group by" in response.text

    def test_what_nobody_asked_for_changes_nothing(self, client, moderator):
        """Z6."""
        other = SupportGroupFactory()
        extra = {
            "id": "77", "pk": "77", "kind": "correction", "group": other.pk, "status": "approved",
            "approved": "1", "outcome": "accepted", "decided_by": moderator.pk,
            "decided_at": "2020-01-01", "suggested_by": moderator.pk, "is_staff": "1",
            "owner": "1", "published_at": "2020-01-01", "checked_on": "2020-01-01",
            "staff_contact": "x", "created_on": "2020-01-01", "draft": other.pk,
            "access": "Canary", "answered_at": "2020-01-01", "slug": "x", "public_contact": "Ann",
            "changes": '{"slug": {"new": "x"}}', "language": "xx", "is_example": "1",
        }  # fmt: skip

        client.post(PAGE, GOOD)
        client.post(PAGE, {**GOOD, "words": "More", **extra})

        first, second = Suggestion.objects.order_by("pk")
        second.words, second.pk = first.words, first.pk
        for field in Suggestion._meta.concrete_fields:
            assert getattr(first, field.attname) == getattr(second, field.attname), field.name
        assert first.pk != 77
        assert not type(other).objects.filter(name="Tuesday tea").exists()

    def test_marks_that_turn_the_writing_are_left_out(self, client):
        client.post(PAGE, {**GOOD, "name": "abc\u202egnp.exe\u2066 de\x07f"})

        assert Suggestion.objects.get().name == "abcgnp.exe def"

    @pytest.mark.parametrize(("sent", "status"), [("a%00b", 400), ("a%ED%A0%80b", 302)])
    def test_bytes_that_are_no_words_do_no_harm(self, client, sent, status):
        body = f"name={sent}&words={sent}&description=x"

        response = client.post(PAGE, body, content_type="application/x-www-form-urlencoded")

        assert response.status_code == status

    def test_form_of_a_stranger_is_refused(self):
        response = Client(enforce_csrf_checks=True).post(PAGE, GOOD)

        assert response.status_code == 403
        assert not Suggestion.objects.exists()

    def test_markup_is_kept_as_words(self, client):
        client.post(PAGE, {**GOOD, "name": "<script>alert(1)</script>"})

        assert Suggestion.objects.get().name == "<script>alert(1)</script>"


def test_no_group_can_have_the_address_of_the_page():
    group = SupportGroupFactory.build(slug="suggest")

    with pytest.raises(ValidationError) as caught:
        group.full_clean()

    assert caught.value.message_dict == {
        "slug": ["Another page has this address. Choose one of its own."]
    }


class TestFlood:
    """S8."""

    def test_twenty_first_in_a_minute_is_told_to_wait_and_keeps_its_words(self, client):
        for number in range(20):
            response = client.post(PAGE, {**GOOD, "words": f"Sentence {number}"})
            assert response.status_code == 302

        response = client.post(PAGE, {**GOOD, "words": "The last <b>words</b>"})

        assert response.status_code == 429
        assert "Please wait a little" in response.text
        assert "The last &lt;b&gt;words&lt;/b&gt;" in response.text
        assert f'action="{PAGE}"' in response.text
        assert response["Cache-Control"] == "private, no-store"
        assert Suggestion.objects.count() == 20
        kept = [(item["name"], item["value"]) for item in response.context["kept"]]
        sent = [
            (name, each)
            for name, value in {**GOOD, "words": "The last <b>words</b>"}.items()
            for each in (value if isinstance(value, list) else [value])
        ]
        assert sorted(kept) == sorted(sent)

    def test_pages_share_one_limit_and_others_are_let_through(self, client):
        group = SupportGroupFactory()
        for number in range(21):
            address = PAGE if number % 2 else f"/groups/{group.slug}/correct/"
            response = client.post(address, {}, REMOTE_ADDR="203.0.113.7")

        assert response.status_code == 429
        assert client.post(PAGE, GOOD, REMOTE_ADDR="203.0.113.8").status_code == 302

    def test_after_a_minute_it_goes_on(self, client, time_machine):
        time_machine.move_to(datetime(2030, 1, 1, 12, 0, tzinfo=UTC))
        cache.clear()
        for _ in range(21):
            response = client.post(PAGE, {})
        assert response.status_code == 429

        time_machine.move_to(datetime(2030, 1, 1, 12, 1, 1, tzinfo=UTC))

        assert client.post(PAGE, GOOD).status_code == 302
