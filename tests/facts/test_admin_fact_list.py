"""The table of all facts: what it tells, how it is narrowed and sorted, and acting on many."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from community.models import Member
from facts.models import Event, Fact, FactVersion, Link, Review, ReviewRequest
from tests.factories import (
    DraftFactory,
    FactFactory,
    MemberFactory,
    SourceFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/facts/fact/"
ROLES = {
    "editor": {"send_for_review", "give_to", "check_links"},
    "reviewer": {"send_for_review", "record_unchanged", "withdraw"},
    "superuser": {"send_for_review", "record_unchanged", "give_to", "check_links", "withdraw"},
}
REVIEWED = {
    "reviewer_name": "Ada Wells",
    "reviewer_role": "Oncologist",
    "reviewed_on": "2026-11-20",
}


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def act(client, name, facts, **data):
    keys = [fact.pk for fact in facts]
    return client.post(LIST, {"action": name, "_selected_action": keys, **data}, follow=True)


def confirm(client, name, versions, **data):
    """Send the page on which a step asks something, as it came for the texts of `versions`."""
    facts = [version.fact for version in versions]
    seen = [version.pk for version in versions]
    return act(client, name, facts, confirmed=1, seen=seen, **data)


def found(client, query):
    return set(client.get(f"{LIST}?{query}").context["cl"].result_list)


@pytest.fixture
def superuser(db):
    person = make_staff("Editor")
    person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def desk(client, editor):
    client.force_login(editor)
    return client


@pytest.fixture
def bench(client, reviewer):
    client.force_login(reviewer)
    return client


def old(version):
    """Let `version` have been written a month ago."""
    month_ago = timezone.now() - timedelta(days=30)
    FactVersion.objects.filter(pk=version.pk).update(edited_at=month_ago)
    version.refresh_from_db()
    return version


def review(version, by, days):
    """Record a review that is due in `days`."""
    version.record_review(
        by,
        reviewer_name="Ada Wells",
        reviewer_role="Oncologist",
        reviewed_on=timezone.localdate() - timedelta(days=400),
        review_due=timezone.localdate() + timedelta(days=days),
    )
    return version.fact


def link_of(version, state, **fields):
    now = timezone.now()
    url = version.citations.get().source.url
    return Link.objects.create(url=url, state=state, checked_at=now, **fields)


DEAD = {"failures": 3, "failing_since": timezone.now() - timedelta(days=9)}


class TestColumns:
    def test_owner_is_you_or_a_number(self, desk, editor):
        colleague = MemberFactory(is_staff=True, email="secret@example.org")
        FactFactory(owner=editor)
        FactFactory(owner=colleague)
        FactFactory()

        response = desk.get(LIST)

        words = words_of(response)
        for said in ("Owner: you", f"Owner: a colleague (M{colleague.pk})", "Owner: nobody"):
            assert said in words
        assert "example.org" not in words

    def test_worst_link_is_told_with_its_day(self, desk):
        live = make_live()
        link_of(live, "dead", **DEAD)

        today = timezone.localdate().strftime("%b %Y")
        assert re.search(rf"Link check: Dead · \d+ {today}", words_of(desk.get(LIST)))

    def test_links_that_nobody_checked_are_told(self, desk):
        make_live()

        assert "Link check: Not checked yet" in words_of(desk.get(LIST))

    def test_text_in_use_is_named_before_the_draft(self, desk):
        live = make_live(title="What readers see")
        DraftFactory(fact=live.fact, number=2, title="What comes")

        fact = desk.get(LIST).context["cl"].result_list[0]

        assert fact.heading == "What readers see"

    def test_sorts_by_due_grade_topic_and_place(self, desk, reviewer):
        late = review(make_live(fact__position=1), reviewer, 300)
        soon = review(make_live(fact__position=2), reviewer, 3)
        never = make_live(fact__position=3).fact
        draft = DraftFactory(fact__position=4).fact
        columns = desk.get(LIST).context["cl"].list_display
        due, place = columns.index("next_review"), columns.index("place")

        def order(query):
            return list(desk.get(f"{LIST}?o={query}").context["cl"].result_list)

        assert order(due) == [never, soon, late, draft]
        assert order(f"-{due}") == [draft, late, soon, never]
        assert order(f"-{place}") == [draft, never, soon, late]
        assert len(order(columns.index("grade"))) == len(order(columns.index("topic"))) == 4


class TestFilters:
    def test_by_owner(self, desk, editor):
        mine, nobodys = FactFactory(owner=editor), FactFactory()
        other = FactFactory(owner=MemberFactory(is_staff=True))

        assert found(desk, "owner=mine") == {mine}
        assert found(desk, "owner=somebody") == {other}
        assert found(desk, "owner=nobody") == {nobodys}

    def test_by_reading_grade(self, desk):
        hard = DraftFactory(
            body="<p>Multidisciplinary deliberation concerning pharmacological interventions "
            "necessitates comprehensive consideration of individual comorbidities.</p>"
        )
        DraftFactory(body="<p>It is short. It is plain.</p>")

        assert found(desk, "grade=hard") == {hard.fact}

    def test_by_dead_link_of_a_source(self, desk):
        dead, fine = make_live(), make_live()
        link_of(dead, "dead", **DEAD)
        link_of(fine, "fine")

        assert found(desk, "links=dead") == {dead.fact}

    def test_by_dead_link_in_the_text(self, desk):
        live = make_live(body='<p><a href="https://a.example/?x=1&amp;y=2">There</a></p>')
        make_live(body='<p><a href="https://a.example/?x=1&amp;y=23">Elsewhere</a></p>')
        url = "https://a.example/?x=1&y=2"
        Link.objects.create(url=url, state="dead", checked_at=timezone.now(), **DEAD)

        assert found(desk, "links=dead") == {live.fact}

    def test_dead_link_of_a_text_of_the_past_is_no_matter(self, desk):
        past = make_live(until=timezone.now())
        link_of(past, "dead", **DEAD)

        assert found(desk, "links=dead") == set()

    def test_by_warning_on_a_source(self, desk):
        live = make_live()
        source = live.citations.get().source
        make_live()
        source.flag = "retracted"
        source.save()

        assert found(desk, "flagged=yes") == {live.fact}

    def test_by_review(self, desk, reviewer):
        never = make_live().fact
        over = review(make_live(), reviewer, -1)
        soon = review(make_live(), reviewer, 40)

        assert found(desk, "due=never") == {never}
        assert found(desk, "due=now") == {never, over}
        assert found(desk, "due=soon") == {never, over, soon}

    def test_by_month_without_what_is_due_already(self, desk, reviewer):
        over = review(make_live(), reviewer, 0)
        later = review(make_live(), reviewer, 400)
        month = (timezone.localdate() + timedelta(days=400)).strftime("%Y-%m")

        assert found(desk, f"due={month}") == {later}
        assert over not in found(desk, f"due={timezone.localdate():%Y-%m}")
        assert "Due in " in words_of(desk.get(f"{LIST}?due={month}"))

    def test_by_sensitivity_topic_and_state(self, desk):
        told = DraftFactory(sensitivity="prognosis").fact
        unsaid = DraftFactory(sensitivity="").fact
        coming = make_live(since=timezone.now() + timedelta(days=2)).fact

        assert found(desk, "sensitivity=prognosis") == {told}
        assert found(desk, "sensitivity=unsaid") == {unsaid}
        assert found(desk, "state=scheduled") == {coming}
        assert found(desk, f"topic__id__exact={told.topic_id}") == {told}

    @pytest.mark.parametrize(
        "query",
        [
            "due=2027-13",
            "due=x",
            "due=9999-12",
            "owner=12",
            "grade=9",
            "links=x",
            "sensitivity=x",
            "state=x",
            "o=99.-99.x",
            "p=x",
        ],
    )
    def test_odd_values_break_nothing(self, desk, query):
        FactFactory()

        assert desk.get(f"{LIST}?{query}", follow=True).status_code == 200


class TestActions:
    @pytest.mark.parametrize("role", ROLES)
    def test_each_role_is_offered_its_own(self, client, role, request):
        client.force_login(request.getfixturevalue(role))
        make_live()

        page = client.get(LIST).content.decode()

        offered = set(re.findall(r'<option value="([a-z_]+)">', page))
        assert offered == ROLES[role]

    @pytest.mark.parametrize("role", ["editor", "reviewer"])
    def test_none_is_done_by_another_role(self, client, role, request):
        client.force_login(request.getfixturevalue(role))
        live = old(make_live())
        before = Event.objects.count()

        for name in ROLES["superuser"] - ROLES[role]:
            data = {**REVIEWED, "reason": "Wrong.", "owner": make_staff("Editor").pk}
            confirm(client, name, [live], **data)

        live.fact.refresh_from_db()
        assert (live.fact.owner, Event.objects.count(), Review.objects.count()) == (None, before, 0)

    @pytest.mark.parametrize("role", ["member", "moderator"])
    def test_list_is_for_editors_and_reviewers(self, client, role, request):
        client.force_login(request.getfixturevalue(role))

        assert client.post(LIST, {"action": "withdraw"}).status_code in {302, 403}

    def test_approving_many_is_not_offered_and_not_done(self, client, superuser):
        client.force_login(superuser)
        waiting = DraftFactory(status="in-review")

        for name in ("approve", "approve_selected", "publish_now", "delete_selected"):
            act(client, name, [waiting.fact], post="yes")

        waiting.refresh_from_db()
        assert waiting.status == "in-review"

    @pytest.mark.parametrize("key", ["x", "", "-1", "9" * 40, "١٢", "1;2"])
    def test_odd_keys_break_nothing(self, desk, key):
        response = desk.post(
            LIST, {"action": "send_for_review", "_selected_action": [key]}, follow=True
        )

        assert response.status_code == 200

    def test_too_many_are_refused_at_once(self, desk, editor):
        topic = TopicFactory()
        facts = Fact.objects.bulk_create(
            Fact(topic=topic, slug=f"many-{n}", position=n) for n in range(201)
        )

        response = act(desk, "check_links", facts)

        assert "Choose 200 facts at most. Nothing was changed." in words_of(response)

    def test_one_that_fails_undoes_no_other(self, desk, editor, monkeypatch):
        first, second = DraftFactory(author=editor), DraftFactory(author=editor)
        submit = FactVersion.submit

        def refuse(version, by):
            submit(version, by)
            if version.pk == first.pk:
                version._require("draft")

        monkeypatch.setattr(FactVersion, "submit", refuse)
        act(desk, "send_for_review", [first.fact, second.fact])

        states = [FactVersion.objects.get(pk=v.pk).status for v in (first, second)]
        assert states == ["draft", "in-review"]


class TestSendForReview:
    def test_sends_drafts_and_tells_of_each(self, desk, editor):
        draft = DraftFactory(author=editor, title="First answer")
        waiting = DraftFactory(status="in-review", title="Second answer")
        live = make_live(title="Third answer")

        words = words_of(act(desk, "send_for_review", [draft.fact, waiting.fact, live.fact]))

        draft.refresh_from_db()
        assert (draft.status, draft.events.get().actor) == ("in-review", editor)
        assert "1 text is sent for review: First answer" in words
        assert "It is in review already. Second answer" in words
        assert "Nobody is writing a new text. Start a new version first. Third answer" in words


class TestRecordUnchanged:
    def test_asks_once_and_says_what_is_left_out(self, bench):
        live, draft = make_live(title="First"), DraftFactory(title="Second")

        words = words_of(act(bench, "record_unchanged", [live.fact, draft.fact]))

        assert "Reviewer’s name" in words
        assert "Second : Readers do not see it now." in words
        assert Review.objects.count() == 0

    def test_adds_a_review_to_each_and_touches_nothing_else(self, bench, reviewer):
        practical = TopicFactory(risk_class="practical")
        versions = [old(make_live()), old(make_live(fact__topic=practical))]
        draft = DraftFactory()
        before = list(FactVersion.objects.values())

        response = confirm(bench, "record_unchanged", [*versions, draft], **REVIEWED)

        reviews = [version.reviews.get() for version in versions]
        assert {r.reviewer_name for r in reviews} == {"Ada Wells"}
        assert [str(r.review_due) for r in reviews] == ["2029-11-20", "2028-11-20"]
        assert list(FactVersion.objects.values()) == before
        words = words_of(response)
        assert "Reviews of 2 facts are recorded:" in words
        assert "(next review by 20 Nov 2028)" in words
        assert "No review of 1 fact was recorded. Readers do not see it now." in words

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"reviewed_on": "2999-01-01"}, "This day is still to come."),
            ({"reviewed_on": "soon"}, "Enter a valid date."),
            ({"reviewer_name": ""}, "This field is required."),
            ({"reviewer_role": "x" * 121}, "at most 120 characters"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, bench, changes, words):
        live = old(make_live())

        response = confirm(bench, "record_unchanged", [live], **{**REVIEWED, **changes})

        assert words in words_of(response)
        assert 'value="Ada Wells"' in response.content.decode() or "reviewer_name" in changes
        assert not live.reviews.exists()

    def test_refuses_a_text_that_is_newer_than_the_day(self, bench):
        live = make_live()

        words = words_of(
            confirm(bench, "record_unchanged", [live], **{**REVIEWED, "reviewed_on": "2020-01-01"})
        )

        assert "Its text is newer than this day" in words
        assert not live.reviews.exists()

    def test_refuses_a_text_that_took_its_place_meanwhile(self, bench):
        read = old(make_live(until=timezone.now()))
        newer = make_live(fact=read.fact, number=2, since=timezone.now())

        words = words_of(confirm(bench, "record_unchanged", [read], **REVIEWED))

        assert "Its text is another one since you opened the page." in words
        assert not newer.reviews.exists()


class TestWithdraw:
    def test_takes_back_each_with_one_reason(self, bench):
        versions = [make_live(title="First"), make_live(title="Second")]
        draft = DraftFactory()

        response = confirm(bench, "withdraw", [*versions, draft], reason="It was retracted.")

        for version in versions:
            version.refresh_from_db()
            assert version.withdrawn_reason == "It was retracted."
        words = words_of(response)
        assert "2 facts are withdrawn. Readers see your sentence in place of each: First" in words
        assert "1 was not withdrawn. Readers do not see it now." in words

    def test_needs_a_reason(self, bench):
        live = make_live()

        response = confirm(bench, "withdraw", [live], reason=" ")

        live.refresh_from_db()
        assert "This field is required." in words_of(response)
        assert live.is_live(timezone.now())


class TestGiveTo:
    def test_gives_and_remembers(self, desk, editor):
        colleague, version = make_staff("Editor"), make_live()

        response = confirm(desk, "give_to", [version], owner=colleague.pk)

        version.fact.refresh_from_db()
        event = version.events.get(verb="given")
        assert version.fact.owner == colleague
        assert (event.actor, event.note) == (editor, f"M{colleague.pk}")
        assert f"(a colleague (M{colleague.pk}))" in words_of(response)

    def test_offers_active_staff_who_write_by_their_numbers(self, desk, editor, reviewer):
        colleague = make_staff("Editor")
        gone = make_staff("Editor")
        Member.objects.filter(pk=gone.pk).update(is_active=False)
        MemberFactory()

        page = act(desk, "give_to", [make_live().fact]).content.decode()

        choices = set(re.findall(r'<option value="(\d+)">', page))
        assert choices == {str(editor.pk), str(colleague.pk)}
        assert "example.org" not in page

    def test_refuses_others_and_whoever_owns_it(self, desk, editor, reviewer):
        version = make_live(fact__owner=editor)

        others = confirm(desk, "give_to", [version], owner=reviewer.pk)
        same = confirm(desk, "give_to", [version], owner=editor.pk)

        version.fact.refresh_from_db()
        assert "This account cannot own facts." in words_of(others)
        assert "It is theirs already." in words_of(same)
        assert version.fact.owner == editor

    def test_whoever_starts_a_fact_owns_it(self, desk, editor):
        topic = TopicFactory()

        desk.post(
            "/admin/facts/fact/add/",
            {"topic": topic.pk, "subject": "Tiredness", "slug": "", "position": ""},
        )

        fact = Fact.objects.get()
        assert fact.owner == editor
        assert "Its owner: you" in words_of(desk.get(f"/admin/facts/fact/{fact.pk}/change/"))

    def test_fact_outlives_its_owner(self, editor):
        fact = FactFactory(owner=MemberFactory(is_staff=True))

        fact.owner.delete()

        fact.refresh_from_db()
        assert fact.owner is None


class TestCheckLinks:
    def test_puts_the_links_of_each_at_the_front(self, desk, settings):
        settings.CHECK_LINKS = True
        live = make_live(body='<p><a href="https://a.example/?x=1&amp;y=2">There</a></p>')
        later = timezone.now() + timedelta(days=5)
        known = link_of(live, "fine", next_check_at=later)
        other = Link.objects.create(url="https://other.example/", next_check_at=later)
        empty = FactFactory()

        words = words_of(act(desk, "check_links", [live.fact, empty]))

        due = set(Link.objects.due(timezone.now()).values_list("url", flat=True))
        assert due == {known.url, "https://a.example/?x=1&y=2"}
        assert other.url not in due
        assert "(2 addresses)" in words
        assert "No text in use has a link or a source." in words

    def test_says_that_checking_is_switched_off(self, desk, settings):
        settings.CHECK_LINKS = False

        words = words_of(act(desk, "check_links", [make_live().fact]))

        assert "Checking is switched off on this site." in words
        assert not Link.objects.exists()


class TestQuerySets:
    def test_decider_finds_what_others_wrote_and_sent(self, editor, reviewer):
        waiting = DraftFactory(status="in-review")
        DraftFactory(status="in-review", author=reviewer)
        touched = DraftFactory(status="in-review")
        Event.objects.create(
            version=touched, verb="created", actor=reviewer, happened_at=timezone.now()
        )
        sent = DraftFactory(status="in-review")
        ReviewRequest.objects.create(
            version=sent,
            asked_by=reviewer,
            asked_of="Dr. Wells",
            sent_at=timezone.now(),
            expires_at=timezone.now() + timedelta(days=1),
            secret_hash="x",
            text_edited_at=sent.edited_at,
        )
        DraftFactory()

        assert list(FactVersion.objects.awaiting_decision_by(reviewer)) == [waiting]
        assert FactVersion.objects.awaiting_decision_by(editor).count() == 4

    def test_author_finds_what_came_back_until_it_is_sent_again(self, editor, reviewer):
        draft = DraftFactory(author=editor)
        draft.submit(editor)
        draft.return_to_author(reviewer, "Too hard.")

        back = FactVersion.objects.sent_back_to(editor)
        assert [(v.pk, v.note) for v in back] == [(draft.pk, "Too hard.")]
        assert not FactVersion.objects.sent_back_to(reviewer).exists()
        draft.submit(editor)
        assert not back.all().exists()
        draft.return_to_author(editor)
        assert not back.all().exists()

    def test_months_hold_each_fact_once(self, reviewer):
        today = timezone.localdate()
        for days in (-3, 0, 1, 40, 300, 500):
            review(make_live(), reviewer, days)
        make_live()
        make_live(until=timezone.now())

        months = Fact.objects.due_by_month(today, today, timezone.now())

        assert len(months) == 12
        assert sum(months.values()) == 3
        assert min(months) == today.replace(day=1)

    def test_source_of_nothing_is_no_matter(self):
        SourceFactory()

        assert not Fact.objects.with_dead_links(timezone.now()).exists()
