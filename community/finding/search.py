"""Which groups fit what somebody looks for, in which order, and what there is if none does."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, reduce
from math import inf
from operator import add
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Value, When
from django.utils.translation import gettext as _

from community.care.freshness import shown_unasked
from community.countries import country_of_zone
from community.finding import kept
from community.finding import tally as tallies
from community.finding.criteria import (
    AUDIENCES,
    DISTANCES,
    IN_PERSON,
    METASTATIC,
    NEAREST,
    NEXT,
    SIGNED,
    SPOKEN,
    UNCONFIRMED,
    WAYS,
    Criteria,
    Sentence,
    km_of,
)
from community.finding.day_times import DAY_TIMES, taking_place
from community.finding.stretch import stretch
from community.finding.tally import Kind, Tally
from community.languages import language_in_words
from community.models import Occurrence, Place, Service, SupportGroup
from community.models.groups import GROUP_AUDIENCES, SupportGroupQuerySet
from community.places.distances import in_words, km_between, units_for, within_box

PAGE_SIZE = 20
SERVICES = 3
# More groups than these are not all put in order for a page.
MANY = 200
# Groups that stand farther down are found with less work by putting all in order.
FARTHEST = 4_000
_WAY_FIELDS = {"online": "is_online", "phone": "is_by_phone", IN_PERSON: "is_in_person"}


@dataclass(frozen=True)
class Reader:
    """By whose clock and in which units somebody reads; "" where nothing was chosen."""

    zone: str = ""
    units: str = ""


@dataclass
class Search:
    """What somebody looks for at a moment, near a place that is known, if any.

    `wishes` are audiences that are welcome but not needed; groups that fit `without` are left
    out.
    """

    criteria: Criteria
    place: Place | None
    reader: Reader
    at: datetime
    wishes: tuple[str, ...] = ()
    without: Q = field(default_factory=Q)

    @property
    def country(self) -> str:
        """The country of the place, or else of the reader's clock, or ""."""
        return (self.place.country if self.place else "") or country_of_zone(self.reader.zone)

    @property
    def units(self) -> str:
        """The units in which distances are told; miles where nobody knows the country."""
        return units_for(self.reader.units, self.country or "US")

    @property
    def sentence(self) -> Sentence:
        """What is looked for, in words."""
        return Sentence(self.criteria, self.place.label if self.place else "", self.units)

    @property
    def order(self) -> str:
        """The order that was chosen, or that suits what is looked for."""
        asked = self.criteria.order
        if asked == NEAREST and not self.has_distance:
            asked = ""
        return asked or (NEAREST if self.has_distance else NEXT)

    @property
    def has_distance(self) -> bool:
        """Whether it matters how far away people meet."""
        return self.place is not None and self.criteria.way in {"", IN_PERSON}

    # Counting

    @cached_property
    def tally(self) -> Tally:
        """How many groups of each kind there are. At most one query."""
        state = kept.state()
        when = self.criteria.when
        which = (self.without, when, self.reader.zone if when else "")
        all_kinds = kept.find(state, which)
        if all_kinds is None:
            kinds = self._count(self._listed())
            kept.keep(state, which, kinds)
        elif self.has_distance:
            kinds = all_kinds.with_near(self._count(self._listed().filter(self._may_be_near)))
        else:
            return all_kinds.tally(self.criteria)
        return Tally(kinds, self.criteria, self.has_distance)

    @property
    def _may_be_near(self) -> Q:
        return Q(is_in_person=True) & self._within(DISTANCES[-1])

    def _count(self, groups: SupportGroupQuerySet) -> tuple[Kind, ...]:
        columns = ["audiences", "languages", "sign_languages", *_WAY_FIELDS.values()]
        columns += ["is_metastatic_only", "is_confirmed"]
        groups = groups.annotate(
            is_confirmed=Case(When(shown_unasked(self.at), then=Value(True)), default=Value(False))
        )
        if self.criteria.when:
            groups = groups.annotate(is_at=Exists(self._taking_place()))
            columns.append("is_at")
        if self.has_distance:
            groups = groups.annotate(
                north=Case(When(self._may_be_near, then=F("latitude"))),
                east=Case(When(self._may_be_near, then=F("longitude"))),
            )
            columns += ["north", "east"]
        rows = groups.order_by().values(*columns).annotate(number=Count("pk"))
        # Many kinds, that differ in few values.
        same: dict[frozenset[str], frozenset[str]] = {}
        return tuple(self._kind(row, same) for row in rows)

    def _kind(self, row: dict[str, Any], same: dict[frozenset[str], frozenset[str]]) -> Kind:
        values = (
            frozenset(way for way, name in _WAY_FIELDS.items() if row[name]),
            frozenset({*row["audiences"], *([METASTATIC] if row["is_metastatic_only"] else [])}),
            frozenset({*row["languages"], *row["sign_languages"]}),
        )
        ways, audiences, languages = (same.setdefault(value, value) for value in values)
        km = miles = None
        if row.get("north") is not None:
            assert self.place is not None  # noqa: S101  Else nobody is near.
            km = km_between(self.place.latitude, self.place.longitude, row["north"], row["east"])
            miles = next((miles for miles in DISTANCES if km <= km_of(miles)), None)
        return Kind(
            number=row["number"],
            ways=ways,
            audiences=audiences,
            languages=languages,
            miles=miles,
            km=km,
            is_at=row.get("is_at", True),
            is_confirmed=row["is_confirmed"],
        )

    def _taking_place(self) -> Any:
        own = Occurrence.objects.filter(meeting__group=OuterRef("pk"))
        occurrences = own.filter(ends_at__gt=self.at, is_cancelled=False)
        return taking_place(occurrences, self.criteria.when, self.reader.zone, self.at).order_by()

    def _listed(self) -> SupportGroupQuerySet:
        groups = SupportGroup.objects.published(self.at).running(self.at)
        return groups.exclude(self.without) if self.without else groups

    @staticmethod
    def _is_for(audience: str) -> Q:
        if audience == METASTATIC:
            return Q(is_metastatic_only=True)
        return Q(audiences__contains=audience)

    def _within(self, miles: int) -> Q:
        assert self.place is not None  # noqa: S101  Callers ask has_distance first.
        return within_box(self.place.latitude, self.place.longitude, km_of(miles))

    # Finding

    @property
    def groups(self) -> SupportGroupQuerySet:
        """The groups that fit, in their order, with `next_starts_at`."""
        return self._in_order(self.fitting())

    def fitting(self) -> SupportGroupQuerySet:
        """The groups that fit, in no order."""
        return self._of_way(self.fitting_anywhere())

    def fitting_anywhere(self) -> SupportGroupQuerySet:
        """The groups that fit but for how and how far away people meet, in no order."""
        asked = self.criteria
        groups = self._listed()
        if not asked.also:
            groups = groups.filter(shown_unasked(self.at))
        if asked.audience:
            groups = groups.filter(self._is_for(asked.audience))
        if asked.language:
            name = "sign_languages" if asked.language in SIGNED else "languages"
            groups = groups.filter(**{f"{name}__contains": asked.language})
        if asked.when:
            groups = groups.filter(Exists(self._taking_place()))
        return groups

    def _of_way(self, groups: SupportGroupQuerySet) -> SupportGroupQuerySet:
        way = self.criteria.way
        if self.place is None or not self.has_distance:
            return groups.filter(**{_WAY_FIELDS[way]: True}) if way else groups
        groups = groups.near(self.place.latitude, self.place.longitude)
        others = Q() if way else Q(is_online=True) | Q(is_by_phone=True)
        return groups.filter(self._is_near | others)

    @property
    def _is_near(self) -> Q:
        """The condition of groups with `distance_km` to meet in person near enough."""
        within = self.criteria.within
        # The box first: it costs less than the distance.
        return Q(is_in_person=True) & self._within(within) & Q(distance_km__lte=km_of(within))

    def _in_order(self, groups: SupportGroupQuerySet) -> SupportGroupQuerySet:
        groups = groups.by_next_meeting(self.at)
        if self.order == NEXT:
            return groups
        ordering: list[Any] = list(groups.query.order_by)
        if self.has_distance:
            is_near = Q(is_in_person=True, distance_km__lte=km_of(self.criteria.within))
            groups = groups.alias(near_km=Case(When(is_near, then=F("distance_km"))))
        if self.order == NEAREST:
            return groups.order_by(F("near_km").asc(nulls_last=True), *ordering)
        return groups.alias(points=self._points()).order_by("-points", *ordering)

    def _points(self) -> Any:
        """How well a group fits: made for those who are meant, soon, near, and confirmed."""
        asked = self.criteria
        points = [
            (3, Q(is_metastatic_only=True)),
            (2, Q(next_starts_at__lt=self.at + timedelta(days=14))),
        ]
        if asked.audience and asked.audience != METASTATIC:
            points.append((3, Q(audiences=[asked.audience])))
        if asked.language in SPOKEN:
            points.append((2, Q(languages=[asked.language])))
        if self.has_distance:
            points += [(2, Q(near_km__lte=km_of(miles))) for miles in DISTANCES[:3]]
        points += [(4, self._is_for(wish)) for wish in self.wishes]
        return reduce(add, (Case(When(q, then=Value(n)), default=Value(0)) for n, q in points))

    def page(self, number: str | None) -> Page:
        """Return a page of the groups, each with its next date and why it is shown."""
        groups = self._whole(self.groups)
        paginator = Paginator(groups, PAGE_SIZE)
        # The tally knows, so the database need not count again.
        paginator.count = self.tally.total
        page = paginator.get_page(number)
        page.object_list = self._rows(groups, max(page.start_index(), 1) - 1, page.end_index())
        Occurrence.objects.attach_next(page.object_list, self.at)
        for group in page.object_list:
            group.reasons = list(self._reasons(group))
            group.current_meetings = [m for m in group.meetings.all() if m.is_current(self.at)]
        return page

    def _rows(self, groups: SupportGroupQuerySet, first: int, last: int) -> list[Any]:
        """Return those of `groups` from place `first` up to `last`.

        Of many groups only those are read whole, and put in order, that stand there.
        """
        if self._is_long(last):
            found = stretch(self, first, last)
            if found is not None:
                wanted = self._whole(self.fitting_anywhere().filter(found.groups))
                rows = self._nearest_first(wanted, found.numbers)
                return rows[found.skipped :][: last - first]
        elif self._are_many:
            return self._in_whole_order(groups, first, last)
        return list(groups[first:last])

    def _in_whole_order(self, groups: SupportGroupQuerySet, first: int, last: int) -> list[Any]:
        # Numbers are put in order with less work than whole groups.
        numbers = list(groups.values_list("pk", flat=True)[first:last])
        wanted = self._whole(self.fitting_anywhere().filter(pk__in=numbers))
        rows = self._nearest_first(wanted, frozenset(numbers))
        return sorted(rows, key=lambda group: numbers.index(group.pk))

    @property
    def _are_many(self) -> bool:
        """Whether there are so many groups, fitting or not, that one more query costs less."""
        return self.tally.known > 10 * MANY

    def _is_long(self, last: int) -> bool:
        """Whether to put all in order costs more than to look for those up to place `last`."""
        if last > FARTHEST:
            return False
        if self.order == NEAREST and last and self.tally.reach(last) is not None:
            # Few may fit where many meet.
            return self.tally.total > MANY or self._are_many
        return self.tally.total > MANY and self.order in {NEXT, NEAREST}

    def _whole(self, groups: SupportGroupQuerySet) -> SupportGroupQuerySet:
        """Return `groups` with all that a card shows of them but the next date."""
        # A break that holds today is with each group already; its other pauses are not needed here.
        return groups.with_break(self.at).prefetch_related("meetings")

    def _nearest_first(self, groups: SupportGroupQuerySet, numbers: frozenset[int]) -> list[Any]:
        """Return those of `groups` that are near or of `numbers`, with their distance, in order."""
        rows = list(groups.by_next_meeting(self.at))
        if self.place is None or not self.has_distance:
            return rows
        here = self.place.latitude, self.place.longitude
        near_km = {}
        for group in rows:
            group.distance_km = None
            if group.latitude is not None:
                group.distance_km = km_between(*here, group.latitude, group.longitude)
                if group.is_in_person and group.distance_km <= km_of(self.criteria.within):
                    near_km[group.pk] = group.distance_km
        rows = [group for group in rows if group.pk in near_km or group.pk in numbers]
        if self.order == NEAREST:
            rows.sort(key=lambda group: near_km.get(group.pk, inf))
        return rows

    def _reasons(self, group: SupportGroup) -> Iterator[str]:
        """Yield, in words, what of that which is looked for `group` has."""
        asked = self.criteria
        audiences = dict(GROUP_AUDIENCES)
        for audience in dict.fromkeys([asked.audience, *self.wishes]):
            if audience == METASTATIC and group.is_metastatic_only:
                yield _("Metastatic only")
            elif audience in group.audiences:
                yield str(audiences[audience])
        if asked.language in {*group.languages, *group.sign_languages}:
            yield _("in %(language)s") % {"language": language_in_words(asked.language)}
        if asked.way and asked.way != IN_PERSON and getattr(group, _WAY_FIELDS[asked.way]):
            yield str(WAYS[asked.way])
        if asked.when:
            yield str(DAY_TIMES[asked.when].words)
        km = getattr(group, "distance_km", None)
        if group.is_in_person and km is not None and km <= km_of(asked.within):
            yield _("%(distance)s away") % {"distance": in_words(km, self.units)}
        elif asked.way == IN_PERSON and group.is_in_person:
            yield str(WAYS[IN_PERSON])

    # If there is none

    @cached_property
    def wider(self) -> "Wider | None":
        """The least that has to be given up to find a group, or None if it does not help."""
        given_up = self.tally.given_up
        if not given_up:
            return None
        kinds = self.tally.those_without(given_up)
        asked = self.criteria
        changes: dict[str, Any] = {}
        words = []
        if given_up & tallies.WAY:
            # A place that did not matter so far shall not matter now.
            changes |= {"way": "", "near": asked.near if self.has_distance else ""}
            found = frozenset().union(*(kind.ways for kind in kinds)) - {asked.way}
            if self.has_distance:
                found -= {IN_PERSON}
            words.append(
                _("meet %(ways)s") % {"ways": either([WAYS[w] for w in WAYS if w in found])}
            )
        if given_up & tallies.DISTANCE:
            changes["within"] = min(kind.miles for kind in kinds if kind.miles)
            distance = in_words(km_of(changes["within"]), self.units)
            words.append(_("meet within %(distance)s") % {"distance": distance})
        if given_up & tallies.WHEN:
            changes["when"] = ""
            words.append(_("meet at other times"))
        if given_up & tallies.AUDIENCE:
            changes["audience"] = ""
            people = {"people": AUDIENCES[asked.audience]}
            words.append(_("are not for %(people)s in particular") % people)
        if given_up & tallies.UNCONFIRMED:
            changes["also"] = UNCONFIRMED
            words.append(_("have not been confirmed for a long time, so ask first"))
        if given_up & tallies.LANGUAGE:
            changes["language"] = ""
            words.append(_("meet in other languages"))
        place = self.place if self.has_distance else None
        search = replace(self, criteria=replace(asked, **changes), place=place)
        search.__dict__["tally"] = replace(self.tally, criteria=search.criteria)
        return Wider(search, _("These %(do_what)s.") % {"do_what": all_of(words)})

    @property
    def farther(self) -> "Farther | None":
        """The nearest distance within which there are more, if that is far away."""
        if not self.has_distance:
            return None
        for miles in DISTANCES:
            if miles > self.criteria.within:
                criteria = replace(self.criteria, within=miles)
                number = replace(self.tally, criteria=criteria).total
                if number > self.tally.total:
                    return Farther(criteria, number, in_words(km_of(miles), self.units))
        return None

    @property
    def services(self) -> list[Service]:
        """Some services of the country, or of all countries; in the language first. One query."""
        services = Service.objects.published(self.at).filter(country__in={self.country, ""})
        speaks = Q(languages__contains=self.criteria.language)
        return list(
            services.order_by(
                Case(When(speaks, then=Value(0)), default=Value(1)),
                Case(When(country=self.country, then=Value(0)), default=Value(1)),
                "position",
                "name",
            )[:SERVICES]
        )


@dataclass(frozen=True)
class Wider:
    """A search that finds something where the one before found nothing, and how it differs."""

    search: Search
    words: str


@dataclass(frozen=True)
class Farther:
    """What is looked for within a longer way: how many there are, and how long it is in words."""

    criteria: Criteria
    number: int
    distance: str


def either(words: list[Any]) -> str:
    """Return the words as one phrase: "online, by phone or in person"."""
    *others, last = map(str, words)
    if not others:
        return last
    return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last}


def all_of(words: list[Any]) -> str:
    """Return the words as one phrase: "meet online, and meet at other times"."""
    *others, last = map(str, words)
    if not others:
        return last
    return _("%(others)s, and %(last)s") % {"others": ", ".join(others), "last": last}
