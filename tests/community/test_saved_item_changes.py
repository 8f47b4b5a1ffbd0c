"""What a member is told of a saved thing that has changed since they saw it."""

import html
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from community.keeping.cards import cards, count_read_facts
from community.keeping.changes import note_changes, waiting, with_changes
from community.models import ReadingList, SavedItem
from facts.models import FactVersion
from facts.preferences import Preferences
from tests.factories import (
    FactFactory,
    MeetingFactory,
    MemberFactory,
    PauseFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db

NOTE = "The figure is that of 2026 now, since a larger trial was published."
MADE_UP = "5f1c8ea0-0000-4000-8000-000000000000"


def ago(**time):
    return timezone.now() - timedelta(**time)


def change(fact, kind="meaning", *, at=None, language="en", **fields):
    """Let a new version follow the live one, as its approval does."""
    at = at or ago(minutes=5)
    live = fact.versions.filter(language=language, live_until=None, live_from__isnull=False)
    number = max(fact.versions.filter(language=language).values_list("number", flat=True)) + 1
    live.update(live_until=at)
    fields.setdefault("change_note", NOTE)
    return make_live(fact, since=at, number=number, change_kind=kind, language=language, **fields)


def withdraw(fact, reason="A trial was taken back.", replaced_by=None, *, at=None):
    fact.versions.filter(live_until=None, live_from__isnull=False).update(
        live_until=at or ago(minutes=5), withdrawn_reason=reason
    )
    type(fact).objects.filter(pk=fact.pk).update(replaced_by=replaced_by)


@pytest.fixture
def fact():
    return make_live(
        since=ago(days=30), title="Seen heading", body="<p>One in ten, said the old text.</p>"
    ).fact


@pytest.fixture
def mine(member):
    return ReadingList.objects.default_for(member)


@pytest.fixture
def item(mine, fact):
    with time_machine.travel(ago(days=10)):
        return mine.add(fact)[0]


@pytest.fixture
def signed_in(client, member):
    client.force_login(member)
    return client


def page_of(item):
    return f"/lists/{item.reading_list_id}/items/{item.pk}/changes/"


def kind_of(item, at=None, language="en"):
    at = at or timezone.now()
    items = SavedItem.objects.filter(pk=item.pk)
    told = with_changes(items, at, language).values_list("change", flat=True).get()
    # The pages of a list and of all lists ask only of what may have changed, and say the same.
    with translation.override(language):
        news = waiting(item.reading_list.member, Preferences(), at)
        shown = cards(items.for_cards(), Preferences(), at)
        count_read_facts(shown, item.reading_list.member_id, at)
        note_changes(shown, at, language)
    assert shown[0].item.change == told
    waits = [card.item.change for card in news.cards if card.item == item] if news else []
    assert waits == ([told] if told else [])
    return told


def text_of(response):
    assert response.status_code == 200
    return html.unescape(response.content.decode())


# Which changes are told


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ([], ""),
        (["wording"], ""),
        (["meaning"], "meaning"),
        (["safety"], "safety"),
        (["safety", "wording"], "safety"),
        (["safety", "meaning"], "safety"),
        (["wording", "meaning", "wording"], "meaning"),
    ],
)
def test_meaning_and_safety_are_told_and_wording_is_silent(item, fact, kinds, told):
    for number, kind in enumerate(kinds):
        change(fact, kind, at=ago(minutes=50 - number))

    assert kind_of(item) == told


def test_version_that_is_scheduled_is_told_when_it_has_begun(item, fact):
    begins = timezone.now() + timedelta(days=1)
    change(fact, "safety", at=begins)

    assert kind_of(item) == ""
    assert kind_of(item, begins) == "safety"


def test_what_changed_before_it_was_saved_is_not_told(mine, fact):
    change(fact, "safety")

    item, _is_new = mine.add(fact)

    assert kind_of(item) == ""


