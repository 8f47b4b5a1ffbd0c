import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Count, F, Max, OuterRef, Q, Subquery, When
from django.db.models.functions import Length
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.models.drawn_numbers import drawn_number
from community.models.groups import SupportGroup
from community.models.members import Member
from community.models.notes import Noted
from facts.models import Fact, FactVersion, Topic

Target = Topic | Fact | SupportGroup


class ReadingListQuerySet(models.QuerySet["ReadingList"]):
    def active(self) -> Self:
        """Lists that are not archived."""
        return self.filter(archived_at__isnull=True)

    def archived(self) -> Self:
        """Lists that are put aside, the latest first."""
        return self.filter(archived_at__isnull=False).order_by("-archived_at", "title")

    def with_item_counts(self) -> Self:
        """Lists with `item_count` and `read_count` of what is not archived, the default first."""
        active = Q(saved_items__archived_at__isnull=True)
        read = active & Q(saved_items__read_at__isnull=False)
        # Counting groups the rows, and then Django leaves out the model's own order.
        return self.annotate(
            item_count=Count("saved_items", filter=active),
            read_count=Count("saved_items", filter=read),
        ).order_by("-is_default", "title")

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
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    item_count: int
    read_count: int

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
            # What is saved must not go where nobody looks.
            models.CheckConstraint(
                name="community_readinglist_default_is_active",
                condition=Q(is_default=False) | Q(archived_at__isnull=True),
                violation_error_message=_("What you save goes to this list, so it stays."),
            ),
        ]

    def __str__(self) -> str:
        """A number: the admin names what goes when a member is deleted, and a title is private."""
        return f"L{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("community:reading-list-detail", args=[self.pk])

    @transaction.atomic
    def make_default(self) -> None:
        """Let what is saved go here from now on; an archived list comes back for it."""
        others = ReadingList.objects.filter(member=self.member_id)
        # All of them, in one order, so that two tabs cannot leave the member without one.
        list(others.select_for_update().order_by("pk").values_list("pk"))
        others.exclude(pk=self.pk).filter(is_default=True).update(is_default=False)
        self.is_default, self.archived_at = True, None
        self.save(update_fields=["is_default", "archived_at", "edited_at"])

    @transaction.atomic
    def archive(self, at: datetime) -> None:
        """Put the list aside, with all that is on it.

        Raises ValidationError if it is the default one.
        """
        current = ReadingList.objects.select_for_update().get(pk=self.pk)
        if current.is_default:
            raise ValidationError(_("What you save goes to this list, so it stays."), "default")
        self.archived_at = at
        self.save(update_fields=["archived_at", "edited_at"])

    def restore(self) -> None:
        """Bring the list back."""
        self.archived_at = None
        self.save(update_fields=["archived_at", "edited_at"])

    def add(self, target: Target) -> tuple["SavedItem", bool]:
        """Put `target` at the end, unless it is there already.

        Returns the item and whether it is new, as `add_all` has it.
        """
        return self.add_all([target])[0]

    @transaction.atomic
    def add_all(self, targets: Iterable[Target]) -> list[tuple["SavedItem", bool]]:
        """Put `targets` at the end in their order, each unless it is there already.

        Returns for each its item and whether it is new; one that was archived comes back as
        new, with its note. Of a fact, the item knows the version that is live at this moment.
        Asks as much for many as for one.
        """
        targets = list(targets)
        keys = list(dict.fromkeys((SavedItem.name_of(target), target.pk) for target in targets))
        list(ReadingList.objects.select_for_update().filter(pk=self.pk).values_list("pk"))
        here = {item.key: item for item in self.saved_items.of_any(targets)}  # type: ignore[attr-defined]
        now = timezone.now()
        missing = [key for key in keys if key not in here or here[key].archived_at]
        last = 0
        if missing:
            last = self.saved_items.aggregate(last=Max("position"))["last"] or 0  # type: ignore[attr-defined]
        seen = {}
        if new_facts := [pk for name, pk in missing if name == "fact" and (name, pk) not in here]:
            versions = FactVersion.objects.live(now).filter(language=get_language())
            seen = dict(versions.filter(fact__in=new_facts).values_list("fact", "pk"))
        made = []
        for position, key in enumerate(missing, start=last + 1):
            name, pk = key
            if key in here:
                here[key].bring_back(position)
                here[key].was_archived = True
                continue
            item = SavedItem(reading_list=self, position=position, seen_at=now)
            setattr(item, f"{name}_id", pk)
            item.seen_version_id = seen.get(pk) if name == "fact" else None
            made.append(item)
        here |= {item.key: item for item in SavedItem.objects.bulk_create(made)}
        return [(here[key], key in missing) for key in keys]


