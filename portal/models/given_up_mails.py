from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q, Sum

COUNTS_ARE_KEPT = timedelta(days=30)


class GivenUpMailQuerySet(models.QuerySet):
    def count_once(self, on: date) -> None:
        """Note that a mail was given up on the day `on`."""
        row, is_new = self.get_or_create(given_up_on=on, defaults={"number": 1})
        if not is_new:
            self.filter(pk=row.pk).update(number=F("number") + 1)

    def number_in_all(self) -> int:
        """Return how many mails were given up on these days."""
        return self.aggregate(in_all=Sum("number"))["in_all"] or 0

    def old(self, on: date) -> Self:
        """Days that are to be forgotten on the day `on`."""
        return self.filter(given_up_on__lt=on - COUNTS_ARE_KEPT)


class GivenUpMail(models.Model):
    """How many mails could not be sent on a day. Never which, and never to whom."""

    given_up_on = models.DateField(primary_key=True)
    number = models.PositiveIntegerField()

    objects = GivenUpMailQuerySet.as_manager()

    class Meta:
        verbose_name = "given up mail"
        verbose_name_plural = "given up mails"
        constraints = [
            models.CheckConstraint(
                name="portal_givenupmail_counts_something", condition=Q(number__gte=1)
            )
        ]

    def __str__(self) -> str:
        return f"{self.given_up_on}: {self.number}"
