"""One small portal with a row of everything, and somebody in every role: what sweeps walk over."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.utils import timezone

from community.care import verification_links
from community.exports.hsds import service_id
from community.imports.rows import Reading
from community.models import CalendarFeed, Event, ImportPreview, Member, Service, SupportGroup
from facts import models as facts
from facts import preview_links, review_links
from portal.models import Synonym
from tests.factories import (
    PASSWORD,
    CorrectionFactory,
    DraftFactory,
    EmptySearchFactory,
    FactFactory,
    GlossaryTermFactory,
    JoiningDetailsFactory,
    MeetingFactory,
    MemberFactory,
    NewGroupFactory,
    PageFactory,
    QuestionFactory,
    ReadingListFactory,
    ReportFactory,
    SavedItemFactory,
    ServiceFactory,
    SupportGroupFactory,
    TopicFactory,
    VerificationFactory,
    make_live,
    make_staff,
)

STAFF = ("editor", "reviewer", "moderator", "superuser")
ROLES = ("visitor", "owner", "other", *STAFF)
LISTS = {
    "owner": "00000000-0000-4000-8000-00000000000a",
    "other": "00000000-0000-4000-8000-00000000000b",
}
# Beyond what a database numbers by itself while the tests run.
ITEMS = {"owner": 700_001, "other": 700_002}
# Planted in what is the owner's alone, and in what is the other member's alone.
CANARIES = {"owner": "Qz7ownercanaryk2", "other": "Qz7othercanaryk2"}


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class World:
    """Who is there, and the keys of what is there, by the names that addresses use."""

    people: dict[str, Member | None]
    keys: dict[str, Any] = field(default_factory=dict)
    signed_in: dict[str, str] = field(default_factory=dict)

    def client(self, role: str, *, is_proved: bool = False, **options: Any) -> Client:
        """Return a client of `role`, signed in unless it is a visitor's.

        `is_proved` is for somebody who has just proved again who they are.
        """
        client, person = Client(raise_request_exception=False, **options), self.people[role]
        if person is None:
            return client
        key = f"{role} proved" if is_proved else role
        if key not in self.signed_in:
            client.force_login(person)
            if is_proved:
                client.post("/accounts/reauthenticate/", {"password": PASSWORD})
            self.signed_in[key] = client.cookies[settings.SESSION_COOKIE_NAME].value
        client.cookies[settings.SESSION_COOKIE_NAME] = self.signed_in[key]
        return client

    def ask(
        self,
        role: str,
        method: str,
        address: str,
        data: Any = None,
        *,
        is_proved: bool = False,
        **options: Any,
    ) -> Any:
        """Return what `role` is answered; what the request wrote is taken back."""
        with undone():
            client = self.client(role, is_proved=is_proved)
            return getattr(client, method.lower())(address, data, **options)


def build() -> World:
    """Make the rows. A sweep that needs one more of something adds it here."""
    people = {"visitor": None, "owner": MemberFactory(), "other": MemberFactory()}
    people |= {role: make_staff(role.capitalize()) for role in STAFF[:-1]}
    people["superuser"] = make_staff("Editor")
    people["superuser"].is_superuser = True
    people["superuser"].save()
    world = World(people)
    _public(world)
    _members_own(world)
    _of_staff(world)
    _histories(world)
    for role in ROLES:
        world.client(role)
        world.client(role, is_proved=True)
    return world


def _public(world: World) -> None:
    topic = TopicFactory(slug="bones")
    version = make_live(FactFactory(topic=topic, slug="scans"))
    for slug in ("about", "privacy", "accessibility"):
        page = PageFactory(slug=slug)
    group = SupportGroupFactory(slug="circle", joining_policy="members")
    JoiningDetailsFactory(group=group)
    MeetingFactory(group=group)
    world.keys |= {
        "topic": topic.pk,
        "fact": version.fact_id,
        "live": version.pk,
        "source": version.citations.get().source_id,
        "page": page.pk,
        "group": group.pk,
        "hsds": service_id("circle"),
        "term": GlossaryTermFactory(slug="marrow").pk,
        "question": QuestionFactory().pk,
        "service": ServiceFactory().pk,
        "made_up": "00000000-0000-4000-8000-0000000000ff",
    }


def _members_own(world: World) -> None:
    for role in ("owner", "other"):
        canary, member = CANARIES[role], world.people[role]
        reading_list = ReadingListFactory(
            member=member,
            title=f"List {canary}",
            pk=LISTS[role],
        )
        item = SavedItemFactory(
            pk=ITEMS[role],
            reading_list=reading_list,
            topic_id=world.keys["topic"],
            note=f"Note {canary}",
        )
        feed = CalendarFeed(member=member)
        feed.change_secret()
        feed.save()
        world.keys |= {
            f"{role}_list": reading_list.pk,
            f"{role}_item": item.pk,
            f"{role}_feed": feed.secret,
        }


def _of_staff(world: World) -> None:
    now, editor = timezone.now(), world.people["editor"]
    draft = DraftFactory(fact=FactFactory(topic_id=world.keys["topic"]), author=editor)
    live = facts.FactVersion.objects.get(pk=world.keys["live"])
    review = facts.Review.objects.create(
        version=live,
        reviewed_on=now.date(),
        reviewer_name="Dr Reed",
        reviewer_role="Oncologist",
        review_due=now.date() + timedelta(days=365),
    )
    in_review = DraftFactory(
        fact=FactFactory(topic_id=world.keys["topic"]),
        author=editor,
        status="in-review",
    )
    asked, unasked = (
        facts.ReviewRequest.objects.create(
            version=version,
            asked_by=editor,
            asked_of="Dr Reed",
            sent_at=now,
            expires_at=now + timedelta(days=20),
            secret_hash=review_links.hash_of(f"secret {version.pk}"),
            text_edited_at=version.edited_at,
        )
        for version in (draft, in_review)
    )
    asking = VerificationFactory(
        group__slug="asked", secret_hash=verification_links.hash_of("secret")
    )
    preview = ImportPreview.objects.create(
        member=world.people["moderator"],
        source="A county's list",
        content=json.dumps(Reading("csv").to_json()),
        created_at=now,
    )
    world.keys |= {
        "draft": draft.pk,
        "in_review": in_review.pk,
        "clinical": review_links.make_token(unasked.pk, f"secret {in_review.pk}"),
        "listing": verification_links.make_token(asking.pk, "secret"),
        "preview_token": preview_links.token(draft),
        "review": review.pk,
        "asked": asked.pk,
        "preview": preview.pk,
        "facts_event": facts.Event.objects.create(
            version=live, verb="approved", actor=editor, happened_at=now
        ).pk,
        "link": facts.Link.objects.create(url="https://journal.example.org/of-the-world").pk,
        "report": ReportFactory(version=live).pk,
        "empty_search": EmptySearchFactory().pk,
        "synonym": Synonym.objects.create(words="chemo", means="chemotherapy").pk,
        "suggestion": NewGroupFactory().pk,
        "correction": CorrectionFactory(group_id=world.keys["group"]).pk,
        "member": world.people["owner"].pk,
        "event": Event.objects.create(
            at=now, action="group-checked", subject_kind="supportgroup", subject_key="1"
        ).pk,
        "type": ContentType.objects.get_for_model(facts.Topic).pk,
    }


def _histories(world: World) -> None:
    for key, model in {
        "source": facts.Source,
        "topic": facts.Topic,
        "term": facts.GlossaryTerm,
        "page": facts.Page,
        "question": facts.Question,
        "synonym": Synonym,
        "group": SupportGroup,
        "service": Service,
    }.items():
        world.keys[f"{key}_then"] = model.objects.get(pk=world.keys[key]).history.first().pk
