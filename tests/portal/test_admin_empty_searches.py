"""What readers looked for in vain, at the desk: to be read from three times on, or deleted."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from portal.models import EmptySearch
from tests.factories import EmptySearchFactory, MemberFactory, make_staff

LIST = "/admin/portal/emptysearch/"
pytestmark = pytest.mark.django_db


def page_of(row):
    return reverse("admin:portal_emptysearch_change", args=[row.pk])


@pytest.fixture
def often():
    EmptySearchFactory(words="rent", times=1, searched_on=timezone.localdate() - timedelta(days=2))
    return EmptySearchFactory(words="rent", times=2)


@pytest.mark.parametrize("role", ["Editor", "Reviewer"])
def test_editors_and_reviewers_read_what_came_often(client, often, role):
    seldom = EmptySearchFactory(words="canary", times=2)
    client.force_login(make_staff(role))

    page = client.get(LIST).text

    assert "rent" in page
    assert "canary" not in page
    assert client.get(page_of(often)).status_code == 200
    assert client.get(page_of(seldom)).status_code == 302
    assert "canary" not in client.get(f"{LIST}?q=canary").context["cl"].result_list


@pytest.mark.parametrize("role", ["Editor", "Reviewer"])
def test_they_are_never_changed(client, often, role):
    client.force_login(make_staff(role))

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(page_of(often), {"words": "other"}).status_code == 403
    assert not EmptySearch.objects.filter(words="other").exists()


def test_deleting_takes_the_words_of_every_day(client, often, editor):
    client.force_login(editor)

    page = f"{LIST}{often.pk}/delete/"
    assert client.get(page).status_code == 200
    assert EmptySearch.objects.count() == 2
    client.post(page, {"post": "yes"})

    assert not EmptySearch.objects.exists()


def test_many_are_deleted_at_once(client, often, editor):
    other = EmptySearchFactory(words="wigs")
    EmptySearchFactory(words="scalp cooling")
    client.force_login(editor)

    client.post(
        LIST,
        {
            "action": "delete_selected",
            "_selected_action": [often.pk, other.pk],
            "post": "yes",
        },
    )

    assert [row.words for row in EmptySearch.objects.all()] == ["scalp cooling"]


@pytest.mark.parametrize("way", ["one", "many"])
def test_log_of_deleting_does_not_keep_the_words(client, editor, way):
    row = EmptySearchFactory(words="canary", times=3)
    client.force_login(editor)

    if way == "one":
        client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(LIST, chosen)

    assert not EmptySearch.objects.exists()
    entry = LogEntry.objects.get()
    assert entry.user == editor
    assert "canary" not in f"{entry.object_repr} {entry.change_message}"


@pytest.mark.parametrize("who", ["anonymous", "member", "moderator"])
def test_nobody_else_sees_them(client, often, who, moderator):
    if who != "anonymous":
        client.force_login(MemberFactory() if who == "member" else moderator)

    for address in (LIST, page_of(often), f"{LIST}{often.pk}/delete/"):
        assert client.get(address).status_code == (403 if who == "moderator" else 302)
        client.post(address, {"post": "yes"})
    assert EmptySearch.objects.count() == 2


def test_superuser_sees_no_more_than_others(client, often):
    seldom = EmptySearchFactory(words="canary", times=2)
    staff = make_staff("Editor")
    staff.is_superuser = True
    staff.save()
    client.force_login(staff)

    assert "canary" not in client.get(LIST).text
    assert client.get(page_of(seldom)).status_code == 302


def test_words_are_escaped(client, editor):
    EmptySearchFactory(words="<b>rent</b>")
    client.force_login(editor)

    page = client.get(LIST).text

    assert "<b>rent" not in page
    assert "&lt;b&gt;rent" in page


def test_list_needs_twelve_queries_however_long_it_is(
    client, editor, django_assert_max_num_queries
):
    for _ in range(60):
        EmptySearchFactory()
    client.force_login(editor)

    with django_assert_max_num_queries(12):
        client.get(LIST)


@pytest.mark.parametrize("order", ["1", "-2", "3", "4", "9", "x"])
def test_columns_sort(client, often, editor, order):
    client.force_login(editor)

    assert client.get(f"{LIST}?o={order}").status_code in {200, 302}
