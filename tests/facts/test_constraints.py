"""Each constraint of the facts app, by a bad row that the database refuses by name."""

from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from facts.models import (
    Fact,
    FactVersion,
    FormerAddress,
    FormerTopicAddress,
    Link,
    Review,
    ReviewRequest,
    Source,
    Topic,
)
from tests.factories import (
    CitationFactory,
    DraftFactory,
    FactFactory,
    MemberFactory,
    ReportFactory,
    SourceFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


def refuses(name, write):
    """Run `write` and expect the database itself to refuse it by the constraint `name`."""
    constraint = next(
        c
        for model in apps.get_app_config("facts").get_models()
        for c in model._meta.constraints
        if c.name == name
    )
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        write()
    said = str(refused.value)
    # SQLite names the columns of a unique index without a condition, not the index itself.
    columns = ", ".join(getattr(constraint, "fields", ()) or ())
    assert name in said or (columns and all(f in said for f in columns.split(", ")))


def unchecked(queryset, **changes):
    """Write past the model's own guards, as a slip in code or a shell would."""
    models.QuerySet(queryset.model).filter(pk__in=queryset.values("pk")).update(**changes)


def of(version):
    return FactVersion.objects.filter(pk=version.pk)


def test_published_topic_has_a_summary():
    topic = TopicFactory()

    refuses(
        "facts_topic_published_has_summary",
        lambda: Topic.objects.filter(pk=topic.pk).update(summary=""),
    )


def test_address_is_used_once_in_a_topic():
    fact = FactFactory()

    refuses("facts_fact_one_address", lambda: FactFactory(topic=fact.topic, slug=fact.slug))


def test_same_address_may_stand_in_another_topic():
    fact = FactFactory()

    assert FactFactory(slug=fact.slug).pk


def test_fact_does_not_replace_itself():
    fact = FactFactory()

    refuses(
        "facts_fact_not_replaced_by_itself",
        lambda: Fact.objects.filter(pk=fact.pk).update(replaced_by=fact),
    )


def test_number_is_used_once():
    live = make_live()

    refuses(
        "facts_factversion_one_number", lambda: DraftFactory(fact=live.fact, number=live.number)
    )


def test_number_may_stand_again_in_another_language():
    live = make_live()

    assert DraftFactory(fact=live.fact, number=live.number, language="es").pk


def test_one_interval_is_open():
    live = make_live()
    draft = DraftFactory(fact=live.fact, number=2)

    refuses(
        "facts_factversion_one_open_interval",
        lambda: unchecked(
            of(draft),
            status="approved",
            approver=MemberFactory(),
            approved_at=timezone.now(),
            live_from=timezone.now(),
            change_kind="wording",
            change_note="Shorter.",
        ),
    )


@pytest.mark.parametrize("status", ["draft", "in-review"])
def test_one_version_is_at_work(status):
    draft = DraftFactory()

    refuses(
        "facts_factversion_one_at_work",
        lambda: DraftFactory(fact=draft.fact, number=2, status=status),
    )


@pytest.mark.parametrize("status", ["draft", "in-review", "rejected"])
def test_only_approved_text_is_live(status):
    refuses(
        "facts_factversion_live_is_approved",
        lambda: DraftFactory(status=status, live_from=timezone.now()),
    )


def test_interval_does_not_end_before_it_begins():
    live = make_live()

    refuses(
        "facts_factversion_interval_in_order",
        lambda: unchecked(of(live), live_until=live.live_from - timedelta(seconds=1)),
    )


def test_interval_does_not_end_without_beginning():
    refuses("facts_factversion_interval_in_order", lambda: DraftFactory(live_until=timezone.now()))


def test_author_does_not_approve():
    live = make_live()

    refuses(
        "facts_factversion_approved_by_another",
        lambda: unchecked(of(live), approver=live.author),
    )


def test_staff_text_is_not_approved_by_nobody():
    live = make_live()

    refuses("facts_factversion_approved_by_another", lambda: unchecked(of(live), approver=None))


@pytest.mark.parametrize(
    "changes",
    [{"title": ""}, {"body": ""}, {"sensitivity": ""}, {"evidence": ""}, {"approved_at": None}],
)
def test_approved_text_is_complete(changes):
    live = make_live()

    refuses("facts_factversion_approved_is_complete", lambda: unchecked(of(live), **changes))


@pytest.mark.parametrize("sensitivity", ["statistics", "prognosis", "end-of-life"])
def test_sensitive_text_has_a_neutral_heading(sensitivity):
    live = make_live(neutral_heading="")

    refuses(
        "facts_factversion_sensitive_has_neutral_heading",
        lambda: unchecked(of(live), sensitivity=sensitivity),
    )


def test_staff_text_has_an_author():
    refuses("facts_factversion_author_unless_starter", lambda: DraftFactory(author=None))


def test_text_of_the_starter_library_needs_no_author():
    assert DraftFactory(author=None, origin="starter library").pk


def test_sensitivity_is_of_the_list():
    refuses("facts_factversion_sensitivity_known", lambda: DraftFactory(sensitivity="harmless"))


def test_status_is_of_the_list():
    refuses("facts_factversion_status_known", lambda: DraftFactory(status="published"))


@pytest.mark.parametrize("changes", [{"change_kind": ""}, {"change_note": ""}])
def test_later_version_says_what_changed(changes):
    live = make_live(number=2)

    refuses("facts_factversion_later_says_what_changed", lambda: unchecked(of(live), **changes))


def review(**fields):
    return Review(
        **{
            "version": make_live(),
            "reviewed_on": date(2026, 11, 1),
            "review_due": date(2027, 11, 1),
            "reviewer_name": "Ada Wells",
            "reviewer_role": "Oncologist",
            **fields,
        }
    )


@pytest.mark.parametrize("empty", ["reviewer_name", "reviewer_role"])
def test_review_names_its_reviewer(empty):
    refuses("facts_review_names_its_reviewer", review(**{empty: ""}).save)


def test_review_is_due_after_it():
    refuses("facts_review_due_after_review", review(review_due=date(2026, 11, 1)).save)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/", "//example.org/"])
def test_source_has_a_web_address(url):
    refuses("facts_source_web_address", lambda: SourceFactory(url=url))


def test_source_supports_a_part_once():
    citation = CitationFactory()

    refuses(
        "facts_citation_once_per_claim",
        lambda: CitationFactory(version=citation.version, source=citation.source),
    )


def test_citation_says_what_it_supports():
    refuses("facts_citation_says_what_it_supports", lambda: CitationFactory(supports=""))


def test_former_address_leads_to_one_fact():
    row = FormerAddress.objects.create(
        topic=TopicFactory(), slug="old", fact=FactFactory(), left_at=timezone.now()
    )

    refuses(
        "facts_formeraddress_one_fact",
        lambda: FormerAddress.objects.create(
            topic=row.topic, slug="old", fact=FactFactory(), left_at=timezone.now()
        ),
    )


def test_former_addresses_are_not_empty():
    fact = FactFactory()

    refuses(
        "facts_formeraddress_not_empty",
        lambda: FormerAddress.objects.create(
            topic=fact.topic, slug="", fact=fact, left_at=timezone.now()
        ),
    )
    refuses(
        "facts_formertopicaddress_not_empty",
        lambda: FormerTopicAddress.objects.create(
            topic=fact.topic, slug="", left_at=timezone.now()
        ),
    )


def closed(**changes):
    return ReportFactory(**{"outcome": "right", "closed_at": timezone.now(), **changes})


def test_open_report_has_words():
    refuses("facts_report_open_has_words", lambda: ReportFactory(words=""))
    closed(words="")


def test_closed_report_has_an_outcome_and_an_open_one_has_none():
    refuses("facts_report_closed_has_outcome", lambda: closed(outcome=""))
    refuses("facts_report_closed_has_outcome", lambda: ReportFactory(outcome="right"))


def test_kinds_and_outcomes_of_reports_are_known():
    refuses("facts_report_kind_known", lambda: ReportFactory(kind="praise"))
    refuses("facts_report_outcome_known", lambda: closed(outcome="lost"))


def test_version_is_named_only_for_what_was_put_right():
    version = make_live()

    refuses("facts_report_mended_in_if_mended", lambda: closed(mended_in=version))
    closed(outcome="mended", mended_in=version)


@pytest.mark.parametrize("given", ["answered_by", "closed_by", "note"])
def test_open_report_has_no_answer(given):
    value = {"answered_by": FactFactory, "closed_by": MemberFactory, "note": lambda: "A note."}

    refuses("facts_report_open_has_no_answer", lambda: ReportFactory(**{given: value[given]()}))


def review_request(**fields):
    sent_at = timezone.now() - timedelta(hours=2)
    defaults = {
        "version": fields.pop("version", None) or make_live(),
        "asked_of": "Dr. Wells",
        "sent_at": sent_at,
        "expires_at": sent_at + timedelta(days=14),
        "secret_hash": "a" * 64,
        "text_edited_at": sent_at,
    }
    return ReviewRequest.objects.create(**{**defaults, **fields})


ANSWERED = {"answered_at": timezone.now(), "answerer_name": "Ada Wells", "answerer_role": "Nurse"}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("facts_reviewrequest_answer_known", {**ANSWERED, "answer": "maybe"}),
        ("facts_reviewrequest_answer_is_whole", {"answer": "approved"}),
        ("facts_reviewrequest_answer_is_whole", {"answered_at": timezone.now()}),
        (
            "facts_reviewrequest_answer_is_whole",
            {**ANSWERED, "answer": "approved", "answerer_role": ""},
        ),
        ("facts_reviewrequest_change_has_note", {**ANSWERED, "answer": "change"}),
        (
            "facts_reviewrequest_answered_or_revoked",
            {**ANSWERED, "answer": "approved", "revoked_at": timezone.now()},
        ),
        (
            "facts_reviewrequest_ends_after_it_was_sent",
            {"expires_at": timezone.now() - timedelta(hours=3)},
        ),
    ],
)
def test_request_to_a_clinician_is_whole(name, fields):
    refuses(name, lambda: review_request(**fields))


