"""What a device holds, when its owner has an account: shown first, then saved as ticked."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.models import ReadingList, SavedItem
from facts.models import Fact, FactVersion
from facts.models.addresses import FormerTopicAddress
from tests.factories import (
    FactFactory,
    ReadingListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic():
    return TopicFactory(slug="bones", title="Bones")


def text_of(response):
    return html.unescape(response.content.decode())


def preview(client, *items, titles=(), **options):
    """Send the form that save.js has filled with `items`, each a kind and a key."""
    kinds, keys = zip(*items, strict=True)
    fields = {"kind": kinds, "key": keys, "title": titles}
    return client.post("/lists/from-device/", fields, **options)


def take(client, *items, shown=None, **fields):
    """Send the form of the preview of `shown`, in which `items` are ticked."""
    fields |= {
        "take": "1",
        "thing": [" ".join(item) for item in items],
        "shown": [" ".join(item) for item in shown or items],
    }
    return client.post("/lists/from-device/", fields, follow=True)


def ticked(response):
    boxes = re.findall(r'<input[^>]*type="checkbox"[^>]*>', text_of(response))
    return {re.search('value="([^"]*)"', box)[1]: "checked" in box for box in boxes}


def told_to_be_saved(response):
    """What save.js may take off the device."""
    return re.findall(r'<li data-kind="([^"]*)" data-key="([^"]*)"></li>', text_of(response))


# The preview


def test_preview_shows_what_is_new_what_is_there_and_what_is_gone(client, member, topic):
    version = make_live(
        FactFactory(topic=topic, slug="outlook"),
        title="One in three",
        neutral_heading="Figures over five years",
        sensitivity="prognosis",
    )
    ReadingListFactory(member=member, title="A visit").add(topic)
    client.force_login(member)

    response = preview(
        client,
        ("topic", "bones"),
        ("fact", "bones/outlook"),
        ("group", "gone"),
        ("service", "x"),
        titles=["Bones", "One in three", "A <b>circle</b>", "Odd"],
    )

    page = text_of(response)
    assert response["Cache-Control"] == "private, no-store"
    assert ticked(response) == {"fact bones/outlook": True}
    assert "Figures over five years" in page
    # Neither what the device calls it, nor markup that somebody may have put there.
    assert "One in three" not in page
    assert b"A &lt;b&gt;circle" in response.content
    assert re.search(r"On your list already:\s+A visit\.", page)
    assert page.count("This is no longer here.") == 2
    assert SavedItem.objects.count() == 1
    assert version.fact.topic == topic


def test_fact_that_was_withdrawn_says_why_and_what_replaces_it(client, member, topic):
    version = make_live(
        FactFactory(topic=topic, slug="outlook"), title="Old words", neutral_heading="About it"
    )
    newer = make_live(FactFactory(topic=topic, slug="newer"), title="Newer words").fact
    FactVersion.objects.filter(pk=version.pk).update(
        live_until=timezone.now(), withdrawn_reason="The study was wrong."
    )
    Fact.objects.filter(pk=version.fact_id).update(replaced_by=newer)
    client.force_login(member)

    page = text_of(preview(client, ("fact", "bones/outlook"), ("fact", "bones/never")))

    assert "This fact was withdrawn. Please do not rely on it." in page
    assert "The study was wrong." in page
    assert 'href="/facts/bones/newer/"' in page
    assert "Old words" not in page
    assert page.count("This is no longer here.") == 1
    assert page.count("It stays on this device until you remove it there.") == 2


def test_where_nothing_can_be_saved_there_is_no_button_for_it(client, member, topic):
    client.force_login(member)

    page = text_of(preview(client, ("group", "gone")))

    assert 'name="take"' not in page
    assert "Back to my lists" in page


def test_preview_asks_for_a_list_if_there_are_several(client, member, topic):
    client.force_login(member)
    assert "To which list" not in text_of(preview(client, ("topic", "bones")))
    first = ReadingList.objects.default_for(member)
    ReadingListFactory(member=member)
    put_aside = ReadingListFactory(member=member, archived_at=timezone.now())

    page = text_of(preview(client, ("topic", "bones")))

    assert f'value="{first.pk}" selected' in page
    assert str(put_aside.pk) not in page


def test_preview_of_a_hundred_asks_as_much_as_of_three(client, member):
    def names(count):
        facts = [make_live().fact for _number in range(count)]
        return [
            *(("topic", TopicFactory().slug) for _number in range(count)),
            *(("fact", f"{fact.topic.slug}/{fact.slug}") for fact in facts),
            *(("group", SupportGroupFactory().slug) for _number in range(count)),
        ]

    def queries(items):
        with CaptureQueriesContext(connection) as captured:
            assert preview(client, *items).status_code == 200
        return len(captured)

    client.force_login(member)
    ReadingListFactory.create_batch(3, member=member)
    few = queries(names(1))

    assert queries(names(20)) == few <= 10


def test_nothing_to_show_leads_to_the_lists(client, member):
    client.force_login(member)

    for fields in ({}, {"kind": "topic"}, {"key": "bones"}):
        assert client.post("/lists/from-device/", fields)["Location"] == "/lists/"
    assert client.get("/lists/from-device/")["Location"] == "/lists/"


# Taking over


def test_what_is_ticked_is_saved_in_its_order_and_the_rest_stays(client, member, topic):
    version = make_live(FactFactory(topic=topic, slug="scans"))
    group = SupportGroupFactory(slug="circle")
    client.force_login(member)
    shown = [("group", "circle"), ("topic", "bones"), ("fact", "bones/scans")]

    response = take(client, shown[0], shown[2], shown=shown)

    mine = ReadingList.objects.get(member=member, is_default=True)
    assert [item.target for item in mine.saved_items.all()] == [group, version.fact]
    assert "2 things are on your list now." in text_of(response)
    assert told_to_be_saved(response) == [shown[0], shown[2]]
    # Told once: what is saved on the device later is another thing.
    assert told_to_be_saved(client.get("/lists/")) == []


def test_it_goes_to_the_list_that_was_chosen(client, member, topic):
    ReadingList.objects.default_for(member)
    visit = ReadingListFactory(member=member)
    theirs = ReadingListFactory()
    client.force_login(member)

    response = take(client, ("topic", "bones"), list=str(theirs.pk))
    assert "Select a valid choice" in text_of(response)
    assert ticked(response) == {"topic bones": True}
    assert not SavedItem.objects.exists()
    take(client, ("topic", "bones"), list=str(visit.pk))

    assert SavedItem.objects.get().reading_list == visit


def test_device_forgets_what_is_on_a_list_already(client, member, topic):
    ReadingListFactory(member=member).add(topic)
    client.force_login(member)

    response = take(client, shown=[("topic", "bones"), ("topic", "gone")])

    assert told_to_be_saved(response) == [("topic", "bones")]
    assert "1 was on your list already." in text_of(response)
    assert SavedItem.objects.count() == 1


def test_nothing_ticked_is_said_in_words(client, member, topic):
    client.force_login(member)

    response = take(client, shown=[("topic", "bones")])

    assert "Tick at least one thing" in text_of(response)
    assert ticked(response) == {"topic bones": False}
    assert not SavedItem.objects.exists()


def test_what_has_gone_meanwhile_is_left_on_the_device(client, member, topic):
    hidden = TopicFactory(published_at=None)
    FormerTopicAddress.objects.create(slug="old-bones", topic=topic, left_at=timezone.now())
    client.force_login(member)

    response = take(
        client, ("topic", "old-bones"), ("topic", hidden.slug), ("fact", "bones"), ("odd", "bones")
    )

    assert "1 thing is on your list now. 3 are no longer here" in text_of(response)
    assert SavedItem.objects.get().topic == topic
    # By the name that the device has for it.
    assert told_to_be_saved(response) == [("topic", "old-bones")]


def test_more_than_a_hundred_are_shown_and_saved_in_parts(client, member):
    topics = TopicFactory.create_batch(101)
    names = [("topic", topic.slug) for topic in topics]
    client.force_login(member)

    page = preview(client, *names)
    response = take(client, *names)

    assert len(ticked(page)) == 100
    assert "1 more thing does not fit here at once." in text_of(page)
    assert SavedItem.objects.count() == len(told_to_be_saved(response)) == 100


def test_visitor_signs_in_first_and_keeps_all(client, topic):
    assert preview(client, ("topic", "bones"))["Location"] == "/accounts/login/?next=/lists/"
    assert told_to_be_saved(client.get("/lists/")) == []


def test_form_must_be_ours(topic, member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)

    assert preview(client, ("topic", "bones")).status_code == 403
