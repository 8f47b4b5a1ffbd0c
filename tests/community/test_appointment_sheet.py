"""The sheet of a list: who sees it, what can be chosen, what is kept of it."""

import html
from datetime import date

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.keeping import sheet_pdf
from community.keeping.sheet import EVIDENCE
from community.models import AppointmentSheet, SheetQuestion
from tests.factories import (
    AppointmentSheetFactory,
    FactFactory,
    QuestionFactory,
    ReadingListFactory,
    SavedItemFactory,
    SheetQuestionFactory,
    SourceFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db

MADE_UP = "5f1c8ea0-0000-4000-8000-000000000000"
PAGES = ("sheet/", "sheet/choose/", "sheet/answers/", "sheet.pdf")


@pytest.fixture
def mine(client, member):
    """A list of the member who is signed in, with one fact on it."""
    client.force_login(member)
    reading_list = ReadingListFactory(member=member, title="My own list")
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="scans")
    make_live(fact, title="Scans help", neutral_heading="About scans")
    SavedItemFactory(reading_list=reading_list, topic=None, fact=fact)
    return reading_list


def offer(reading_list=None, **fields):
    """Return a question that is offered; with a list, one of the fact that is saved on it."""
    question = QuestionFactory(**fields)
    if reading_list:
        question.facts.add(reading_list.saved_items.get(fact__isnull=False).fact)
    return question


def text_of(response):
    return html.unescape(response.content.decode())


def choose(client, reading_list, **sent):
    return client.post(f"/lists/{reading_list.pk}/sheet/choose/", {"paper": "a4", **sent})


# Who may see it


@pytest.mark.parametrize("page", PAGES)
def test_visitor_is_sent_to_sign_in(client, page):
    theirs = ReadingListFactory()

    for pk in (theirs.pk, MADE_UP):
        response = client.get(f"/lists/{pk}/{page}")
        assert response["Location"] == f"/accounts/login/?next=/lists/{pk}/{page}"


@pytest.mark.parametrize("role", ["another member", "staff", "superuser"])
def test_sheet_of_another_member_is_not_found(client, member, role):
    theirs = SheetQuestionFactory(text="CANARY").reading_list
    if role != "another member":
        member = make_staff("Editor")
        member.is_superuser = role == "superuser"
        member.save()
    client.force_login(member)

    for page in PAGES:
        found = [client.get(f"/lists/{pk}/{page}") for pk in (theirs.pk, MADE_UP)]
        assert [r.status_code for r in found] == [404, 404]
        one, other = (
            r.text.replace(str(pk), "") for r, pk in zip(found, (theirs.pk, MADE_UP), strict=True)
        )
        assert one == other
        for pk in (theirs.pk, MADE_UP):
            sent = client.post(f"/lists/{pk}/{page}", {"new_1": "Mine", "first_1": "1"})
            assert sent.status_code == (405 if page == "sheet.pdf" else 404)
    assert SheetQuestion.objects.count() == 1


def test_nothing_of_it_is_kept_by_a_cache(client, mine):
    SheetQuestionFactory(reading_list=mine)

    for page in PAGES:
        assert client.get(f"/lists/{mine.pk}/{page}")["Cache-Control"] == "private, no-store"


def test_sheet_of_more_than_two_pages_says_so(client, mine):
    words = "This is more than two pages"
    SheetQuestionFactory(reading_list=mine)
    assert words not in text_of(client.get(f"/lists/{mine.pk}/sheet/"))

    for _number in range(20):
        SheetQuestionFactory(reading_list=mine)

    assert words in text_of(client.get(f"/lists/{mine.pk}/sheet/"))


def test_it_asks_as_much_for_many_questions_as_for_few(client, mine):
    counts = []
    for _time in range(2):
        for number in range(3):
            question = offer(mine)
            SheetQuestionFactory(reading_list=mine, question=question)
            SheetQuestionFactory(reading_list=mine, text=f"Why {number}?")
            make_live(mine.saved_items.get().fact.topic.facts.create(slug=question.slug))
        counts.append([])
        for page in PAGES[:3]:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(f"/lists/{mine.pk}/{page}").status_code == 200
            counts[-1].append(len(queries))

    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10


