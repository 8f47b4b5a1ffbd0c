"""What a reader fills in when something about a fact is wrong or unclear."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from facts.models.reports import WORDS_LENGTH, Report
from facts.plain_text import clean_text

WORDS_REQUIRED = _("Tell us in a few words what you noticed.")


class ReportForm(forms.Form):
    """What it is about, and the reader's words. It asks for nothing of the reader."""

    kind = forms.ChoiceField(
        label=_("What is it about?"),
        choices=Report.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is about.")},
    )
    # No max_length in the box: a browser would cut off what is pasted, without a word.
    words = forms.CharField(
        label=_("What did you notice?"),
        help_text=_(
            "A sentence or two is enough. Please write no name, no phone number and no diagnosis, "
            "neither yours nor anybody’s."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        error_messages={"required": WORDS_REQUIRED},
    )
    # Which wording was on the page. What is no such number counts as the newest.
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean_words(self) -> str:
        words = clean_text(self.cleaned_data["words"])
        if not words:
            raise forms.ValidationError(WORDS_REQUIRED, code="required")
        if len(words) > WORDS_LENGTH:
            raise forms.ValidationError(
                _("This is %(length)d characters long. Please use %(longest)d at most."),
                code="length",
                params={"length": len(words), "longest": WORDS_LENGTH},
            )
        return words

    def typed(self) -> list[dict[str, Any]]:
        """Return what was sent, with a label for what somebody typed, to be sent once more."""
        labels = {"words": self.fields["words"].label}
        return [
            {"name": name, "label": labels.get(name, ""), "value": self.data.get(name, "")}
            for name in ("words", "kind", "version")
            if self.data.get(name, "").strip()
        ]
