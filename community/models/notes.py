from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField, UndecipherableText

NOTE_MAX_LENGTH = 10_000  # characters


class Noted(models.Model):
    """Something that a member has written a private note on: a list, or what is on it."""

    note = EncryptedTextField(_("note"), blank=True, default="")
    # Counts the saves of the note, so that a second tab cannot overwrite the first unseen.
    note_number = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def has_note(self) -> bool:
        """Whether there is a note, be it one that the present keys open or not."""
        try:
            return bool(self.note)
        except UndecipherableText:
            return True

    @transaction.atomic
    def write_note(self, text: str, based_on: int) -> bool:
        """Save `text` if the note is still the one that it was `based_on` (its `note_number`).

        Returns False, and changes nothing, if another tab has saved another text in between.
        Raises UndecipherableText, and changes nothing, if the present keys do not open the
        note that is there; DoesNotExist if the row has been removed.
        """
        stored = type(self)._default_manager.select_for_update().get(pk=self.pk)
        if stored.note == text:
            self.note, self.note_number = stored.note, stored.note_number
            return True
        if stored.note_number != based_on:
            return False
        self.note, self.note_number = text, stored.note_number + 1
        self.save(update_fields=["note", "note_number"])
        return True
