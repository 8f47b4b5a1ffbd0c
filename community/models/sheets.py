"""The sheet that a member takes to an appointment: its questions, their order, the answers."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField, UndecipherableText
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


class SheetQuestion(models.Model):
    """A question for the sheet of a list: one that is offered here, or one's own words.

    One that is no longer chosen stays, so that its answer does.
    """

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
    def has_answer(self) -> bool:
        """Whether there is an answer, be it one that the present keys open or not."""
        try:
            return bool(self.answer)
        except UndecipherableText:
            return True