# Choosing


def test_first_one_chooses(client, mine):
    response = client.get(f"/lists/{mine.pk}/sheet/")

    assert response["Location"] == f"/lists/{mine.pk}/sheet/choose/"


def test_questions_of_what_is_saved_come_first(client, mine):
    offer(text="Of another fact?", theme="about-the-cancer")
    offer(mine, text="Of my fact?")
    by_topic = QuestionFactory(text="Of my topic?")
    by_topic.facts.add(make_live().fact)
    SavedItemFactory(reading_list=mine, topic=by_topic.facts.get().topic)

    page = text_of(client.get(f"/lists/{mine.pk}/sheet/choose/"))

    further = page.index("More questions")
    assert page.index("Of my fact?") < further
    assert page.index("Of my topic?") < further
    assert page.index("Of another fact?") > further


def test_choice_is_kept_on_the_list(client, mine):
    question, other = offer(mine), offer(mine)

    response = choose(
        client,
        mine,
        question=question.slug,
        new_1="Can I fly?",
        new_3="  ",
        appointment_on="2026-12-03",
        paper="letter",
    )

    assert response["Location"] == f"/lists/{mine.pk}/sheet/#questions-saved"
    rows = SheetQuestion.objects.in_order()
    assert [(row.question, row.text) for row in rows] == [(question, None), (None, "Can I fly?")]
    chosen = AppointmentSheet.objects.get()
    assert (chosen.reading_list, chosen.appointment_on, chosen.paper) == (
        mine,
        date(2026, 12, 3),
        "letter",
    )
    page = text_of(client.get(f"/lists/{mine.pk}/sheet/choose/"))
    assert f'value="{question.slug}" checked' in page
    assert f'value="{other.slug}" checked' not in page


def test_own_question_is_encrypted(client, mine):
    choose(client, mine, new_1="CANARY-own")

    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM community_sheetquestion")
        (stored,) = cursor.fetchone()
    assert "CANARY" not in stored


def test_question_that_is_unticked_leaves_the_sheet_and_keeps_its_answer(client, mine):
    row = SheetQuestionFactory(
        reading_list=mine, question=offer(mine), answer="In May.", top_place=1
    )

    choose(client, mine, new_1="Why?")

    row.refresh_from_db()
    assert (row.is_chosen, row.top_place, row.answer) == (False, None, "In May.")
    assert row.question.text not in text_of(client.get(f"/lists/{mine.pk}/sheet/"))
    assert "In May." in text_of(client.get(f"/lists/{mine.pk}/sheet/answers/"))


def test_question_that_was_not_shown_stays_on_the_sheet(client, mine):
    row = SheetQuestionFactory(
        reading_list=mine, question=offer(mine, sensitivity="prognosis", text="How long?")
    )

    choose(client, mine, new_1="Why?")

    row.refresh_from_db()
    assert row.is_chosen


def test_own_question_can_be_changed_left_off_and_taken_away(client, mine):
    changed, left, gone = (
        SheetQuestionFactory(reading_list=mine, text=text) for text in ("One?", "Two?", "Three?")
    )

    choose(
        client,
        mine,
        **{
            f"own_{changed.pk}": "One, and why?",
            f"initial-own_{changed.pk}": "One?",
            f"on_{changed.pk}": "on",
            f"own_{left.pk}": "Two?",
            f"initial-own_{left.pk}": "Two?",
            f"own_{gone.pk}": "",
            f"initial-own_{gone.pk}": "Three?",
        },
    )

    rows = {row.text: row.is_chosen for row in SheetQuestion.objects.all()}
    assert rows == {"One, and why?": True, "Two?": False}


