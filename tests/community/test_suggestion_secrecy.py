"""What people suggest is seen by moderators alone (Z3), and holds whatever they type (B1)."""

import json
import re

import pytest
from django.core import signing

from community.care import suggestion_decisions as decisions
from community.care.suggested import FIELDS
from community.models import Suggestion
from community.models.groups import PUBLIC_FIELDS
from facts.plain_text import clean_text
from tests.factories import (
    CorrectionFactory,
    MeetingFactory,
    MemberFactory,
    NewGroupFactory,
    SupportGroupFactory,
    make_staff,
)
from tests.portal.test_permissions import ADDRESSES

CANARY = "qzvcanaryqzv"
PUBLIC = sorted({address for address, *_rest in ADDRESSES.values()} | {
    "/groups/circle/", "/groups/canary-tea/", "/search/?q=qzv", f"/search/?q={CANARY[:6]}",
    "/groups/circle/calendar.ics", "/feeds/facts.atom", "/api/",
})  # fmt: skip


@pytest.fixture
def group(db):
    group = SupportGroupFactory(
        slug="circle", name="Circle", is_in_person=True, place="Leeds", joining_policy="members"
    )
    MeetingFactory(group=group)
    return group


def says(value):
    return {"was": value, "new": CANARY}


def everything():
    """Return a change of every field, each with the canary."""
    texts = [n for n in FIELDS if n in PUBLIC_FIELDS]
    return {name: says("") for name in [*texts, "meets"]} | {
        "website": {"was": "", "new": f"https://{CANARY}.example.org/"}
    }


def crawl(client):
    """Return the public addresses whose answer holds the canary."""
    found = []
    for address in PUBLIC:
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        text = body.decode("utf-8", "replace") + str(dict(response.headers))
        # A page of results says again what was looked for.
        if CANARY in text:
            found.append(address)
    return found


class TestSecrecy:
    def test_no_stranger_and_no_member_sees_what_was_suggested(self, client, group):
        private = {"joining": CANARY, "words": CANARY, "reply_address": f"{CANARY}@example.org"}
        CorrectionFactory(group=group, changes=everything(), **private)
        new = {name: {"new": change["new"]} for name, change in everything().items()}
        NewGroupFactory(changes=new, **private)
        assert len(everything()) >= 9

        assert crawl(client) == []
        client.force_login(MemberFactory())
        assert crawl(client) == []
        for role in ("Editor", "Reviewer"):
            client.force_login(make_staff(role))
            assert crawl(client) == []

    def test_what_is_left_out_of_a_decision_stays_unseen(self, client, group, moderator):
        kept = {"joining": CANARY, "words": CANARY, "reply_address": f"{CANARY}@example.org"}
        rejected = CorrectionFactory(group=group, changes=everything(), **kept)
        decisions.reject(rejected, moderator, reason="other", note=CANARY)
        new = NewGroupFactory(changes={"name": {"new": "Canary tea"}}, **kept)
        values = {"name": "Canary tea", "description": "d", "run_by": "peer", "is_online": True}
        made = decisions.accept_new_group(new, moderator, values, note=CANARY)
        made.published_at = group.published_at
        made.save()

        assert client.get("/groups/canary-tea/").status_code == 200
        assert crawl(client) == []

    def test_token_of_a_correction_holds_nothing_that_waits(self, client, group):
        CorrectionFactory(group=group, changes=everything(), joining=CANARY)
        token = client.get("/groups/circle/correct/").context["form"]["seen"].value()

        assert CANARY not in json.dumps(signing.loads(token, salt="community.suggested.seen"))


# Shapes of what people and programs type; after public collections of that kind.
HOSTILE = [
    "undefined", "NaN", "-1", "0x0", "1e400", "null", "''", '"', "\\", "%s%s%n", "{{ 7*7 }}",
    "${7*7}", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)",
    "' OR 1=1--", "'; DROP TABLE community_suggestion;--", "../../etc/passwd", "%00", "%0d%0aX: y",
    "=cmd|' /C calc'!A0", "@SUM(1)", "田中さんにあげて下さい", "𝕿𝖊𝖆", "👩🏽‍⚕️🇺🇳", "مجموعة",
    "T̸e̵a̶" * 20, "a\u0300\u0301" * 30, "\u202etxt.exe", "\ufeff\u200btea", "ﷺ" * 50, "Ω≈ç√∫˜µ≤≥÷",
    "line\r\nline\rline\u2028line", "\t\x0b\x0c\x1f", "zoom.us", "www.", "a" * 5000,
]  # fmt: skip
NEW, CORRECT = "/groups/suggest/", "/groups/circle/correct/"
BOXES = [
    *(
        (NEW, name)
        for name in (
            "name",
            "description",
            "first_meeting",
            "organisation",
            "place",
            "meets",
            "cost",
            "website",
            "how_to_ask",
            "joining",
            "words",
            "reply_address",
        )
    ),
    *((CORRECT, name) for name in ("access", "description", "meets", "website", "seen")),
]
CHOICES = [
    *((NEW, name) for name in ("run_by", "ways", "audiences", "language_1", "attendance")),
    *((CORRECT, name) for name in ("is_metastatic_only", "has_ended", "ways")),
]  # fmt: skip


@pytest.mark.django_db
class TestHostile:
    @pytest.mark.parametrize(
        ("address", "box", "texts"),
        [(*pair, HOSTILE) for pair in BOXES] + [(*pair, HOSTILE[:6]) for pair in CHOICES],
        ids=lambda part: part.strip("/").replace("/", "-") if isinstance(part, str) else "",
    )
    def test_each_box_keeps_it_or_says_why_not(self, client, group, address, box, texts, settings):
        limits = {**settings.ACCOUNT_RATE_LIMITS, "word_from_reader": "1000/m/ip"}
        settings.ACCOUNT_RATE_LIMITS = limits
        for number, text in enumerate(texts):
            before = Suggestion.objects.count()
            sent = {"name": "Tea", "words": f"Number {number}"} | {box: text}
            response = client.post(address, sent)
            assert response.status_code in {302, 400}, text
            is_kept = Suggestion.objects.count() == before + 1
            assert is_kept == (response.status_code == 302), text

    def test_moderators_can_open_all_of_it(self, client, group, moderator):
        texts = [clean_text(text) for text in HOSTILE]
        new = [
            NewGroupFactory(
                changes={name: {"new": text[:120]} for name in ("name", "place", "cost", "meets")},
                words=text,
                joining=text,
            )
            for text in texts
        ]
        old = [
            CorrectionFactory(
                group=group,
                changes={n: says(text) | {"new": text} for n in ("cost", "meets")},
                words=text,
            )
            for text in texts
        ]
        client.force_login(moderator)

        assert client.get("/admin/community/suggestion/").status_code == 200
        for suggestion in (*new, *old):
            page = client.get(f"/admin/community/suggestion/{suggestion.pk}/change/")
            assert page.status_code == 200
            assert not re.search(r"<script>alert|<img src=x", page.text)
