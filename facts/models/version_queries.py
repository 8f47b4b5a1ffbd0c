"""Which versions there are, for readers and for staff; none is written over once it is decided."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import (
    Exists,
    F,
    JSONField,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat, JSONObject, Replace, StrIndex

from facts.choices import Status
from facts.models.events import Event

# What an editor writes, in the order of the desk. A new version begins with all of it.
WRITTEN_FIELDS = (
    "title",
    "neutral_heading",
    "body",
    "call_now",
    "sensitivity",
    "evidence",
    "audiences",
    "grade_reason",
    "plain_words",
)
# What a version says, and that it was approved. All of it is final once it is approved.
TEXT_FIELDS = (
    "fact_id",
    "language",
    "number",
    *WRITTEN_FIELDS,
    "change_kind",
    "change_note",
    "origin",
    "author_id",
    "approver_id",
    "approved_at",
    "status",
)
# What the reading grade is made of, and where it is kept.
MEASURED_FIELDS = frozenset({"body", "call_now", "language"})
A_DAY = timedelta(days=1)
# So many of the newest are looked through for what is news.
LOOKED_AT = 1_000


class FinalText(Exception):
    """Somebody tried to change the text of an approved version."""


class FactVersionQuerySet(models.QuerySet):
    def live(self, at: datetime) -> Self:
        """Versions that readers see at `at`: begun, and not yet ended."""
        return self.filter(live_from__lte=at).exclude(live_until__lte=at)

    def scheduled(self, at: datetime) -> Self:
        """Versions that readers will see some time after `at`."""
        return self.filter(live_from__gt=at).exclude(live_until__lte=F("live_from"))

    def ever_live(self, at: datetime) -> Self:
        """Versions that readers saw at some moment up to `at`, the newest first."""
        return (
            self.filter(live_from__lte=at)
            .exclude(live_until__lte=F("live_from"))
            .order_by("-live_from", "-number")
        )

    def open(self) -> Self:
        """Versions that are still being worked on."""
        return self.filter(status__in=[Status.DRAFT, Status.IN_REVIEW])

    def awaiting_decision_by(self, person: Any) -> Self:
        """Versions in review that `person` neither wrote nor sent to a clinician; oldest first."""
        from facts.models.review_requests import ReviewRequest

        wrote = Event.objects.filter(version=OuterRef("pk"), verb="created", actor=person)
        sent = ReviewRequest.objects.filter(version=OuterRef("pk"), asked_by=person)
        return (
            self.filter(status=Status.IN_REVIEW)
            .exclude(author=person)
            .filter(~Exists(wrote), ~Exists(sent))
            .order_by("edited_at", "pk")
        )

    def sent_back_to(self, person: Any) -> Self:
        """Drafts with `note`, which somebody else sent back to `person` with that note."""
        wrote = Event.objects.filter(version=OuterRef("pk"), verb="created", actor=person)
        last = Event.objects.filter(
            version=OuterRef("pk"), verb__in=["submitted", "returned"]
        ).order_by("-happened_at", "-pk")
        return (
            self.filter(Q(author=person) | Exists(wrote), status=Status.DRAFT)
            .annotate(
                note=Subquery(last.values("note")[:1]),
                sent_back_by=Subquery(last.values("actor")[:1]),
            )
            .filter(Q(sent_back_by=None) | ~Q(sent_back_by=person.pk), note__gt="")
            .order_by("-edited_at", "-pk")
        )

    def with_dead_links(self) -> Self:
        """Versions that cite a source whose address is dead, or whose text leads to one."""
        from facts.models.links import Link
        from facts.models.sources import Citation

        dead = Link.objects.dead()
        cited = Citation.objects.filter(
            version=OuterRef("pk"), source__url__in=dead.order_by().values("url")
        )
        # As it stands in the sanitised HTML of a text.
        written = Concat(Value('href="'), Replace("url", Value("&"), Value("&amp;")), Value('"'))
        linked = dead.annotate(place=StrIndex(OuterRef("body"), written)).filter(place__gt=0)
        return self.filter(Exists(cited) | Exists(linked))

    def of_topic(self, slug: str, at: datetime, language: str | None) -> Self:
        """Live versions of a published topic's facts in order, with their facts and the topic."""
        return (
            self.live(at)
            .filter(fact__topic__slug=slug, fact__topic__published_at__lte=at, language=language)
            .select_related("fact__topic")
            .order_by("fact__position", "fact_id")
        )

    def beside(self, fact: Any) -> tuple[Self, Self]:
        """Those of the topic of `fact` that stand before it, the nearest first, and after it."""
        place, key = fact.position, fact.pk
        same = self.filter(fact__topic=fact.topic_id)
        before = Q(fact__position__lt=place) | Q(fact__position=place, fact_id__lt=key)
        after = Q(fact__position__gt=place) | Q(fact__position=place, fact_id__gt=key)
        return (
            same.filter(before).order_by("-fact__position", "-fact_id"),
            same.filter(after).order_by("fact__position", "fact_id"),
        )

    def with_topics_beside(self, slug: str, at: datetime) -> Self:
        """Versions with `previous_topic` and `next_topic`: {"slug", "title"} of each, or None.

        They are those beside the topic of `slug`, which is named so that the database looks for
        them once, and not for each version.
        """
        from facts.models.topics import Topic

        this = Topic.objects.filter(slug=slug).order_by()
        place, title = Subquery(this.values("position")), Subquery(this.values("title"))
        before = Q(position__lt=place) | Q(position=place, title__lt=title)
        after = Q(position__gt=place) | Q(position=place, title__gt=title)

        def first(topics: Any) -> Any:
            named = topics.values(named=JSONObject(slug="slug", title="title"))
            return Subquery(named[:1], output_field=JSONField())

        topics = Topic.objects.published(at)
        return self.annotate(
            previous_topic=first(topics.filter(before).order_by("-position", "-title")),
            next_topic=first(topics.filter(after).order_by("position", "title")),
        )

    def with_call_now(self, at: datetime, language: str | None) -> Self:
        """Live versions of published topics' facts that say what cannot wait, in their order."""
        return (
            self.live(at)
            .filter(fact__topic__published_at__lte=at, language=language)
            .exclude(call_now="")
            .select_related("fact__topic")
            .order_by("fact__topic__position", "fact__topic_id", "fact__position", "fact_id")
        )

    def news(self, at: datetime, language: str | None) -> Self:
        """Versions that are news: what came with its topic, or within a day of it, is none.

        They are looked for among the newest wordings of what readers knew, and among the newest
        of all: where thousands came with their topics, the others are found without reading them.
        """
        rows = type(self)(self.model).order_by().values("pk")
        begun = rows.filter(live_from__lte=at, language=language)
        newest = begun.order_by("-live_from", "-number")
        later = newest.filter(number__gt=1)
        return self.filter(
            Q(number__gt=1) | Q(live_from__gt=F("fact__topic__published_at") + A_DAY),
            # SQLite takes no limit within a union.
            pk__in=rows.filter(pk__in=newest[:LOOKED_AT]).union(
                rows.filter(pk__in=later[:LOOKED_AT])
            ),
        )

    def for_audience(self, audience: str) -> Self:
        """Versions that are written for `audience` in particular."""
        # The column holds ",one,two,": see ChoicesField.
        return (
            self.exclude(audiences=[])
            .annotate(_audiences=Cast("audiences", TextField()))
            .filter(_audiences__contains=f",{audience},")
        )

    def in_reading_order(self) -> Self:
        """Versions in the order of their topics, and of the facts in each."""
        return self.select_related("fact__topic").order_by(
            "fact__topic__position", "fact__topic__title", "fact__position", "fact_id"
        )

    def newest(self, at: datetime, language: str | None) -> Self:
        """Live versions of published topics' facts that are news, those first that began last."""
        return (
            self.live(at)
            .news(at, language)
            .filter(fact__topic__published_at__lte=at, language=language)
            .select_related("fact__topic")
            .order_by("-live_from", "fact__topic__position", "fact__position", "pk")
        )

    def decided(self) -> Self:
        """Versions that were approved or rejected; nothing of them changes any more."""
        return self.filter(status__in=[Status.APPROVED, Status.REJECTED])

    def with_evidence(self) -> Self:
        """Versions with their citations and sources fetched, and with their last review."""
        from facts.models.reviews import Review
        from facts.models.sources import Citation

        last = Review.objects.standing().filter(version=OuterRef("pk"))
        said = last.values(said=JSONObject(**{name: name for name in Review.PRINTED}))
        return self.annotate(
            last_review_said=Subquery(said[:1], output_field=JSONField())
        ).prefetch_related(Prefetch("citations", Citation.objects.in_order()))

    def update(self, **changes: Any) -> int:
        final = {name.removesuffix("_id") for name in TEXT_FIELDS}
        is_text = bool(final & {name.removesuffix("_id") for name in changes})
        if is_text and self.filter(status=Status.APPROVED).exists():
            raise FinalText("The text of an approved version never changes.")
        if not MEASURED_FIELDS & set(changes):
            return super().update(**changes)
        keys = list(self.values_list("pk", flat=True))
        count = super().update(**changes)
        changed: Any = type(self)(self.model).filter(pk__in=keys)
        for version in changed.open():
            version.save(update_fields=sorted(MEASURED_FIELDS))
        return count

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        from facts import bench

        if kwargs.get("update_conflicts"):
            raise FinalText("Versions are added, never written over.")
        objs = list(objs)
        glossary = bench.Glossary.published()
        for version in objs:
            bench.measure(version, glossary)
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise FinalText("Versions are deleted one by one, and only while they are drafts.")