def test_withdrawn_fact_is_told_with_the_reason(signed_in, item, fact):
    withdraw(fact)

    assert kind_of(item) == "withdrawn"
    page = text_of(signed_in.get(item.reading_list.get_absolute_url()))
    assert "This fact was withdrawn. Please do not rely on it. A trial" in page.replace(
        "</strong>", ""
    )
    assert "I have seen this" in page


def test_fact_that_came_back_is_changed_and_not_withdrawn(item, fact):
    withdraw(fact, at=ago(days=2))
    change(fact, "safety")

    assert kind_of(item) == "safety"


def test_fact_is_compared_in_the_language_in_which_it_was_seen(item, fact):
    make_live(fact, language="es", since=ago(days=20))
    change(fact, "safety", language="es")

    assert kind_of(item, language="es") == ""
    change(fact, "meaning")
    assert kind_of(item, language="es") == "meaning"


def test_moved_fact_is_no_change_and_its_changes_are_still_told(signed_in, item, fact):
    type(fact).objects.filter(pk=fact.pk).update(topic=TopicFactory(), slug="elsewhere")
    assert kind_of(item) == ""

    change(fact, "meaning")

    assert NOTE in text_of(signed_in.get(page_of(item)))


def test_fact_of_a_topic_that_is_gone_is_not_told(item, fact):
    change(fact, "safety")
    fact.topic.published_at = None
    fact.topic.save()

    assert kind_of(item) == ""


def test_item_without_a_version_goes_by_when_it_was_seen(mine, fact):
    item = SavedItemFactory(reading_list=mine, topic=None, fact=fact, seen_at=ago(days=1))
    assert kind_of(item) == ""

    change(fact, "meaning")

    assert kind_of(item) == "meaning"


# What is said


def test_list_says_what_changed_and_why(signed_in, item, fact):
    change(fact)

    page = text_of(signed_in.get(item.reading_list.get_absolute_url()))

    assert "Changed since you saw it." in page
    assert NOTE in page
    assert f'href="{page_of(item)}"' in page


def test_page_shows_the_difference_word_by_word(signed_in, item, fact):
    change(fact, body="<p>One in nine, said the old text.</p>")

    page = text_of(signed_in.get(page_of(item)))

    assert NOTE in page
    shown = page.split('<div class="difference">')[1]
    assert "> taken out: </span>ten<" in shown
    assert "> added: </span>nine<" in shown


def test_several_changes_are_told_together_newest_first(signed_in, item, fact):
    change(fact, "safety", at=ago(days=3), change_note="The first change.")
    change(fact, "wording", at=ago(days=2), change_note="Better words.")
    change(fact, "meaning", at=ago(days=1), change_note="The last change.")

    page = text_of(signed_in.get(page_of(item)))

    assert page.index("The last change.") < page.index("The first change.")
    assert "Better words." not in page
    assert "Please read this one." in page


@pytest.mark.parametrize("sensitive", ["seen", "between", "live"])
def test_strictest_version_covers_it_all_until_asked(signed_in, item, fact, sensitive):
    secret = {"body": "<p>SECRET figures here.</p>", "sensitivity": "prognosis"}
    if sensitive == "seen":
        item.reading_list.saved_items.all().delete()
        fact = make_live(since=ago(days=30), title="SECRET title", **secret).fact
        with time_machine.travel(ago(days=10)):
            item = item.reading_list.add(fact)[0]
    change(
        fact, at=ago(days=2), change_note="SECRET why", **(secret if sensitive == "between" else {})
    )
    change(
        fact, at=ago(days=1), change_note="SECRET too", **(secret if sensitive == "live" else {})
    )

    shown = text_of(signed_in.get(page_of(item)))
    on_list = text_of(signed_in.get(item.reading_list.get_absolute_url()))
    asked = text_of(signed_in.get(f"{page_of(item)}?show={fact.slug}"))

    assert "SECRET" not in shown
    assert "SECRET" not in on_list
    assert "The meaning changed" in shown
    assert f"?show={fact.slug}" in shown
    assert "SECRET why" in asked
    assert "SECRET too" in asked
    assert '<div class="difference">' in asked


