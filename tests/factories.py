"""One small factory for each model; every row is valid, published and harmless by default."""

from datetime import date, time, timedelta

import factory
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from community.models import (
    AppointmentSheet,
    JoiningDetails,
    Meeting,
    MeetingException,
    Member,
    Pause,
    Place,
    PlaceName,
    ReadingList,
    SavedItem,
    Service,
    SharedList,
    SheetQuestion,
    Suggestion,
    SupportGroup,
    Verification,
)
from community.models.shared_lists import hashed
from community.places.names import bare
from facts.bench import Text
from facts.models import (
    Citation,
    Fact,
    FactVersion,
    GlossaryTerm,
    Page,
    Question,
    Report,
    Source,
    Topic,
)
from portal.models import EmptySearch

PASSWORD = "correct horse battery staple"


def in_letters(number):
    """Return `number` without a digit: a figure in a text would need a passage of a source."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def hour_ago():
    return timezone.now() - timedelta(hours=1)


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def verified(self, create, extracted, **kwargs):
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


def make_staff(role):
    """Return a staff member with `role` and a second factor."""
    member = MemberFactory(is_staff=True)
    member.groups.add(Group.objects.get(name=role))
    TOTP.activate(member, generate_totp_secret())
    RecoveryCodes.activate(member)
    return member


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic

    slug = factory.Sequence(lambda n: f"topic-{n}")
    title = factory.Sequence(lambda n: f"Topic {n}")
    summary = "What it is about, in one sentence."
    introduction = "<p>A few kind words.</p>"
    published_at = factory.LazyFunction(hour_ago)


class FactFactory(DjangoModelFactory):
    class Meta:
        model = Fact

    topic = factory.SubFactory(TopicFactory)
    slug = factory.Sequence(lambda n: f"fact-{in_letters(n)}")
    position = factory.Sequence(lambda n: n + 1)


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = Source

    reference = factory.Sequence(lambda n: f"source-{n}")
    title = factory.Sequence(lambda n: f"A study {n}")
    publisher = "A journal"
    year = "2024"
    url = factory.Sequence(lambda n: f"https://journal.example.org/{n}")
    accessed_on = date(2026, 11, 22)


class DraftFactory(DjangoModelFactory):
    """A complete draft with one citation, which covers every sentence with a figure."""

    class Meta:
        model = FactVersion
        skip_postgeneration_save = True

    fact = factory.SubFactory(FactFactory)
    title = factory.Sequence(lambda n: f"Heading {n}")
    neutral_heading = factory.Sequence(lambda n: f"Neutral heading {in_letters(n)}")
    body = factory.Sequence(lambda n: f"<p>The text named {in_letters(n)}.</p>")
    sensitivity = "none"
    evidence = "guideline"
    author = factory.SubFactory(MemberFactory, is_staff=True)

    @factory.post_generation
    def cited(self, create, extracted, **kwargs):
        if extracted is not False:
            text = Text(body=self.body, call_now=self.call_now)
            CitationFactory(version=self, passages="\n".join(text.uncovered_figures))


class CitationFactory(DjangoModelFactory):
    class Meta:
        model = Citation

    version = factory.SubFactory(DraftFactory, cited=False)
    source = factory.SubFactory(SourceFactory)
    supports = "the whole text"


def make_live(fact=None, *, since=None, until=None, **fields):
    """Return a version that is live: approved by somebody else than its author.

    `since` and `until` are moments; without them it is live from an hour ago on.
    """
    if fact is not None:
        fields["fact"] = fact
    version = DraftFactory(**fields)
    number = version.number
    FactVersion.objects.filter(pk=version.pk).update(
        status="approved",
        approver=MemberFactory(is_staff=True),
        approved_at=since or hour_ago(),
        live_from=since or hour_ago(),
        live_until=until,
        change_kind="" if number == 1 else version.change_kind or "meaning",
        change_note="" if number == 1 else version.change_note or "The figure is newer.",
    )
    version.refresh_from_db()
    version.fact.save()  # Tells whoever listens.
    return version


class GlossaryTermFactory(DjangoModelFactory):
    class Meta:
        model = GlossaryTerm

    slug = factory.Sequence(lambda n: f"term-{n}")
    term = factory.Sequence(lambda n: f"Term {n}")
    explanation = "What it means in plain words."
    published_at = factory.LazyFunction(hour_ago)


class QuestionFactory(DjangoModelFactory):
    class Meta:
        model = Question

    slug = factory.Sequence(lambda n: f"question-{n}")
    text = factory.Sequence(lambda n: f"What about {n}?")
    theme = "about-treatment"
    published_at = factory.LazyFunction(hour_ago)


class PageFactory(DjangoModelFactory):
    class Meta:
        model = Page
        django_get_or_create = ("slug",)

    slug = "about"
    title = "About us"
    body = "<p>Who we are.</p>"


class ServiceFactory(DjangoModelFactory):
    class Meta:
        model = Service

    slug = factory.Sequence(lambda n: f"service-{n}")
    name = factory.Sequence(lambda n: f"Service {n}")
    country = "GB"
    description = "It listens."
    url = "https://service.example.org/"
    checked_on = date(2026, 11, 22)
    published_at = factory.LazyFunction(hour_ago)


class SupportGroupFactory(DjangoModelFactory):
    class Meta:
        model = SupportGroup

    slug = factory.Sequence(lambda n: f"group-{n}")
    name = factory.Sequence(lambda n: f"Group {n}")
    description = "We talk and drink tea."
    run_by = "peer"
    is_online = True
    languages = ["en"]
    published_at = factory.LazyFunction(hour_ago)


class MeetingFactory(DjangoModelFactory):
    class Meta:
        model = Meeting

    group = factory.SubFactory(SupportGroupFactory)
    weekday = "1"
    starts_at = time(18, 30)
    time_zone = "Europe/London"
    first_on = date(2026, 1, 6)


class VerificationFactory(DjangoModelFactory):
    """An asking of an hour ago, which nobody has answered yet."""

    class Meta:
        model = Verification

    group = factory.SubFactory(SupportGroupFactory, owner_email="owner@group.example")
    sent_at = factory.LazyFunction(hour_ago)
    expires_at = factory.LazyAttribute(lambda v: v.sent_at + timedelta(weeks=4))
    secret_hash = factory.Sequence(lambda n: f"{n:064x}")


class MeetingExceptionFactory(DjangoModelFactory):
    """A date of the meeting that is canceled."""

    class Meta:
        model = MeetingException

    meeting = factory.SubFactory(MeetingFactory)
    on = date(2026, 12, 22)
    is_cancelled = True


class PauseFactory(DjangoModelFactory):
    class Meta:
        model = Pause

    group = factory.SubFactory(SupportGroupFactory)
    first_on = date(2026, 12, 21)
    last_on = date(2027, 1, 3)
    reason = "Winter break"


class JoiningDetailsFactory(DjangoModelFactory):
    class Meta:
        model = JoiningDetails

    group = factory.SubFactory(SupportGroupFactory, joining_policy="members")
    link = "https://zoom.us/j/81234567890"
    passcode = "lavender"


class NewGroupFactory(DjangoModelFactory):
    """What somebody outside tells of a group that is not here yet."""

    class Meta:
        model = Suggestion

    kind = "new-group"
    changes = factory.Sequence(lambda n: {"name": {"new": f"New group {n}"}})
    created_on = factory.LazyFunction(timezone.localdate)


class CorrectionFactory(NewGroupFactory):
    """A correction of a published group: it costs something."""

    kind = "correction"
    group = factory.SubFactory(SupportGroupFactory)
    changes = factory.LazyFunction(lambda: {"cost": {"was": "", "new": "£3 for tea"}})


class ReadingListFactory(DjangoModelFactory):
    class Meta:
        model = ReadingList

    member = factory.SubFactory(MemberFactory)
    title = factory.Sequence(lambda n: f"List {n}")


class SavedItemFactory(DjangoModelFactory):
    class Meta:
        model = SavedItem

    # In a row, so that tests know which comes first; the portal draws them.
    id = factory.Sequence(lambda n: n + 1)
    reading_list = factory.SubFactory(ReadingListFactory)
    topic = factory.SubFactory(TopicFactory)
    position = factory.Sequence(lambda n: n + 1)
    seen_at = factory.LazyFunction(timezone.now)


class AppointmentSheetFactory(DjangoModelFactory):
    class Meta:
        model = AppointmentSheet

    reading_list = factory.SubFactory(ReadingListFactory)


class SheetQuestionFactory(DjangoModelFactory):
    """A question in the member's own words; name `question` and no `text` for an offered one."""

    class Meta:
        model = SheetQuestion

    reading_list = factory.SubFactory(ReadingListFactory)
    text = factory.Maybe(
        "question", None, factory.Sequence(lambda n: f"What do I do about {in_letters(n)}?")
    )
    question = None
    position = factory.Sequence(lambda n: n + 1)


