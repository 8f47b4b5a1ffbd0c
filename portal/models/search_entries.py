from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

WORD_LENGTH = 40  # characters; what is longer is no word that people type


class SearchEntry(models.Model):
    """One text that search finds, while it is live. Written in the transaction of the change.

    The full-text index itself (SQLite's FTS5 table, PostgreSQL's tsvector column) is made by a
    migration and kept by the database.
    """

    kind = models.CharField(max_length=16)  # topic, fact, term, question, service, group
    key = models.CharField(max_length=200)  # With the kind, what the entry was made from.
    language = models.CharField(max_length=10, default="en")
    url = models.CharField(max_length=300)
    title = models.TextField()
    neutral_title = models.TextField(blank=True)
    body = models.TextField(blank=True)
    sensitivity = models.CharField(max_length=16, default="none")
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "search entry"
        verbose_name_plural = "search entries"
        indexes = [models.Index(name="portal_searchentry_key", fields=["kind", "key"])]
        constraints = [
            models.CheckConstraint(
                name="portal_searchentry_interval_in_order",
                condition=Q(live_until__isnull=True)
                | Q(live_until__isnull=False, live_until__gt=F("live_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class SearchWordQuerySet(models.QuerySet["SearchWord"]):
    def learn(self, words: Iterable[str]) -> None:
        """Keep `words`, in small letters, for those who mistype them. Nobody mistypes a number."""
        rows = [
            self.model(word=w) for w in sorted(set(words)) if w.isalpha() and len(w) <= WORD_LENGTH
        ]
        self.bulk_create(rows, ignore_conflicts=True, batch_size=2_000)

    def begun_by(self, beginnings: Iterable[str]) -> list[str]:
        """Words that begin with one of `beginnings`."""
        return self.near(beginnings, [])

    def near(self, beginnings: Iterable[str], words: Iterable[str]) -> list[str]:
        """Words that begin with one of `beginnings`, and those of `words` that are kept."""
        begin = Q(pk__in=list(words))
        for beginning in beginnings:
            # Not LIKE: a range is read from the index on both databases.
            after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
            begin |= Q(word__gte=beginning, word__lt=after)
        return list(self.filter(begin).order_by("word").values_list("word", flat=True))


class SearchWord(models.Model):
    """A word that stands where everybody reads it, for finding what a mistyped one was meant as.

    What is sensitive adds no word. A word whose text is gone stays until the index is rebuilt; it
    then leads to nothing.
    """

    word = models.CharField(max_length=WORD_LENGTH, primary_key=True)

    objects = SearchWordQuerySet.as_manager()

    class Meta:
        verbose_name = "word of the search index"
        verbose_name_plural = "words of the search index"

    def __str__(self) -> str:
        return self.word