def test_old_tab_changes_only_what_was_typed_in_it(client, mine):
    row = SheetQuestionFactory(reading_list=mine, text="Newer words?")

    choose(
        client,
        mine,
        **{
            f"own_{row.pk}": "Old words?",
            f"initial-own_{row.pk}": "Old words?",
            f"on_{row.pk}": "on",
            "new_1": "Another?",
        },
    )

    assert {row.text for row in SheetQuestion.objects.all()} == {"Newer words?", "Another?"}


def change(row, before, text):
    return {f"own_{row.pk}": text, f"initial-own_{row.pk}": before, f"on_{row.pk}": "on"}


def test_pressing_twice_makes_a_question_once(client, mine):
    sent = {"question": offer(mine).slug, "new_1": "Why me?", "new_2": "And\r\nthen?"}

    for _press in range(2):
        choose(client, mine, **sent)

    own = SheetQuestion.objects.own()
    assert sorted(row.text for row in own) == ["And\nthen?", "Why me?"]


def test_question_typed_again_after_it_was_left_off_is_on_the_sheet_with_its_answer(client, mine):
    SheetQuestionFactory(reading_list=mine, text="Why?", answer="Because.", is_chosen=False)

    choose(client, mine, new_1="Why?")

    row = SheetQuestion.objects.get()
    assert (row.is_chosen, row.answer) == (True, "Because.")


def test_question_that_another_window_changed_too_is_kept_both_ways(client, mine):
    row = SheetQuestionFactory(reading_list=mine, text="Newer words?")

    response = choose(client, mine, **change(row, "Old words?", "My words?"))

    assert {row.text for row in SheetQuestion.objects.all()} == {"Newer words?", "My words?"}
    page = text_of(client.get(response["Location"]))
    assert "what you typed here is a question of its own now" in page


def test_question_that_another_window_removed_is_kept_if_it_was_changed(client, mine):
    row = SheetQuestionFactory(reading_list=mine, text="Old words?")
    gone = SheetQuestion.objects.get()
    row.delete()

    choose(client, mine, **change(gone, "Old words?", "Old words?"), new_1="Other?")
    assert [row.text for row in SheetQuestion.objects.all()] == ["Other?"]
    choose(client, mine, **change(gone, "Old words?", "My words?"))

    assert {row.text for row in SheetQuestion.objects.all()} == {"Other?", "My words?"}


def test_question_that_another_window_changed_is_not_emptied_away(client, mine):
    row = SheetQuestionFactory(reading_list=mine, text="Newer words?")

    response = choose(client, mine, **change(row, "Old words?", ""))

    assert SheetQuestion.objects.get().text == "Newer words?"
    assert "so it was not taken away" in text_of(client.get(response["Location"]))


def test_question_whose_row_is_gone_is_still_there_after_an_error(client, mine):
    sent = {"own_77": "My words?", "initial-own_77": "Old?", "new_1": "why " * 126}

    response = choose(client, mine, **sent)

    assert response.status_code == 200
    assert 'name="own_77"' in text_of(response)
    assert "My words?</textarea>" in text_of(response)
    response = choose(client, mine, own_77="why " * 126)
    assert "503 characters, and 500 fit" in text_of(response)
    assert not SheetQuestion.objects.exists()


def test_question_that_no_key_opens_is_not_overwritten(client, mine, settings):
    row = SheetQuestionFactory(reading_list=mine, text="Sealed?")
    keys, settings.NOTES_KEYS = settings.NOTES_KEYS, [Fernet.generate_key().decode()]

    choose(client, mine, **change(row, "", "Typed?"))

    settings.NOTES_KEYS = [*keys, *settings.NOTES_KEYS]
    assert {row.text for row in SheetQuestion.objects.all()} == {"Sealed?", "Typed?"}


def test_question_with_an_answer_is_not_emptied_away(client, mine):
    row = SheetQuestionFactory(reading_list=mine, text="Why?", answer="Because.")

    response = choose(
        client, mine, **{f"own_{row.pk}": "", f"initial-own_{row.pk}": "Why?", "new_1": "Typed?"}
    )

    assert "You wrote down an answer to this question" in text_of(response)
    assert "Typed?" in text_of(response)
    assert SheetQuestion.objects.get().text == "Why?"