def test_words_that_were_withdrawn_are_not_shown(signed_in, item, fact):
    withdraw(fact, at=ago(days=2))
    change(fact, "safety", title="New heading", body="<p>Wholly new.</p>")

    page = text_of(signed_in.get(page_of(item)))

    assert "said the old text" not in page
    assert "we do not show them any more" in page
    assert NOTE in page


def test_without_a_change_the_page_says_so(signed_in, item):
    assert "Nothing that matters has changed" in text_of(signed_in.get(page_of(item)))


# Seen


def test_having_seen_it_makes_it_quiet_until_the_next(signed_in, item, fact):
    newer = change(fact)

    response = signed_in.post(page_of(item), follow=True)

    assert "You have seen this." in text_of(response)
    item.refresh_from_db()
    assert item.seen_version == newer
    assert kind_of(item) == ""
    change(fact, "safety", at=timezone.now())
    assert kind_of(item) == "safety"


def test_what_came_after_the_page_was_made_is_not_taken_as_seen(signed_in, item, fact):
    first = change(fact, at=ago(hours=2))
    made_at = ago(hours=1)
    change(fact, "safety", at=ago(minutes=30))

    signed_in.post(page_of(item), {"seen": str(made_at.timestamp())})

    item.refresh_from_db()
    assert item.seen_version == first
    assert kind_of(item) == "safety"


@pytest.mark.parametrize("seen", ["", "x", "-1", "1e400", "nan", "9" * 30, "١٢", "99999999999"])
def test_made_up_moment_breaks_nothing(signed_in, item, fact, seen):
    change(fact)

    response = signed_in.post(page_of(item), {"seen": seen})

    assert response.status_code == 302
    item.refresh_from_db()
    assert item.seen_at <= timezone.now()


def test_seen_withdrawal_stays_on_the_list_and_is_quiet(signed_in, item, fact):
    withdraw(fact)
    signed_in.post(page_of(item))

    assert kind_of(item) == ""
    page = text_of(signed_in.get(item.reading_list.get_absolute_url()))
    assert "This fact was withdrawn." in page
    assert "I have seen this" not in page


# What replaces it


def test_replacement_takes_its_place_with_the_note(signed_in, item, fact, mine):
    other = make_live(title="The new answer").fact
    item.write_note("Ask about it", 0)
    withdraw(fact, replaced_by=other)
    assert "The new answer" in text_of(signed_in.get(page_of(item)))

    response = signed_in.post(page_of(item), {"replace": "1"}, follow=True)

    assert "It is in its place now, with your note." in text_of(response)
    item.refresh_from_db()
    assert (item.fact, item.note, item.position) == (other, "Ask about it", 1)
    assert item.seen_version.fact == other
    assert mine.saved_items.count() == 1


def test_replacement_that_is_on_the_list_already_moves_no_note(signed_in, item, fact, mine):
    other = make_live().fact
    mine.add(other)
    item.write_note("Ask about it", 0)
    withdraw(fact, replaced_by=other)

    response = signed_in.post(page_of(item), {"replace": "1"}, follow=True)

    assert "It is on this list already." in text_of(response)
    item.refresh_from_db()
    assert (item.fact, item.note) == (fact, "Ask about it")


def test_nothing_takes_the_place_of_a_fact_that_is_live(signed_in, item, fact):
    type(fact).objects.filter(pk=fact.pk).update(replaced_by=make_live().fact)

    response = signed_in.post(page_of(item), {"replace": "1"}, follow=True)

    assert "nothing here now that replaces it" in text_of(response)
    item.refresh_from_db()
    assert item.fact == fact


# Topics and groups


