"""What is remembered of an address, which addresses are watched, and the run that checks them."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from facts import tasks
from facts.models import Link, Source
from facts.models.links import Finding, addresses_in, addresses_in_use, links_of, told_of
from facts.tasks import check_due_links
from tests.factories import DraftFactory, SourceFactory, make_live

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GONE = Finding("not-found", 404)
FINE = Finding(status_code=200)


class Answers:
    """Stands in for a Checker: gives a finding for each address, and keeps what it was asked."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.asked = []

    def check(self, url):
        self.asked.append(url)
        return self.answers.get(url, FINE)


@pytest.fixture(autouse=True)
def _on(settings):
    settings.CHECK_LINKS = True


@pytest.fixture
def link():
    return Link.objects.create(url="https://journal.example.org/a", next_check_at=NOW)


def record(link, *findings):
    """Record `findings` on days that follow each other."""
    for number, finding in enumerate(findings):
        link.record(finding, NOW + number * DAY)


# One link


def test_link_that_works_is_looked_at_again_after_a_week(link):
    record(link, FINE)

    assert (link.state, link.checked_at, link.problem) == ("fine", NOW, "")
    assert NOW + 7 * DAY <= link.next_check_at < NOW + 8 * DAY
    assert link.told == "Works"


def test_one_failure_proves_nothing(link):
    record(link, GONE)

    assert (link.state, link.failing_since, link.failures) == ("failing", NOW, 1)
    assert link.next_check_at == NOW + DAY
    assert link.told == "Failed, will be tried again: The page is not there (404)"


def test_failures_on_one_day_count_once(link):
    for minutes in range(10):
        link.record(GONE, NOW + timedelta(minutes=minutes))

    assert (link.state, link.failures) == ("failing", 1)


def test_link_is_dead_after_three_failures_over_three_days(link):
    record(link, GONE, GONE, GONE)
    assert (link.state, link.failures) == ("failing", 3)

    link.record(GONE, NOW + 3 * DAY)

    assert (link.state, link.failures) == ("dead", 4)
    assert list(Link.objects.dead()) == [link]
    assert link.next_check_at > NOW + 9 * DAY


def test_two_failures_far_apart_make_no_dead_link(link):
    link.record(GONE, NOW)
    link.record(GONE, NOW + 30 * DAY)

    assert link.state == "failing"


@pytest.mark.parametrize("number", [1, 2, 3, 4, 8])
def test_one_success_clears_all_failures(link, number):
    record(link, *[GONE] * number, FINE)

    assert (link.state, link.failing_since, link.failures) == ("fine", None, 0)
    link.record(GONE, NOW + 20 * DAY)
    assert link.state == "failing"


def test_new_address_is_remembered_until_it_is_gone(link):
    record(link, Finding(status_code=200, moved_to="https://journal.example.org/b"))
    assert (link.state, link.redirects_to) == ("moved", "https://journal.example.org/b")
    assert list(Link.objects.moved()) == [link]

    record(link, GONE)
    assert (link.state, link.redirects_to) == ("failing", "")


def test_new_address_that_is_too_long_is_not_cut(link):
    record(link, Finding(status_code=200, moved_to="https://journal.example.org/" + "b" * 1000))

    assert (link.state, link.redirects_to) == ("fine", "")


@pytest.mark.parametrize("problem", ["robots", "not-for-programs"])
def test_what_keeps_programs_away_is_no_failure(link, problem):
    record(link, *[Finding(problem, 403)] * 5)

    assert (link.state, link.failures) == ("left-alone", 0)
    assert link.next_check_at > NOW + 30 * DAY


def test_link_that_was_forgotten_meanwhile_is_not_brought_back(link):
    Link.objects.filter(pk=link.pk).delete()

    link.record(FINE, NOW)

    assert not Link.objects.exists()