def test_secret_belongs_to_one_request():
    review_request()

    refuses("facts_reviewrequest_one_secret", review_request)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("facts_source_flag_has_moment", {"flag": "retracted", "flagged_at": None}),
        ("facts_source_not_superseded_by_itself", {"superseded_by": F("pk")}),
        ("facts_source_doi_is_bare", {"doi": "https://doi.org/10.1000/182"}),
    ],
)
def test_source_is_in_order(name, fields):
    source = SourceFactory()

    refuses(name, lambda: Source.objects.filter(pk=source.pk).update(**fields))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("facts_link_web_address", {"url": "ftp://example.org/"}),
        ("facts_link_state_known", {"state": "odd", "checked_at": timezone.now()}),
        ("facts_link_unchecked_has_no_moment", {"checked_at": timezone.now()}),
        ("facts_link_failing_has_moment", {"state": "failing", "checked_at": timezone.now()}),
        (
            "facts_link_dead_failed_three_times",
            {
                "state": "dead",
                "checked_at": timezone.now(),
                "failing_since": timezone.now(),
                "failures": 2,
            },
        ),
        ("facts_link_moved_says_where", {"redirects_to": "https://example.org/new"}),
    ],
)
def test_what_is_known_of_an_address_is_whole(name, fields):
    refuses(name, lambda: Link.objects.create(**{"url": "https://example.org/", **fields}))


def test_each_address_is_kept_once():
    Link.objects.create(url="https://example.org/")

    refuses("facts_link_one_per_address", lambda: Link.objects.create(url="https://example.org/"))


def test_every_constraint_is_tested():
    with open(__file__, encoding="utf-8") as source:
        tests = source.read()

    names = [
        c.name
        for model in apps.get_app_config("facts").get_models()
        for c in model._meta.constraints
    ]

    assert names
    assert [name for name in names if f'"{name}"' not in tests] == []
