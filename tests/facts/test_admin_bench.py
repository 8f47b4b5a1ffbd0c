"""The bench on the desk: it looks at what is typed, for whoever may write, and saves nothing."""

import pytest
from django.forms.models import model_to_dict

from facts.models import Event, FactVersion
from tests.factories import CitationFactory, DraftFactory, SourceFactory, make_live, make_staff
from tests.facts.test_admin_versions import text_of, typed, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(editor):
    return DraftFactory(author=editor)


def as_stored(version):
    return (
        model_to_dict(FactVersion.objects.get(pk=version.pk)),
        [model_to_dict(citation) for citation in version.citations.all()],
        Event.objects.count(),
    )


class TestWhilePausing:
    def test_answers_with_the_bench_of_what_is_typed(self, client, editor, draft):
        client.force_login(editor)

        response = client.post(
            url("bench", draft), typed(draft, body="<p>Neutropenia struck 30% of them.</p>")
        )

        assert response.status_code == 200
        page = text_of(response)
        assert "Reading grade" in page
        assert "Gunning fog" in page
        assert "“Neutropenia” may be new to readers" in page
        assert "It holds a figure, but no source&#x27;s passage covers it." in page
        assert "<html" not in response.content.decode()

    def test_changes_nothing(self, client, editor, draft):
        client.force_login(editor)
        before = as_stored(draft)

        client.post(url("bench", draft), typed(draft, title="New", body="<p>New.</p>"))

        assert as_stored(draft) == before

    def test_unknown_word_leads_to_the_glossary_form_filled_in(self, client, editor, draft):
        client.force_login(editor)

        page = client.post(
            url("bench", draft), typed(draft, body="<p>It is in your lymph nodes.</p>")
        ).content.decode()

        address = "/admin/facts/glossaryterm/add/?term=lymph%20nodes&amp;slug=lymph-nodes"
        assert f'href="{address}"' in page
        form = client.get(address.replace("&amp;", "&")).content.decode()
        assert 'value="lymph nodes"' in form
        assert 'value="lymph-nodes"' in form

    def test_whoever_may_not_add_a_term_is_offered_no_link(self, client, draft):
        reviewer = make_staff("Reviewer")
        client.force_login(reviewer)

        response = client.post(url("bench", draft), typed(draft, body="<p>Lymph nodes.</p>"))

        assert response.status_code == 200
        assert b"glossaryterm/add" not in response.content

    def test_passages_of_rows_that_stay_are_taken_as_typed(self, client, editor, draft):
        client.force_login(editor)
        body = "<p>In Spain in 2019, 30% of women had it.</p>"
        data = typed(draft, body=body, **{"citations-0-passages": "30% of women"})
        words = "no source&#x27;s passage covers it"

        assert words not in text_of(client.post(url("bench", draft), data))
        data["citations-0-DELETE"] = "on"
        assert words in text_of(client.post(url("bench", draft), data))

    def test_source_with_a_warning_is_named(self, client, editor, draft):
        client.force_login(editor)
        source = SourceFactory(title="A bad study", flag="doubted")
        data = typed(draft, **{"citations-0-source": source.pk})

        page = text_of(client.post(url("bench", draft), data))

        assert "A bad study" in page
        assert "This source is in doubt." in page

    def test_hostile_words_are_shown_as_words(self, client, editor, draft):
        client.force_login(editor)
        words = "&lt;img src=x onerror=alert(1)&gt; 30%"

        page = client.post(
            url("bench", draft),
            typed(draft, body=f"<p>{words}</p>", title="<img src=y> battle"),
        ).content.decode()

        assert "<img" not in page

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"body": "<![x", "citations-9999-source": "x", "citations-0-passages": "\n\n"},
            {"body": "<p>" + "word " * 20_000, "citations-1-source": "9" * 40},
        ],
    )
    def test_odd_input_is_answered(self, client, editor, draft, data):
        client.force_login(editor)

        assert client.post(url("bench", draft), data).status_code == 200

    def test_needs_few_queries(self, client, editor, draft, django_assert_max_num_queries):
        client.force_login(editor)
        for _number in range(8):
            CitationFactory(version=draft)
        data = typed(draft)

        with django_assert_max_num_queries(9):
            client.post(url("bench", draft), data)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("anonymous", 403),
        ("member", 302),
        ("Editor", 200),
        ("Reviewer", 200),
        ("Moderator", 403),
        ("superuser", 200),
    ],
)
def test_bench_is_for_whoever_may_write(client, member, draft, role, status):
    data = typed(draft)
    if role == "member":
        client.force_login(member)
    elif role != "anonymous":
        somebody = make_staff("Editor" if role == "superuser" else role)
        if role == "superuser":
            somebody.groups.clear()
            somebody.is_superuser = True
            somebody.save()
        client.force_login(somebody)

    response = client.post(url("bench", draft), data)

    assert response.status_code == status
    assert (b"Reading grade" in response.content) is (status == 200)


