import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

# A link is dead after as many failures on different days, the first of them this long ago.
FAILURES_OF_A_DEAD_LINK = 3
TIME_OF_A_DEAD_LINK = timedelta(days=3)
LONGEST_ADDRESS = 1000
_HREF = re.compile(r'href="(https?://[^"]*)"', re.IGNORECASE)


class Problem(models.TextChoices):
    """What went wrong when an address was asked for, in words for staff."""

    BAD_ADDRESS = "bad-address", _("The address is not well formed")
    INTERNAL = "internal", _("It leads into a private network, so it was not opened")
    NO_HOST = "no-host", _("No such website was found")
    REFUSED = "refused", _("The website took no connection")
    RESET = "reset", _("The website ended the connection")
    TIMEOUT = "timeout", _("The website took too long to answer")
    TLS = "tls", _("Its certificate is not in order")
    GARBLED = "garbled", _("The website answered something that is no web page")
    TOO_BIG = "too-big", _("The website sent far too much before the page")
    REDIRECTS = "redirects", _("It was sent on too many times")
    NOT_FOUND = "not-found", _("The page is not there")
    GONE = "gone", _("The page was taken away for good")
    SERVER_ERROR = "server-error", _("The website had a fault")
    CLIENT_ERROR = "client-error", _("The website refused the request")
    # These two are no failures: the page may well be there.
    ROBOTS = "robots", _("The website asks programs not to look at it")
    NOT_FOR_PROGRAMS = "not-for-programs", _("The website lets people in, but no programs")


# A check that met one of these says nothing about the page.
LEFT_ALONE = frozenset({Problem.ROBOTS, Problem.NOT_FOR_PROGRAMS})


@dataclass(frozen=True)
class Finding:
    """What one check of an address found: no problem is a page that is there."""

    problem: str = ""
    status_code: int | None = None
    # Where it has moved to for good, or an empty string.
    moved_to: str = ""


class LinkQuerySet(models.QuerySet):
    def dead(self) -> Self:
        """Links that have failed for days."""
        return self.filter(state=Link.State.DEAD)

    def failing(self) -> Self:
        """Links that failed when they were last checked, dead or not yet."""
        return self.filter(state__in=[Link.State.FAILING, Link.State.DEAD])

    def moved(self) -> Self:
        """Links whose page has another address by now."""
        return self.filter(state=Link.State.MOVED)

    def due(self, at: datetime) -> Self:
        """Links that are to be checked at `at`: those never checked first, then by their time."""
        return self.filter(next_check_at__lte=at).order_by(
            F("checked_at").asc(nulls_first=True), "next_check_at", "pk"
        )

    def to(self, addresses: Iterable[str]) -> Self:
        """Links to one of `addresses`."""
        return self.filter(url__in=set(addresses))

    def keep_to(self, addresses: Iterable[str], at: datetime) -> tuple[int, int]:
        """Make links of new `addresses`, forget those no longer in use; return both numbers."""
        in_use = {url for url in addresses if len(url) <= LONGEST_ADDRESS}
        known = set(self.values_list("url", flat=True))
        new = [Link(url=url, next_check_at=at) for url in sorted(in_use - known)]
        self.bulk_create(new, batch_size=200, ignore_conflicts=True)  # type: ignore[arg-type]
        gone = sorted(known - in_use)
        for start in range(0, len(gone), 200):
            self.filter(url__in=gone[start : start + 200]).delete()
        return len(new), len(gone)


