from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts.models.topics import Topic
from facts.reversing import address

if TYPE_CHECKING:
    from facts.models.versions import FactVersion


class FactQuerySet(models.QuerySet):
    def live(self, at: datetime, language: str | None) -> Self:
        """Facts of published topics that have a version which readers see at `at`."""
        from facts.models.versions import FactVersion

        versions = FactVersion.objects.live(at).filter(fact=OuterRef("pk"), language=language)
        return self.filter(Exists(versions), topic__published_at__lte=at)

    def with_review_due(self, at: datetime) -> Self:
        """Facts with `is_live` and with `review_due`, the day of their live text's next review.

        Without that day nobody has reviewed the text yet, or readers see none.
        """
        from facts.models.reviews import Review
        from facts.models.versions import FactVersion

        live = FactVersion.objects.live(at)
        latest = Review.objects.filter(
            version__fact=OuterRef("pk"),
            # Of this fact alone: SQLite would gather all live versions for each fact.
            version__in=live.filter(fact=OuterRef(OuterRef("pk"))),
            # A review of the text as it was before a change is none of this one.
            recorded_at__gte=F("version__edited_at"),
        )
        return self.annotate(
            is_live=Exists(live.filter(fact=OuterRef("pk"))),
            review_due=Subquery(latest.order_by("-reviewed_on", "-pk").values("review_due")[:1]),
        )

    def due_for_review(self, on: date, at: datetime) -> Self:
        """Facts with `review_due`, whose live version's next review is on or before the day `on`.

        A version that nobody has reviewed yet is due at once. Oldest first.
        """
        return (
            self.with_review_due(at)
            .filter(Q(review_due__isnull=True) | Q(review_due__lte=on), is_live=True)
            .order_by(F("review_due").asc(nulls_first=True), "pk")
        )

    def never_reviewed(self, at: datetime) -> Self:
        """Facts that readers see, in a text that nobody qualified has reviewed."""
        return self.with_review_due(at).filter(is_live=True, review_due__isnull=True)

    def due_by_month(self, first: date, after: date, at: datetime) -> dict[date, int]:
        """Return how many live facts are due in each month, by its first day, for twelve months.

        The months begin with that of the day `first`; what is due on or before `after` is left
        out.
        """
        first = first.replace(day=1)
        months = [first + relativedelta(months=n) for n in range(13)]
        rows = (
            self.with_review_due(at)
            .filter(is_live=True, review_due__gt=after, review_due__lt=months[-1])
            .filter(review_due__gte=first)
            .values_list("review_due")
            .annotate(number=Count("pk"))
            .order_by()
        )
        numbers = dict.fromkeys(months[:-1], 0)
        for day, number in rows:
            numbers[day.replace(day=1)] += number
        return numbers

    def with_telling_text(self, at: datetime) -> Self:
        """Facts with `heading`, `grade` and `sensitive` of one text.

        It is the live one, else the one that is written, else the newest.
        """
        from facts.models.versions import FactVersion

        texts = FactVersion.objects.filter(fact=OuterRef("pk"))
        order: list[Any] = [
            Case(
                When(Q(live_from__lte=at) & (Q(live_until=None) | Q(live_until__gt=at)), then=0),
                When(status__in=["draft", "in-review"], then=1),
                default=2,
            ),
            "-number",
        ]
        telling = texts.order_by(*order)
        heading = Coalesce(NullIf("title", Value("")), NullIf("neutral_heading", Value("")))
        named = telling.annotate(said=heading).exclude(said=None)
        return self.annotate(
            heading=Coalesce(
                Subquery(named.values("said")[:1]), F("slug"), output_field=models.CharField()
            ),
            grade=Subquery(telling.values("reading_grade")[:1]),
            sensitive=Subquery(telling.values("sensitivity")[:1]),
        )

    def with_dead_links(self, at: datetime) -> Self:
        """Facts with a live, coming or open text that rests on, or leads to, a dead address."""
        from facts.models.versions import FactVersion

        versions = FactVersion.objects
        in_use = versions.live(at) | versions.scheduled(at) | versions.open()
        return self.filter(pk__in=in_use.with_dead_links().order_by().values("fact"))

    def citing_flagged(self, at: datetime) -> Self:
        """Facts with a live, coming or open text that rests on a source with a warning.

        One leaves when a reviewer has said since that the text still stands, or has approved one
        without the source, and when the warning is taken back.
        """
        from facts.models.sources import Citation

        return self.filter(pk__in=Citation.objects.to_look_at(at).values("version__fact"))


def possible_owners() -> models.QuerySet:
    """Return the accounts that can own a fact: active staff whose role includes writing facts."""
    from django.contrib.auth.models import Permission

    may_write = Permission.objects.filter(
        content_type__app_label="facts", codename="add_factversion"
    )
    by_role = Q(groups__permissions__in=may_write) | Q(user_permissions__in=may_write)
    accounts = get_user_model().objects.filter(is_active=True, is_staff=True)
    return accounts.filter(by_role).order_by("pk").distinct()