def test_new_fact_in_a_saved_topic_is_told_gently(signed_in, mine):
    topic = TopicFactory(published_at=ago(days=40))
    make_live(FactFactory(topic=topic), since=ago(days=30))
    with time_machine.travel(ago(days=10)):
        item = mine.add(topic)[0]
    assert kind_of(item) == ""
    new = make_live(
        FactFactory(topic=topic),
        title="SECRET answer",
        neutral_heading="Figures over five years",
        sensitivity="prognosis",
    )

    page = text_of(signed_in.get(page_of(item)))

    assert kind_of(item) == "new-facts"
    assert "Figures over five years" in page
    assert "SECRET" not in page
    signed_in.post(page_of(item))
    assert kind_of(item) == ""
    change(new.fact, "meaning", at=timezone.now())
    assert kind_of(item) == ""


def test_change_for_safety_in_a_saved_topic_is_told(signed_in, mine, fact):
    with time_machine.travel(ago(days=10)):
        item = mine.add(fact.topic)[0]
    change(fact, "safety", at=ago(days=2))
    change(fact, "wording", at=ago(days=1), title="Safer heading")

    assert kind_of(item) == "topic-safety"
    page = text_of(signed_in.get(page_of(item)))
    assert "A fact in this topic was changed for safety." in page
    assert f'<a href="{fact.get_absolute_url()}">Safer heading</a>' in page
    assert "Changed for safety" in page

    signed_in.post(page_of(item))
    assert kind_of(item) == ""
    withdraw(fact)
    assert kind_of(item) == ""


@pytest.fixture
def saved_group(mine):
    with time_machine.travel(ago(days=20)):
        group = SupportGroupFactory(place="The old hall", is_in_person=True, cost="Free")
        MeetingFactory(group=group)
    with time_machine.travel(ago(days=10)):
        return mine.add(group)[0]


def edit(group, **fields):
    for name, value in fields.items():
        setattr(group, name, value)
    group.save()


@pytest.mark.parametrize(
    ("happens", "kind", "words"),
    [
        (lambda group: edit(group, description="More words"), "", "Nothing that matters"),
        (lambda group: edit(group, place="The library"), "group", "Changed: place."),
        (lambda group: edit(group, cost="£3"), "group", "Changed: cost."),
        (lambda group: MeetingFactory(group=group), "group", "at other times"),
        (lambda group: group.meetings.get().delete(), "group", "at other times"),
        (
            lambda group: PauseFactory(
                group=group, first_on="2026-12-01", last_on="2199-01-07", reason="Winter break"
            ),
            "paused",
            "from 1 December 2026 until 7 January 2199. Winter break",
        ),
        (
            lambda group: edit(group, ended_on=timezone.localdate() - timedelta(days=30)),
            "ended",
            "This group has ended",
        ),
    ],
)
def test_change_of_a_saved_group_is_told(signed_in, saved_group, happens, kind, words):
    assert kind_of(saved_group) == ""

    happens(saved_group.group)

    assert kind_of(saved_group) == kind
    assert words in text_of(signed_in.get(page_of(saved_group)))
    signed_in.post(page_of(saved_group))
    assert kind_of(saved_group) == ""


# Whose


@pytest.mark.parametrize("role", ["member", "editor", "superuser"])
def test_item_of_another_member_is_not_found(client, item, role):
    stranger = MemberFactory() if role == "member" else make_staff("Editor")
    stranger.is_superuser = role == "superuser"
    stranger.save()
    client.force_login(stranger)

    for address in (page_of(item), page_of(item).replace(str(item.reading_list_id), MADE_UP)):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404


def test_visitor_signs_in_first(client, item):
    for response in (client.get(page_of(item)), client.post(page_of(item))):
        assert response.headers["Location"].startswith("/accounts/login/?next=/lists/")


def test_page_is_kept_nowhere(signed_in, item, fact):
    change(fact)

    response = signed_in.get(page_of(item))

    assert response.headers["Cache-Control"] == "private, no-store"
    assert 'name="robots" content="noindex, nofollow"' in text_of(response)


