"""What mail a member gets, and in which language."""

from datetime import date

import pytest
from django.core import mail

from community.forms.accounts import PartOfMemberForm
from community.models import Member

pytestmark = pytest.mark.django_db


def test_choice_is_kept_and_shown(client, member):
    client.force_login(member)

    response = client.post("/account/mail/", {"mail_about_changes": "safety"}, follow=True)

    member.refresh_from_db()
    assert member.mail_about_changes == "safety"
    assert "Only if something about safety changes" in response.content.decode()


def test_nothing_is_sent_unless_it_is_asked_for(client, member):
    client.force_login(member)

    page = client.get("/account/mail/").content.decode()

    assert member.mail_about_changes == "off"
    assert 'value="off"' in page
    assert page.count(" checked") == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"mail_about_changes": "daily"}, {"mail_about_changes": "weekly", "language": "xx"}],
)
def test_what_is_not_offered_is_refused_in_words_and_kept(client, member, settings, form):
    settings.LANGUAGES = [("en", "English"), ("es", "Spanish")]
    client.force_login(member)

    response = client.post("/account/mail/", form)

    assert response.status_code == 400
    assert "There is something to put right" in response.content.decode()
    assert response.context["form"]["mail_about_changes"].value() == form.get("mail_about_changes")
    member.refresh_from_db()
    assert (member.mail_about_changes, member.language) == ("off", "")


def test_language_is_asked_for_where_there_is_a_choice(client, member, settings):
    client.force_login(member)
    assert b'name="language"' not in client.get("/account/mail/").content
    settings.LANGUAGES = [("en", "English"), ("es", "Spanish")]

    client.post("/account/mail/", {"mail_about_changes": "off", "language": "es"})

    member.refresh_from_db()
    assert member.language == "es"


def test_choice_changes_nothing_else(client, member):
    client.force_login(member)
    form = {"mail_about_changes": "off", "email": "other@example.org", "is_staff": "on"}

    client.post("/account/mail/", form)

    address = member.email
    member.refresh_from_db()
    assert (member.email, member.is_staff) == (address, False)


@pytest.mark.parametrize(
    ("path", "form"),
    [("/account/", {"display_name": "Ann"}), ("/account/mail/", {"mail_about_changes": "weekly"})],
)
def test_form_writes_nothing_that_it_does_not_ask_for(client, member, monkeypatch, path, form):
    client.force_login(member)
    checked = PartOfMemberForm.is_valid

    def change_in_another_window(self):
        Member.objects.filter(pk=member.pk).update(password="new", preferences="text=large")
        return checked(self)

    monkeypatch.setattr(PartOfMemberForm, "is_valid", change_in_another_window)
    client.post(path, form)

    member.refresh_from_db()
    assert (member.password, member.preferences) == ("new", "text=large")
    assert member.display_name == form.get("display_name", "")


def test_pages_of_the_account_stay_within_ten_queries(
    client, member, django_assert_max_num_queries
):
    client.force_login(member)

    for path in ("/account/", "/account/mail/", "/preferences/"):
        with django_assert_max_num_queries(10):
            client.get(path)


# Mail that came back


BOUNCED = date(2026, 7, 1)


@pytest.fixture
def bounced(client, member):
    member.mail_bounced_on = BOUNCED
    member.save()
    client.force_login(member)
    return client


@pytest.mark.parametrize("path", ["/lists/", "/account/", "/preferences/"])
def test_member_whom_no_mail_reaches_is_told_on_private_pages(bounced, path):
    page = bounced.get(path).content.decode()

    assert "On 1 July 2026 a mail to" in page
    assert "/accounts/email/" in page


def test_public_pages_say_nothing_of_it(bounced):
    assert "did not arrive" not in bounced.get("/glossary/").content.decode()


def test_mail_to_try_is_sent_on_request(bounced, member):
    page = bounced.post("/account/mail/", {"try": "1"}, follow=True).content.decode()

    assert [message.to for message in mail.outbox] == [[member.email]]
    assert f"A mail is on its way to {member.email}" in page


def test_nobody_can_be_flooded_with_mails_to_try(bounced):
    answers = [bounced.post("/account/mail/", {"try": "1"}).status_code for _time in range(7)]

    assert answers == [302] * 5 + [429] * 2
    assert len(mail.outbox) == 5
