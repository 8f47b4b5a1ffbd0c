"""Any sequence of steps, by anybody on the staff, at any time: readers see what is approved, live
and not withdrawn, and nothing else.

Every wording holds a word of its own. The test keeps its own, much simpler account of which words
may be public, and compares it with the pages after every step.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from facts.choices import Status
from facts.models import FactVersion
from facts.models.versions import FinalText
from tests.factories import CitationFactory, FactFactory, TopicFactory, make_staff

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
REFUSALS = (PermissionDenied, ValidationError)
WORD = "quux"


def a_word(number):
    """Return a word that stands in one wording alone: quuxa, quuxb, … quuxba."""
    letters = ""
    while True:
        number, rest = divmod(number, 26)
        letters = chr(ord("a") + rest) + letters
        if not number:
            return WORD + letters


class Desk:
    """A fact that readers see, an editor, a reviewer, a moderator, two who both write and approve,
    and a clock.
    """

    def __init__(self, clock):
        self.clock = clock
        self.words = 0
        # By word: the moment from which it may be public; who wrote each version.
        self.may_appear = {}
        self.withdrawn = set()
        self.writers = {}
        self.topic = TopicFactory(slug="bones", published_at=START - timedelta(days=9))
        self.fact = FactFactory(topic=self.topic, slug="scans")
        both = [make_staff("Editor") for _ in range(2)]
        for person in both:
            person.groups.add(*make_staff("Reviewer").groups.all())
        self.people = [make_staff("Editor"), make_staff("Reviewer"), make_staff("Moderator"), *both]
        self.publish(0)

    def newest(self):
        return self.fact.versions.order_by("-number").first()

    def attempt(self, step):
        """Take a step that may be refused; return whether it was taken."""
        try:
            with transaction.atomic():
                step()
        except REFUSALS:
            return False
        return True

    def start(self, who):
        person = self.people[who]
        drafts = []
        if self.attempt(lambda: drafts.append(FactVersion.start(self.fact, person))):
            (draft,) = drafts
            self.writers[draft.pk] = {person.pk}
            self.write(draft, person)
            if not draft.citations.exists():
                CitationFactory(version=draft)

    def edit(self, who):
        version, person = self.newest(), self.people[who]
        if version.status == Status.DRAFT:
            before = (version.body, version.title)
            self.writers[version.pk].add(person.pk)
            try:
                with transaction.atomic():
                    self.write(version, person)
            except REFUSALS:
                self.writers[version.pk].discard(person.pk)
                version.refresh_from_db()
                assert (version.body, version.title) == before

    def write(self, version, person):
        self.words += 1
        word = a_word(self.words)
        version.title = f"A heading with {word}"
        version.neutral_heading = "A subject"
        version.body = f"<p>Some plain words and {word}. You can ask your team.</p>"
        version.sensitivity = "none"
        version.evidence = "guideline"
        version.save()
        version.record_edit(person)

    def submit(self, who):
        version = self.newest()
        self.attempt(lambda: version.submit(self.people[who]))

    def send_back(self, who):
        version = self.newest()
        self.attempt(lambda: version.return_to_author(self.people[who], "Please look again."))

    def reject(self, who):
        version = self.newest()
        self.attempt(lambda: version.reject(self.people[who], "It is not so."))

    def approve(self, who, days=0):
        version, person = self.newest(), self.people[who]
        moment = timezone.now() + timedelta(days=days) if days else None
        if self.attempt(
            lambda: version.approve(
                person, change_kind="meaning", change_note="It says more.", live_from=moment
            )
        ):
            assert person.pk not in self.writers[version.pk]
            self.may_appear[version.title.split()[-1]] = moment or timezone.now()
            if not days:
                assert self.is_on("/facts/bones/", version)
                assert self.is_on("/facts/bones/scans/history/", version)

    def step(self, who, step):
        """Any step by anybody, whether it is due or not."""
        getattr(self, step)(who)

    def publish(self, days):
        """Take all the steps as they are meant, so that long stories come about."""
        self.start(0)
        self.submit(0)
        self.approve(1, days)

    def withdraw(self, who, which):
        """Take back the newest version, or the one before it."""
        versions = list(self.fact.versions.order_by("-number"))
        version = versions[which % len(versions)]
        now = timezone.now()
        coming = list(self.fact.versions.all().scheduled(now)) if version.is_live(now) else []
        if self.attempt(lambda: version.withdraw(self.people[who], "A study was retracted.")):
            self.withdrawn |= {v.title.split()[-1] for v in [version, *coming]}

    def write_past_the_desk(self, which, column):
        """Nobody changes a text that was approved, whichever door they try."""
        approved = list(self.fact.versions.filter(status="approved"))
        version = approved[which % len(approved)]
        setattr(version, column, "<p>quuxforged</p>")
        with pytest.raises(FinalText), transaction.atomic():
            version.save()

    def make_live_past_the_desk(self):
        """The database itself refuses a text that is live and was not approved."""
        version = self.newest()
        if version.status != Status.APPROVED:
            version.live_from = timezone.now()
            with pytest.raises(IntegrityError), transaction.atomic():
                version.save(update_fields=["live_from"])

    def time_goes_by(self, hours):
        self.clock.shift(timedelta(hours=hours))

    def is_on(self, address, version):
        return version.title.split()[-1] in self.page(address)

    def page(self, address):
        response = Client().get(address)
        assert response.status_code in {200, 404, 410}
        return response.content.decode()

    def check_what_readers_see(self):
        now = timezone.now()
        allowed = {w for w, since in self.may_appear.items() if since <= now} - self.withdrawn
        addresses = ["/facts/bones/scans/", "/facts/bones/scans/history/", f"/search/?q={WORD}"]
        pages = {address: self.page(address) for address in addresses}
        assert "quuxforged" not in "".join(pages.values())
        for address, page in pages.items():
            seen = {a_word(n) for n in range(1, self.words + 1)} & set(_words(page))
            assert seen <= allowed, address
            if not address.endswith("/history/"):
                assert len(seen) <= 1, f"two wordings of one fact on {address}"


def _words(page):
    return page.replace("<", " ").replace(">", " ").replace(".", " ").split()


ANYBODY = st.integers(0, 4)
# Most of the steps are such as get somewhere; otherwise long stories would be rare.
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from([0, 3])),
    st.tuples(st.just("publish"), st.sampled_from([0, 3])),
    st.tuples(st.just("withdraw"), st.sampled_from([1, 3]), st.integers(0, 1)),
    st.tuples(st.just("time_goes_by"), st.sampled_from([1, 80])),
    st.tuples(
        st.sampled_from(["start", "edit", "submit", "send_back", "reject", "approve"]), ANYBODY
    ),
    st.tuples(
        st.just("write_past_the_desk"), st.integers(0, 5), st.sampled_from(["body", "title"])
    ),
    st.tuples(st.just("make_live_past_the_desk")),
)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=6, max_size=16))
@example(steps=[("publish", 3), ("withdraw", 1, 1), ("time_goes_by", 80)])
@example(steps=[("publish", 3), ("withdraw", 1, 0), ("time_goes_by", 80)])
@example(steps=[("publish", 3), ("publish", 0), ("time_goes_by", 80), ("withdraw", 1, 0)])
def test_no_sequence_of_steps_shows_what_is_not_approved_live_and_standing(db, steps):
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
        desk = Desk(clock)
        for name, *values in steps:
            getattr(desk, name)(*values)
            desk.check_what_readers_see()
        transaction.set_rollback(True)
