"""Helplines and organizations, and the desk where staff keep them true."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from community.models import Service
from tests.factories import ServiceFactory

pytestmark = pytest.mark.django_db
FORM = {
    "name": "A helpline",
    "slug": "a-helpline",
    "description": "It listens.",
    "country": "GB",
    "languages": ["en", "cy"],
    "phone": "0808 808 00 00",
    "hours": "Every day",
    "url": "helpline.example.org",
    "checked_on": "2026-11-20",
    "position": "100",
    "published_at": "",
}


def test_published_services_are_those_whose_moment_has_come():
    now = timezone.now()
    live = ServiceFactory()
    ServiceFactory(published_at=None)
    ServiceFactory(published_at=now + timedelta(minutes=1))

    assert list(Service.objects.published(now)) == [live]


@pytest.mark.parametrize(
    ("phone", "address"),
    [("0808 808 00 00", "08088080000"), ("+1 (800) 555-0123", "+18005550123"), ("", "")],
)
def test_phone_as_an_address_takes_it(phone, address):
    assert Service(phone=phone).phone_address == address


def test_languages_are_named_by_those_who_speak_them():
    spoken = Service(languages=["es", "en", "xx"]).spoken

    assert spoken == [{"code": "es", "name": "Español"}, {"code": "en", "name": "English"}]


def test_moderator_adds_a_service(client, moderator):
    client.force_login(moderator)

    response = client.post("/admin/community/service/add/", FORM)

    service = Service.objects.get()
    assert response.status_code == 302
    assert service.url == "https://helpline.example.org"
    assert service.languages == ["en", "cy"]
    assert service.published_at is None
    assert service.history.get().history_user == moderator


def test_mistake_is_said_and_nothing_is_lost(client, moderator):
    client.force_login(moderator)

    response = client.post("/admin/community/service/add/", {**FORM, "url": "ftp:/x"})

    text = response.content.decode()
    assert response.status_code == 200
    assert "0808 808 00 00" in text
    assert "errorlist" in text
    assert not Service.objects.exists()


def test_new_service_begins_as_checked_today(client, moderator):
    client.force_login(moderator)

    text = client.get("/admin/community/service/add/").content.decode()

    assert f'value="{timezone.localdate():%Y-%m-%d}"' in text


def test_action_marks_services_as_checked_today(client, moderator):
    client.force_login(moderator)
    old = ServiceFactory(checked_on=date(2025, 1, 1))
    other = ServiceFactory(checked_on=date(2025, 1, 1))

    response = client.post(
        "/admin/community/service/",
        {"action": "mark_as_checked", "_selected_action": [old.pk]},
        follow=True,
    )

    old.refresh_from_db()
    other.refresh_from_db()
    assert old.checked_on == timezone.localdate()
    assert other.checked_on == date(2025, 1, 1)
    assert "1 listing is marked as checked today" in response.content.decode()


def test_editor_may_change_services_and_visitors_may_not(client, editor, member):
    service = ServiceFactory()
    address = f"/admin/community/service/{service.pk}/change/"

    assert client.get(address).status_code == 302
    client.force_login(member)
    assert client.get(address).status_code == 302
    client.force_login(editor)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("number", [2, 20])
def test_desk_of_services_needs_as_many_queries_for_many(
    client, moderator, number, django_assert_max_num_queries
):
    client.force_login(moderator)
    ServiceFactory.create_batch(number)

    with django_assert_max_num_queries(13):
        client.get("/admin/community/service/")