class SharedListFactory(DjangoModelFactory):
    """A link that never ends; its secret is "secret-" and a number."""

    class Meta:
        model = SharedList

    reading_list = factory.SubFactory(ReadingListFactory)
    secret_hash = factory.Sequence(lambda n: hashed(f"secret-{n}"))
    created_at = factory.LazyFunction(hour_ago)


class ReportFactory(DjangoModelFactory):
    class Meta:
        model = Report

    version = factory.LazyFunction(lambda: make_live())
    kind = "unclear"
    words = factory.Sequence(lambda n: f"Sentence {n} is hard to read.")
    created_on = factory.LazyFunction(timezone.localdate)


class EmptySearchFactory(DjangoModelFactory):
    class Meta:
        model = EmptySearch

    words = factory.Sequence(lambda n: f"words {n}")
    searched_on = factory.LazyFunction(timezone.localdate)
    times = 3


class PlaceFactory(DjangoModelFactory):
    """A town in England; `names` are further spellings, and [] for a place without any."""

    class Meta:
        model = Place
        skip_postgeneration_save = True

    key = factory.Sequence(lambda n: f"t{n + 1}")
    kind = "town"
    name = factory.Sequence(lambda n: f"Town {in_letters(n)}")
    region = "England"
    country = "GB"
    latitude = 53.8
    longitude = -1.55

    @factory.post_generation
    def names(self, create, extracted, **kwargs):
        spellings = [] if extracted == [] else [self.name, *(extracted or [])]
        for spelling in spellings:
            PlaceName.objects.create(place=self, letters=bare(spelling), weight=self.population)
