from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from portal.search.words import plain_words

SYNONYM_WORDS = 4  # words at most that are looked for as one


class Synonym(models.Model):
    """What people call a thing, and the words that our texts have for it. Staff keep them."""

    words = models.CharField(
        _("what people type"),
        max_length=80,
        unique=True,
        help_text=_("bone mets"),
    )
    means = models.CharField(
        _("look for this, too"),
        max_length=300,
        help_text=_("Separate several with commas: bones, bone-strengthening drug"),
    )
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["words"]
        verbose_name = _("word that people use")
        verbose_name_plural = _("words that people use")
        constraints = [
            models.CheckConstraint(name="portal_synonym_has_words", condition=~Q(words="")),
            models.CheckConstraint(name="portal_synonym_has_meaning", condition=~Q(means="")),
        ]

    def __str__(self) -> str:
        return self.words

    def clean(self) -> None:
        """Keep the words as search compares them, and refuse what it would never find."""
        super().clean()
        words = plain_words(self.words)
        errors = {}
        if not words:
            errors["words"] = _("Type one word at least.")
        elif len(words) > SYNONYM_WORDS:
            errors["words"] = _("Four words are the most that are looked for as one.")
        if not self.ways:
            errors["means"] = _("Say what our texts call it.")
        if errors:
            raise ValidationError(errors)
        self.words = " ".join(words)

    @property
    def ways(self) -> list[tuple[str, ...]]:
        """What to look for: for each way to say it, the words that must all be there."""
        return [words for part in self.means.split(",") if (words := tuple(plain_words(part)))]