def test_too_long_a_question_comes_back_whole(client, mine):
    long = "why " * 126

    response = choose(client, mine, new_1=long, question=offer(mine).slug)

    assert "There is something to put right" in text_of(response)
    assert "503 characters, and 500 fit" in text_of(response)
    assert long.strip() in text_of(response)
    assert " checked" in text_of(response)
    assert not SheetQuestion.objects.exists()


def test_list_holds_fifty_own_questions(client, mine):
    for number in range(50):
        SheetQuestionFactory(reading_list=mine, text=f"Question {number}?")

    response = choose(client, mine, new_1="One more?")

    assert "A list holds 50 questions of your own" in text_of(response)
    assert "One more?" in text_of(response)


@pytest.mark.parametrize(
    "sent",
    [
        {"question": "no-such-question"},
        {"question": "\x00"},
        {"appointment_on": "31/12/2026"},
        {"appointment_on": "٣"},
        {"paper": "papyrus"},
        {"new_1": "a\x00b"},
        {"own_1": "x", "on_99999999999999999999": "on"},
    ],
)
def test_bad_input_is_no_error_of_ours(client, mine, sent):
    assert choose(client, mine, **sent).status_code in {200, 302, 400}


def test_words_typed_after_the_session_ended_come_back(client, mine):
    client.logout()

    for pk in (mine.pk, MADE_UP):
        response = client.post(f"/lists/{pk}/sheet/choose/", {"new_1": "Typed in vain?"})
        assert response.status_code == 403
        assert "Typed in vain?" in text_of(response)
        response = client.post(f"/lists/{pk}/sheet/answers/", {"answer_1": "Answered in vain."})
        assert response.status_code == 403
        assert "Answered in vain." in text_of(response)


# Gentle reading


def test_sensitive_question_is_not_there_until_it_is_asked_for(client, mine):
    question = offer(mine, text="How long do people live?", sensitivity="prognosis")
    SheetQuestionFactory(reading_list=mine, question=question, answer="CANARY-answer")
    SheetQuestionFactory(reading_list=mine)

    for page in PAGES[:3]:
        gentle = text_of(client.get(f"/lists/{mine.pk}/{page}"))
        assert "How long do people live?" not in gentle, page
        assert "CANARY-answer" not in gentle, page
        for show in ("all", question.slug):
            asked = text_of(client.get(f"/lists/{mine.pk}/{page}?show={show}"))
            assert "How long do people live?" in asked, page


def test_showing_all_questions_loses_nothing_that_was_typed(client, mine):
    offer(mine, sensitivity="prognosis")

    response = choose(client, mine, new_1="Typed?", reveal="1")

    assert response["Location"] == f"/lists/{mine.pk}/sheet/choose/?show=all#questions-saved"
    assert SheetQuestion.objects.get().text == "Typed?"


def test_reader_who_chose_to_see_all_sees_all(client, mine):
    SheetQuestionFactory(
        reading_list=mine, question=offer(mine, text="How long?", sensitivity="prognosis")
    )
    mine.member.preferences = "hide=nothing"
    mine.member.save()

    assert "How long?" in text_of(client.get(f"/lists/{mine.pk}/sheet/"))


# The sheet


def test_sheet_names_fact_version_and_day_for_the_clinician(client, mine):
    SheetQuestionFactory(reading_list=mine, question=offer(mine, text="Do scans hurt?"))
    AppointmentSheetFactory(reading_list=mine, appointment_on=date(2026, 12, 3))

    page = text_of(client.get(f"/lists/{mine.pk}/sheet/"))

    assert "please go through these questions together with me" in page
    assert "Thursday, 3 December 2026" in page
    assert "Do scans hurt?" in page
    assert "Scans help: http://" in page
    assert "/facts/bones/scans/ · version 1, " in page


