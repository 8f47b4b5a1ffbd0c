"""Which groups fit, counted, in order, with reasons, and what is offered if none does."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
import time_machine

from community import demo
from community.finding.criteria import AUDIENCES, DISTANCES, WAYS, Criteria, km_of
from community.finding.day_times import COMING_WEEKS, DAY_TIMES
from community.finding.fit import Answers
from community.finding.search import Reader, Search
from community.models import Occurrence, Place, SupportGroup
from community.places.distances import km_between
from tests.factories import (
    MeetingFactory,
    PauseFactory,
    ServiceFactory,
    SupportGroupFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEEDS = Place(key="t1", name="Leeds", country="GB", latitude=53.8, longitude=-1.55)
LYON = Place(key="t2", name="Lyon", country="FR", latitude=45.76, longitude=4.84)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def search(place=None, zone="", units="", **chosen):
    return Search(Criteria(**chosen), place, Reader(zone, units), NOW)


def names(found):
    return [group.name for group in found.page("1").object_list]


def in_person(name, miles=0.0, **fields):
    """A group that meets so many miles north of the middle of Leeds."""
    fields = {"is_online": False} | fields
    return SupportGroupFactory(
        name=name,
        is_in_person=True,
        place="Hall",
        latitude=53.8 + km_of(1) * miles / 111.195,
        longitude=-1.55,
        **fields,
    )


# Against a walk over all rows


@pytest.fixture
def world():
    """Groups of every kind, also close to one another, and what is known of each."""
    demo.save([demo.example(number, NOW) for number in range(1, 401)], NOW)
    groups = list(SupportGroup.objects.all())
    for index, group in enumerate(groups):
        if index % 3 == 0 and group.is_in_person:
            # More of them around Leeds, at all distances.
            group.latitude, group.longitude = 53.8 + index / 150, -1.55
        if index % 13 == 5:
            group.reported_ended_on = NOW.date()
    SupportGroup.objects.bulk_update(groups, ["latitude", "longitude", "reported_ended_on"])
    dates = {}
    coming = Occurrence.objects.filter(
        is_cancelled=False, ends_at__gt=NOW, starts_at__lt=NOW + COMING_WEEKS
    )
    for row in coming.select_related("meeting"):
        dates.setdefault(row.meeting.group_id, []).append(row)
    return groups, dates


def is_at(when, dates, zone):
    wanted = DAY_TIMES[when]
    for row in dates:
        local = row.starts_at.astimezone(ZoneInfo(zone)) if zone else None
        day = local.weekday() if local else int(row.meeting.weekday)
        hour = local.hour if local else row.meeting.starts_at.hour
        if day in wanted.days and hour in wanted.hours:
            return True
    return False


def fits(group, asked, place, zone, dates):
    if group.ended_on and group.ended_on <= NOW.date():
        return False
    ages = group.checked_on is not None
    weeks = group.check_every_weeks
    is_stale = ages and (NOW.date() - group.checked_on) >= timedelta(weeks=2 * weeks + 4)
    if not asked.also and (group.reported_ended_on or is_stale):
        return False
    if asked.audience == "metastatic" and not group.is_metastatic_only:
        return False
    if asked.audience not in {"", "metastatic", *group.audiences}:
        return False
    if asked.language not in {"", *group.languages, *group.sign_languages}:
        return False
    if asked.when and not is_at(asked.when, dates.get(group.pk, []), zone):
        return False
    ways = {"online": group.is_online, "phone": group.is_by_phone, "in-person": group.is_in_person}
    if place and asked.way in {"", "in-person"}:
        near = group.is_in_person and group.latitude is not None
        if near:
            km = km_between(place.latitude, place.longitude, group.latitude, group.longitude)
            near = km <= km_of(asked.within)
        return near or (not asked.way and (group.is_online or group.is_by_phone))
    return not asked.way or ways[asked.way]


def any_criteria(seed):
    chance = Random(seed)

    def some(values):
        return chance.choice(["", "", *values])

    criteria = Criteria(
        audience=some(AUDIENCES),
        way=some(WAYS),
        within=chance.choice(DISTANCES),
        language=some(["en", "es", "fr", "cy", "bfi"]),
        when=some(DAY_TIMES),
        order=some(["next", "nearest", "match"]),
        also=some(["unconfirmed"]),
    )
    place = chance.choice([None, LEEDS, LYON])
    if criteria.way in {"online", "phone"}:
        place = None  # Pages do not look it up then.
    return (
        replace(criteria, near=place.key if place else ""),
        place,
        chance.choice(["", "Europe/London", "America/Los_Angeles", "Asia/Kathmandu"]),
    )


def test_database_count_and_walk_agree_on_any_search(world):
    groups, dates = world
    empty = 0
    for seed in range(250):
        asked, place, zone = any_criteria(seed)
        found = Search(asked, place, Reader(zone), NOW)

        wanted = {g.pk for g in groups if fits(g, asked, place, zone, dates)}

        assert set(found.groups.values_list("pk", flat=True)) == wanted, (seed, asked)
        assert found.tally.total == len(wanted), (seed, asked)
        if not wanted:
            empty += 1
            assert found.wider is None or found.wider.search.tally.total
            assert found.wider is None or (
                found.wider.search.groups.count() == found.wider.search.tally.total
            )
    assert 20 < empty < 230


def test_number_beside_each_choice_is_what_choosing_it_finds(world):
    for seed in range(30):
        asked, place, zone = any_criteria(seed)
        found = Search(asked, place, Reader(zone), NOW)
        tally = found.tally

        for name, numbers, values in (
            ("audience", tally.by_audience, AUDIENCES),
            ("way", tally.by_way, WAYS),
            ("language", tally.by_language, ["en", "es", "cy", "bfi", "ja"]),
        ):
            for value in values:
                other = replace(found, criteria=replace(asked, **{name: value}))
                assert numbers[value] == other.groups.count(), (seed, name, value)
        also = replace(found, criteria=replace(asked, also="unconfirmed"))
        assert tally.hidden == also.groups.count() - tally.total


def test_orders_hold_the_same_groups(world):
    for order in ("next", "nearest", "match"):
        found = search(LEEDS, near="t1", order=order)
        pks = list(found.groups.values_list("pk", flat=True))

        assert len(pks) == len(set(pks)) == found.tally.total


# Order and reasons


def test_next_meeting_comes_first_unless_a_place_is_given():
    near, far = in_person("Near", 1), in_person("Far", 20)
    MeetingFactory(group=far, weekday="0")
    MeetingFactory(group=near, weekday="4")

    assert names(search()) == ["Far", "Near"]
    assert names(search(LEEDS, near="t1")) == ["Near", "Far"]
    assert names(search(LEEDS, near="t1", order="next")) == ["Far", "Near"]
    # Nobody can be nearest to nowhere.
    assert search(order="nearest").order == "next"


def test_those_on_a_screen_come_after_those_near_the_place():
    online = SupportGroupFactory(name="Online", latitude=53.8, longitude=-1.55)
    MeetingFactory(group=online, weekday="0")
    in_person("Near", 10)
    in_person("Too far", 40)

    assert names(search(LEEDS, near="t1")) == ["Near", "Online"]


def test_best_match_is_made_for_those_who_are_meant():
    SupportGroupFactory(name="For many", audiences=["men", "young-adults"], languages=["en", "es"])
    SupportGroupFactory(name="For men", audiences=["men"], languages=["en", "es"])
    SupportGroupFactory(name="Metastatic", audiences=["men"], is_metastatic_only=True)
    soon = SupportGroupFactory(name="Soon", audiences=["men"], languages=["en", "es"])
    MeetingFactory(group=soon)

    found = names(search(audience="men", order="match"))

    assert found == ["Metastatic", "Soon", "For men", "For many"]


@pytest.mark.parametrize(
    ("chosen", "reasons"),
    [
        ({}, []),
        ({"audience": "metastatic"}, ["Metastatic only"]),
        ({"audience": "men", "language": "es"}, ["Men", "in Spanish"]),
        ({"language": "ase", "when": "weekend"}, ["in American Sign Language", "on weekends"]),
        ({"way": "phone"}, ["by phone"]),
        ({"way": "in-person"}, ["in person"]),
        (
            {"audience": "metastatic", "language": "es", "near": "t1", "place": LEEDS},
            ["Metastatic only", "in Spanish", "4 miles away"],
        ),
        ({"way": "in-person", "near": "t1", "place": LEEDS, "units": "km"}, ["6 kilometers away"]),
    ],
)
def test_card_says_why_it_is_shown(chosen, reasons):
    group = in_person(
        "All",
        4,
        is_by_phone=True,
        audiences=["men"],
        is_metastatic_only=True,
        languages=["es"],
        sign_languages=["ase"],
    )
    MeetingFactory(group=group, weekday="5")

    [shown] = search(**chosen).page("1").object_list

    assert shown.reasons == reasons


# What is shown and what is not


def test_group_on_a_break_says_so_and_comes_last():
    MeetingFactory(group__name="Awake", weekday="1")
    resting = MeetingFactory(group__name="Resting", weekday="0").group
    PauseFactory(group=resting, first_on=NOW.date(), last_on=None)
    short = MeetingFactory(group__name="Back soon", weekday="0").group
    PauseFactory(group=short, first_on=NOW.date(), last_on=NOW.date() + timedelta(days=9))
    over = MeetingFactory(group__name="Was away", weekday="0").group
    PauseFactory(group=over, first_on=NOW.date() - timedelta(9), last_on=NOW.date() - timedelta(1))

    groups = search().page("1").object_list

    assert [(g.name, g.is_on_break, g.break_until) for g in groups] == [
        ("Was away", False, None),
        ("Awake", False, None),
        ("Back soon", True, NOW.date() + timedelta(days=9)),
        ("Resting", True, None),
    ]


def test_listing_that_nobody_confirmed_is_counted_and_shown_when_asked_for():
    SupportGroupFactory(name="Fresh", checked_on=NOW.date())
    SupportGroupFactory(name="Stale", checked_on=NOW.date() - timedelta(weeks=60))
    SupportGroupFactory(name="Said to have ended", reported_ended_on=NOW.date())
    SupportGroupFactory(name="Ended", ended_on=NOW.date())
    example = {"is_example": True, "published_at": NOW - timedelta(weeks=300)}
    SupportGroupFactory(name="Old example", **example)
    SupportGroupFactory(
        name="Stale example", checked_on=NOW.date() - timedelta(weeks=60), **example
    )

    assert names(search()) == ["Fresh", "Old example"]
    assert search().tally.hidden == 3
    assert names(search(also="unconfirmed")) == [
        "Fresh", "Old example", "Said to have ended", "Stale", "Stale example",
    ]  # fmt: skip


def test_time_of_day_goes_by_the_readers_clock_if_there_is_one():
    MeetingFactory(time_zone="America/New_York", starts_at=time(19), group__name="Evening there")

    assert names(search(when="evening")) == ["Evening there"]
    assert names(search(when="evening", zone="America/Los_Angeles")) == []
    assert names(search(when="afternoon", zone="America/Los_Angeles")) == ["Evening there"]
    # It is Wednesday in Auckland by then.
    assert names(search(when="weekday-afternoon", zone="Pacific/Auckland")) == ["Evening there"]


# No dead end


def wider(**chosen):
    found = search(**chosen)
    assert found.tally.total == 0
    return found.wider


def test_way_is_given_up_before_distance():
    in_person("Far", 40)
    SupportGroupFactory(name="Online")

    found = wider(place=LEEDS, near="t1", way="in-person")

    assert found.words == "These meet online."
    assert names(found.search) == ["Online"]
    assert found.search.criteria == Criteria(near="t1")


def test_distance_is_given_up_as_little_as_helps():
    in_person("Far", 40)
    in_person("Farther", 49)
    in_person("Too far", 60)

    found = wider(place=LEEDS, near="t1", way="in-person")

    assert found.words == "These meet within 50 miles."
    assert names(found.search) == ["Far", "Farther"]
    assert found.search.criteria.within == 50


@pytest.mark.parametrize(
    ("fields", "chosen", "words", "given_up"),
    [
        (
            {"is_by_phone": True, "is_online": False},
            {"way": "online"},
            "These meet by phone.",
            {"way": ""},
        ),
        # Who meets by phone near whom is not asked.
        (
            {},
            {"way": "phone", "near": "leeds"},
            "These meet online.",
            {"way": "", "near": ""},
        ),
        ({}, {"when": "weekend"}, "These meet at other times.", {"when": ""}),
        (
            {},
            {"audience": "men"},
            "These are not for men in particular.",
            {"audience": ""},
        ),
        ({}, {"language": "cy"}, "These meet in other languages.", {"language": ""}),
        (
            {"checked_on": NOW.date() - timedelta(weeks=60)},
            {},
            "These have not been confirmed for a long time, so ask first.",
            {"also": "unconfirmed"},
        ),
        (
            {},
            {"way": "phone", "when": "morning", "audience": "bereaved"},
            "These meet online, meet at other times, and are not for people who have lost "
            "somebody in particular.",
            {"way": "", "when": "", "audience": ""},
        ),
    ],
)
def test_least_is_given_up_and_said(fields, chosen, words, given_up):
    group = SupportGroupFactory(name="There", **fields)
    MeetingFactory(group=group)

    found = wider(**chosen)

    assert found.words == words
    assert found.search.criteria == replace(Criteria(**chosen), **given_up)
    assert names(found.search) == ["There"]


def test_nothing_helps_where_nothing_is():
    assert wider(audience="men", way="online") is None
    in_person("On the other side of the world", -4000)
    assert wider(place=LEEDS, near="t1", way="in-person") is None


@pytest.mark.parametrize(
    ("within", "farther"), [(5, (10, 2, "10 miles")), (10, (50, 3, "50 miles")), (50, None)]
)
def test_farther_is_offered_where_there_is_more(within, farther):
    for miles in (3, 7, 40):
        in_person(f"At {miles}", miles)

    found = search(LEEDS, near="t1", way="in-person", within=within).farther

    assert (found and (found.criteria.within, found.number, found.distance)) == farther


@pytest.mark.parametrize(
    ("reader", "names"),
    [
        ({"place": LEEDS}, ["British", "British in Welsh", "Everywhere"]),
        ({"place": LEEDS, "language": "cy"}, ["British in Welsh", "British", "Everywhere"]),
        ({"zone": "America/Chicago"}, ["American", "Everywhere"]),
        ({"place": LYON}, ["Everywhere"]),
        ({}, ["Everywhere"]),
    ],
)
def test_services_are_those_of_the_country_and_language(reader, names):
    ServiceFactory(name="Everywhere", country="", languages=["en"])
    ServiceFactory(name="British", country="GB", languages=["en"], position=1)
    ServiceFactory(name="British in Welsh", country="GB", languages=["cy"], position=2)
    ServiceFactory(name="American", country="US", languages=["en"])
    ServiceFactory(name="Not yet", country="GB", published_at=None)

    assert [service.name for service in search(**reader).services] == names


@pytest.mark.parametrize(
    ("reader", "units"),
    [
        ({}, "miles"),
        ({"place": LEEDS}, "miles"),
        ({"place": LYON}, "km"),
        ({"place": LYON, "units": "miles"}, "miles"),
        ({"zone": "Europe/Paris"}, "km"),
        ({"place": LEEDS, "zone": "Europe/Paris"}, "miles"),
    ],
)
def test_units_are_the_readers_or_the_places(reader, units):
    assert search(**reader).units == units


# Which group fits me?


def fit(**answers):
    from django.http import QueryDict

    values = QueryDict(mutable=True)
    for name, value in answers.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    return Answers.parse(values).search(None, Reader(), NOW)


def test_answers_put_in_front_and_leave_nobody_out():
    SupportGroupFactory(name="Open")
    SupportGroupFactory(name="Metastatic", is_metastatic_only=True)
    SupportGroupFactory(name="Men", audiences=["men"])
    SupportGroupFactory(name="Both", audiences=["men"], is_metastatic_only=True)

    found = fit(you="metastatic", like=["men"])

    assert names(found) == ["Both", "Metastatic", "Men", "Open"]
    assert found.page("1").object_list[0].reasons == ["Metastatic only", "Men"]


def test_what_is_made_for_others_alone_is_left_out():
    SupportGroupFactory(name="Open")
    SupportGroupFactory(name="Metastatic", is_metastatic_only=True)
    SupportGroupFactory(name="Family", audiences=["family-carer"])
    SupportGroupFactory(name="Family and loss", audiences=["family-carer", "bereaved"])
    SupportGroupFactory(name="Family and patients", audiences=["newly-diagnosed", "family-carer"])

    assert names(fit(you="metastatic")) == ["Metastatic", "Family and patients", "Open"]
    assert names(fit(you="any-stage")) == ["Family and patients", "Open"]
    assert names(fit(you="family-carer"))[:3] == [
        "Family", "Family and loss", "Family and patients",
    ]  # fmt: skip
    assert names(fit(you="bereaved"))[0] == "Family and loss"
    for you in ("metastatic", "any-stage", "family-carer", "bereaved", ""):
        found = fit(you=you)
        assert found.tally.total == found.groups.count()


def test_language_and_way_are_kept_and_widened():
    SupportGroupFactory(name="Spanish", languages=["es"])

    assert names(fit(you="", **{"in": "es"})) == ["Spanish"]
    found = fit(you="", way="phone", **{"in": "es"})
    assert found.wider.words == "These meet online."


@pytest.mark.parametrize("number", [3, 45])
def test_queries_do_not_grow_with_groups(number, django_assert_num_queries):
    """L1: one to count, one for the page, its meetings, its next dates."""
    for n in range(number):
        group = in_person(f"Group {n}", n % 20, languages=["es", "en"])
        MeetingFactory(group=group)
    found = search(LEEDS, near="t1", language="es", when="evening")

    with django_assert_num_queries(4):
        found.page("1")
        _numbers = [found.tally.by_way, found.farther, found.wider]