# Groups alone have fifty columns, and a page of a list shows twenty things.
_ON_A_CARD = (
    *("reading_list", "position", "note", "note_number", "read_at", "archived_at", "created_at"),
    *("seen_at", "seen_version"),
    *("topic__slug", "topic__title", "topic__published_at"),
    *("fact__slug", "fact__topic__slug", "fact__topic__published_at"),
    *("fact__replaced_by__slug", "fact__replaced_by__topic__slug"),
    "fact__replaced_by__topic__published_at",
    *("group__slug", "group__name", "group__published_at", "group__ended_on"),
)


class SavedItemQuerySet(models.QuerySet):
    def active(self) -> Self:
        """Items that are not archived; their list may be."""
        return self.filter(archived_at__isnull=True)

    def archived(self) -> Self:
        """Items that are put aside, the latest first."""
        return self.filter(archived_at__isnull=False).order_by("-archived_at", "pk")

    def unread(self) -> Self:
        """Items without a read mark."""
        return self.filter(read_at__isnull=True)

    def of_any(self, targets: Iterable[Target]) -> Self:
        """Items by which one of `targets` is kept."""
        pks: dict[str, list[int]] = {name: [] for name in SavedItem.TARGETS}
        for target in targets:
            pks[SavedItem.name_of(target)].append(target.pk)
        return self.filter(
            Q(topic__in=pks["topic"]) | Q(fact__in=pks["fact"]) | Q(group__in=pks["group"])
        )

    def counted(self) -> Any:
        """How many items of a list there are of each of `SavedItem.COUNTED`, if there are any."""
        active = Q(archived_at__isnull=True)
        return (
            self.order_by()
            .values("reading_list")
            .annotate(
                all=Count("pk", filter=active),
                read=Count("pk", filter=active & Q(read_at__isnull=False)),
                unread=Count("pk", filter=active & Q(read_at__isnull=True)),
                topics=Count("topic", filter=active),
                facts=Count("fact", filter=active),
                groups=Count("group", filter=active),
                archived=Count("pk", filter=~active),
            )
            .values_list(*SavedItem.COUNTED)
        )

    def noted(self) -> Self:
        """Items with a note, be it one that the present keys open or not."""
        # An empty text is kept as it is, and is all that can be told of one that is encrypted.
        return self.annotate(note_length=Length("note")).filter(note_length__gt=0)

    def of_kind(self, kind: str) -> Self:
        """Items that are a `topic`, a `fact` or a `group`."""
        return self.filter(**{f"{kind}__isnull": False})

    def with_targets(self) -> Self:
        """Items with their topic, fact or group, and the fact that replaces theirs."""
        return self.select_related("topic", "fact__topic", "fact__replaced_by__topic", "group")

    def for_cards(self) -> Self:
        """Items `with_targets`, of which only those columns are read that a card shows."""
        return self.with_targets().only(*_ON_A_CARD)

    def with_numbers(self) -> Self:
        """Items with `number`: their place among the active ones of their list, from 1."""
        up_to_here = SavedItem.objects.active().filter(
            Q(position__lt=OuterRef("position"))
            | Q(position=OuterRef("position"), pk__lte=OuterRef("pk")),
            reading_list=OuterRef("reading_list"),
        )
        count = up_to_here.order_by().values("reading_list").annotate(count=Count("pk"))
        return self.annotate(number=Subquery(count.values("count")))


