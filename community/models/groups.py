from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from community.care.freshness import shown_unasked
from community.countries import country_choices, country_in_words
from community.fields import EncryptedTextField
from community.joining_details import find_joining_details, repeats
from community.languages import LANGUAGE_CHOICES, SIGN_LANGUAGE_CHOICES
from community.meeting_times import LONGEST_MEETING
from community.models.worklist import WorklistQuerySet
from community.places.distances import km_from, within_box
from community.recurrence import YEARS, Break
from facts.choices import Audience
from facts.fields import ChoicesField
from facts.reversing import address

if TYPE_CHECKING:
    from community.models.occurrences import Occurrence

GROUP_AUDIENCES = [*Audience.choices, ("bereaved", _("Bereaved"))]
ACCESS_FEATURES = [
    ("step-free", _("A way in without steps")),
    ("elevator", _("An elevator or a room on the ground floor")),
    ("accessible-toilet", _("An accessible toilet")),
    ("parking", _("Parking close to the door")),
    ("public-transport", _("A bus or train stop close by")),
    ("hearing-loop", _("A hearing loop")),
    ("captions", _("Live captions")),
    ("quiet-space", _("A quiet room to step out to")),
    ("rest", _("Room to lie down or put your feet up")),
    ("low-scent", _("People are asked to come without perfume")),
    ("camera-off", _("You may keep your camera off")),
    ("companion", _("You may bring somebody with you")),
]
# What somebody has to know beforehand, by the way in which people attend.
ACCESS_TO_KNOW = {
    "is_in_person": (
        "step-free", "elevator", "accessible-toilet", "parking", "public-transport",
        "hearing-loop", "quiet-space",
    ),
    "is_online": ("captions",),
}  # fmt: skip
# What everybody can read of a group in somebody's own words; none of it may hold a way in.
PUBLIC_FIELDS = (
    "name", "slug", "description", "first_meeting", "organisation", "place", "region_served",
    "access", "cost", "website", "public_contact", "how_to_ask",
)  # fmt: skip

# Pages that stand beside the groups, under /groups/.
TAKEN_ADDRESSES = {"fit", "suggest"}
# What lets people in, and may stand in none of them either.
SECRET_FIELDS = ("link", "meeting_number", "passcode", "phone", "door_code")


def ways_in(
    texts: Mapping[str, str], may_hold_phone: Collection[str] = ()
) -> dict[str, ValidationError]:
    """Return an error for each of `texts`, by the name of its field, that holds a way in.

    Fields named in `may_hold_phone` may hold a telephone number.
    """
    errors = {}
    for name, text in texts.items():
        found = find_joining_details(text, may_hold_phone=name in may_hold_phone)
        if found:
            errors[name] = ValidationError(
                _(
                    "Everybody can read this field, and it seems to hold a way in "
                    "(“%(found)s”). Put it under “Joining details” instead."
                ),
                code="joining_details",
                params={"found": found},
            )
    return errors


