"""What somebody who is typing may be looking for: titles, gently."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Case, F, Q, When
from django.db.models.functions import Length

from facts.choices import Sensitivity
from portal.models import SearchEntry
from portal.search import postgres, sqlite
from portal.search.words import MAX_LENGTH, plain_words

LIMIT = 6
# More than are shown: a covered title may have been found for words that it does not show.
LOOKED_AT = 40
SHORTEST = 2  # letters


def suggest(text: str, at: datetime, language: str, hidden: Iterable[str]) -> list[str]:
    """Return titles in which every word of `text` begins a word, the shortest first.

    Of what is `hidden` only the neutral title is looked at. Asks the database twice at
    most, and looks at the newest titles alone if there are very many.
    """
    words = plain_words(text[:MAX_LENGTH])[:6]
    if not words or len(words[-1]) < SHORTEST:
        return []
    database = postgres if connection.vendor == "postgresql" else sqlite
    covered = [*hidden, Sensitivity.PROGNOSIS.value, Sensitivity.END_OF_LIFE.value]
    entries = (
        SearchEntry.objects.filter(database.titles(words), language=language, live_from__lte=at)
        .filter(Q(live_until__isnull=True) | Q(live_until__gt=at))
        .annotate(
            shown=Case(
                When(~Q(neutral_title="") & Q(sensitivity__in=covered), then=F("neutral_title")),
                default=F("title"),
            )
        )
        .order_by(Length("shown"), "shown")
        .values_list("shown", flat=True)[:LOOKED_AT]
    )
    fitting = [title for title in dict.fromkeys(entries) if _fits(words, title)]
    return fitting[:LIMIT]


def _fits(words: list[str], title: str) -> bool:
    shown = plain_words(title)
    return all(any(word.startswith(begin) for word in shown) for begin in words)