def test_sensitive_fact_stands_under_its_neutral_heading_on_paper(client, mine):
    version = make_live(
        sensitivity="prognosis", title="How long people live", neutral_heading="What may come"
    )
    question = QuestionFactory()
    question.facts.add(version.fact)
    SheetQuestionFactory(reading_list=mine, question=question)

    page = text_of(client.get(f"/lists/{mine.pk}/sheet/?show=all"))

    assert "What may come: " in page
    assert "How long people live" not in page


def test_the_first_three_are_chosen_and_come_first(client, mine):
    rows = [SheetQuestionFactory(reading_list=mine, text=f"Number {n}?") for n in range(4)]

    client.post(f"/lists/{mine.pk}/sheet/", {"first_1": rows[3].pk, "first_2": rows[1].pk})

    page = text_of(client.get(f"/lists/{mine.pk}/sheet/"))
    page = page[page.index("<article") : page.index("</article>")]
    order = [page.index(f"Number {n}?") for n in (3, 1, 0, 2)]
    assert order == sorted(order)
    assert page.index("Most important to me") < order[0]
    assert order[1] < page.index("My other questions") < order[2]

    client.post(f"/lists/{mine.pk}/sheet/", {"first_1": rows[1].pk})
    assert {row.top_place for row in SheetQuestion.objects.all()} == {None, 1}


@pytest.mark.parametrize("bad", ["", "0", "-1", str(2**63), "١٢", "x", "\x00"])
def test_only_questions_of_the_sheet_can_be_first(client, mine, bad):
    SheetQuestionFactory(reading_list=mine)
    theirs = SheetQuestionFactory()

    for value in (bad, theirs.pk):
        response = client.post(f"/lists/{mine.pk}/sheet/", {"first_1": value})
        assert response.status_code in {200, 302, 400}
    assert not SheetQuestion.objects.filter(top_place=1).exists()


def test_same_question_twice_is_said_in_words(client, mine):
    row = SheetQuestionFactory(reading_list=mine)

    response = client.post(f"/lists/{mine.pk}/sheet/", {"first_1": row.pk, "first_2": row.pk})

    assert "You chose this question twice" in text_of(response)


def test_question_that_no_key_opens_hides_no_other(client, mine, settings):
    SheetQuestionFactory(reading_list=mine, text="Sealed?")
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    SheetQuestionFactory(reading_list=mine, text="Readable?")

    for page in PAGES[:3]:
        assert "Readable?" in text_of(client.get(f"/lists/{mine.pk}/{page}"))


def test_question_that_is_no_longer_offered_is_off_the_paper_and_its_answer_is_kept(client, mine):
    question = offer(mine, text="Withdrawn?")
    SheetQuestionFactory(reading_list=mine, question=question, answer="Kept.")
    SheetQuestionFactory(reading_list=mine, text="Other?")
    question.published_at = None
    question.save()

    assert "Withdrawn?" not in text_of(client.get(f"/lists/{mine.pk}/sheet/"))
    answers = text_of(client.get(f"/lists/{mine.pk}/sheet/answers/"))
    assert "Withdrawn?" not in answers
    assert "Kept." in answers


# What trials found


def test_what_trials_found_is_said_with_its_sources_and_never_without(client, mine):
    address = f"/lists/{mine.pk}/sheet/choose/"
    assert "Does a sheet like this help?" not in text_of(client.get(address))
    sources = [SourceFactory(reference=reference) for reference in EVIDENCE]

    page = text_of(client.get(address))

    assert "Does a sheet like this help?" in page
    assert all(f'href="{source.url}"' in page for source in sources)
    sources[1].flag, sources[1].flagged_at = "retracted", timezone.now()
    sources[1].save()
    assert "Does a sheet like this help?" not in text_of(client.get(address))


# Answers


def answer(client, row, text, based_on=0):
    return client.post(
        f"/lists/{row.reading_list_id}/sheet/answers/",
        {f"answer_{row.pk}": text, f"based_on_{row.pk}": based_on},
    )


