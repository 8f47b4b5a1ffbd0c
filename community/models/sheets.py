"""The sheet that a member takes to an appointment: its questions, their order, the answers."""

from collections.abc import Collection, Iterable, Mapping
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField, UndecipherableText
from community.models.drawn_numbers import drawn_number
from community.models.reading_lists import ReadingList
from facts.models import Question

OWN_QUESTION_MAX_LENGTH = 500  # characters
ANSWER_MAX_LENGTH = 5_000  # characters
MAX_OWN_QUESTIONS = 50  # on one list
TOP_PLACES = (1, 2, 3)


class AppointmentSheet(models.Model):
    """What a member chose for the sheet of a list, besides the questions."""

    class Paper(models.TextChoices):
        A4 = "a4", _("A4 (most of the world)")
        LETTER = "letter", _("Letter (the United States and Canada)")

    reading_list = models.OneToOneField(
        ReadingList,
        models.CASCADE,
        related_name="appointment_sheet",
        verbose_name=_("reading list"),
    )
    appointment_on = models.DateField(_("day of the appointment"), null=True, blank=True)
    paper = models.CharField(_("paper"), max_length=8, choices=Paper.choices, default=Paper.A4)

    class Meta:
        verbose_name = _("appointment sheet")
        verbose_name_plural = _("appointment sheets")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="community_appointmentsheet_paper_known",
                condition=Q(paper__in=["a4", "letter"]),
            ),
        ]

    def __str__(self) -> str:
        return f"A{self.pk}"

    @classmethod
    def of(cls, reading_list: ReadingList) -> "AppointmentSheet":
        """Return what was chosen for the sheet of `reading_list`; a new row is not saved yet."""
        found = getattr(reading_list, "appointment_sheet", None)
        return found or cls(reading_list=reading_list)


class SheetQuestionQuerySet(models.QuerySet["SheetQuestion"]):
    def chosen(self) -> Self:
        """Questions that go on the sheet."""
        return self.filter(is_chosen=True)

    def own(self) -> Self:
        """Questions in the member's own words."""
        return self.filter(question__isnull=True)

    def in_order(self) -> Self:
        """Questions as the sheet has them: the top three first."""
        return self.order_by(F("top_place").asc(nulls_last=True), "position", "pk")

    @transaction.atomic
    def choose(
        self,
        reading_list: ReadingList,
        *,
        shown: Collection[int],
        chosen: Iterable[int],
        own: Mapping[int, tuple[str | None, bool]],
        new: Iterable[str],
    ) -> None:
        """Write down which questions go on the sheet of `reading_list`.

        Of the offered questions, those that are `chosen` go on it, and those that were `shown`
        and are not chosen leave it; what was not shown stays as it is. `own` says of the rows of
        one's own questions which text they have now, if another one, and whether they go on the
        sheet; one without a text is deleted, unless it has an answer. `new` are more of them; one
        that is there in the same words already, as when a button was pressed twice, stays one.
        """
        ReadingList.objects.select_for_update().get(pk=reading_list.pk)
        rows = list(self.filter(reading_list=reading_list))
        by_question = {row.question_id: row for row in rows if row.question_id}
        chosen = set(chosen)
        last = max((row.position for row in rows), default=0)
        for pk in chosen - by_question.keys():
            last += 1
            self.create(reading_list=reading_list, question_id=pk, position=last)
        for pk, row in by_question.items():
            if pk in chosen or pk in shown:
                row.put(pk in chosen)
        for row in rows:
            if row.is_own and row.pk in own:
                text, is_chosen = own[row.pk]
                if text == "" and not row.has_answer:
                    row.delete()
                    continue
                if text:
                    row.text = text
                    row.save(update_fields=["text"])
                row.put(is_chosen)
        same = {row.own_text: row for row in rows if row.pk and row.own_text}
        for text in dict.fromkeys(new):
            if text in same:
                same[text].put(True)
                continue
            last += 1
            self.create(reading_list=reading_list, text=text, position=last)

    @transaction.atomic
    def put_first(self, reading_list: ReadingList, first: Iterable[int]) -> None:
        """Let the rows `first` be asked first, in this order, instead of those before."""
        ReadingList.objects.select_for_update().get(pk=reading_list.pk)
        rows = self.filter(reading_list=reading_list)
        rows.filter(top_place__isnull=False).update(top_place=None)
        for place, pk in zip(TOP_PLACES, first, strict=False):
            rows.filter(pk=pk, is_chosen=True).update(top_place=place)


