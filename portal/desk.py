"""The first page of the desk: what facts, groups and the portal itself want of whoever looks."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.admin import desk as community_desk
from facts.admin import desk as facts_desk
from facts.admin.desk import Line, Panel, Section, first_few, list_url
from portal.mail import waiting_for_long
from portal.models import EmptySearch, GivenUpMail


def sections(user: Any) -> list[Section]:
    """Return the sections of the first page for `user`, in their order."""
    found = facts_desk.sections(user)
    if user.has_perm("portal.view_emptysearch"):
        readers = next((section for section in found if section.key == "readers"), None)
        if readers is None:
            readers = Section("readers", _("From readers"), [])
            found.append(readers)
        readers.panels.append(_empty_searches())
    groups = community_desk.panels(user)
    if groups:
        found.append(Section("groups", _("Groups and services"), groups))
    accounts = community_desk.account_panels(user)
    if user.is_superuser:
        accounts.append(_mail())
    if accounts:
        found.append(Section("accounts", _("Accounts"), accounts))
    return found


def _mail() -> Panel:
    """Say how many mails are stuck. A number: whom they are to is nobody's business."""
    given_up = GivenUpMail.objects.number_in_all()
    waiting = waiting_for_long(timezone.now())
    words = []
    if waiting:
        words.append(
            ngettext(
                "%(number)d mail is waiting: the mail server does not take it.",
                "%(number)d mails are waiting: the mail server does not take them.",
                waiting,
            )
            % {"number": waiting}
        )
    if given_up:
        words.append(
            ngettext(
                "%(number)d mail was given up within the last 30 days, after about five hours.",
                "%(number)d mails were given up within the last 30 days, each after about five "
                "hours.",
                given_up,
            )
            % {"number": given_up}
        )
    return Panel(
        "mail",
        _("Mail that is stuck"),
        waiting + given_up,
        [],
        "",
        _("The mail server has taken all mail."),
        words=" ".join(words),
    )


def _empty_searches() -> Panel:
    rows, count = first_few(EmptySearch.objects.worth_showing())
    return Panel(
        "searches",
        _("Searches that found nothing"),
        count,
        [
            Line(
                row.words,
                reverse("admin:portal_emptysearch_change", args=[row.pk]),
                ngettext(
                    "%(times)d time, last on %(day)s",
                    "%(times)d times, last on %(day)s",
                    row.times_in_all,
                )
                % {"times": row.times_in_all, "day": date_format(row.searched_on, "j M Y")},
            )
            for row in rows
        ],
        list_url("portal_emptysearch"),
        _("No search failed three times."),
    )
