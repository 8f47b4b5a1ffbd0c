"""What the first page of the desk says of facts: panels as data, each for whom it concerns.

A panel costs one query, whatever the number of rows; the panel of dead links three.
"""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facts.admin.review_requests import ANSWERS_ARE_NEW_FOR
from facts.admin.states import day, day_and_time, person
from facts.choices import SourceFlag
from facts.models import Citation, Fact, FactVersion, Link, Report, ReviewRequest
from facts.models.links import addresses_in
from facts.models.review_requests import may_ask

FEW = 4
TEXTS_NAMED = 3


@dataclass(frozen=True)
class Line:
    """One thing that waits: its name, where it is found, and what is said beside it."""

    words: str
    url: str
    beside: str = ""


@dataclass(frozen=True)
class Month:
    """How many facts are due in a month, and how high its bar is, in hundredths."""

    first: date
    number: int
    height: int
    url: str

    @property
    def top(self) -> int:
        """Where the bar begins, from above."""
        return 100 - self.height


@dataclass(frozen=True)
class Panel:
    """Things of one kind that wait: how many, the first few, and where all of them are.

    `words` stand in their place where there is nothing to be looked at but a number.
    """

    key: str
    title: str
    count: int
    lines: list[Line]
    url: str
    empty: str
    months: tuple[Month, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Section:
    """Panels that belong together."""

    key: str
    title: str
    panels: list[Panel]


def first_few(found: QuerySet) -> tuple[list[Any], int]:
    """Return the first rows of `found`, and how many there are, with one query."""
    rows = list(found.annotate(in_all=Window(Count("pk")))[:FEW])
    return rows, rows[0].in_all if rows else 0


def list_url(model: str, **query: str) -> str:
    """Return the address of a list of the desk, narrowed by `query`."""
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def _fact_url(fact: Fact) -> str:
    return reverse("admin:facts_fact_change", args=[fact.pk])


def _version_url(version: FactVersion) -> str:
    return reverse("admin:facts_factversion_change", args=[version.pk])


def _name(version: FactVersion) -> str:
    return version.title or version.neutral_heading or str(version.fact)


def sections(user: Any) -> list[Section]:
    """Return what facts want of `user`; a section without a panel is none of theirs."""
    now = timezone.now()
    found = [
        Section("mine", _("Mine"), list(_mine(user, now))),
        Section("waiting", _("Waiting for you"), list(_waiting(user, now))),
        Section("reviews", _("Clinical reviews"), list(_reviews(user, now))),
        Section("care", _("In need of care"), list(_care(user, now))),
        Section("readers", _("From readers"), list(_readers(user))),
    ]
    return [section for section in found if section.panels]


def _mine(user: Any, now: datetime) -> Iterable[Panel]:
    versions = FactVersion.objects.select_related("fact__topic")
    if user.has_perm("facts.change_factversion"):
        rows, count = first_few(versions.sent_back_to(user))
        yield Panel(
            "sent-back",
            _("Sent back to you"),
            count,
            [
                Line(_name(v), _version_url(v), Truncator(v.note).chars(160))  # type: ignore[attr-defined]
                for v in rows
            ],
            list_url("facts_factversion", state="sent-back"),
            _("Nothing was sent back to you."),
        )
        drafts = versions.filter(status="draft", author=user).order_by("-edited_at", "-pk")
        rows, count = first_few(drafts)
        yield Panel(
            "drafts",
            _("Your drafts"),
            count,
            [
                Line(_name(v), _version_url(v), _("saved on %(day)s") % {"day": day(v.edited_at)})
                for v in rows
            ],
            list_url("facts_factversion", state="mine"),
            _("You have no drafts."),
        )
    if user.has_perm("facts.change_fact"):
        facts = _overdue(now).filter(owner=user)
        rows, count = first_few(facts)
        yield Panel(
            "my-due",
            _("Your facts that are due"),
            count,
            [Line(f.heading, _fact_url(f), _since(f)) for f in rows],
            list_url("facts_fact", owner="mine", due="now"),
            _("None of the facts that you own is due."),
        )


def _waiting(user: Any, now: datetime) -> Iterable[Panel]:
    versions = FactVersion.objects.select_related("fact__topic")
    if user.has_perm("facts.approve_factversion"):
        rows, count = first_few(versions.awaiting_decision_by(user))
        yield Panel(
            "to-decide",
            _("To read and decide"),
            count,
            [
                Line(
                    _name(v),
                    _version_url(v),
                    _("by %(person)s") % {"person": person(None, v.author_id, user)},
                )
                for v in rows
            ],
            list_url("facts_factversion", state="to-decide"),
            _("Nothing waits for you."),
        )
    if may_ask(user) and user.has_perm("facts.view_reviewrequest"):
        answered = ReviewRequest.objects.answered_to(user, now - ANSWERS_ARE_NEW_FOR)
        rows, count = first_few(answered.with_versions())
        yield Panel(
            "answers",
            _("Clinicians’ answers to you"),
            count,
            [
                Line(
                    _name(asked.version),
                    _version_url(asked.version),
                    f"{asked.answerer_name}: {asked.get_answer_display()}",
                )
                for asked in rows
            ],
            list_url("facts_reviewrequest", asked_by="me"),
            _("No new answer in the last 30 days."),
        )


def _overdue(now: datetime) -> Any:
    return Fact.objects.due_for_review(timezone.localdate(now), now).with_telling_text(now)


def _since(fact: Any) -> str:
    if fact.review_due is None:
        return _("never reviewed")
    return _("since %(day)s") % {"day": date_format(fact.review_due, "j M Y")}


def _reviews(user: Any, now: datetime) -> Iterable[Panel]:
    if not (user.has_perm("facts.view_fact") and may_ask(user)):
        return
    rows, count = first_few(_overdue(now))
    yield Panel(
        "overdue",
        _("Overdue"),
        count,
        [Line(f.heading, _fact_url(f), _since(f)) for f in rows],
        list_url("facts_fact", due="now"),
        _("Every text that readers see is reviewed and up to date."),
    )
    today = timezone.localdate(now)
    numbers = Fact.objects.due_by_month(today, today, now)
    most = max(numbers.values(), default=0)
    yield Panel(
        "due",
        _("Due in the next 12 months"),
        sum(numbers.values()),
        [],
        list_url("facts_fact"),
        _("Nothing is due in the next 12 months."),
        tuple(
            Month(
                first,
                number,
                round(100 * number / most) if most else 0,
                list_url("facts_fact", due=f"{first:%Y-%m}"),
            )
            for first, number in numbers.items()
        ),
    )


def _care(user: Any, now: datetime) -> Iterable[Panel]:
    if user.has_perm("facts.view_factversion") and may_ask(user):
        scheduled = FactVersion.objects.scheduled(now).select_related("fact__topic")
        rows, count = first_few(scheduled.order_by("live_from", "pk"))
        yield Panel(
            "scheduled",
            _("Scheduled"),
            count,
            [
                Line(
                    _name(v),
                    _version_url(v),
                    _("readers see it from %(when)s") % {"when": day_and_time(v.live_from)},
                )
                for v in rows
            ],
            list_url("facts_factversion", state="scheduled"),
            _("Nothing is scheduled."),
        )
        yield _flagged(now)
    if user.has_perm("facts.change_source"):
        yield _dead_links(now)


def _flagged(now: datetime) -> Panel:
    warning = Citation.objects.to_look_at(now).filter(version__fact=OuterRef("pk"))
    facts = (
        Fact.objects.citing_flagged(now)
        .with_telling_text(now)  # type: ignore[attr-defined]
        .annotate(warning=Subquery(warning.order_by("pk").values("source__flag")[:1]))
        .order_by("topic__position", "topic_id", "position", "pk")
    )
    rows, count = first_few(facts)
    return Panel(
        "flagged",
        _("Rest on a source with a warning"),
        count,
        [
            Line(f.heading, _fact_url(f), str(SourceFlag(f.warning).label) if f.warning else "")
            for f in rows
        ],
        list_url("facts_fact", flagged="yes"),
        _("No fact rests on a source with a warning."),
    )


def _dead_links(now: datetime) -> Panel:
    rows, count = first_few(Link.objects.dead().order_by("failing_since", "pk"))
    texts = _texts_using(rows, now) if rows else {}
    return Panel(
        "dead-links",
        _("Dead links"),
        count,
        [
            Line(
                Truncator(link.url).chars(80),
                reverse("admin:facts_link_change", args=[link.pk]),
                _named(texts.get(link.url, [])),
            )
            for link in rows
        ],
        list_url("facts_link", state__exact="dead"),
        _("Every link that was checked works."),
    )


def _texts_using(links: list[Link], now: datetime) -> dict[str, list[str]]:
    """Return the headings of the live texts that cite, or lead to, the address of each link."""
    urls = {link.url for link in links}
    live: Any = FactVersion.objects.live(now).select_related("fact")
    names: dict[str, dict[int, str]] = {}
    cited = Citation.objects.filter(
        source__url__in=urls, version__in=FactVersion.objects.live(now)
    ).select_related("version__fact", "source")
    for citation in cited:
        version = citation.version
        names.setdefault(citation.source.url, {})[version.pk] = _name(version)
    written = live.none()
    for url in urls:
        written |= live.filter(body__contains=html.escape(url))
    for version in written:
        for url in urls.intersection(addresses_in(version.body)):
            names.setdefault(url, {})[version.pk] = _name(version)
    return {url: list(own.values()) for url, own in names.items()}


def _named(texts: list[str]) -> str:
    """Return `texts` in one line; of many, the first."""
    if not texts:
        return _("no text that readers see uses it")
    words = ", ".join(texts[:TEXTS_NAMED])
    more = len(texts) - TEXTS_NAMED
    if more > 0:
        words = ngettext("%(texts)s and %(more)d more", "%(texts)s and %(more)d more", more)
        words %= {"texts": ", ".join(texts[:TEXTS_NAMED]), "more": more}
    return _("used by: %(texts)s") % {"texts": words}


def _readers(user: Any) -> Iterable[Panel]:
    if not user.has_perm("facts.change_report"):
        return
    rows, count = first_few(Report.objects.open().with_facts().order_by("created_on", "pk"))
    yield Panel(
        "reports",
        _("Reports"),
        count,
        [
            Line(
                _name(report.version),
                reverse("admin:facts_report_change", args=[report.pk]),
                f"{report.get_kind_display()} · {date_format(report.created_on, 'j M Y')}",
            )
            for report in rows
        ],
        list_url("facts_report", state="open"),
        _("No report is open."),
    )
