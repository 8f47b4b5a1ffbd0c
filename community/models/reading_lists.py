import uuid
from datetime import datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.models.groups import SupportGroup
from community.models.members import Member
from community.models.notes import Noted
from facts.models import Fact, FactVersion, Topic


class ReadingListQuerySet(models.QuerySet["ReadingList"]):
    def with_item_counts(self) -> Self:
        """Lists with `item_count`, the default one first."""
        # Counting groups the rows, and then Django leaves out the model's own order.
        return self.annotate(item_count=Count("saved_items")).order_by("-is_default", "title")

    def default_for(self, member: Member) -> "ReadingList":
        """Return the member's default list; the first time, make it."""
        existing = self.filter(member=member, is_default=True).first()
        if existing:
            return existing
        title = first_choice = _now("My list")
        number = 1
        while self.filter(member=member, title=title).exists():
            number += 1
            title = f"{first_choice} {number}"
        reading_list, _created = self.get_or_create(
            member=member, is_default=True, defaults={"title": title}
        )
        return reading_list


class ReadingList(Noted):
    """A member's ordered list, found by an address that nobody can guess."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="reading_lists", verbose_name=_("member")
    )
    title = models.CharField(_("title"), max_length=80, help_text=_("For my next visit"))
    is_default = models.BooleanField(_("what I save goes here"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    item_count: int

    objects = ReadingListQuerySet.as_manager()

    class Meta:
        ordering = ["-is_default", "title"]
        verbose_name = _("reading list")
        verbose_name_plural = _("reading lists")
        constraints = [
            models.UniqueConstraint(
                name="community_readinglist_one_title", fields=["member", "title"]
            ),
            models.UniqueConstraint(
                name="community_readinglist_one_default",
                fields=["member"],
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(name="community_readinglist_has_title", condition=~Q(title="")),
        ]

    def __str__(self) -> str:
        """A number: the admin names what goes when a member is deleted, and a title is private."""
        return f"L{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("community:reading-list-detail", args=[self.pk])

    @transaction.atomic
    def add(self, target: Topic | Fact | SupportGroup) -> tuple["SavedItem", bool]:
        """Put `target` at the end, unless it is there already.

        Returns the item and whether it is new. For a fact, the item knows the version that is
        live at this moment.
        """
        ReadingList.objects.select_for_update().get(pk=self.pk)
        key = SavedItem.key_for(target)
        existing = self.saved_items.filter(**key).first()  # type: ignore[attr-defined]
        if existing:
            return existing, False
        now = timezone.now()
        last = self.saved_items.aggregate(last=Max("position"))["last"] or 0  # type: ignore[attr-defined]
        seen = target.live_version(now, get_language()) if isinstance(target, Fact) else None
        item = SavedItem.objects.create(
            reading_list=self, position=last + 1, seen_version=seen, seen_at=now, **key
        )
        return item, True


class SavedItemQuerySet(models.QuerySet):
    def with_targets(self) -> Self:
        """Items with their topic, fact or group, and the fact that replaces theirs."""
        return self.select_related("topic", "fact__topic", "fact__replaced_by__topic", "group")

    def with_numbers(self) -> Self:
        """Items with `number`, their place on their list, counted from 1."""
        up_to_here = SavedItem.objects.filter(
            Q(position__lt=OuterRef("position"))
            | Q(position=OuterRef("position"), pk__lte=OuterRef("pk")),
            reading_list=OuterRef("reading_list"),
        )
        count = up_to_here.order_by().values("reading_list").annotate(count=Count("pk"))
        return self.annotate(number=Subquery(count.values("count")))


class SavedItem(Noted):
    """Exactly one of a topic, a fact or a group on a list, with the member's own note."""

    reading_list = models.ForeignKey(
        ReadingList, models.CASCADE, related_name="saved_items", verbose_name=_("reading list")
    )
    # PROTECT: no staff member may delete what somebody has written a note about.
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="+")
    fact = models.ForeignKey(Fact, models.PROTECT, null=True, blank=True, related_name="+")
    group = models.ForeignKey(SupportGroup, models.PROTECT, null=True, blank=True, related_name="+")
    position = models.PositiveIntegerField(_("position"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    seen_version = models.ForeignKey(
        FactVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField(_("seen"))
    created_at = models.DateTimeField(_("saved"), auto_now_add=True)

    number: int

    objects = SavedItemQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("saved item")
        verbose_name_plural = _("saved items")
        constraints = [
            models.CheckConstraint(
                name="community_saveditem_exactly_one_target",
                condition=Q(topic__isnull=False, fact__isnull=True, group__isnull=True)
                | Q(topic__isnull=True, fact__isnull=False, group__isnull=True)
                | Q(topic__isnull=True, fact__isnull=True, group__isnull=False),
            ),
            *(
                models.UniqueConstraint(
                    name=f"community_saveditem_one_per_{name}",
                    fields=["reading_list", name],
                    condition=Q(**{f"{name}__isnull": False}),
                )
                for name in ("topic", "fact", "group")
            ),
            models.CheckConstraint(
                name="community_saveditem_version_of_a_fact",
                condition=Q(seen_version__isnull=True) | Q(fact__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @staticmethod
    def key_for(target: Any) -> dict[str, Any]:
        """Return the field and the value by which `target` is kept."""
        fields = {Topic: "topic", Fact: "fact", SupportGroup: "group"}
        return {fields[type(target)]: target}

    @property
    def kind(self) -> str:
        """`topic`, `fact` or `group`."""
        return "topic" if self.topic_id else "fact" if self.fact_id else "group"

    @property
    def target(self) -> Topic | Fact | SupportGroup:
        """What was saved."""
        return self.topic or self.fact or self.group  # type: ignore[return-value]

    @transaction.atomic
    def move(self, step: int) -> bool:
        """Swap places with the neighbour before (`step` -1) or after (+1) it.

        Returns False if there is none, or if the item has been removed.
        """
        ReadingList.objects.select_for_update().get(pk=self.reading_list_id)
        items = list(
            SavedItem.objects.filter(reading_list_id=self.reading_list_id)
            .order_by("position", "pk")
            .values_list("pk", "position")
        )
        place = next((i for i, (pk, _position) in enumerate(items) if pk == self.pk), None)
        if place is None or not 0 <= place + step < len(items):
            return False
        other = place + step
        items[place], items[other] = items[other], items[place]
        for number, (pk, position) in enumerate(items, start=1):
            if position != number:
                SavedItem.objects.filter(pk=pk).update(position=number)
        return True

    def mark_read(self, is_read: bool, at: datetime) -> bool:
        """Set or clear the read mark. Returns False if the item has been removed."""
        self.read_at = at if is_read else None
        return bool(SavedItem.objects.filter(pk=self.pk).update(read_at=self.read_at))

    @transaction.atomic
    def remove(self, with_note: int | None) -> bool:
        """Delete the item, with its note only if that has the number `with_note`.

        Returns False, and changes nothing, if there is another note.
        """
        item = SavedItem.objects.select_for_update().filter(pk=self.pk).first()
        if item and item.has_note and item.note_number != with_note:
            return False
        if item:
            item.delete()
        return True