def refuses(name, **fields):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        models.QuerySet(Link).create(**{"url": "https://x.example/", **fields})
    assert name in str(refused.value) or "facts_link.url" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("facts_link_web_address", {"url": "ftp://x.example/"}),
        ("facts_link_state_known", {"state": "odd", "checked_at": NOW}),
        ("facts_link_unchecked_has_no_moment", {"state": "fine"}),
        ("facts_link_unchecked_has_no_moment", {"checked_at": NOW}),
        ("facts_link_failing_has_moment", {"state": "failing", "checked_at": NOW}),
        (
            "facts_link_failing_has_moment",
            {"state": "fine", "checked_at": NOW, "failing_since": NOW},
        ),
        (
            "facts_link_dead_failed_three_times",
            {"state": "dead", "checked_at": NOW, "failing_since": NOW, "failures": 2},
        ),
        ("facts_link_moved_says_where", {"state": "moved", "checked_at": NOW}),
        ("facts_link_moved_says_where", {"redirects_to": "https://y.example/"}),
    ],
)
def test_database_refuses(name, fields):
    refuses(name, **fields)


def test_an_address_is_watched_once(link):
    refuses("facts_link_one_per_address", url=link.url)


# Which addresses are watched


def test_addresses_of_a_text_are_read_as_a_browser_reads_them():
    text = (
        '<p><a href="https://x.example/?a=1&amp;b=2">x</a> <a href="/glossary/#scan">scan</a>'
        '<a href="https://x.example/?a=1&amp;b=2">again</a> <a href="http://y.example">y</a></p>'
    )

    assert addresses_in(text) == ["https://x.example/?a=1&b=2", "http://y.example"]


def linking(to):
    return f'<p>Read <a href="https://{to}.example/">this</a>.</p>'


def test_sources_and_texts_that_are_live_coming_or_open_are_watched():
    make_live(body=linking("live"))
    make_live(body=linking("over"), since=NOW - 9 * DAY, until=NOW - DAY)
    make_live(body=linking("coming"), since=timezone.now() + DAY)
    DraftFactory(body=linking("open"))
    Source.objects.all().update(url="https://source.example/")

    assert addresses_in_use(timezone.now()) == {
        "https://live.example/",
        "https://coming.example/",
        "https://open.example/",
        "https://source.example/",
    }


def test_links_of_many_versions_take_two_queries(django_assert_num_queries):
    versions = [make_live(body=linking(f"x{number}")) for number in range(5)]
    Link.objects.keep_to(addresses_in_use(timezone.now()), NOW)

    with django_assert_num_queries(2):
        found = links_of(versions)

    assert [len(links) for links in found.values()] == [2] * 5
    assert told_of(found[versions[0].pk][0]) == "Not checked yet"
    assert told_of(None) == "Not checked yet"


# A run


def test_run_makes_checks_and_forgets():
    used, unused = SourceFactory(), Link.objects.create(url="https://unused.example/")
    checker = Answers({used.url: GONE})

    report = check_due_links(NOW, checker=checker)

    assert checker.asked == [used.url]
    assert (report.added, report.forgotten, report.checked) == (1, 1, 1)
    assert Link.objects.get().state == "failing"
    assert not Link.objects.filter(pk=unused.pk).exists()


def test_run_asks_again_only_when_it_is_time():
    SourceFactory()
    checker = Answers()

    for days in (0, 1, 6, 8, 9):
        check_due_links(NOW + days * DAY, checker=checker)

    assert len(checker.asked) == 2


def test_run_of_all_asks_for_what_is_not_due_too():
    SourceFactory.create_batch(3)
    check_due_links(NOW, checker=Answers())

    report = check_due_links(NOW, checker=Answers(), is_all=True, budget=None)

    assert report.states == {"fine": 3}


def test_run_takes_websites_by_turns():
    for path in "abc":
        SourceFactory(url=f"https://one.example/{path}")
    SourceFactory(url="https://two.example/")
    checker = Answers()

    check_due_links(NOW, checker=checker)

    hosts = [url.split("/")[2] for url in checker.asked]
    assert hosts[:2] in (["one.example", "two.example"], ["two.example", "one.example"])


