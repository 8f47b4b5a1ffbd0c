"""Every list of the desk costs as many queries for a thousand facts as for three, and few."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import MemberFactory, PageFactory, make_staff
from tests.facts.many import make_many

pytestmark = [pytest.mark.once, pytest.mark.django_db]
OURS = {"facts", "community", "portal"}
MOST = 12
MOST_ON_THE_FIRST_PAGE = 25
# Lists that are narrowed or ordered by something that is computed.
NARROWED = {
    "facts_fact": [
        "due=now",
        "due=never",
        "due=2027-03",
        "state=scheduled",
        "owner=somebody",
        "grade=hard",
        "links=dead",
        "flagged=yes",
        "sensitivity=none",
        "q=heading",
        "o=-2.-5.6.-8",
        "p=2",
    ],
    "facts_factversion": ["state=sent-back", "state=to-decide", "state=scheduled"],
    "facts_source": ["warning=waiting", "link=dead"],
    "facts_link": ["state__exact=dead"],
    "facts_reviewrequest": ["asked_by=me"],
    "facts_report": ["state=open"],
    "community_supportgroup": ["checked=due", "published=yes&next=unknown"],
    "community_service": ["checked=due"],
}


def lists():
    for model in admin.site._registry:
        if model._meta.app_label in OURS:
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            for query in ["", *NARROWED.get(name, [])]:
                yield f"{reverse(f'admin:{name}_changelist')}?{query}"


def queries_of(client, address):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    assert response.status_code in {200, 403}, address
    if response.status_code == 403:
        return None
    found = response.context["cl"].result_count if "cl" in response.context else 1
    return len(captured), found


@pytest.fixture
def everybody(db):
    """Somebody with all three roles."""
    person = make_staff("Editor")
    person.groups.set(Group.objects.all())
    return person


@pytest.fixture
def superuser(db):
    person = make_staff("Editor")
    person.is_superuser = True
    person.save()
    return person


@pytest.mark.parametrize("who", ["everybody", "superuser"])
def test_lists_cost_the_same_for_few_and_for_a_thousand(client, who, request):
    viewer, colleague = request.getfixturevalue(who), MemberFactory(is_staff=True)
    client.force_login(viewer)
    for slug in ("about", "privacy", "accessibility"):
        PageFactory(slug=slug)
    make_many(3, viewer, colleague)
    client.get("/admin/")  # What a process asks once (content types) is not counted.
    few = {address: queries_of(client, address) for address in lists()}

    make_many(1000, viewer, colleague)

    many = {address: queries_of(client, address) for address in lists()}
    seen = [address for address in few if few[address]]
    assert len(seen) > 25
    # An empty list asks less: there is nothing of which more could be fetched.
    full = [address for address in seen if few[address][1]]
    assert {a: (few[a], many[a]) for a in full if few[a][0] != many[a][0]} == {}
    assert {a: many[a] for a in seen if many[a][0] > MOST} == {}


@pytest.mark.parametrize("who", ["everybody", "superuser", "editor", "reviewer", "moderator"])
def test_first_page_costs_the_same_for_few_and_for_a_thousand(client, who, request):
    viewer, colleague = request.getfixturevalue(who), MemberFactory(is_staff=True)
    client.force_login(viewer)
    make_many(3, viewer, colleague)
    client.get("/admin/")  # What a process asks once (content types) is not counted.
    few, _found = queries_of(client, "/admin/")

    make_many(1000, viewer, colleague)

    many, _found = queries_of(client, "/admin/")
    assert many == few <= MOST_ON_THE_FIRST_PAGE
