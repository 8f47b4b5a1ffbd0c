"""Every template of a mail that is on the disk, in every language, gives nothing away (P2).

The flows that send them are in the tests of their subjects; here none can be forgotten.
"""

from datetime import UTC, datetime
from pathlib import Path

import allauth
import pytest
from django.conf import settings
from django.core import mail
from django.utils import translation

from community.accounts.adapters import AccountAdapter
from community.models import Suggestion
from facts import mails
from facts.mails import blocks
from tests import mail_checks
from tests.mail_checks import REVEALING, html_of

SITE = "http://localhost:8000"
WHEN = datetime(2026, 7, 1, tzinfo=UTC)
TEMPLATES = Path(settings.BASE_DIR) / "templates"
# What allauth has templates for, and our settings never send: accounts of other sites, phones.
NEVER_SENT = ("socialaccount/",)

CODE = {"code": "1234-5678"}
CHECK = {"url": f"{SITE}/listing-check/{'x' * 60}/", "expires_at": WHEN}
REVIEW = {
    "asked_by_role": "A reviewer",
    "line": "It would be of great help.",
    "url": f"{SITE}/clinical-review/{'x' * 60}/",
    "expires_at": WHEN,
}
# Template: what it is given.
MAILS = {
    "account/email/account_already_exists": {},
    "account/email/account_deleted": {},
    "account/email/account_deleted_idle": {},
    "account/email/email_changed": {"to_email": "b@example.org"},
    "account/email/email_confirm": {},
    "account/email/email_confirmation": CODE,
    "account/email/email_confirmation_signup": CODE,
    "account/email/email_deleted": {"deleted_email": "b@example.org"},
    "account/email/idle_notice": {"day": "1 July 2026"},
    "account/email/invitation": {},
    "account/email/login_code": CODE,
    "account/email/mail_works": {},
    "account/email/password_changed": {},
    "account/email/password_reset": {},
    "account/email/password_reset_code": CODE,
    "account/email/password_reset_key": {},
    "account/email/password_set": {},
    "account/email/second_step_reset": {},
    "account/email/unknown_account": {},
    "account/email/way_in": {},
    "community/email/something_waiting": {
        "lists_url": f"{SITE}/lists/",
        "choose_url": f"{SITE}/account/mail/",
        "stop_url": f"{SITE}/mail/stop/{'x' * 43}/",
    },
    "community/email/suggestion_answered": {"outcome": "accepted"},
    "community/email/verification": CHECK,
    "community/email/verification_reminder": CHECK,
    "facts/email/review_answered": {"url": f"{SITE}/admin/facts/factversion/1/change/"},
    "facts/email/review_request": REVIEW,
    "mfa/email/recovery_codes_generated": {},
    "mfa/email/totp_activated": {},
    "mfa/email/totp_deactivated": {},
    "mfa/email/webauthn_added": {},
    "mfa/email/webauthn_removed": {},
}
# Words of the list that have to be in a body, and why.
MUST_BE = {
    # The address of the page, which leaflets and links that are on their way name. The mail goes
    # to somebody who works in a clinic, and says nothing of any member.
    "facts/email/review_request": "/clinical-review/",
}


def on_disk():
    """Return the templates of mails, ours and allauth's, without their endings."""
    theirs = Path(allauth.__file__).parent / "templates"
    for root in (TEMPLATES, theirs):
        for path in root.glob("*/email/*_message.*"):
            prefix = str(path.relative_to(root)).rpartition("_message.")[0]
            if not prefix.endswith("/base") and not prefix.startswith(NEVER_SENT):
                yield prefix


def make(prefix):
    """Return the mail of `prefix`, made as it is made when it is sent."""
    if prefix.startswith(("account/", "mfa/", "usersessions/")):
        return AccountAdapter().make_mail(prefix, "a@example.org", MAILS[prefix])
    return mails.make(prefix, "a@example.org", MAILS[prefix])


def test_every_template_on_the_disk_is_in_the_table():
    assert {prefix for prefix in on_disk() if "phone" not in prefix} == set(MAILS)


@pytest.mark.parametrize("prefix", MAILS)
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_mail_gives_nothing_away(db, settings, prefix, language):
    settings.SITE_NAME = "Metastatic Breast Cancer Support Group"

    with translation.override(language):
        message = make(prefix)

    mail_checks.check(message, language, MUST_BE.get(prefix, ""))


@pytest.mark.parametrize("prefix", MAILS)
def test_subject_and_text_of_a_template_are_ours(prefix):
    assert (TEMPLATES / f"{prefix}_subject.txt").is_file()
    assert (TEMPLATES / f"{prefix}_message.txt").is_file()
    assert not (TEMPLATES / f"{prefix}_message.html").exists()


@pytest.mark.parametrize("reason", [code for code, _words in Suggestion.Reason.choices])
def test_no_reason_of_an_answer_gives_anything_away(reason):
    context = {"outcome": "rejected", "reason": reason}

    mail_checks.check(mails.make("community/email/suggestion_answered", "a@example.org", context))


# The language of whoever it goes to


def test_mail_is_written_in_the_language_of_its_member(member, settings):
    settings.LANGUAGES = [("en", "English"), ("he", "Hebrew")]
    member.language = "he"
    member.save()

    AccountAdapter().send_mail("account/email/login_code", member.email.upper(), CODE)
    AccountAdapter().send_mail("account/email/login_code", "stranger@example.org", CODE)

    hers, strangers = map(html_of, mail.outbox)
    assert '<html lang="he" dir="rtl">' in hers
    assert '<html lang="en">' in strangers
    assert translation.get_language() == "en"


# From text to HTML


def test_parts_of_a_mail_are_told_apart():
    text = f"Hello,\n\nyour code:\n\n    1234-5678\n\nA page:\n{SITE}/a/?b=1&c=2\nand more"

    found = [(b.text, b.is_link, b.is_code) for b in blocks(text)]

    assert found == [
        ("Hello,", False, False),
        ("your code:", False, False),
        ("1234-5678", False, True),
        ("A page:", False, False),
        (f"{SITE}/a/?b=1&c=2", True, False),
        ("and more", False, False),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "https://evil.example/",
        f"{SITE}.evil.example/",
        f"{SITE}@evil.example/",
        f"see {SITE}/ and https://evil.example/",
        "<a href=https://evil.example>x</a>",
        "<img src=https://evil.example/x.png>",
        "javascript:alert(1)",
    ],
)
def test_what_somebody_typed_is_no_link_and_no_markup(db, typed):
    context = {**REVIEW, "line": f"Dear all,\n{typed}\n\n{typed}"}

    html = html_of(mails.make("facts/email/review_request", "a@example.org", context))

    read = mail_checks.Reader(html)
    assert read.links == [REVIEW["url"]]
    assert read.made_of <= mail_checks.ALLOWED


def test_long_address_is_shown_short_and_leads_all_the_way():
    (block,) = blocks(CHECK["url"])

    assert block.text == CHECK["url"]
    assert block.label == f"localhost:8000/listing-check/{'x' * 15}…"


def test_the_list_of_words_finds_what_it_should():
    for words in ("your Support Group", "Breast cancer", "patients", "the oncologist", "a clinic"):
        assert REVEALING.search(words)