class SheetQuestion(models.Model):
    """A question for the sheet of a list: one that is offered here, or one's own words.

    One that is no longer chosen stays, so that its answer does.
    """

    id = models.BigAutoField(primary_key=True, default=drawn_number, editable=False)
    reading_list = models.ForeignKey(
        ReadingList,
        models.CASCADE,
        related_name="sheet_questions",
        verbose_name=_("reading list"),
    )
    # PROTECT: no staff member may delete what somebody has written an answer to.
    question = models.ForeignKey(Question, models.PROTECT, null=True, blank=True, related_name="+")
    # Null, not empty, beside an offered question: what is encrypted cannot be compared.
    text = EncryptedTextField(_("question"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"))
    top_place = models.PositiveSmallIntegerField(_("place among the first"), null=True, blank=True)
    is_chosen = models.BooleanField(_("on the sheet"), default=True)
    answer = EncryptedTextField(_("answer"), blank=True, default="")
    # Counts the saves of the answer, so that a second tab cannot overwrite the first unseen.
    answer_number = models.PositiveIntegerField(default=0)

    objects = SheetQuestionQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("question on a sheet")
        verbose_name_plural = _("questions on sheets")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="community_sheetquestion_offered_or_own",
                condition=Q(question__isnull=False, text__isnull=True)
                | Q(question__isnull=True, text__isnull=False),
            ),
            models.UniqueConstraint(
                name="community_sheetquestion_one_per_question",
                fields=["reading_list", "question"],
                condition=Q(question__isnull=False),
            ),
            models.UniqueConstraint(
                name="community_sheetquestion_one_per_top_place",
                fields=["reading_list", "top_place"],
                condition=Q(top_place__isnull=False),
            ),
            models.CheckConstraint(
                name="community_sheetquestion_top_place_known",
                condition=Q(top_place__isnull=True) | Q(top_place__in=TOP_PLACES),
            ),
            models.CheckConstraint(
                name="community_sheetquestion_top_is_chosen",
                condition=Q(top_place__isnull=True) | Q(is_chosen=True),
            ),
        ]

    def __str__(self) -> str:
        """A number: what somebody wants to ask is private."""
        return f"Q{self.pk}"

    @property
    def is_own(self) -> bool:
        """Whether the question is in the member's own words."""
        return self.question_id is None

    @property
    def own_text(self) -> str | None:
        """One's own words, or None if there are none or the present keys do not open them."""
        try:
            return self.text
        except UndecipherableText:
            return None

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer, be it one that the present keys open or not."""
        try:
            return bool(self.answer)
        except UndecipherableText:
            return True

    def put(self, is_chosen: bool) -> None:
        """Put the question on the sheet, or take it off."""
        if is_chosen == self.is_chosen:
            return
        self.is_chosen, self.top_place = is_chosen, None
        self.save(update_fields=["is_chosen", "top_place"])

    @transaction.atomic
    def write_answer(self, text: str, based_on: int) -> bool:
        """Save `text` if the answer is still the one that it was `based_on`.

        Returns False, and changes nothing, if another tab has saved another text in between.
        Raises UndecipherableText if the present keys do not open the answer that is there, and
        DoesNotExist if the row has been removed; then, too, nothing is changed.
        """
        stored = SheetQuestion.objects.select_for_update().get(pk=self.pk)
        if stored.answer == text:
            self.answer, self.answer_number = stored.answer, stored.answer_number
            return True
        if stored.answer_number != based_on:
            return False
        self.answer, self.answer_number = text, stored.answer_number + 1
        self.save(update_fields=["answer", "answer_number"])
        return True