def test_answer_is_kept_and_stands_on_the_sheet(client, mine):
    row = SheetQuestionFactory(reading_list=mine)

    response = answer(client, row, "The liver is fine.\r\nNext scan in May.")

    assert response["Location"] == f"/lists/{mine.pk}/sheet/#answers-saved"
    row.refresh_from_db()
    assert row.answer == "The liver is fine.\nNext scan in May."
    assert "The liver is fine." in text_of(client.get(f"/lists/{mine.pk}/sheet/"))


def test_two_tabs_do_not_overwrite_each_other(client, mine):
    row = SheetQuestionFactory(reading_list=mine)
    answer(client, row, "First tab.")

    response = answer(client, row, "Second tab.")

    assert response.status_code == 409
    assert "First tab." in text_of(response)
    assert "Second tab." in text_of(response)
    row.refresh_from_db()
    assert (row.answer, row.answer_number) == ("First tab.", 1)
    answer(client, row, "Both.", based_on=1)
    row.refresh_from_db()
    assert row.answer == "Both."


def test_answer_to_a_question_that_is_gone_comes_back(client, mine):
    row, gone = SheetQuestionFactory(reading_list=mine), SheetQuestionFactory(reading_list=mine)
    SheetQuestion.objects.filter(pk=gone.pk).delete()

    response = client.post(
        f"/lists/{mine.pk}/sheet/answers/",
        {f"answer_{gone.pk}": "Homeless.", f"answer_{row.pk}": "Fine.", f"based_on_{row.pk}": 0},
    )

    assert "Homeless." in text_of(response)
    row.refresh_from_db()
    assert row.answer == "Fine."


def test_answer_that_no_key_opens_is_left_alone(client, mine, settings):
    row = SheetQuestionFactory(reading_list=mine, question=offer(mine), answer="Sealed.")
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    response = answer(client, row, "Over it.", based_on=0)

    assert "Over it." in text_of(response)
    stored = SheetQuestion.objects.values_list("answer", flat=True).get(pk=row.pk)
    assert stored.token.startswith("gAAAA")


def test_too_long_an_answer_comes_back_whole(client, mine):
    row = SheetQuestionFactory(reading_list=mine)

    response = answer(client, row, "x" * 5001)

    assert "5,001 characters, and 5,000 fit" in text_of(response)
    assert "x" * 5001 in text_of(response)


# The file


def test_file_has_a_neutral_name_and_is_not_kept(client, mine):
    SheetQuestionFactory(reading_list=mine, text="Why me?")

    response = client.get(f"/lists/{mine.pk}/sheet.pdf")

    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="sheet.pdf"'
    assert response["Cache-Control"] == "private, no-store"
    assert response.content.startswith(b"%PDF-1.7")


def test_letters_without_a_type_are_said_in_words(client, mine, monkeypatch):
    monkeypatch.setattr(sheet_pdf, "WITH_FONTS_OF_THE_MACHINE", False)
    SheetQuestionFactory(reading_list=mine, text="你好吗?")

    response = client.get(f"/lists/{mine.pk}/sheet.pdf")

    assert response.status_code == 422
    assert "Some letters would be missing" in text_of(response)
    assert "你 好 吗" in text_of(response)


def test_file_that_cannot_be_made_is_said_in_words(client, mine, monkeypatch):
    monkeypatch.setattr(sheet_pdf, "SECONDS", 0)
    SheetQuestionFactory(reading_list=mine, text="Why me?")

    response = client.get(f"/lists/{mine.pk}/sheet.pdf")

    assert response.status_code == 503
    assert "The file could not be made" in text_of(response)


def test_files_are_made_only_so_often(client, mine, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "sheet_pdf": "1/10m/user"}
    cache.clear()
    SheetQuestionFactory(reading_list=mine)

    statuses = [client.get(f"/lists/{mine.pk}/sheet.pdf").status_code for _time in range(2)]

    assert statuses == [200, 429]