class SupportGroupQuerySet(WorklistQuerySet):
    def published(self, at: datetime) -> Self:
        """Groups that readers find at `at`; examples only while the portal is on localhost."""
        published = self.filter(published_at__lte=at)
        return published if settings.IS_LOCAL else published.real()

    def running(self, at: datetime) -> Self:
        """Groups that have not ended at `at`."""
        return self.exclude(ended_on__lte=timezone.localdate(at))

    def real(self) -> Self:
        """Groups that exist; the examples of a fresh installation do not."""
        return self.filter(is_example=False)

    def examples(self) -> Self:
        """Groups that were made to try the portal with."""
        return self.filter(is_example=True)

    def in_default_results(self, at: datetime) -> Self:
        """Groups that lists show unasked at `at`; those that go on are still reachable."""
        return self.published(at).running(at).filter(shown_unasked(at))

    def by_next_meeting(self, at: datetime) -> Self:
        """Groups with `next_starts_at`, soonest first; those without a meeting come last."""
        from community.models.meetings import Meeting
        from community.models.occurrences import Occurrence

        # For each meeting the first of its dates, by the index: no other date is read.
        own = Occurrence.objects.upcoming(at).filter(meeting=OuterRef("pk"))
        own = own.filter(starts_at__gt=at - LONGEST_MEETING).order_by("starts_at")
        meetings = (
            Meeting.objects.filter(group=OuterRef("pk"))
            .annotate(next_starts_at=Subquery(own.values("starts_at")[:1]))
            .order_by(models.F("next_starts_at").asc(nulls_last=True))
        )
        return self.annotate(
            next_starts_at=Subquery(meetings.values("next_starts_at")[:1])
        ).order_by(models.F("next_starts_at").asc(nulls_last=True), "name", "pk")

    def with_break(self, at: datetime) -> Self:
        """Groups with `is_on_break` at `at`, and `break_until`, the last day of it, if known."""
        from community.models.meetings import Pause

        today = timezone.localdate(at)
        pauses = Pause.objects.filter(group=OuterRef("pk"), first_on__lte=today)
        pauses = pauses.exclude(last_on__lt=today).order_by(
            models.F("last_on").desc(nulls_first=True)
        )
        return self.annotate(
            is_on_break=Exists(pauses), break_until=Subquery(pauses.values("last_on")[:1])
        )

    def near(self, latitude: float, longitude: float, km: float | None = None) -> Self:
        """Groups with `distance_km`, those at most `km` away if that is given.

        Without it all stay, and `distance_km` is None for those that have no coordinates.
        """
        rows = self if km is None else self.filter(within_box(latitude, longitude, km))
        rows = rows.annotate(distance_km=km_from(latitude, longitude))
        return rows if km is None else rows.filter(distance_km__lte=km)

    def with_meetings(self) -> Self:
        """Groups with their meetings and pauses fetched."""
        from community.models.meetings import Meeting

        return self.prefetch_related(Prefetch("meetings", Meeting.objects.order_by("pk")), "pauses")

    def with_dates(self) -> Self:
        """Groups with all that their dates are made of fetched."""
        return self.prefetch_related("meetings__exceptions", "pauses")