def test_run_ends_after_its_limit_and_says_what_is_left():
    SourceFactory.create_batch(4)

    report = check_due_links(NOW, checker=Answers(), limit=2)

    assert (report.checked, report.left) == (2, 0)
    assert Link.objects.due(NOW).count() == 2


def test_run_begins_no_link_that_cannot_end_in_time(monkeypatch):
    SourceFactory.create_batch(10)
    clock = iter(range(0, 1000, 15))
    monkeypatch.setattr(tasks.time, "monotonic", lambda: next(clock))

    report = check_due_links(NOW, checker=Answers())

    # A minute, less what one link may take: links are begun at 15 and 30 seconds.
    assert (report.checked, report.left) == (2, 8)


def test_run_ends_when_the_worker_is_told_to_stop():
    SourceFactory.create_batch(3)

    class Stopping(Answers):
        def check(self, url):
            tasks.stopping.set()
            return super().check(url)

    try:
        report = check_due_links(NOW, checker=Stopping())
    finally:
        tasks.stopping.clear()

    assert (report.checked, report.left) == (1, 2)


def test_network_that_is_down_kills_no_link():
    sources = [SourceFactory(url=f"https://x{number}.example/") for number in range(3)]
    nothing = Answers({source.url: Finding("no-host") for source in sources})

    report = check_due_links(NOW, checker=nothing)

    assert report.is_offline
    assert set(Link.objects.values_list("state", flat=True)) == {"unchecked"}


def test_failure_counts_as_soon_as_one_website_answers():
    sources = [SourceFactory(url=f"https://x{number}.example/") for number in range(4)]
    answers = Answers({source.url: Finding("no-host") for source in sources[:3]})

    report = check_due_links(NOW, checker=answers)

    assert not report.is_offline
    assert report.states == {"failing": 3, "fine": 1}


def test_nothing_is_asked_while_it_is_switched_off(settings):
    settings.CHECK_LINKS = False
    SourceFactory()
    checker = Answers()

    report = check_due_links(NOW, checker=checker)

    assert (checker.asked, report.checked) == ([], 0)
    assert not Link.objects.exists()


# The command


@pytest.fixture
def answers(monkeypatch):
    checker = Answers()
    monkeypatch.setattr(tasks, "Checker", lambda: checker)
    return checker


def run(*arguments):
    out = StringIO()
    call_command("check_links", *arguments, stdout=out)
    return out.getvalue()


def test_command_tells_what_needs_somebodys_eye(answers):
    good, bad = SourceFactory(), SourceFactory()
    moved = SourceFactory()
    answers.answers = {
        bad.url: GONE,
        moved.url: Finding(status_code=200, moved_to="https://new.example/"),
    }

    said = run()

    assert good.url not in said
    assert f"The page is not there (404)\n    {bad.url}\n" in said
    assert f"{moved.url} → https://new.example/" in said
    assert "New addresses: 3. No longer used: 0." in said
    assert "Checked: 3." in said
    assert "Works: 1" in said
    assert run() == "Nothing was due.\n"
    assert "Checked: 3" in run("--all")
    assert "Checked: 1" in run("--all", "--limit", "1")


def test_command_says_when_it_cannot_work(answers, settings):
    for number in range(3):
        answers.answers[SourceFactory(url=f"https://x{number}.example/").url] = Finding("timeout")
    with pytest.raises(CommandError, match="No website could be reached"):
        run()
    with pytest.raises(CommandError, match="from 1"):
        run("--limit", "0")
    settings.CHECK_LINKS = False
    with pytest.raises(CommandError, match="WAYMARK_CHECK_LINKS"):
        run()


def test_log_tells_numbers_and_no_address(answers, caplog):
    source = SourceFactory()

    with caplog.at_level("INFO"):
        check_due_links(NOW)

    assert source.url not in caplog.text
    assert "journal.example.org" not in caplog.text
