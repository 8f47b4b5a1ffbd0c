"""Every form of the portal against text that nobody should send: kept as typed, or refused."""

import os
from contextlib import contextmanager
from itertools import islice
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import Group
from django.core import mail

from community.models import Member, ReadingList, SavedItem, Suggestion, SupportGroup
from facts.models import FactVersion, Topic
from tests.portal.forms_found import FREE, WRITTEN, find_forms, forms_of
from tests.portal.naughty import HEADER_LINES, LONG, NAUGHTY
from tests.portal.world import STAFF, undone

pytestmark = pytest.mark.django_db

# How many texts go into one field at once. With 1 each goes alone, which takes minutes.
AT_ONCE = int(os.environ.get("NAUGHTY_AT_ONCE", "16"))
# Rich text: what may stand in it is decided by facts/fields.py and tested there.
RICH = {"body", "introduction"}
# Kept in another shape on purpose: slugs, addresses, search.
RESHAPED = {"slug", "reference", "near", "code", "year", "doi", "pmid"}


@pytest.fixture(scope="module")
def forms(world):
    """Every form that posts, and changes something."""
    found = [form for form in find_forms(world) if form.method == "post"]
    return [form for form in found if not form.target.endswith("/logout/")]


@contextmanager
def opened(world, form):
    """A client that may send `form`, and nothing of what it sends stays."""
    mail.outbox.clear()
    with undone():
        yield world.client(form.role, is_proved=True)


def send(client, form, data, **options):
    return client.post(urljoin(form.page, form.action), data, **options)


def chunks(texts, size):
    rest = iter(texts)
    while chunk := list(islice(rest, size)):
        yield chunk


def fillings(form, number):
    """Yield what to type: each naughty text in each field, several at once.

    The forms of the desk are many and large: each takes a part of the texts, in turn.
    """
    lines, areas = form.named("text", "search"), form.named("textarea")
    others = form.named(*WRITTEN - FREE)
    texts = [*NAUGHTY, *HEADER_LINES] if lines else [NAUGHTY[0]]
    parts = list(chunks(texts, AT_ONCE)) if lines or areas else []
    if form.role in STAFF and AT_ONCE > 1 and parts:
        parts = [parts[number % len(parts)]]
    for chunk in parts:
        yield {
            **dict.fromkeys(lines, " ".join(chunk)),
            **dict.fromkeys(areas, "\n".join(chunk if lines else [*NAUGHTY, *HEADER_LINES])),
        }
    if (lines or areas) and (form.role not in STAFF or number % 4 == 0):
        yield dict.fromkeys(lines + areas, LONG)
    if others:
        yield {n: HEADER_LINES[place % len(HEADER_LINES)] for place, n in enumerate(others)}
        yield {n: NAUGHTY[place % len(NAUGHTY)] for place, n in enumerate(others)}


def headers_made(response):
    """Return the headers, cookies and recipients that came out of what was typed."""
    found = [n for n in (*response.headers, *response.cookies) if "inject" in n.lower()]
    for message in mail.outbox:
        names = {name.lower() for name in message.message()}
        found += names & {"bcc", "x-injected"}
        found += [to for to in message.recipients() if "injected" in to]
    return found


def same(text):
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def shown_again(form, response, client):
    """Return the form as it comes back, or as its page shows it after it was taken."""
    if response.status_code in {301, 302}:
        response = client.get(form.page)
    if "html" not in response.headers.get("Content-Type", ""):
        return None
    for other in forms_of(form.page, response.text):
        if other.target == form.target and set(form.named(*FREE)) <= set(other.named(*FREE)):
            return other
    return None


def test_the_walk_finds_the_forms(forms):
    targets = " ".join(form.target for form in forms)

    assert len(forms) > 80
    for part in ("/lists/", "/groups/suggest/", "/accounts/signup/", "/account/delete/", "/2fa/"):
        assert part in targets, part
    for part in ("/note/", "/clinical-review/", "/listing-check/", "/factversion/", "/check/"):
        assert part in targets, part


def test_b1_b14_b17_naughty_text_is_kept_as_typed_or_refused_in_words(world, forms):
    wrong = []
    for number, form in enumerate(forms):
        before = {f.name: same(f.value) for f in form.fields}
        for typed in fillings(form, number):
            with opened(world, form) as client:
                response = send(client, form, {**form.filled(), **typed})
                if response.status_code >= 500 or headers_made(response):
                    wrong.append((form.role, form.target, response.status_code, typed))
                    continue
                again = shown_again(form, response, client)
                for one in again.fields if again and set(typed) & set(form.named(*FREE)) else []:
                    name = one.name
                    if name not in typed or name in RICH | RESHAPED or typed[name] == LONG:
                        continue
                    if same(one.value) not in {same(typed[name]), before[name], ""}:
                        wrong.append((form.role, form.target, name, typed[name], one.value))
    assert wrong == []


def test_b3_broken_bytes_in_a_form_are_no_error(world, forms):
    wrong = []
    for form in forms:
        name = next(iter(form.named(*WRITTEN)), "x")
        for bad in (b"a%00b", b"%ED%A0%80%FF", b"\xff\xfe=\x00%"):
            with opened(world, form) as client:
                response = client.generic(
                    "POST",
                    form.target,
                    name.encode() + b"=" + bad + b"&x=1",
                    content_type="application/x-www-form-urlencoded",
                )
                if response.status_code >= 500:
                    wrong.append((form.role, form.target, bad, response.status_code))
    assert wrong == []


PROTECTED = {
    Member: ("pk", "email", "is_staff", "is_superuser", "is_active", "groups"),
    ReadingList: ("member",),
    SavedItem: ("reading_list__member",),
    Suggestion: ("kind", "group", "outcome", "suggested_by", "decided_by"),
    SupportGroup: ("pk", "slug", "published_at__year"),
    FactVersion: ("fact", "status", "author", "approver", "live_from__year"),
    Topic: ("pk", "slug", "published_at__year"),
}


def protected():
    """Return what no form may change unless it says so."""
    return {
        model: list(model._base_manager.order_by("pk").values_list(*fields))
        for model, fields in PROTECTED.items()
    }


def test_z6_no_form_takes_more_than_its_fields(world, forms):
    other = world.people["other"].pk
    extra = {
        **dict.fromkeys(("owner", "member", "user", "author", "approver", "actor"), other),
        **dict.fromkeys(("suggested_by", "decided_by", "recorded_by", "reading_list"), other),
        **dict.fromkeys(("is_staff", "is_superuser", "is_active", "is_verified"), "on"),
        **dict.fromkeys(("approved", "published", "verified"), "1"),
        **dict.fromkeys(("id", "pk", "fact", "topic_id"), "1"),
        "status": "approved",
        "outcome": "accepted",
        "groups": Group.objects.get(name="Editor").pk,
        "email_address": "injected@example.org",
        "published_at": "2020-01-01 00:00",
        "live_from": "2020-01-01 00:00",
    }
    wrong, untouched = [], protected()
    for form in forms:
        fields = {one.name for one in form.fields}
        unasked = {name: value for name, value in extra.items() if name not in fields}
        seen = []
        for more in (unasked, {}):
            with opened(world, form) as client:
                send(client, form, {**form.filled(), **more})
                seen.append(protected())
            if seen[0] == untouched:
                break
        if seen[0] not in (seen[-1], untouched):
            changed = [m.__name__ for m in PROTECTED if seen[0][m] != seen[-1][m]]
            wrong.append((form.role, form.target, changed))
    assert wrong == []
