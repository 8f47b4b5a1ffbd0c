from typing import Any, ClassVar, Never, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from facts.models.events import AppendOnlyQuerySet


class ReviewQuerySet(AppendOnlyQuerySet):
    def standing(self) -> Self:
        """Reviews of the very text that their version has now, the newest first.

        A text can be reviewed before it is approved, then sent back and changed.
        """
        return self.filter(recorded_at__gte=F("version__edited_at")).order_by("-reviewed_on", "-pk")


class Review(models.Model):
    """A qualified person's word on a version. Only ever added to; separate from approval."""

    # What readers are told of it.
    PRINTED: ClassVar = ("reviewed_on", "reviewer_name", "reviewer_role", "review_due")

    version = models.ForeignKey(
        "facts.FactVersion", models.PROTECT, related_name="reviews", verbose_name=_("version")
    )
    reviewed_on = models.DateField(_("reviewed on"))
    reviewer_name = models.CharField(
        _("reviewer's name"),
        max_length=120,
        help_text=_("As it is to be printed, with the reviewer's consent."),
    )
    reviewer_role = models.CharField(
        _("reviewer's role"), max_length=120, help_text=_("Consultant nurse, breast oncology")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("For staff; never shown."))
    review_due = models.DateField(_("next review"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-reviewed_on", "-pk"]
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(
                name="facts_review_names_its_reviewer",
                condition=~Q(reviewer_name="") & ~Q(reviewer_role=""),
                violation_error_message=_("Give the reviewer's name and role."),
            ),
            models.CheckConstraint(
                name="facts_review_due_after_review",
                condition=Q(review_due__gt=F("reviewed_on")),
                violation_error_message=_("The next review must come after this one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewed_on}: {self.reviewer_name}, {self.reviewer_role}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise ValueError("A review is never changed: record another one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise ValueError("A review is never deleted.")

    @classmethod
    def of_printed(cls, said: dict[str, str]) -> "Review":
        """Return a review, never to be saved, that says what a database `said` as JSON."""
        review = cls(**{name: said[name] for name in cls.PRINTED})
        review.clean_fields(exclude={f.name for f in cls._meta.fields} - {*cls.PRINTED})
        return review
