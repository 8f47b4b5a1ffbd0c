from datetime import date, time, timedelta

import pytest
from django.utils import timezone

from facts.models import Review
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    MeetingFactory,
    QuestionFactory,
    SourceFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def fact():
    return FactFactory(topic=TopicFactory(slug="numbers", title="Numbers"), slug="five-years")


def test_fact_is_shown_with_source_and_evidence(client, fact):
    version = make_live(fact, title="It helps", evidence="guideline")
    version.citations.get().source.__class__.objects.update(is_read_on_copy=True)

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert "<h1>It helps</h1>" in html
    assert "Guideline" in html
    assert "Read on a copy." in html
    assert 'rel="noreferrer noopener"' in html


def test_what_cannot_wait_stands_in_a_box_above_the_text(client, fact):
    make_live(fact, call_now="Call today if your legs feel weak <now>.", body="<p>Text</p>")

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert "<h2>Call now</h2>" in html
    assert html.index("legs feel weak &lt;now&gt;.") < html.index("<p>Text</p>")
    assert 'href="/help/#number"' in html


def test_fact_that_can_wait_has_no_box(client, fact):
    make_live(fact)

    assert "call-now" not in client.get("/facts/numbers/five-years/").content.decode()


def test_sensitive_fact_is_covered_everywhere_on_its_page(client, fact):
    version = make_live(
        fact,
        title="Canary heading",
        neutral_heading="Figures over five years",
        body="<p>Canary text</p>",
        call_now="Canary call",
        sensitivity="end-of-life",
    )
    SourceFactory._meta.model.objects.filter(citations__version=version).update(
        title="Canary study"
    )

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert "Canary" not in html
    assert "<h1>Figures over five years</h1>" in html


def test_sensitive_fact_is_shown_when_asked_and_its_title_bar_stays_gentle(client, fact):
    make_live(
        fact, title="Canary", neutral_heading="Gentle", body="<p>Text</p>", sensitivity="prognosis"
    )

    html = client.get("/facts/numbers/five-years/?show=five-years").content.decode()

    assert "<h1>Canary</h1>" in html
    assert "Canary" not in html.split("</head>")[0]


def test_asking_for_another_fact_shows_nothing(client, fact):
    make_live(fact, body="<p>Canary</p>", sensitivity="prognosis")

    html = client.get("/facts/numbers/five-years/?show=something-else").content.decode()

    assert "Canary" not in html


def test_reader_who_chose_to_see_everything_sees_it(client, fact):
    make_live(fact, body="<p>Full text</p>", sensitivity="prognosis")
    client.cookies["preferences"] = "hide=nothing"

    response = client.get("/facts/numbers/five-years/")

    assert "Full text" in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"


def test_review_is_printed_with_name_role_and_next_date(client, fact):
    version = make_live(fact)
    Review.objects.create(
        version=version,
        reviewed_on=date(2026, 6, 1),
        reviewer_name="A. Nurse",
        reviewer_role="Breast care nurse",
        review_due=date(2027, 6, 1),
        note="Canary",
    )

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert "Reviewed 1 June 2026 by A. Nurse, Breast care nurse. Next review June 2027." in html
    assert "Not yet clinically reviewed" not in html
    assert "Canary" not in html


def test_withdrawn_fact_is_gone_with_reason_and_replacement(client, fact, reviewer):
    version = make_live(fact, title="Old", body="<p>Canary</p>")
    fact.replaced_by = make_live(title="The newer answer").fact
    fact.save()
    version.withdraw(reviewer, "The study was retracted.")

    response = client.get("/facts/numbers/five-years/")

    html = response.content.decode()
    assert response.status_code == 410
    assert "The study was retracted." in html
    assert "The newer answer" in html
    assert "Canary" not in html


def test_withdrawn_sensitive_fact_keeps_its_neutral_heading(client, fact, reviewer):
    version = make_live(fact, title="Canary", neutral_heading="Gentle", sensitivity="prognosis")
    version.withdraw(reviewer, "It is out of date.")

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert "Gentle" in html
    assert "Canary" not in html


def test_reason_for_withdrawing_a_sensitive_fact_is_covered_until_asked(client, fact, reviewer):
    version = make_live(fact, sensitivity="prognosis")
    version.withdraw(reviewer, "The canary figure was wrong.")

    covered = client.get("/facts/numbers/five-years/")
    asked = client.get("/facts/numbers/five-years/?show=five-years")

    assert covered.status_code == asked.status_code == 410
    assert "canary" not in covered.content.decode()
    assert "The canary figure was wrong." in asked.content.decode()


def test_withdrawn_answer_is_no_longer_the_heading(client, fact, reviewer):
    version = make_live(fact, title="Canary", neutral_heading="About five years")
    version.withdraw(reviewer, "It was wrong.")

    for address in ("", "history/"):
        html = client.get(f"/facts/numbers/five-years/{address}").content.decode()
        assert "Canary" not in html
        assert "About five years" in html


def test_fact_that_was_never_live_is_not_found(client, fact):
    make_live(fact, since=timezone.now() + timedelta(days=1))

    assert client.get("/facts/numbers/five-years/").status_code == 404
    assert client.get("/facts/numbers/nothing/").status_code == 404
    assert client.get("/facts/nothing/five-years/").status_code == 404


def test_groups_for_the_same_people_stand_under_a_fact(client, fact):
    make_live(fact, audiences=["men"])
    MeetingFactory(group__name="For anybody", starts_at=time(9))
    MeetingFactory(group__name="Men together", group__audiences=["men"], starts_at=time(20))

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert html.index("Men together") < html.index("For anybody")


def test_covered_fact_does_not_tell_for_whom_it_is(client, fact):
    make_live(fact, sensitivity="prognosis", audiences=["men"])
    MeetingFactory(group__name="For anybody", starts_at=time(9))
    MeetingFactory(group__name="Men together", group__audiences=["men"], starts_at=time(20))

    html = client.get("/facts/numbers/five-years/").content.decode()

    assert html.index("For anybody") < html.index("Men together")


def test_fact_needs_at_most_six_queries(client, fact, django_assert_max_num_queries):
    version = make_live(fact)
    Review.objects.create(
        version=version, reviewed_on=date(2026, 6, 1), review_due=date(2027, 6, 1),
        reviewer_name="A. Nurse", reviewer_role="Consultant nurse",
    )  # fmt: skip
    MeetingFactory()
    GlossaryTermFactory()
    QuestionFactory().facts.add(fact)

    with django_assert_max_num_queries(6):
        client.get("/facts/numbers/five-years/")


@pytest.mark.parametrize("address", ["/facts/numbers/five-years/", "/facts/numbers/"])
def test_link_to_the_page_opens_nothing(client, fact, address):
    make_live(fact, sensitivity="prognosis")

    html = client.get(f"{address}?show=five-years").content.decode()

    assert f'<a href="http://localhost:8000{address}" data-copy-link>Link to this page</a>' in html