def test_bench_is_for_drafts_alone(client, editor, draft):
    client.force_login(editor)
    live = make_live()
    draft.submit(editor)

    assert client.post(url("bench", draft), {}).status_code == 403
    assert client.post(url("bench", live), {}).status_code == 403
    assert client.post("/admin/facts/factversion/999999/bench/", {}).status_code == 404


def test_bench_answers_no_get(client, editor, draft):
    client.force_login(editor)

    assert client.get(url("bench", draft)).status_code == 405


class TestWithoutScript:
    def test_page_holds_the_bench_of_what_is_saved(self, client, editor):
        draft = DraftFactory(author=editor, body="<p>It may be neutropenia.</p>")
        client.force_login(editor)

        page = text_of(client.get(url("change", draft)))

        assert "How it reads" in page
        assert "“neutropenia” may be new to readers" in page

    def test_button_looks_at_what_is_typed_and_saves_nothing(self, client, editor, draft):
        client.force_login(editor)
        before = as_stored(draft)

        response = client.post(
            url("change", draft),
            typed(draft, title="Typed", body="<p>It may be neutropenia.</p>", _check=""),
        )

        assert response.status_code == 200
        assert as_stored(draft) == before
        page = response.content.decode()
        assert 'value="Typed"' in page
        assert "It may be neutropenia." in page
        assert "Nothing is saved yet." in page
        assert "“neutropenia” may be new to readers" in page
        assert "errornote" not in page
        assert "Still missing" not in page
        assert "Somebody saved this draft" not in page

    def test_button_tells_of_other_mistakes_as_saving_would(self, client, editor, draft):
        client.force_login(editor)

        page = client.post(
            url("change", draft), typed(draft, title="x" * 200, _check="")
        ).content.decode()

        assert "errornote" in page
        assert "at most 120 characters" in page

    def test_text_can_be_saved_after_looking_at_it(self, client, editor, draft):
        client.force_login(editor)
        data = typed(draft, title="Typed")
        client.post(url("change", draft), {**data, "_check": ""})

        client.post(url("change", draft), data)

        draft.refresh_from_db()
        assert draft.title == "Typed"

    def test_enter_saves_since_the_first_button_does(self, client, editor, draft):
        client.force_login(editor)

        page = client.get(url("change", draft)).content.decode()

        form = page[page.index('id="factversion_form"') :]
        assert form.index('name="_save"') < form.index('name="_check"')


def test_everything_an_editor_writes_is_saved(client, editor, draft):
    client.force_login(editor)

    client.post(
        url("change", draft),
        typed(
            draft,
            call_now="Call your team today.",
            grade_reason="It names six tests.",
            plain_words="liver, lung",
            **{"citations-0-passages": "The text\nnamed"},
        ),
    )

    draft.refresh_from_db()
    assert draft.call_now == "Call your team today."
    assert draft.grade_reason == "It names six tests."
    assert draft.plain_words == "liver, lung"
    assert draft.citations.get().passages.split() == ["The", "text", "named"]
    assert draft.reading_grade is not None


def test_reviewer_sees_the_grades_at_the_gate(client, editor, reviewer, draft):
    draft.submit(editor)
    client.force_login(reviewer)

    gate = text_of(client.get(url("approve", draft)))
    page = client.get(url("change", draft)).content.decode()

    for shown in (gate, page):
        assert f"Reading grade {draft.reading_grade}" in shown
        assert "Flesch-Kincaid" in shown
    assert "bench.js" not in page


def test_text_from_before_the_grades_is_shown_without_them(client, editor, reviewer, draft):
    draft.submit(editor)
    FactVersion.objects.filter(pk=draft.pk).update(reading_grade=None, reading_grades={"odd": "x"})
    client.force_login(reviewer)

    response = client.get(url("approve", draft))

    assert response.status_code == 200
    assert "Reading grade" not in text_of(response)
