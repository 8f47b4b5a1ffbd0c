"""Doors of the admin that nobody sees: odd addresses, and questions that its lists would answer."""

import pytest
from django.contrib.contenttypes.models import ContentType

from community.models import Member, ReadingList
from facts.models import Topic
from tests.factories import (
    MemberFactory,
    QuestionFactory,
    ReadingListFactory,
    SheetQuestionFactory,
    TopicFactory,
    make_staff,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser():
    member = make_staff("Editor")
    member.is_superuser = True
    member.save()
    return member


@pytest.mark.parametrize(
    "lookup",
    [
        "email__startswith=p",
        "password__startswith=argon2",
        "last_login__gt=2020-01-01",
        # By way of the roles, to colleagues, and to what they keep as members.
        "groups__user__email__startswith=p",
        "groups__user__reading_lists__title__startswith=M",
    ],
)
def test_list_of_members_does_not_answer_who_is_who(client, superuser, lookup):
    MemberFactory()
    client.force_login(superuser)

    assert client.get(f"/admin/community/member/?{lookup}").status_code == 400


@pytest.mark.parametrize(
    "lookup", ["is_staff__exact=1", "groups__id__exact=1", "groups__isnull=True", "last-here=x"]
)
def test_list_of_members_has_its_filters(client, superuser, lookup):
    client.force_login(superuser)

    assert client.get(f"/admin/community/member/?{lookup}").status_code == 200


def test_no_list_tells_what_is_on_a_members_sheet(client, editor):
    question = QuestionFactory()
    row = SheetQuestionFactory(question=question)
    client.force_login(editor)

    for lookup in (f"%2B={row.pk}", "%2B__isnull=0", "%2B__in=1"):
        assert client.get(f"/admin/facts/question/?{lookup}").status_code == 400


@pytest.mark.parametrize("key", ["1.0", "'\"x", "😀", "-1", "9" * 30, "abc"])
@pytest.mark.parametrize("model", ["topic", "source", "glossaryterm", "question", "page"])
def test_odd_address_of_a_history_is_not_found(client, superuser, model, key):
    client.force_login(superuser)

    response = client.get(f"/admin/facts/{model}/{key}/history/")

    assert response.status_code in {302, 404}


def test_odd_choice_in_a_list_is_not_found(client, superuser):
    TopicFactory()
    client.force_login(superuser)

    response = client.post(
        "/admin/facts/topic/", {"action": "publish_now", "_selected_action": "abc"}
    )

    assert response.status_code in {302, 404}


def test_view_on_site_leads_to_the_public_page(client, editor):
    topic = TopicFactory(slug="bones")
    content_type = ContentType.objects.get_for_model(Topic)
    client.force_login(editor)

    response = client.get(f"/admin/r/{content_type.pk}/{topic.pk}/")

    assert response["Location"] == "/facts/bones/"


@pytest.mark.parametrize("model", [ReadingList, Member])
def test_view_on_site_does_not_tell_what_members_have(client, editor, model):
    theirs = ReadingListFactory()
    key = theirs.pk if model is ReadingList else theirs.member.pk
    content_type = ContentType.objects.get_for_model(model)
    client.force_login(editor)

    for address in (key, "made-up", "00000000-0000-4000-8000-000000000000"):
        assert client.get(f"/admin/r/{content_type.pk}/{address}/").status_code == 404
