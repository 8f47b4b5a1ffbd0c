from collections.abc import Iterable
from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, F, Min, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext_lazy as _

EMPTY_SEARCH_LENGTH = 100  # characters
EMPTY_SEARCHES_ARE_KEPT = timedelta(days=90)
# What was looked for less often may be the words of one person.
SHOWN_FROM = 3  # times


class EmptySearchQuerySet(models.QuerySet):
    def worth_showing(self) -> Self:
        """One row for all the same words that were told often enough, the most frequent first.

        It is the newest of them, with `times_in_all` and `first_on`.
        """
        same = self.model._default_manager.filter(words=OuterRef("words")).order_by()
        sums = same.values("words").annotate(times=Sum("times"), first_on=Min("searched_on"))
        later = same.filter(searched_on__gt=OuterRef("searched_on"))
        return (
            self.filter(~Exists(later))
            .annotate(
                times_in_all=Subquery(sums.values("times")),
                first_on=Subquery(sums.values("first_on")),
            )
            .filter(times_in_all__gte=SHOWN_FROM)
            .order_by("-times_in_all", "words")
        )

    def like(self, rows: Iterable["EmptySearch"]) -> Self:
        """All rows with the words of `rows`, of whatever day."""
        return self.filter(words__in={row.words for row in rows})

    def old(self, on: date) -> Self:
        """Rows that are to be deleted on the day `on`."""
        return self.filter(searched_on__lt=on - EMPTY_SEARCHES_ARE_KEPT)

    def count_once(self, words: str, on: date) -> None:
        """Note that somebody looked for `words` on the day `on`, and found nothing.

        `words` are as portal.forms.normalise() returns them.
        """
        row, is_new = self.get_or_create(words=words, searched_on=on, defaults={"times": 1})
        if not is_new:
            self.filter(pk=row.pk).update(times=F("times") + 1)


class EmptySearch(models.Model):
    """Words that readers told us they had looked for in vain, how often, and the day. Never who."""

    words = models.CharField(_("words"), max_length=EMPTY_SEARCH_LENGTH)
    searched_on = models.DateField(_("day"))
    times = models.PositiveIntegerField(_("times"), default=1)

    objects = EmptySearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("search that found nothing")
        verbose_name_plural = _("searches that found nothing")
        default_permissions = ("view", "delete")
        constraints = [
            models.UniqueConstraint(
                name="portal_emptysearch_one_row_a_day", fields=["words", "searched_on"]
            ),
            models.CheckConstraint(name="portal_emptysearch_has_words", condition=~Q(words="")),
            models.CheckConstraint(name="portal_emptysearch_happened", condition=Q(times__gte=1)),
        ]

    def __str__(self) -> str:
        return self.words
