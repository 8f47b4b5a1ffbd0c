"""A moved fact or topic is found at its old addresses for ever, and nothing else is."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from facts.models import Event, Fact, FormerAddress, FormerTopicAddress, Topic
from portal.starter.load import load
from portal.starter.read import read
from tests.factories import (
    DraftFactory,
    FactFactory,
    MemberFactory,
    SavedItemFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def fact():
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="scans")
    make_live(fact, title="Scans show it", body="<p>They show bones.</p>")
    return fact


@pytest.fixture
def pain():
    return TopicFactory(slug="pain", title="Pain")


def leads_to(client, address):
    """Return where `address` leads for ever."""
    response = client.get(address)
    assert response.status_code == 301
    return response["Location"]


class TestFact:
    def test_old_address_leads_to_the_new_one(self, client, fact, pain, reviewer):
        fact.move(reviewer, pain, "seeing-bones")

        assert leads_to(client, "/facts/bones/scans/") == "/facts/pain/seeing-bones/"
        assert client.get("/facts/pain/seeing-bones/").status_code == 200
        assert (
            leads_to(client, "/facts/bones/scans/history/") == "/facts/pain/seeing-bones/history/"
        )

    @pytest.mark.parametrize("is_scheduled", [False, True])
    def test_sensitive_text_gets_no_address_with_a_figure(self, is_scheduled):
        since = timezone.now() + timedelta(days=1) if is_scheduled else None
        sensitive = make_live(sensitivity="prognosis", since=since).fact
        before = sensitive.slug

        with pytest.raises(ValidationError, match="holds a figure"):
            sensitive.move(
                MemberFactory(is_staff=True, is_superuser=True),
                sensitive.topic,
                "30-percent-after-5-years",
            )

        sensitive.refresh_from_db()
        assert sensitive.slug == before

    def test_query_goes_with_it_and_still_names_the_fact(self, client, fact, pain, reviewer):
        fact.move(reviewer, pain, "new")

        assert leads_to(client, "/facts/bones/scans/?show=scans") == "/facts/pain/new/?show=new"
        assert (
            leads_to(client, "/facts/bones/scans/history/?from=1&to=2&show=scans")
            == "/facts/pain/new/history/?from=1&to=2&show=new"
        )
        assert (
            leads_to(client, "/facts/bones/scans/?show=all&x=%0d%0aSet-Cookie:a")
            == "/facts/pain/new/?show=all&x=%0D%0ASet-Cookie%3Aa"
        )

    def test_sensitive_text_is_gentle_on_the_way(self, client, reviewer, pain):
        version = make_live(sensitivity="prognosis", title="Canary", body="<p>Canary</p>")
        old = version.get_absolute_url()
        version.fact.move(reviewer, pain, "subject")

        assert "Canary" not in client.get(old, follow=True).content.decode()
        shown = client.get(f"{old}?show={old.split('/')[-2]}", follow=True)
        assert "Canary" in shown.content.decode()

    def test_every_address_that_it_had_leads_to_it(self, client, fact, pain, reviewer):
        fact.move(reviewer, pain, "scans")
        fact.move(reviewer, pain, "second")
        fact.move(reviewer, fact.topic, "third")

        for address in ("/facts/bones/scans/", "/facts/pain/scans/", "/facts/pain/second/"):
            assert leads_to(client, address) == "/facts/pain/third/"

    def test_it_may_come_back(self, client, fact, pain, reviewer):
        home = fact.topic
        fact.move(reviewer, pain, "scans")
        fact.move(reviewer, home, "scans")

        assert client.get("/facts/bones/scans/").status_code == 200
        assert leads_to(client, "/facts/pain/scans/") == "/facts/bones/scans/"
        assert [str(row) for row in FormerAddress.objects.all()] == ["/facts/pain/scans/"]

    def test_withdrawn_fact_is_gone_at_its_old_address_too(self, client, fact, pain, reviewer):
        fact.versions.get().withdraw(reviewer, "It was wrong.")
        fact.move(reviewer, pain, "scans")

        response = client.get("/facts/bones/scans/", follow=True)

        assert response.status_code == 410
        assert "It was wrong." in response.content.decode()

    def test_place_and_trail_are_written(self, fact, pain, reviewer):
        FactFactory(topic=pain, position=7)

        fact.move(reviewer, pain, "scans")

        assert fact.position == 8
        event = Event.objects.get(verb="moved")
        assert (event.actor, event.note) == (reviewer, "/facts/bones/scans/ → /facts/pain/scans/")

    def test_address_of_another_fact_is_refused(self, fact, reviewer):
        FactFactory(topic=fact.topic, slug="taken")

        with pytest.raises(ValidationError, match="Another fact of this topic has this address"):
            fact.move(reviewer, fact.topic, "taken")

        assert Fact.objects.get(pk=fact.pk).slug == "scans"
        assert not FormerAddress.objects.exists()

    def test_former_address_is_never_given_to_another_fact(self, fact, pain, reviewer):
        home = fact.topic
        fact.move(reviewer, pain, "scans")
        other = FactFactory(topic=home)

        for write in (
            lambda: Fact(topic=home, slug="scans").full_clean(),
            lambda: FactFactory(topic=home, slug="scans"),
            lambda: other.move(make_staff("Editor"), home, "scans"),
        ):
            with pytest.raises(ValidationError, match="still leads there: /facts/pain/scans/"):
                write()
        assert Fact.objects.filter(slug="scans").count() == 1

    def test_row_for_an_address_in_use_is_refused(self, fact):
        with pytest.raises(ValidationError, match="A fact has this address now"):
            FormerAddress.objects.create(
                topic=fact.topic, slug="scans", fact=fact, left_at=timezone.now()
            )

    def test_address_that_nobody_saw_is_free_again(self, client, pain):
        draft = DraftFactory(fact=FactFactory(topic=TopicFactory(slug="bones"), slug="scans"))

        draft.fact.move(make_staff("Editor"), pain, "scans")

        assert client.get("/facts/bones/scans/").status_code == 404
        assert not FormerAddress.objects.exists()

    def test_any_save_remembers_an_address_that_readers_know(self, client, fact):
        fact.slug = "new"
        fact.save()

        assert leads_to(client, "/facts/bones/scans/") == "/facts/bones/new/"

    def test_not_to_a_topic_that_readers_cannot_find(self, fact, reviewer):
        with pytest.raises(ValidationError, match="Publish it first"):
            fact.move(reviewer, TopicFactory(published_at=None), "scans")

    def test_same_address_is_no_move(self, fact, reviewer):
        with pytest.raises(ValidationError, match="It has this address already"):
            fact.move(reviewer, fact.topic, "scans")

    @pytest.mark.parametrize("slug", ["", "a b", "a/b", "x" * 81, "é"])
    def test_odd_addresses_are_refused(self, fact, reviewer, slug):
        with pytest.raises(ValidationError):
            fact.move(reviewer, fact.topic, slug)

    @pytest.mark.parametrize("role", ["Editor", "Moderator"])
    def test_what_readers_know_is_moved_by_a_reviewer(self, fact, pain, role):
        with pytest.raises(PermissionDenied):
            fact.move(make_staff(role), pain, "scans")

    def test_fact_of_an_unpublished_topic_is_not_found(self, client, fact, pain, reviewer):
        fact.move(reviewer, pain, "scans")
        Topic.objects.filter(pk=pain.pk).update(published_at=timezone.now() + timedelta(days=1))

        assert client.get("/facts/bones/scans/").status_code == 404

    @pytest.mark.parametrize("address", ["/facts/bones/other/", "/facts/other/scans/"])
    def test_what_never_was_is_not_found(self, client, fact, pain, reviewer, address):
        fact.move(reviewer, pain, "scans")

        assert client.get(address).status_code == 404
        assert client.get(f"{address}history/").status_code == 404

    def test_search_sitemap_and_lists_follow(self, client, fact, pain, reviewer, member):
        item = SavedItemFactory(reading_list__member=member, topic=None, fact=fact)

        fact.move(reviewer, pain, "new-place")

        found = client.get("/search/?q=scans").content.decode()
        assert "/facts/pain/new-place/" in found
        assert "/facts/bones/scans/" not in found
        sitemap = client.get("/sitemap.xml").content.decode()
        assert "/facts/pain/new-place/" in sitemap
        assert "/facts/bones/scans/" not in sitemap
        client.force_login(member)
        page = client.get(item.reading_list.get_absolute_url()).content.decode()
        assert "/facts/pain/new-place/" in page
        # A list on a device still knows the old name.
        client.post("/lists/save/", {"fact": "bones/scans"})
        assert client.get("/lists/save/?fact=bones/scans").status_code == 200


class TestTopic:
    def test_old_address_leads_to_the_new_one_with_all_its_facts(self, client, fact, reviewer):
        fact.topic.move(reviewer, "skeleton")

        assert leads_to(client, "/facts/bones/") == "/facts/skeleton/"
        assert leads_to(client, "/facts/bones/?show=all") == "/facts/skeleton/?show=all"
        assert leads_to(client, "/facts/bones/scans/") == "/facts/skeleton/scans/"
        assert leads_to(client, "/facts/bones/scans/history/") == "/facts/skeleton/scans/history/"
        assert "/facts/skeleton/scans/" in client.get("/search/?q=scans").content.decode()

    def test_moves_of_topic_and_fact_meet(self, client, fact, pain, reviewer):
        home = fact.topic
        home.move(reviewer, "second")
        fact.refresh_from_db()
        fact.move(reviewer, home, "pictures")
        home.move(reviewer, "third")
        fact.refresh_from_db()
        fact.move(reviewer, pain, "pictures")
        pain.move(reviewer, "easing-pain")

        for topic in ("bones", "second", "third"):
            for slug in ("scans", "pictures"):
                assert leads_to(client, f"/facts/{topic}/{slug}/") == (
                    "/facts/easing-pain/pictures/"
                )

    def test_former_address_is_never_given_to_another_topic(self, fact, pain, reviewer):
        fact.topic.move(reviewer, "skeleton")

        for write in (
            lambda: Topic(slug="bones", title="t", summary="s").full_clean(),
            lambda: TopicFactory(slug="bones"),
            lambda: pain.move(reviewer, "bones"),
        ):
            with pytest.raises(ValidationError, match="still leads there"):
                write()

    def test_it_may_come_back(self, client, fact, reviewer):
        fact.topic.move(reviewer, "skeleton")
        fact.topic.move(reviewer, "bones")

        assert client.get("/facts/bones/").status_code == 200
        assert leads_to(client, "/facts/skeleton/") == "/facts/bones/"

    def test_address_that_nobody_saw_is_free_again(self, editor):
        topic = TopicFactory(slug="early", published_at=None)

        topic.move(editor, "later")

        assert not FormerTopicAddress.objects.exists()
        TopicFactory(slug="early")

    def test_what_readers_know_is_moved_by_a_reviewer(self, fact, editor):
        with pytest.raises(PermissionDenied):
            fact.topic.move(editor, "skeleton")

    def test_history_says_that_it_moved(self, fact, reviewer):
        fact.topic.move(reviewer, "skeleton")

        assert fact.topic.history.first().history_change_reason == "Moved from bones"


class TestDesk:
    def test_fact_is_moved_and_the_old_address_leads_there(self, client, fact, pain, reviewer):
        client.force_login(reviewer)
        address = f"/admin/facts/fact/{fact.pk}/move/"
        page = client.get(f"/admin/facts/fact/{fact.pk}/change/").content.decode()
        assert address in page
        assert "for ever" in client.get(address).content.decode()
        assert not FormerAddress.objects.exists()

        response = client.post(address, {"topic": pain.pk, "slug": "new"}, follow=True)

        words = response.content.decode()
        assert "/facts/bones/scans/ now leads to /facts/pain/new/" in words
        assert leads_to(client, "/facts/bones/scans/") == "/facts/pain/new/"
        assert "/facts/bones/scans/" in client.get(address).content.decode()

    def test_refusal_keeps_what_was_typed(self, client, fact, pain, reviewer):
        FactFactory(topic=pain, slug="taken")
        client.force_login(reviewer)

        response = client.post(
            f"/admin/facts/fact/{fact.pk}/move/", {"topic": pain.pk, "slug": "taken"}
        )

        assert response.status_code == 409
        words = response.content.decode()
        assert "Another fact of this topic has this address" in words
        assert 'value="taken"' in words

    @pytest.mark.parametrize(
        "data", [{}, {"topic": "x", "slug": "y"}, {"topic": 10**30, "slug": "a b"}]
    )
    def test_odd_values_are_told(self, client, fact, reviewer, data):
        client.force_login(reviewer)

        response = client.post(f"/admin/facts/fact/{fact.pk}/move/", data)

        assert response.status_code in {200, 400}
        assert Fact.objects.get(pk=fact.pk).slug == "scans"

    def test_new_fact_at_a_former_address_is_told(self, client, fact, pain, reviewer, editor):
        home = fact.topic
        fact.move(reviewer, pain, "scans")
        client.force_login(editor)

        response = client.post(
            "/admin/facts/fact/add/", {"topic": home.pk, "subject": "Scans", "slug": "scans"}
        )

        assert "still leads there" in response.content.decode()
        assert not home.facts.exists()

    def test_topic_is_moved(self, client, fact, reviewer):
        client.force_login(reviewer)

        client.post(f"/admin/facts/topic/{fact.topic_id}/move/", {"slug": "skeleton"})

        assert leads_to(client, "/facts/bones/") == "/facts/skeleton/"

    def test_new_topic_at_a_former_address_is_told(self, client, fact, reviewer, editor):
        fact.topic.move(reviewer, "skeleton")
        client.force_login(editor)

        response = client.post(
            "/admin/facts/topic/add/",
            {
                "title": "Bones",
                "slug": "bones",
                "summary": "s",
                "introduction": "",
                "position": 1,
                "risk_class": "general",
            },
        )

        assert "still leads there" in response.content.decode()
        assert not Topic.objects.filter(slug="bones").exists()


# Who gets which answer to a move of what readers know, and of what they do not: None is sign-in.
MAY_MOVE = {
    "anonymous": (403, 403),
    "member": (None, None),
    "moderator": (403, 403),
    "editor": (403, 302),
    "reviewer": (302, 403),
    "superuser": (302, 302),
}


@pytest.mark.parametrize("who", MAY_MOVE)
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("kind", ["fact", "topic"])
def test_who_may_move_what(client, who, is_known, kind):
    topic = TopicFactory(slug="bones", published_at=timezone.now() if is_known else None)
    fact = FactFactory(topic=topic, slug="scans")
    (make_live if is_known else DraftFactory)(fact=fact)
    if who == "superuser":
        person = make_staff("Moderator")
        person.is_superuser = True
        person.save()
        client.force_login(person)
    elif who == "member":
        client.force_login(MemberFactory())
    elif who != "anonymous":
        client.force_login(make_staff(who.capitalize()))
    pk = fact.pk if kind == "fact" else topic.pk

    response = client.post(
        f"/admin/facts/{kind}/{pk}/move/", {"topic": topic.pk, "slug": "elsewhere"}
    )

    expected = MAY_MOVE[who][0 if is_known else 1]
    if expected is None:
        assert "login" in response["Location"]
    else:
        assert response.status_code == expected
    if expected == 302:
        assert "/move/" not in response["Location"]
    slug = (Fact if kind == "fact" else Topic).objects.get(pk=pk).slug
    assert (slug == "elsewhere") == (expected == 302)


@pytest.mark.parametrize("kind", ["fact", "topic"])
@pytest.mark.parametrize("pk", ["0", "9223372036854775808", "x", "1.0"])
def test_odd_numbers_are_not_found(client, reviewer, kind, pk):
    client.force_login(reviewer)

    assert client.get(f"/admin/facts/{kind}/{pk}/move/").status_code in {302, 400, 404}


@pytest.mark.once
def test_starter_library_finds_a_fact_that_was_moved(reviewer, pain):
    load(read(), now=timezone.now())
    fact = Fact.objects.filter(versions__live_from__isnull=False).first()
    count = Fact.objects.count()
    fact.move(reviewer, pain, "elsewhere")

    load(read(), now=timezone.now())

    assert Fact.objects.count() == count
