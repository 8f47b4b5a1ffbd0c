"""Forms of lists, and of the notes on what is saved."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.models import ReadingList
from community.models.notes import NOTE_MAX_LENGTH


def number_or_none(text: str) -> int | None:
    """Return the number that a form carries, or None if it was tampered with."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else None


class ReadingListForm(forms.ModelForm):
    """The title of a list; `instance.member` must be set."""

    class Meta:
        model = ReadingList
        fields = ["title"]
        labels = {"title": _("What to call the list")}
        widgets = {"title": forms.TextInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].help_text = _("For example: For my next visit. Only you see it.")
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean_title(self) -> str:
        # A form checks only constraints whose fields it shows; member is not shown.
        title = self.cleaned_data["title"]
        others = self.instance.member.reading_lists.exclude(pk=self.instance.pk)
        if others.filter(title=title).exists():
            raise ValidationError(_("One of your lists has this title."), "taken")
        return title


class NoteForm(forms.Form):
    """A private note, and the number of the note that it was written over."""

    # No max_length here: the browser would cut off what is pasted, without a word.
    note = forms.CharField(
        label=_("Your note"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "autocomplete": "off", "dir": "auto"}),
    )
    based_on = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean_note(self) -> str:
        # Browsers send every line end as two characters.
        note = self.cleaned_data["note"].replace("\r\n", "\n")
        if len(note) > NOTE_MAX_LENGTH:
            raise ValidationError(
                _(
                    "The note is too long to save: it has %(length)s characters, and %(most)s "
                    "fit. It is all still here. Make it shorter, or keep a part elsewhere."
                ),
                "too_long",
                {"length": f"{len(note):,}", "most": f"{NOTE_MAX_LENGTH:,}"},
            )
        return note if note.strip() else ""

    def clean_based_on(self) -> int:
        """Return the number, or -1, which is that of no note."""
        number = number_or_none(self.cleaned_data["based_on"])
        return -1 if number is None else number


class ListChoiceField(forms.ModelChoiceField):
    """A choice of lists, by their titles."""

    def label_from_instance(self, obj: Any) -> str:
        return obj.title


class ListChoiceForm(forms.Form):
    """Which of a member's lists to save to; without a choice, the default one."""

    list = ListChoiceField(
        label=_("To which list"), queryset=ReadingList.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, member: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list"].queryset = member.reading_lists.active()  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.form_tag = False


class OtherListForm(forms.Form):
    """To which other list something on the list `here` is moved or copied."""

    list = ListChoiceField(
        label=_("To which list"), queryset=ReadingList.objects.none(), empty_label=None
    )
    with_note = forms.BooleanField(
        label=_("Copy my note too"),
        required=False,
        initial=True,
        help_text=_("Only for a copy. If you move it, your note goes along."),
    )

    def __init__(self, *args: Any, here: ReadingList, can_copy_note: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = here.member.reading_lists.active().exclude(pk=here.pk)
        self.fields["list"].queryset = others  # type: ignore[attr-defined]
        if not can_copy_note:
            del self.fields["with_note"]
        self.helper = FormHelper(self)
        self.helper.form_tag = False


class SearchForm(forms.Form):
    """Words to look for in one's own lists and notes."""

    words = forms.CharField(
        label=_("Words to look for"),
        max_length=200,
        help_text=_("In titles and in your notes. The words are sent, and kept nowhere."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False