def test_queries_do_not_grow_with_changes(
    signed_in, mine, django_assert_num_queries, django_assert_max_num_queries
):
    def fill(count):
        for _number in range(count):
            fact = make_live(since=ago(days=30)).fact
            SavedItemFactory(
                reading_list=mine,
                topic=None,
                fact=fact,
                seen_version=fact.versions.get(),
                seen_at=ago(days=10),
            )
            change(fact)

    fill(2)
    with django_assert_max_num_queries(8) as few:
        page = text_of(signed_in.get(mine.get_absolute_url()))
    assert page.count("Changed since you saw it.") == 2
    fill(6)
    with django_assert_num_queries(len(few.captured_queries)):
        text_of(signed_in.get(mine.get_absolute_url()))
    one = mine.saved_items.first()
    with django_assert_max_num_queries(12):
        text_of(signed_in.get(page_of(one)))


def test_list_on_which_everything_has_changed_asks_ten_times_at_most(
    signed_in, mine, item, fact, saved_group, django_assert_max_num_queries
):
    topic = TopicFactory(published_at=ago(days=40))
    SavedItemFactory(reading_list=mine, topic=topic, seen_at=ago(days=10))
    make_live(FactFactory(topic=topic))
    change(fact)
    edit(saved_group.group, place="The library")

    with django_assert_max_num_queries(10):
        page = text_of(signed_in.get(mine.get_absolute_url()))

    assert page.count("I have seen this") == 3


def test_lists_begin_with_what_has_changed(signed_in, item, fact, mine, saved_group):
    assert "since you saw" not in text_of(signed_in.get("/lists/"))
    change(fact)
    edit(saved_group.group, place="The library")

    page = text_of(signed_in.get("/lists/"))

    assert "2 things have changed since you saw them" in page
    for changed in (item, saved_group):
        assert f'href="{page_of(changed)}"' in page
    signed_in.post(page_of(item))
    assert "One thing has changed since you saw it" in text_of(signed_in.get("/lists/"))


def test_thing_on_two_lists_is_told_with_the_list(signed_in, item, fact, mine, member):
    change(fact)
    assert f"on “{mine.title}”" not in text_of(signed_in.get("/lists/"))
    other = ReadingListFactory(member=member, title="For <Tuesday>")
    with time_machine.travel(ago(days=10)):
        other.add(fact)

    page = text_of(signed_in.get("/lists/"))

    assert "2 things have changed since you saw them" in page
    assert f"on “{mine.title}”" in page
    assert "on “For <Tuesday>”" in page


def test_what_is_archived_is_not_told(signed_in, item, fact, member):
    other = ReadingListFactory(member=member, archived_at=timezone.now())
    with time_machine.travel(ago(days=10)):
        other.add(fact)
    item.archived_at = timezone.now()
    item.save()
    change(fact, "safety")

    assert "since you saw" not in text_of(signed_in.get("/lists/"))


def test_summary_is_gentle_and_has_an_end(signed_in, mine, django_assert_max_num_queries):
    for _number in range(12):
        fact = make_live(since=ago(days=30), title="SECRET", sensitivity="prognosis").fact
        SavedItemFactory(
            reading_list=mine,
            topic=None,
            fact=fact,
            seen_version=fact.versions.get(),
            seen_at=ago(days=10),
        )
        change(fact, title="SECRET", sensitivity="prognosis", change_note="SECRET why")

    with django_assert_max_num_queries(10):
        page = text_of(signed_in.get("/lists/"))

    assert "12 things have changed since you saw them" in page
    assert page.count("/changes/") == 10
    assert "SECRET" not in page


def test_other_members_list_tells_its_own(fact, item):
    other = ReadingListFactory()
    change(fact)
    theirs, _is_new = other.add(fact)

    assert kind_of(item) == "meaning"
    assert kind_of(theirs) == ""
    assert FactVersion.objects.filter(fact=fact).count() == 2
