"""Sources at the desk: identifiers, warnings and the queue that they make, and web addresses."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from facts.admin.sources import flagged_queue
from facts.models import Event, Fact, FactVersion, Link, Source
from facts.models.links import Finding, addresses_in_use
from facts.models.sources import normal_doi, normal_pmid
from tests.factories import (
    CitationFactory,
    DraftFactory,
    MemberFactory,
    SourceFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROLES = ["anonymous", "member", "Editor", "Reviewer", "Moderator", "superuser"]


def source_of(version):
    return Source.objects.get(citations__version=version)


def flag(source, kind="doubted", **fields):
    source.flag = kind
    for name, value in fields.items():
        setattr(source, name, value)
    source.save()
    return source


def waiting():
    return list(Fact.objects.citing_flagged(timezone.now()))


def schedule(draft, reviewer):
    """Let `draft` be approved, to be live from tomorrow."""
    now = timezone.now()
    draft.change_kind, draft.change_note = "meaning", "It rests on something else."
    draft._go_live(approver=reviewer, at=now, live_from=now + timedelta(days=1))


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form_of(source, **changes):
    """Return what the form of `source` sends when nothing but `changes` was typed."""
    names = ("reference", "title", "kind", "publisher", "year", "url", "doi", "pmid")
    data = {name: getattr(source, name) for name in names}
    data |= {"accessed_on": source.accessed_on.isoformat(), "superseded_by": "", "flag": ""}
    return data | {"flag_note": "", "public_note": ""} | changes


def sign_in(client, role):
    if role == "member":
        client.force_login(MemberFactory())
    elif role != "anonymous":
        person = make_staff("Editor" if role == "superuser" else role)
        if role == "superuser":
            person.is_superuser = True
            person.save()
        client.force_login(person)


class TestIdentifiers:
    @pytest.mark.parametrize(
        "typed",
        [
            "10.1016/j.breast.2024.103756",
            " 10.1016/j.breast.2024.103756 ",
            "doi:10.1016/j.breast.2024.103756",
            "DOI: 10.1016/j.breast.2024.103756",
            "https://doi.org/10.1016/j.breast.2024.103756",
            "http://dx.doi.org/10.1016/j.breast.2024.103756",
            "doi.org/10.1016/j.breast.2024.103756",
            "https://www.doi.org/10.1016%2Fj.breast.2024.103756",
        ],
    )
    def test_doi_is_kept_bare(self, typed):
        source = SourceFactory.build(doi=typed)

        source.full_clean()

        assert source.doi == "10.1016/j.breast.2024.103756"
        assert source.doi_url == "https://doi.org/10.1016/j.breast.2024.103756"

    @pytest.mark.parametrize(
        "typed", ["11.1016/x", "10.1/x", "10.1016", "10.1016/", "https://x.example/10.1016/x", "é"]
    )
    def test_what_is_no_doi_is_refused_in_words(self, typed):
        with pytest.raises(ValidationError, match="A DOI looks like this"):
            SourceFactory.build(doi=typed).full_clean()

    def test_odd_signs_of_a_doi_are_escaped_in_its_link(self):
        source = Source(doi='10.1002/(SICI)1096<1::AID-X>3.0.CO;2-#"')

        assert source.doi_url == ("https://doi.org/10.1002/(SICI)1096%3C1::AID-X%3E3.0.CO;2-%23%22")

    @pytest.mark.parametrize(
        "typed", ["33098941", " 33098941", "PMID: 33098941", "pmid33098941",
                  "https://pubmed.ncbi.nlm.nih.gov/33098941/"]
    )  # fmt: skip
    def test_pmid_is_kept_as_digits(self, typed):
        source = SourceFactory.build(pmid="33098941")
        assert normal_pmid(typed) == "33098941"
        assert source.pubmed_url == "https://pubmed.ncbi.nlm.nih.gov/33098941/"

    @pytest.mark.parametrize("typed", ["PMC123", "0", "12 34", "1234567890", "٣٣٠"])
    def test_what_is_no_pmid_is_refused_in_words(self, typed):
        with pytest.raises(ValidationError, match="A PMID is a number"):
            SourceFactory.build(pmid=typed).full_clean()

    @given(st.text(max_size=60))
    def test_normal_forms_stay_as_they_are(self, text):
        for normal in (normal_doi, normal_pmid):
            try:
                once = normal(text)
            except ValueError:
                continue
            assert normal(once) == once

    def test_database_keeps_dois_bare(self):
        source = SourceFactory()

        with pytest.raises(IntegrityError, match="facts_source_doi_is_bare"), transaction.atomic():
            Source.objects.filter(pk=source.pk).update(doi="https://doi.org/10.1000/x")


class TestWarnings:
    def test_moment_is_noted_by_itself_and_goes_with_the_warning(self):
        source = flag(SourceFactory())
        first = source.flagged_at
        assert first is not None

        source.flag_note = "More is known."
        source.save()
        assert source.flagged_at == first

        flag(source, "retracted")
        assert source.flagged_at > first

        flag(source, "")
        assert source.flagged_at is None

    def test_moment_is_noted_when_only_the_warning_is_saved(self):
        source = SourceFactory()

        source.flag = "doubted"
        source.save(update_fields=["flag"])

        source.refresh_from_db()
        assert source.flagged_at is not None

    def test_form_needs_no_moment(self):
        source = SourceFactory.build(flag="doubted")

        source.full_clean()

        assert source.flagged_at is not None

    def test_facts_that_rest_on_it_wait(self):
        live, draft, other = make_live(), DraftFactory(), make_live()
        old = make_live(since=NOW - timedelta(days=9), until=NOW)
        coming = make_live(since=timezone.now() + timedelta(days=3))
        assert waiting() == []

        for version in (live, draft, old, coming):
            flag(source_of(version))

        assert set(waiting()) == {live.fact, draft.fact, coming.fact}
        assert other.fact not in waiting()

    def test_they_leave_when_the_warning_is_taken_back(self):
        source = flag(source_of(make_live()))

        flag(source, "")

        assert waiting() == []

    def test_they_leave_when_a_reviewer_says_that_they_stand(self, reviewer):
        live = make_live()
        source = flag(source_of(live))

        live.say_it_stands(reviewer, "Two other trials show the same.")

        assert waiting() == []
        event = live.events.get(verb=Event.Verb.STANDS)
        assert (event.actor, event.note) == (reviewer, "Two other trials show the same.")
        # Another warning asks again.
        flag(source, "retracted")
        assert waiting() == [live.fact]

    def test_a_draft_with_the_same_source_does_not_bring_it_back(self, editor, reviewer):
        live = make_live()
        flag(source_of(live))
        live.say_it_stands(reviewer)

        FactVersion.start(live.fact, editor)

        assert waiting() == []

    def test_they_leave_when_a_text_without_the_source_is_approved(self, editor, reviewer):
        live = make_live()
        flag(source_of(live))
        draft = FactVersion.start(live.fact, editor)
        draft.citations.all().delete()
        CitationFactory(version=draft)
        assert waiting() == [live.fact]

        schedule(draft, reviewer)

        assert waiting() == []

    def test_they_stay_when_the_next_text_cites_it_too(self, editor, reviewer):
        live = make_live()
        flag(source_of(live))
        draft = FactVersion.start(live.fact, editor)

        schedule(draft, reviewer)

        assert waiting() == [live.fact]

    def test_a_word_on_another_fact_does_not_count(self, reviewer):
        one, other = make_live(), make_live()
        for version in (one, other):
            flag(source_of(version))

        one.say_it_stands(reviewer)

        assert waiting() == [other.fact]

    def test_retraction_takes_a_note(self, reviewer):
        live = make_live()
        flag(source_of(live), "retracted")

        with pytest.raises(ValidationError, match="rests on instead"):
            live.say_it_stands(reviewer, "  ")

        assert waiting() == [live.fact]
        live.say_it_stands(reviewer, "The guideline says the same.")
        assert waiting() == []

    def test_only_a_reviewer_who_wrote_none_of_it_may_say_so(self, editor, reviewer, moderator):
        own, live = make_live(author=reviewer), make_live()
        for version in (own, live):
            flag(source_of(version))

        for person, version in [(editor, live), (moderator, live), (reviewer, own)]:
            with pytest.raises(PermissionDenied):
                version.say_it_stands(person, "Fine.")
        assert len(waiting()) == 2

    def test_nothing_is_said_where_nothing_waits(self, reviewer):
        with pytest.raises(ValidationError, match="warning that waits"):
            make_live().say_it_stands(reviewer)

    def test_queue_is_counted_in_two_queries(self, django_assert_num_queries):
        source = SourceFactory()
        for _number in range(3):
            draft = DraftFactory(cited=False)
            CitationFactory(version=draft, source=source)
            CitationFactory(version=draft, source=source, supports="more of it")
        flag(source)
        flag(SourceFactory())

        with django_assert_num_queries(2):
            queue = flagged_queue(timezone.now())
            facts, sources = queue.facts.count(), list(queue.sources)

        assert facts == 3
        assert [(s.pk, s.fact_count) for s in sources] == [(source.pk, 3)]


class TestStep:
    def url(self, version):
        return reverse("admin:facts_factversion_stands", args=[version.pk])

    def test_reviewer_says_so_at_the_desk(self, client, reviewer):
        live = make_live()
        flag(source_of(live), flag_note="A letter doubts it.")
        client.force_login(reviewer)
        change = reverse("admin:facts_factversion_change", args=[live.pk])
        assert "A letter doubts it." in words_of(client.get(change))
        assert "It still stands…" in words_of(client.get(change))
        assert "A letter doubts it." in words_of(client.get(self.url(live)))

        response = client.post(self.url(live), {"note": "It holds."})

        assert response["Location"] == change
        assert waiting() == []
        page = words_of(client.get(change))
        assert "said to still stand" in page
        assert "It still stands…" not in page

    def test_retraction_asks_for_the_note(self, client, reviewer):
        live = make_live()
        flag(source_of(live), "retracted")
        client.force_login(reviewer)

        response = client.post(self.url(live), {"note": ""})

        assert response.status_code == 200
        assert "Say what the text rests on instead" in words_of(response)
        assert waiting() == [live.fact]

    def test_second_word_is_told_that_nothing_waits(self, client, reviewer):
        live = make_live()
        flag(source_of(live))
        live.say_it_stands(reviewer)
        client.force_login(reviewer)

        response = client.post(self.url(live), {"note": "Again."})

        assert response.status_code == 409
        assert Event.objects.filter(verb=Event.Verb.STANDS).count() == 1

    @pytest.mark.parametrize("role", ROLES)
    def test_who_may(self, client, role):
        live = make_live()
        flag(source_of(live))
        sign_in(client, role)

        status = client.post(self.url(live), {"note": "Fine."}).status_code

        refused = {"Editor", "Moderator", "anonymous"}
        assert status == (403 if role in refused else 302)
        assert (waiting() == []) == (role in {"Reviewer", "superuser"})


class TestAdmin:
    def test_form_keeps_the_doi_bare_and_tells_what_waits(self, client, editor):
        live = make_live()
        source = source_of(live)
        client.force_login(editor)
        url = reverse("admin:facts_source_change", args=[source.pk])

        response = client.post(
            url,
            form_of(source, doi="https://doi.org/10.1000/x", pmid="PMID: 12", flag="retracted"),
            follow=True,
        )

        source.refresh_from_db()
        assert (source.doi, source.pmid, source.flag) == ("10.1000/x", "12", "retracted")
        assert source.flagged_at is not None
        assert "1 fact that cites it waits for a look now." in words_of(response)
        assert 'href="/admin/facts/fact/?flagged=yes"' in response.content.decode()

        response = client.post(url, form_of(source), follow=True)
        assert "The warning is taken back." in words_of(response)
        assert waiting() == []

    def test_form_says_what_is_wrong_and_keeps_what_was_typed(self, client, editor):
        source = SourceFactory()
        client.force_login(editor)

        response = client.post(
            reverse("admin:facts_source_change", args=[source.pk]),
            form_of(source, doi="ten point one", pmid="twelve", title="A title typed anew"),
        )

        words = words_of(response)
        assert response.status_code == 200
        assert "A DOI looks like this" in words
        assert "A PMID is a number" in words
        assert 'value="A title typed anew"' in response.content.decode()

    def test_page_tells_where_it_is_cited_and_what_was_found(self, client, editor):
        live = make_live(title="A heading like no other")
        make_live(title="Another heading")
        source = source_of(live)
        Link.objects.keep_to({source.url}, NOW)
        Link.objects.get().record(Finding(status_code=200, moved_to="https://new.example/a"), NOW)
        client.force_login(editor)

        page = client.get(reverse("admin:facts_source_change", args=[source.pk]))

        words = words_of(page)
        assert "A heading like no other" in words
        assert "Another heading" not in words
        assert reverse("admin:facts_factversion_change", args=[live.pk]) in page.content.decode()
        assert "Moved to a new address. Checked on 22 Nov 2026" in words
        assert 'href="https://new.example/a" rel="noreferrer noopener"' in page.content.decode()
        assert "No text in use cites it." in words_of(
            client.get(reverse("admin:facts_source_change", args=[SourceFactory().pk]))
        )

    def test_page_to_add_one_asks_no_more_than_can_be_known(self, client, editor):
        client.force_login(editor)

        words = words_of(client.get("/admin/facts/source/add/"))

        assert "Not checked yet" not in words
        assert "What rests on it" not in words

    def test_lists_are_filtered_by_warning_kind_and_link(self, client, editor):
        live = make_live()
        doubted, dead = flag(source_of(live)), SourceFactory(kind="trial")
        retracted = flag(SourceFactory(), "retracted")
        Link.objects.keep_to(addresses_in_use(NOW), NOW)
        for days in range(4):
            Link.objects.get(url=dead.url).record(Finding("gone", 410), NOW + timedelta(days=days))
        client.force_login(editor)

        def found(**query):
            page = client.get("/admin/facts/source/", query)
            return {source.pk for source in page.context["cl"].result_list}

        assert found(warning="any") == {doubted.pk, retracted.pk}
        assert found(warning="waiting") == {doubted.pk}
        assert found(warning="retracted") == {retracted.pk}
        assert found(warning="none") == {dead.pk}
        assert found(link="dead") == {dead.pk}
        assert found(link="unchecked") == {doubted.pk, retracted.pk}
        assert found(kind__exact="trial") == {dead.pk}
        assert found(q=dead.reference) == {dead.pk}
        for nonsense in ({"warning": "x"}, {"link": "x"}):
            assert len(found(**nonsense)) == 3
        facts = client.get("/admin/facts/fact/", {"flagged": "yes"}).context["cl"]
        assert [fact.pk for fact in facts.result_list] == [live.fact_id]

    def test_thousand_sources_take_few_queries(self, client, editor, django_assert_max_num_queries):
        Source.objects.bulk_create(SourceFactory.build_batch(1000))
        Link.objects.keep_to(addresses_in_use(NOW), NOW)
        client.force_login(editor)
        client.get("/admin/facts/source/")

        for address in ("source/", "source/?link=dead&warning=waiting", "link/", "link/?q=9"):
            with django_assert_max_num_queries(12):
                assert client.get(f"/admin/facts/{address}").status_code == 200

    def test_source_that_many_facts_cite_takes_few_queries(
        self, client, editor, django_assert_max_num_queries
    ):
        source = flag(SourceFactory())
        for _number in range(8):
            CitationFactory(version=DraftFactory(cited=False), source=source)
        client.force_login(editor)

        with django_assert_max_num_queries(12):
            page = client.get(reverse("admin:facts_source_change", args=[source.pk]))

        assert words_of(page).count("Waits for a look") == 8


class TestLinks:
    @pytest.fixture
    def moved(self):
        source = SourceFactory()
        Link.objects.keep_to({source.url}, NOW)
        link = Link.objects.get()
        link.record(Finding(status_code=200, moved_to="https://new.example/a"), NOW)
        return link

    def act(self, client, action, *links):
        return client.post(
            "/admin/facts/link/",
            {"action": action, "_selected_action": [link.pk for link in links]},
            follow=True,
        )

    def test_sources_follow_to_the_new_address(self, client, editor, moved):
        client.force_login(editor)

        response = self.act(client, "use_new_address", moved)

        assert "1 source has its new address now." in words_of(response)
        source = Source.objects.get()
        assert source.url == "https://new.example/a"
        assert source.history.count() == 2
        assert list(Link.objects.values_list("url", "state")) == [(source.url, "unchecked")]

    def test_what_cannot_follow_is_told(self, client, editor, moved):
        DraftFactory(body=f'<p><a href="{moved.url}">Read</a></p>', title="Linking", cited=False)
        fine = Link.objects.create(url="https://fine.example/")
        client.force_login(editor)

        words = words_of(self.act(client, "use_new_address", moved, fine))

        assert "This one has not moved: https://fine.example/" in words
        assert "“Linking (version 1)” links to it in its text" in words

    def test_address_that_does_not_fit_is_refused_in_words(self, client, editor, moved):
        models.QuerySet(Link).update(redirects_to="https://new.example/" + "a" * 600)
        client.force_login(editor)

        words = words_of(self.act(client, "use_new_address", moved))

        assert "at most 500 characters" in words
        assert Source.objects.get().url == moved.url

    def test_it_can_be_checked_again_soon(self, client, editor, moved):
        client.force_login(editor)

        words = words_of(self.act(client, "check_soon", moved))

        assert "1 address is checked again" in words
        assert list(Link.objects.due(timezone.now())) == [moved]

    def test_page_tells_all_there_is(self, client, reviewer, moved):
        DraftFactory(body=f'<p><a href="{moved.url}">Read</a></p>', title="Linking", cited=False)
        client.force_login(reviewer)

        page = client.get(reverse("admin:facts_link_change", args=[moved.pk]))

        words = words_of(page)
        assert "Moved to a new address" in words
        assert "Linking (version 1)" in words
        assert str(Source.objects.get()) in words
        assert 'name="_save"' not in page.content.decode()

    @pytest.mark.parametrize("role", ROLES)
    def test_who_may(self, client, moved, role):
        sign_in(client, role)
        expected = {"Moderator": 403, "anonymous": 302, "member": 302}.get(role, 200)

        for address in ("", f"{moved.pk}/change/"):
            assert client.get(f"/admin/facts/link/{address}").status_code == expected
        assert client.get("/admin/facts/link/add/").status_code == (302 if expected == 302 else 403)
        self.act(client, "use_new_address", moved)
        assert (Source.objects.get().url != moved.url) == (role in {"Editor", "superuser"})

    def test_forged_action_is_refused(self, editor, moved):
        client = Client(enforce_csrf_checks=True)
        client.force_login(editor)

        assert self.act(client, "use_new_address", moved).status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_who_may_see_and_change_sources(client, role):
    source = SourceFactory()
    sign_in(client, role)
    url = reverse("admin:facts_source_change", args=[source.pk])
    expected = {"Moderator": 403, "anonymous": 302, "member": 302}.get(role, 200)

    assert client.get(url).status_code == expected
    client.post(url, form_of(source, flag="retracted"))

    source.refresh_from_db()
    assert (source.flag == "retracted") == (role in {"Editor", "superuser"})