class SupportGroup(models.Model):
    """A listing: who the group is for, how to join, who runs it, when it was last checked."""

    class RunBy(models.TextChoices):
        PEER = "peer", _("People living with it run the group")
        PROFESSIONAL = "professional", _("A professional runs the group")
        BOTH = "both", _("A professional and people living with it run it together")

    class Attendance(models.TextChoices):
        DROP_IN = "drop-in", _("Come when you like, without signing up")
        SIGN_UP = "sign-up", _("Sign up before you come")

    class Size(models.TextChoices):
        SMALL = "small", _("Small: up to 8 people")
        MEDIUM = "medium", _("Medium: 9 to 15 people")
        LARGE = "large", _("Large: 16 people or more")

    class JoiningPolicy(models.TextChoices):
        MEMBERS = "members", _("Members see how to join")
        ON_REQUEST = "on-request", _("The organizer tells you how to join")

    slug = models.SlugField(
        _("address"), max_length=80, unique=True, help_text=_("tuesday-circle-leeds")
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(
        _("what it is"),
        max_length=2000,
        help_text=_("We talk over tea about living with it. Once a month somebody speaks."),
    )
    first_meeting = models.TextField(
        _("what a first meeting is like"),
        max_length=1500,
        blank=True,
        help_text=_(
            "Sam meets you at the door. You say your first name, or nothing at all. You can leave "
            "at any time."
        ),
    )
    organisation = models.CharField(_("organization"), max_length=160, blank=True)
    run_by = models.CharField(_("run by"), max_length=16, choices=RunBy.choices)
    audiences = ChoicesField(
        _("for whom in particular"),
        choices=GROUP_AUDIENCES,
        help_text=_("Tick nothing if it is for everybody living with breast cancer."),
    )
    is_metastatic_only = models.BooleanField(
        _("for metastatic breast cancer only"),
        default=False,
        help_text=_("Leave it unticked if people at any stage come."),
    )
    languages = ChoicesField(_("languages"), choices=LANGUAGE_CHOICES)
    sign_languages = ChoicesField(
        _("sign languages"),
        choices=SIGN_LANGUAGE_CHOICES,
        help_text=_("Those that people sign there, or that somebody interprets."),
    )
    is_in_person = models.BooleanField(_("in person"), default=False)
    is_online = models.BooleanField(_("online"), default=False)
    is_by_phone = models.BooleanField(_("by phone"), default=False)
    place = models.CharField(
        _("place"),
        max_length=200,
        blank=True,
        help_text=_("The town and what the building is called, without a door code."),
    )
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    region_served = models.CharField(
        _("region served"),
        max_length=160,
        blank=True,
        help_text=_("Leeds and the towns around it. Empty if people come from anywhere."),
    )
    latitude = models.FloatField(
        _("latitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("53.8008"),
    )
    longitude = models.FloatField(
        _("longitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("-1.5491"),
    )
    access_features = ChoicesField(
        _("what is known of access"),
        choices=ACCESS_FEATURES,
        help_text=_("Tick what somebody has confirmed. The page says that the rest is not known."),
    )
    access = models.CharField(
        _("getting in, in words"),
        max_length=300,
        blank=True,
        help_text=_("The way in without steps is at the back, beside the parking lot."),
    )
    attendance = models.CharField(
        _("drop-in or sign-up"), max_length=16, choices=Attendance.choices, blank=True
    )
    size = models.CharField(
        _("how many people come"), max_length=16, choices=Size.choices, blank=True
    )
    cost = models.CharField(
        _("cost"), max_length=120, blank=True, help_text=_("Free, or what it costs.")
    )
    website = models.URLField(_("web page"), max_length=300, blank=True)
    public_contact = models.CharField(
        _("first name of a contact"),
        max_length=40,
        blank=True,
        help_text=_("One word, shown to everybody."),
    )
    staff_contact = models.TextField(
        _("contact for staff"), blank=True, help_text=_("Never shown to readers or members.")
    )
    owner_email = EncryptedTextField(
        _("address of the organizer"),
        blank=True,
        default="",
        validators=[EmailValidator(_("Give one e-mail address."))],
        help_text=_("Asked from time to time whether the listing is right. Only staff see it."),
    )
    check_every_weeks = models.PositiveSmallIntegerField(
        _("check every (weeks)"),
        default=26,
        validators=[MinValueValidator(4), MaxValueValidator(104)],
        help_text=_("26 is every half year. From 4 to 104."),
    )
    joining_policy = models.CharField(
        _("how to join"),
        max_length=16,
        choices=JoiningPolicy.choices,
        default=JoiningPolicy.ON_REQUEST,
    )
    how_to_ask = models.CharField(
        _("how to ask the organizer"),
        max_length=300,
        blank=True,
        help_text=_("For everybody: Write to the address on the group's web page."),
    )
    checked_on = models.DateField(
        _("last checked"), null=True, blank=True, help_text=_("The day somebody confirmed it.")
    )
    # Set by the organizer's answer, until a moderator has decided.
    reported_ended_on = models.DateField(
        _("said to have ended"), null=True, blank=True, editable=False
    )
    ended_on = models.DateField(
        _("ended"),
        null=True,
        blank=True,
        help_text=_(
            "Only when the group is over: the first day on which nobody meets any more. It is in "
            "no list then; its page stays and says so."
        ),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    is_example = models.BooleanField(_("example"), default=False, editable=False)
    # Where a listing that came in a file came from: both or none.
    import_source = models.CharField(_("imported from"), max_length=60, blank=True, editable=False)
    import_key = models.CharField(_("its key there"), max_length=120, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    next_starts_at: datetime | None
    distance_km: float | None
    next_occurrence: "Occurrence | None"

    objects = SupportGroupQuerySet.as_manager()
    # The address of a person has no place in a history that is kept for ever.
    history = HistoricalRecords(excluded_fields=["owner_email"])

    class Meta:
        ordering = ["name"]
        verbose_name = _("support group")
        verbose_name_plural = _("support groups")
        indexes = [
            models.Index(name="community_group_coordinates", fields=["latitude", "longitude"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="community_supportgroup_has_a_way_to_attend",
                condition=Q(is_in_person=True) | Q(is_online=True) | Q(is_by_phone=True),
                violation_error_message=_("Say how people attend: in person, online or by phone."),
            ),
            models.CheckConstraint(
                name="community_supportgroup_in_person_has_place",
                condition=Q(is_in_person=False) | ~Q(place=""),
                violation_error_message=_("Say where people meet in person."),
            ),
            models.CheckConstraint(
                name="community_supportgroup_contact_is_one_word",
                condition=~Q(public_contact__contains=" ") & ~Q(public_contact__contains="@"),
                violation_error_message=_("Give one word, the first name, alone."),
            ),
            models.CheckConstraint(
                name="community_supportgroup_checked_every_4_to_104_weeks",
                condition=Q(check_every_weeks__gte=4, check_every_weeks__lte=104),
                violation_error_message=_("A listing is checked every 4 to 104 weeks."),
            ),
            models.CheckConstraint(
                name="community_supportgroup_coordinates_whole",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                violation_error_message=_("Give latitude and longitude, or neither."),
            ),
            models.CheckConstraint(
                name="community_supportgroup_coordinates_on_earth",
                condition=(
                    Q(latitude__isnull=True)
                    | Q(latitude__isnull=False, latitude__gte=-90, latitude__lte=90)
                )
                & (
                    Q(longitude__isnull=True)
                    | Q(longitude__isnull=False, longitude__gte=-180, longitude__lte=180)
                ),
                violation_error_message=_("No place on earth has this latitude and longitude."),
            ),
            models.UniqueConstraint(
                name="community_supportgroup_one_per_import_key",
                fields=["import_source", "import_key"],
                condition=~Q(import_source=""),
            ),
            models.CheckConstraint(
                name="community_supportgroup_import_is_whole",
                condition=Q(import_source="", import_key="")
                | (~Q(import_source="") & ~Q(import_key="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("community:support-group-detail", self.slug)

    def get_country_display(self) -> str:  # type: ignore[no-redef]
        """Return the name of the country."""
        return country_in_words(self.country)

    def get_joining_url(self) -> str:
        """Return the address of the page that tells members how to join."""
        return reverse("community:joining-details", args=[self.slug])

    def clean(self) -> None:
        """Say beside the field what is wrong, and look for ways in where everybody reads."""
        super().clean()
        texts = {name: getattr(self, name) or "" for name in PUBLIC_FIELDS}
        errors: dict[str, Any] = {**ways_in(texts, may_hold_phone={"how_to_ask"})}
        if not (self.is_in_person or self.is_online or self.is_by_phone):
            errors["is_in_person"] = _("Say how people attend: in person, online or by phone.")
        if self.slug in TAKEN_ADDRESSES:
            errors["slug"] = _("Another page has this address. Choose one of its own.")
        if self.is_in_person and not self.place:
            errors["place"] = _("Say where people meet in person.")
        if " " in self.public_contact or "@" in self.public_contact:
            errors["public_contact"] = _("Give one word, the first name, alone.")
        if (self.latitude is None) != (self.longitude is None):
            missing = "latitude" if self.latitude is None else "longitude"
            errors[missing] = _("Give latitude and longitude, or neither.")
        if self.ended_on and self.ended_on.year not in YEARS:
            errors["ended_on"] = _("Look at the year again: it should have four digits.")
        if errors:
            raise ValidationError(errors)

    def has_ended(self, at: datetime) -> bool:
        """Whether nobody meets any more at `at`."""
        return self.ended_on is not None and self.ended_on <= timezone.localdate(at)

    @property
    def breaks(self) -> list[Break]:
        """Its pauses, and its end, as `community.recurrence` takes them."""
        breaks = [pause.as_break for pause in self.pauses.all()]  # type: ignore[attr-defined]
        return [*breaks, Break(self.ended_on)] if self.ended_on else breaks

    @property
    def ways_to_attend(self) -> list[str]:
        """The ways to attend, in words."""
        ways = [
            (self.is_in_person, _("in person")),
            (self.is_online, _("online")),
            (self.is_by_phone, _("by phone")),
        ]
        return [str(words) for is_open, words in ways if is_open]

    @property
    def ways_in_words(self) -> str:
        """The ways to attend as one phrase: "in person, online or by phone"."""
        return SupportGroup._either(self.ways_to_attend)

    @property
    def audience_labels(self) -> list[str]:
        """Whom it is for, in words."""
        names = dict(GROUP_AUDIENCES)
        return [str(names[value]) for value in self.audiences if value in names]

    @property
    def audiences_in_words(self) -> str:
        """Whom it is for, as one phrase."""
        return ", ".join(words.lower() for words in self.audience_labels)

    @property
    def language_labels(self) -> list[str]:
        """The languages that are spoken, in their own names."""
        return [language["name"] for language in self.spoken]

    @property
    def spoken(self) -> list[dict[str, str]]:
        """The languages that are spoken: `code`, and `name` in the language itself."""
        names = dict(LANGUAGE_CHOICES)
        return [{"code": code, "name": names[code]} for code in self.languages if code in names]

    @property
    def signed(self) -> list[str]:
        """The sign languages, in words."""
        return SupportGroup._labels(self.sign_languages, SIGN_LANGUAGE_CHOICES)

    @property
    def access_labels(self) -> list[str]:
        """What is known of access, in words."""
        return SupportGroup._labels(self.access_features, ACCESS_FEATURES)

    @property
    def access_not_known(self) -> str:
        """What nobody has told of access, as one phrase: "a hearing loop or live captions"."""
        ways = [way for way in ACCESS_TO_KNOW if getattr(self, way)]
        asked = {feature for way in ways for feature in ACCESS_TO_KNOW[way]}
        missing = SupportGroup._labels(asked - set(self.access_features), ACCESS_FEATURES)
        return SupportGroup._either([words[:1].lower() + words[1:] for words in missing])

    @staticmethod
    def _either(words: list[str]) -> str:
        """Return `words` as one phrase: "this, that or the other"."""
        if len(words) < 2:
            return "".join(words)
        return _now("%(others)s or %(last)s") % {
            "others": ", ".join(words[:-1]),
            "last": words[-1],
        }

    @staticmethod
    def _labels(values: Collection[str], choices: list[Any]) -> list[str]:
        return [str(words) for value, words in choices if value in values]

    @property
    def website_in_short(self) -> str:
        """The address of the web page as people read it: without https:// and www."""
        short = self.website.split("://", 1)[-1].removeprefix("www.").rstrip("/")
        return short if len(short) <= 60 else f"{short[:59]}…"


class JoiningDetails(models.Model):
    """The way into a group. For members only; in no index, feed, calendar or history."""

    group = models.OneToOneField(
        SupportGroup,
        models.CASCADE,
        related_name="joining_details",
        verbose_name=_("support group"),
    )
    link = models.URLField(_("link"), max_length=500, blank=True)
    meeting_number = models.CharField(_("meeting number"), max_length=60, blank=True)
    passcode = models.CharField(_("passcode"), max_length=60, blank=True)
    phone = models.CharField(_("phone number to call"), max_length=60, blank=True)
    door_code = models.CharField(_("door code"), max_length=60, blank=True)
    note = models.CharField(
        _("anything else"), max_length=300, blank=True, help_text=_("Ring the second bell.")
    )

    class Meta:
        verbose_name = _("joining details")
        verbose_name_plural = _("joining details")

    def __str__(self) -> str:
        return str(self.group)

    def clean(self) -> None:
        """Refuse a way in that also stands where everybody can read it.

        Compares with the group as it is being edited, so that a form with both says it at once.
        """
        super().clean()
        if self.group_id is None and "group" not in self._state.fields_cache:
            return
        errors = {}
        for field, text in self._public_texts():
            for own in self.given_away_by(text):
                errors[own] = ValidationError(
                    _(
                        "This also stands in “%(field)s”, where everybody can read it. "
                        "Take it out there."
                    ),
                    code="repeated",
                    params={"field": field},
                )
        if errors:
            raise ValidationError(errors)

    def given_away_by(self, text: str) -> list[str]:
        """Return the names of the fields of which `text` repeats what they hold."""
        values = {name: getattr(self, name).strip() for name in SECRET_FIELDS}
        return [
            name
            for name, value in values.items()
            if value and repeats(text, words=[value], numbers=[value])
        ]

    def _public_texts(self) -> list[tuple[Any, str]]:
        """What everybody reads of the group, each text with the name of its field."""
        from community.models.meetings import MeetingException

        group = self.group
        rows: list[tuple[models.Model, Collection[str]]] = [(group, PUBLIC_FIELDS)]
        if group.pk:
            rows += [(pause, pause.PUBLIC_FIELDS) for pause in group.pauses.all()]  # type: ignore[attr-defined]
            changed = MeetingException.objects.filter(meeting__group=group)
            rows += [(exception, exception.PUBLIC_FIELDS) for exception in changed]
        return [
            (row._meta.get_field(name).verbose_name, str(getattr(row, name) or ""))  # type: ignore[union-attr]
            for row, names in rows
            for name in names
        ]

    @property
    def phone_address(self) -> str:
        """The number as a `tel:` address takes it; a comma waits, a # ends a code."""
        return "".join(c for c in self.phone if c.isdigit() or c in "+,*#").replace("#", "%23")

    @property
    def link_host(self) -> str:
        """Where the link leads, for reading: us02web.zoom.us."""
        return urlsplit(self.link).hostname or ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing here that would help anybody in."""
        return not any(
            (self.link, self.meeting_number, self.passcode, self.phone, self.door_code, self.note)
        )