class Fact(models.Model):
    """The lasting identity of one claim-sized answer: its topic, its place and its address."""

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="facts", verbose_name=_("topic"))
    slug = models.SlugField(
        _("address"),
        max_length=80,
        help_text=_(
            "The last part of its address, for ever, made from the neutral heading: "
            "figures-over-five-years. It must not tell a prognosis."
        ),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replaced by"),
        help_text=_("If it was withdrawn: the fact that now answers the question."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_staff": True},
        verbose_name=_("owner"),
        help_text=_("Who looks after it."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        ordering = ["topic__position", "topic_id", "position", "pk"]
        verbose_name = _("fact")
        verbose_name_plural = _("facts")
        constraints = [
            models.UniqueConstraint(
                name="facts_fact_one_address",
                fields=["topic", "slug"],
                violation_error_message=_("Another fact of this topic has this address."),
            ),
            models.CheckConstraint(
                name="facts_fact_not_replaced_by_itself",
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("pk")),
                violation_error_message=_("A fact cannot replace itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.slug.replace("-", " ").capitalize()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it. An address that readers knew leads here for ever, whichever door it comes by.

        Raises ValidationError if the address once was another fact's.
        """
        from facts.models.addresses import FormerAddress, require_free_address

        with transaction.atomic():
            before = Fact.objects.filter(pk=self.pk).values("topic_id", "slug").first()
            super().save(*args, **kwargs)
            if before == {"topic_id": self.topic_id, "slug": self.slug}:
                return
            # Asked afterwards: whoever leaves this address at the same time has left it by now.
            require_free_address(self)
            FormerAddress.objects.filter(topic=self.topic_id, slug=self.slug).delete()
            now = timezone.now()
            if before and self.was_ever_live(now):
                FormerAddress.objects.create(fact=self, left_at=now, **before)

    def get_absolute_url(self) -> str:
        return address("facts:fact-detail", self.topic.slug, self.slug)

    def clean(self) -> None:
        from facts.models.addresses import require_free_address

        require_free_address(self)
        self._require_gentle_address()

    def _require_gentle_address(self) -> None:
        """Raise ValidationError if a new address tells a figure of a sensitive text.

        The gate has asked the same before approval; this is for what was approved already.
        """
        from facts.figures import has_figure
        from facts.models.versions import NEEDS_NEUTRAL_HEADING

        if self.pk is None or not has_figure(self.slug.replace("-", " ")):
            return
        approved = self.versions.filter(  # type: ignore[attr-defined]
            status="approved", sensitivity__in=NEEDS_NEUTRAL_HEADING
        )
        is_new = not Fact.objects.filter(pk=self.pk, slug=self.slug).exists()
        if is_new and approved.exists():
            raise ValidationError(
                {"slug": _("This address holds a figure. Everybody sees it, so leave it out.")}
            )

    def get_history_url(self) -> str:
        """Return the address of the page that tells what changed."""
        return reverse("facts:fact-history", args=[self.topic.slug, self.slug])

    def live_version(self, at: datetime, language: str | None) -> "FactVersion | None":
        """Return the version that readers see at `at`, or None."""
        return self.versions.live(at).filter(language=language).first()  # type: ignore[attr-defined]

    def was_ever_live(self, at: datetime) -> bool:
        """Return whether readers saw it at some moment up to `at`, so may know its address."""
        return self.versions.ever_live(at).exists()  # type: ignore[attr-defined]

    def give_to(self, by: Any, owner: Any) -> None:
        """Make `owner` the one who looks after it.

        Raises PermissionDenied, or ValidationError if `owner` cannot own facts, or owns it.
        """
        from facts.models.events import Event

        if not by.has_perm("facts.change_fact"):
            raise PermissionDenied(_now("Your role does not include this."))
        with transaction.atomic():
            fact = Fact.objects.select_for_update().get(pk=self.pk)
            if fact.owner_id == owner.pk:
                raise ValidationError(_("It is theirs already."), code="same")
            if not possible_owners().filter(pk=owner.pk).exists():
                raise ValidationError(
                    _("Only active staff who write facts can own one."), code="owner"
                )
            # No reader sees whose it is, so nobody else is told.
            Fact.objects.filter(pk=fact.pk).update(owner=owner)
            version = fact.versions.order_by("-number").first()  # type: ignore[attr-defined]
            if version is not None:
                Event.objects.create(
                    version=version,
                    verb=Event.Verb.GIVEN,
                    actor=by,
                    # Accounts have numbers, and so are named.
                    note=str(owner),
                    happened_at=timezone.now(),
                )
        self.refresh_from_db()

    def move(self, by: Any, topic: Topic, slug: str) -> None:
        """Give it another address, in its topic or in another one; the old one leads there.

        What readers have seen is moved by those who decide what readers see. Raises
        PermissionDenied, or ValidationError if it cannot stand there.
        """
        from facts.models.events import Event

        now = timezone.now()
        with transaction.atomic():
            fact = Fact.objects.select_for_update().get(pk=self.pk)
            is_known = fact.was_ever_live(now)
            if not by.has_perm("facts.approve_factversion" if is_known else "facts.change_fact"):
                raise PermissionDenied(_now("Your role does not include this."))
            old_url = fact.get_absolute_url()
            if (fact.topic_id, fact.slug) == (topic.pk, slug):
                raise ValidationError(_("It has this address already."), code="same")
            if is_known and not Topic.objects.published(now).filter(pk=topic.pk).exists():
                raise ValidationError(
                    {"topic": _("Readers cannot find this topic yet. Publish it first.")}
                )
            if fact.topic_id != topic.pk:
                last = topic.facts.aggregate(last=Max("position"))["last"] or 0  # type: ignore[attr-defined]
                fact.position = min(last + 1, 32767)
            fact.topic, fact.slug = topic, slug
            fact.full_clean()
            fact.save()
            version = fact.versions.order_by("-number").first()  # type: ignore[attr-defined]
            if version is not None:
                note = f"{old_url} → {fact.get_absolute_url()}"
                Event.objects.create(
                    version=version, verb=Event.Verb.MOVED, actor=by, note=note, happened_at=now
                )
        self.refresh_from_db()