class SavedItem(Noted):
    """Exactly one of a topic, a fact or a group on a list, with the member's own note."""

    id = models.BigAutoField(primary_key=True, default=drawn_number, editable=False)
    reading_list = models.ForeignKey(
        ReadingList, models.CASCADE, related_name="saved_items", verbose_name=_("reading list")
    )
    # PROTECT: no staff member may delete what somebody has written a note about.
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="+")
    fact = models.ForeignKey(Fact, models.PROTECT, null=True, blank=True, related_name="+")
    group = models.ForeignKey(SupportGroup, models.PROTECT, null=True, blank=True, related_name="+")
    position = models.PositiveIntegerField(_("position"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    seen_version = models.ForeignKey(
        FactVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField(_("seen"))
    created_at = models.DateTimeField(_("saved"), auto_now_add=True)

    number: int
    change: str
    was_archived = False  # before it was saved again just now

    objects = SavedItemQuerySet.as_manager()

    TARGETS = ("topic", "fact", "group")
    COUNTED = ("all", "read", "unread", "topics", "facts", "groups", "archived")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("saved item")
        verbose_name_plural = _("saved items")
        indexes = [
            models.Index(fields=["reading_list", "position"], name="community_saveditem_order")
        ]
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
    def name_of(target: Any) -> str:
        """Return the field by which `target` is kept."""
        return {Topic: "topic", Fact: "fact", SupportGroup: "group"}[type(target)]

    @classmethod
    def key_for(cls, target: Any) -> dict[str, Any]:
        """Return the field and the value by which `target` is kept."""
        return {cls.name_of(target): target}

    @property
    def key(self) -> tuple[str, int]:
        """What was saved: its field and its number."""
        return self.kind, self.topic_id or self.fact_id or self.group_id  # type: ignore[return-value]

    @property
    def kind(self) -> str:
        """`topic`, `fact` or `group`."""
        return "topic" if self.topic_id else "fact" if self.fact_id else "group"

    @property
    def target(self) -> Target:
        """What was saved."""
        return self.topic or self.fact or self.group  # type: ignore[return-value]

    @transaction.atomic
    def move(self, direction: str, shown: int | None = None) -> bool:
        """Move the item one place `up` or `down` among the active ones, or to `top` or `bottom`.

        Returns False, and changes nothing, if it is there already, has been removed or archived,
        or has another place by now than it was `shown` at (from 1).
        """
        reading_list = ReadingList.objects.select_for_update().filter(pk=self.reading_list_id)
        list(reading_list.values_list("pk"))
        items = SavedItem.objects.filter(reading_list=self.reading_list_id)
        here = items.active().filter(pk=self.pk).values_list("position", "pk").first()
        if here is None:
            return False
        position, _pk = here
        before = Q(position__lt=position) | Q(position=position, pk__lt=self.pk)
        after = Q(position__gt=position) | Q(position=position, pk__gt=self.pk)
        if shown is not None and items.active().filter(before).count() != shown - 1:
            return False
        is_up = direction in {"up", "top"}
        others = items.active().filter(before if is_up else after).values_list("pk", "position")
        if is_up:
            others = others.order_by("-position", "-pk")
        neighbor = others.first()
        if neighbor is None:
            return False
        if direction == "top":
            items.update(position=Case(When(pk=self.pk, then=1), default=F("position") + 2))
        elif direction == "bottom":
            last = items.aggregate(last=Max("position"))["last"]
            items.filter(pk=self.pk).update(position=last + 1)
        else:
            other, other_position = neighbor
            if other_position == position:
                self._give_each_a_place(items)
                return self.move(direction, shown)
            places = [When(pk=self.pk, then=other_position), When(pk=other, then=position)]
            items.filter(pk__in=[self.pk, other]).update(position=Case(*places))
        return True

    def _give_each_a_place(self, items: SavedItemQuerySet) -> None:
        """Number `items` anew in their order, where two had one position."""
        ordered = list(items.only("position"))
        for number, item in enumerate(ordered, start=1):
            item.position = number
        SavedItem.objects.bulk_update(ordered, ["position"])

    def bring_back(self, position: int | None = None) -> None:
        """Take the item out of the archive: to `position`, or to where it was."""
        self.archived_at = None
        self.position = self.position if position is None else position
        SavedItem.objects.filter(pk=self.pk).update(archived_at=None, position=self.position)

    def archive(self, at: datetime) -> None:
        """Put the item aside, with its note; its place on the list is kept."""
        self.archived_at = at
        SavedItem.objects.filter(pk=self.pk).update(archived_at=at)

    @transaction.atomic
    def copy_to(self, reading_list: ReadingList, *, with_note: bool) -> bool:
        """Put what was saved on another list too, with its read mark.

        Returns False, and changes nothing, if it is there already and not archived. Raises
        UndecipherableText, and changes nothing, if the note is to go along and cannot be opened;
        SavedItem.DoesNotExist if the item has been removed.
        """
        item = SavedItem.objects.get(pk=self.pk)
        note = item.note if with_note else ""
        copy, is_new = reading_list.add(self.target)
        if not is_new:
            return False
        if copy.has_note:
            # It came back from the archive with a note of its own, which stays.
            return True
        copy.note, copy.note_number = note, copy.note_number + bool(note)
        copy.read_at, copy.seen_version_id = item.read_at, item.seen_version_id
        copy.seen_at = item.seen_at
        copy.save(
            update_fields=["note", "note_number", "read_at", "seen_version", "seen_at"],
        )
        return True

    @transaction.atomic
    def move_to(self, reading_list: ReadingList) -> bool:
        """Put the item at the end of another list, with its note and read mark.

        Returns False, and changes nothing, if what was saved is there already, be it archived.
        Raises SavedItem.DoesNotExist if the item has been removed.
        """
        list(ReadingList.objects.select_for_update().filter(pk=reading_list.pk).values_list("pk"))
        SavedItem.objects.select_for_update().get(pk=self.pk)
        there = reading_list.saved_items  # type: ignore[attr-defined]
        if there.filter(**self.key_for(self.target)).exists():
            return False
        last = there.aggregate(last=Max("position"))["last"] or 0
        self.reading_list, self.position, self.archived_at = reading_list, last + 1, None
        self.save(update_fields=["reading_list", "position", "archived_at"])
        return True

    def mark_read(self, is_read: bool, at: datetime) -> bool:
        """Set or clear the read mark. Returns False if the item has been removed."""
        self.read_at = at if is_read else None
        return bool(SavedItem.objects.filter(pk=self.pk).update(read_at=self.read_at))

    def see(self, at: datetime) -> None:
        """Note that the member has seen what readers saw at `at`; what came later is still news."""
        if at <= self.seen_at:
            return
        changes: dict[str, Any] = {"seen_at": at}
        if self.fact:
            language = self.seen_version.language if self.seen_version else get_language()
            # Of a fact that was withdrawn, the version stays that was seen last.
            if version := self.fact.live_version(at, language):
                changes["seen_version"] = version
        SavedItem.objects.filter(pk=self.pk, seen_at__lt=at).update(**changes)

    @transaction.atomic
    def replace_with(self, fact: Fact, at: datetime) -> bool:
        """Put `fact` in the place of the one that was saved; the note stays.

        Returns False, and changes nothing, if `fact` is on the list already, or the item is gone.
        """
        ReadingList.objects.select_for_update().get(pk=self.reading_list_id)
        items = SavedItem.objects.filter(reading_list=self.reading_list_id)
        if items.filter(fact=fact).exists():
            return False
        version = fact.live_version(at, get_language())
        changes = {"fact": fact, "seen_version": version, "seen_at": at, "read_at": None}
        return bool(items.filter(pk=self.pk).update(**changes))

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