class Link(models.Model):
    """One web address that a source or a text uses, and what was found when it was asked for."""

    class State(models.TextChoices):
        UNCHECKED = "unchecked", _("Not checked yet")
        FINE = "fine", _("Works")
        MOVED = "moved", _("Moved to a new address")
        FAILING = "failing", _("Failed, will be tried again")
        DEAD = "dead", _("Dead")
        LEFT_ALONE = "left-alone", _("Cannot be checked")

    url = models.CharField(_("address"), max_length=LONGEST_ADDRESS)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.UNCHECKED
    )
    checked_at = models.DateTimeField(_("last check"), null=True, blank=True)
    next_check_at = models.DateTimeField(_("next check"), default=timezone.now)
    status_code = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    problem = models.CharField(
        _("what went wrong"), max_length=20, choices=Problem.choices, blank=True
    )
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    failed_on = models.DateField(_("last failure counted on"), null=True, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures on different days"), default=0)
    redirects_to = models.CharField(
        _("new address"), max_length=LONGEST_ADDRESS, blank=True, default=""
    )

    objects = LinkQuerySet.as_manager()

    class Meta:
        ordering = ["url"]
        verbose_name = _("web address")
        verbose_name_plural = _("web addresses")
        indexes = [models.Index(name="facts_link_next_check", fields=["next_check_at"])]
        constraints = [
            models.UniqueConstraint(name="facts_link_one_per_address", fields=["url"]),
            models.CheckConstraint(
                name="facts_link_web_address",
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
            ),
            models.CheckConstraint(
                name="facts_link_state_known",
                condition=Q(
                    state__in=["unchecked", "fine", "moved", "failing", "dead", "left-alone"]
                ),
            ),
            models.CheckConstraint(
                name="facts_link_unchecked_has_no_moment",
                condition=Q(state="unchecked", checked_at__isnull=True)
                | (~Q(state="unchecked") & Q(checked_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="facts_link_failing_has_moment",
                condition=Q(state__in=["failing", "dead"], failing_since__isnull=False)
                | (~Q(state__in=["failing", "dead"]) & Q(failing_since__isnull=True)),
            ),
            models.CheckConstraint(
                name="facts_link_dead_failed_three_times",
                condition=~Q(state="dead") | Q(failures__gte=FAILURES_OF_A_DEAD_LINK),
            ),
            models.CheckConstraint(
                name="facts_link_moved_says_where",
                condition=Q(state="moved") & ~Q(redirects_to="")
                | ~Q(state="moved") & Q(redirects_to=""),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """The website's name, for people."""
        return self.url.split("/")[2]

    @property
    def told(self) -> str:
        """What is known of it, in one line for staff."""
        state = str(self.get_state_display())
        return f"{state}: {self.told_problem}" if self.problem else state

    @property
    def told_problem(self) -> str:
        """What went wrong, with the number that the website gave, or an empty string."""
        words = str(self.get_problem_display()) if self.problem else ""
        if self.status_code and self.status_code >= 400:
            words += f" ({self.status_code})"
        return words

    def record(self, finding: Finding, at: datetime) -> None:
        """Remember what was found at `at`, and say when it is to be checked again.

        One failure proves nothing: only several, on different days, make a dead link. One
        success clears them. What the website keeps programs from proves nothing either way.
        """
        with transaction.atomic():
            link = Link.objects.select_for_update().filter(pk=self.pk).first()
            if link is None:  # Nobody uses the address any more.
                return
            link.checked_at = at
            link.status_code, link.problem = finding.status_code, finding.problem
            # A part of an address leads elsewhere, so one that is too long is not kept.
            is_kept = not finding.problem and len(finding.moved_to) <= LONGEST_ADDRESS
            link.redirects_to = finding.moved_to if is_kept else ""
            if finding.problem and finding.problem not in LEFT_ALONE:
                link._count_failure(at)
            else:
                link.failing_since, link.failed_on, link.failures = None, None, 0
                if finding.problem:
                    link.state = self.State.LEFT_ALONE
                else:
                    link.state = self.State.MOVED if link.redirects_to else self.State.FINE
            link.next_check_at = at + link._pause()
            link.save()
        self.refresh_from_db()

    def _count_failure(self, at: datetime) -> None:
        day = timezone.localdate(at)
        self.failing_since = self.failing_since or at
        if self.failed_on != day:
            self.failed_on = day
            self.failures = min(self.failures + 1, 32767)
        is_dead = (
            self.failures >= FAILURES_OF_A_DEAD_LINK
            and at - self.failing_since >= TIME_OF_A_DEAD_LINK
        )
        self.state = self.State.DEAD if is_dead else self.State.FAILING

    def _pause(self) -> timedelta:
        """Return how long to wait until the next check; what fails is looked at each day."""
        spread = timedelta(minutes=(self.pk or 0) * 37 % 720)
        match self.state:
            case self.State.FAILING:
                return timedelta(days=1)
            case self.State.LEFT_ALONE:
                return timedelta(days=30) + spread
        return timedelta(days=7) + spread


def addresses_in(text: str) -> list[str]:
    """Return the web addresses that the sanitised HTML `text` links to, each once."""
    return list(dict.fromkeys(html.unescape(url) for url in _HREF.findall(text)))


def addresses_in_use(at: datetime) -> set[str]:
    """Return every web address of a source, and of a text that is live at `at`, coming or open."""
    from facts.models.sources import Source
    from facts.models.versions import FactVersion

    urls = set(Source.objects.values_list("url", flat=True))
    versions = FactVersion.objects
    seen = versions.live(at) | versions.scheduled(at) | versions.open()
    for body in seen.values_list("body", flat=True).iterator(chunk_size=500):
        urls.update(addresses_in(body))
    return {url for url in urls if url.startswith(("https://", "http://"))}


def links_of(versions: Iterable[Any]) -> dict[int, list[Link]]:
    """Return the known links of `versions` by key: of their sources, and of their texts.

    Two queries for any number of them.
    """
    from facts.models.sources import Citation

    versions = list(versions)
    urls: dict[int, set[str]] = {v.pk: set(addresses_in(v.body)) for v in versions}
    cited = Citation.objects.filter(version__in=urls).values_list("version_id", "source__url")
    for version_id, url in cited:
        urls[version_id].add(url)
    wanted = set().union(*urls.values()) if urls else set()
    links = {link.url: link for link in Link.objects.to(wanted)}
    return {pk: [links[url] for url in sorted(own) if url in links] for pk, own in urls.items()}


def told_of(link: Link | None) -> str:
    """Return what is known of `link`, if there is one, in one line for staff."""
    return link.told if link else _now("Not checked yet")
