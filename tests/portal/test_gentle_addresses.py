"""Nothing sensitive stands at any address of the URL table, whoever asks and however.

The crawl (test_gentle_everywhere.py) follows links; this walks the table itself, so that an address
that nothing leads to, or that is new, is looked at too.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from io import BytesIO
from itertools import product

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone
from pypdf import PdfReader

from community.keeping.digests import tell_urgent, tell_weekly
from community.member_data.export import SHAPES, Copy
from community.models import Member, SheetQuestion, SupportGroup
from facts.models import Fact, Question
from facts.preferences import Preferences
from tests.community.test_saved_item_changes import change
from tests.factories import PageFactory, QuestionFactory
from tests.portal.test_gentle_everywhere import (
    BOTH,
    CANARY,
    FIGURES,
    KINDS,
    STATES,
    UNREAD,
    sensitive,  # noqa: F401  A fixture.
)
from tests.portal.world import undone

HIDE_ALL = "hide=end-of-life.prognosis.statistics"
# Somebody who has chosen nothing sees figures, but none of a text that nobody may read.
OF_A_VISITOR = re.compile(
    rf"{CANARY}-[a-z-]+|{FIGURES}-(?:{'|'.join(UNREAD)})-[a-z]+-(?!question|reason)[a-z]+"
)
# What needs more to be opened than an address, with the reason why nobody meets a fact there. An
# address that is new is not among them, and has to be met.
APART = {
    # Staff's own links: what they show is a draft, to the one person it was mailed to.
    "clinical-review", "facts:draft-preview", "listing-check", "listing-check-changes",
    # Links of a mail and of a calendar: preferences, groups, and the copy that is looked at below.
    "mail-stop", "community:account-export-download", "community:calendar-feed",
    # One group as open data, and what machines ask for.
    "community:open-data-hsds-service", "security", "change-password", "health-ready",
    # What a second factor, or a code that was mailed, has to be there for.
    "mfa_authenticate", "mfa_reauthenticate", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn", "mfa_edit_webauthn",
}  # fmt: skip


def addresses(patterns=None, prefix="", namespace="", above=()):
    """Return each name of the URL table but the desk's, with the names of its parts."""
    for pattern in patterns or get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith("admin/"):
            continue
        parts = {*above, *pattern.pattern.regex.groupindex}
        if not isinstance(pattern, URLPattern):
            below = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, route, below, parts)
        else:
            yield f"{namespace}{pattern.name}", tuple(sorted(parts))


@dataclass
class Keeper:
    """A member who leaves everything out, and whose list and sheet hold all of it."""

    member: Member
    shared: str  # the secret of the list's link

    def client(self, name):
        client = Client(raise_request_exception=False)
        if name == "member":
            client.cookies["preferences"] = HIDE_ALL
            client.force_login(self.member)
        return client

    def parts(self):
        """Return what each part of an address may be."""
        own = self.member.reading_lists.get()
        return {
            "topic": ["numbers"],
            "slug": Fact.objects.filter(topic__slug="numbers").values_list("slug", flat=True),
            "pk": [own.pk],
            "item": own.saved_items.values_list("pk", flat=True),
            "secret": [self.shared],
            "token": ["nobody"],
            "name": ["facts", "groups", "pages"],
            "number": [1],
        }


@pytest.fixture
def keeper(sensitive, member):  # noqa: F811
    """The member who keeps all that is sensitive; a topic and a group have one short name."""
    member.preferences = HIDE_ALL
    member.save()
    keeper = Keeper(member, "")
    client = keeper.client("member")
    for kind, state in product(KINDS, ("live", "once", "now")):
        client.post("/lists/save/", {"fact": f"numbers/{state}-{kind}"})
    own = member.reading_lists.get()
    QuestionFactory(text="A plain question?")
    SheetQuestion.objects.bulk_create(
        SheetQuestion(reading_list=own, question=question, position=n, is_chosen=True)
        for n, question in enumerate(Question.objects.all())
    )
    page = client.post(f"{own.get_absolute_url()}share/", {"lasts": "month", "make": "1"}).text
    keeper.shared = re.search(r"/lists/shared/([\w-]+)/", page)[1]
    SupportGroup.objects.update(slug="numbers")
    for slug in ("privacy", "accessibility"):
        PageFactory(slug=slug)
    return keeper


