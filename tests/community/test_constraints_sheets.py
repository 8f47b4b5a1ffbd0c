"""Each constraint of sheets.py, shared_lists.py and list_imports.py: a bad row is refused."""

from datetime import timedelta

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from community.models import ListImport, SharedNote
from tests.community.test_constraints_lists import refused
from tests.factories import (
    AppointmentSheetFactory,
    QuestionFactory,
    ReadingListFactory,
    SavedItemFactory,
    SharedListFactory,
    SheetQuestionFactory,
)

pytestmark = pytest.mark.django_db
QUESTION = "community_sheetquestion"


@pytest.mark.parametrize("words", [{"text": "Why?"}, {"text": None}])
def test_question_is_offered_or_in_ones_own_words(words):
    offered = QuestionFactory() if words["text"] else None

    refused(
        f"{QUESTION}_offered_or_own",
        "",
        lambda: SheetQuestionFactory(question=offered, **words),
    )


def test_offered_question_is_on_a_list_once():
    first = SheetQuestionFactory(question=QuestionFactory())

    refused(
        f"{QUESTION}_one_per_question",
        f"{QUESTION}.reading_list_id, {QUESTION}.question_id",
        lambda: SheetQuestionFactory(reading_list=first.reading_list, question=first.question),
    )
    SheetQuestionFactory(question=first.question)


def test_only_one_question_is_first():
    first = SheetQuestionFactory(top_place=1)

    refused(
        f"{QUESTION}_one_per_top_place",
        f"{QUESTION}.reading_list_id, {QUESTION}.top_place",
        lambda: SheetQuestionFactory(reading_list=first.reading_list, top_place=1),
    )
    SheetQuestionFactory(reading_list=first.reading_list, top_place=2)


@pytest.mark.parametrize("place", [0, 4])
def test_three_questions_are_the_first(place):
    refused(f"{QUESTION}_top_place_known", "", lambda: SheetQuestionFactory(top_place=place))


def test_question_among_the_first_is_on_the_sheet():
    refused(
        f"{QUESTION}_top_is_chosen",
        "",
        lambda: SheetQuestionFactory(top_place=1, is_chosen=False),
    )


def test_question_that_somebody_wants_to_ask_is_not_deleted():
    row = SheetQuestionFactory(question=QuestionFactory())

    with pytest.raises(ProtectedError) as error:
        row.question.delete()

    assert {str(kept) for kept in error.value.protected_objects} == {f"Q{row.pk}"}


def test_paper_is_known():
    refused(
        "community_appointmentsheet_paper_known",
        "",
        lambda: AppointmentSheetFactory(paper="papyrus"),
    )


def test_list_has_one_sheet():
    first = AppointmentSheetFactory()

    refused(
        "community_appointmentsheet_reading_list_id_key",
        "community_appointmentsheet.reading_list_id",
        lambda: AppointmentSheetFactory(reading_list=first.reading_list),
    )


def test_link_has_a_secret_of_its_own():
    refused("community_sharedlist_has_secret", "", lambda: SharedListFactory(secret_hash=""))
    first = SharedListFactory()

    refused(
        "community_sharedlist_secret_hash",
        "community_sharedlist.secret_hash",
        lambda: SharedListFactory(secret_hash=first.secret_hash),
    )


def test_link_ends_after_it_was_made():
    now = timezone.now()

    refused(
        "community_sharedlist_ends_after_it_begins",
        "",
        lambda: SharedListFactory(created_at=now, expires_at=now - timedelta(seconds=1)),
    )


def test_note_is_ticked_once_for_a_link():
    link, item = SharedListFactory(), SavedItemFactory()
    SharedNote.objects.create(shared_list=link, item=item, note_number=1)

    refused(
        "community_sharednote_one_per_item",
        "community_sharednote.shared_list_id, community_sharednote.item_id",
        lambda: SharedNote.objects.create(shared_list=link, item=item, note_number=2),
    )


def test_member_has_one_file_waiting(member):
    now = timezone.now()
    ListImport.objects.create(member=member, content="{}", created_at=now)

    refused(
        "community_listimport_member_id_key",
        "community_listimport.member_id",
        lambda: ListImport.objects.create(member=member, content="{}", created_at=now),
    )


def test_list_takes_its_sheet_and_its_links_with_it():
    reading_list = ReadingListFactory()
    item = SavedItemFactory(reading_list=reading_list)
    AppointmentSheetFactory(reading_list=reading_list)
    SheetQuestionFactory(reading_list=reading_list)
    link = SharedListFactory(reading_list=reading_list)
    SharedNote.objects.create(shared_list=link, item=item, note_number=0)

    _count, deleted = reading_list.delete()

    assert deleted == {
        "community.ReadingList": 1,
        "community.SavedItem": 1,
        "community.AppointmentSheet": 1,
        "community.SheetQuestion": 1,
        "community.SharedList": 1,
        "community.SharedNote": 1,
    }