def words_of(response):
    content = b"".join(response) if response.streaming else response.content
    if response["Content-Type"] == "application/pdf":
        pages = PdfReader(BytesIO(content)).pages
        content = " ".join(page.extract_text() for page in pages).encode()
    return f"{response.headers} {unescape(content.decode(errors='replace'))}"


def forms():
    """Return what is sent to an address: the words of everything, and all that a device holds."""
    facts = [f"numbers/{state}-{kind}" for kind, state in product(KINDS, STATES)]
    held = {"kind": ["fact"] * len(facts), "key": facts, "title": [""] * len(facts)}
    questions = list(Question.objects.values_list("slug", flat=True))
    return [
        {},
        {"words": "neutral", "action": "choose", **held},
        {"action": "show", "question": questions, "paper": "a4", **held},
        {"action": "pdf", "question": questions, "paper": "a4", **held},
    ]


def queries_of(name, chosen):
    """Return what may stand behind an address, but what asks to be shown something."""
    if name == "facts:fact-history":
        return ["", "?from=1&to=2", "?from=2&to=1"]
    if name.startswith(("search", "community:state")):
        return ["", f"?q={CANARY}", f"?q={FIGURES}", "?q=neutral", "?q=ne", "?q=hospice+ward"]
    if name == "community:saved-item-create":
        return ["", *(f"?fact=numbers/{state}-{kind}" for kind, state in product(KINDS, STATES))]
    return ["", "?for=men"] if not chosen else [""]


def answers(keeper):
    """Yield all that is answered: the name of an address, the request, the status, the text."""
    parts, sent = keeper.parts(), forms()
    for name, wanted in addresses():
        if name in APART:
            continue
        known = parts if "topic" in wanted else {**parts, "slug": ["numbers"]}
        for number, chosen in enumerate(product(*(known[part] for part in wanted))):
            address = reverse(name, kwargs=dict(zip(wanted, chosen, strict=True)))
            requests = [("get", address + query, {}) for query in queries_of(name, chosen)]
            # Everything is read as it may be; what is written is the same for all.
            requests += [("post", address, fields) for fields in sent if not number]
            for (method, asked, fields), reader in product(requests, ("visitor", "member")):
                cache.clear()  # of how often somebody has asked for a file
                with undone():
                    response = getattr(keeper.client(reader), method)(asked, fields)
                    text = words_of(response)
                yield name, f"{reader} {method} {asked}", response.status_code, text


def test_no_address_tells_what_was_not_asked_for(keeper):
    told, met = set(), set()
    for name, request, status, text in answers(keeper):
        assert status != 500, request
        # Most of what a member sends leads back to a page.
        if status in {200, 204, 400} or (request.startswith("member post") and status == 302):
            met.add(name)
        unasked = BOTH if request.startswith("member") else OF_A_VISITOR
        told |= {(word, request) for word in unasked.findall(text)}

    assert sorted(told) == []
    unmet = {name for name, _parts in addresses()} - met
    assert (unmet - APART, APART - unmet) == (set(), set())


@pytest.mark.parametrize("shape", SHAPES)
def test_copy_of_all_that_is_kept_tells_no_text(keeper, shape):
    preferences = Preferences.parse(keeper.member.preferences)

    copy = "".join(Copy(keeper.member, preferences, timezone.now()).written(shape))

    assert "live-prognosis" in copy
    assert BOTH.findall(copy) == []


def test_no_mail_tells_what_was_not_asked_for(keeper):
    now = timezone.now()
    for kind in KINDS:
        change(Fact.objects.get(slug=f"live-{kind}"), "safety", at=now, title=f"{CANARY}-new-title")
    Member.objects.update(mail_about_changes="weekly")

    tell_urgent(now + timedelta(days=1))
    tell_weekly(now + timedelta(days=9))

    assert mail.outbox
    assert BOTH.findall(" ".join(str(message.message()) for message in mail.outbox)) == []
