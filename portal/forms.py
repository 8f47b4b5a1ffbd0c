"""What a reader fills in when a search found nothing."""

import re
import unicodedata
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from facts.plain_text import clean_text
from portal.models import EMPTY_SEARCH_LENGTH

# As many digits may be a phone number, a date of birth or a number of a hospital.
TELLING_DIGITS = 5


def normalise(text: str) -> str:
    """Return the words of a search as they are kept and counted.

    Lower case, one space between words, one spelling for what looks the same (Unicode form NFKC:
    a wide ＠ or ５ becomes @ or 5), and nothing that cannot be seen.
    """
    seen = "".join(c for c in clean_text(text) if unicodedata.category(c) != "Cf")
    folded = unicodedata.normalize("NFKC", seen).lower()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


# An address as it is spoken, in English and in Spanish: "ada at example dot org".
_AT = r"(?:at|arroba|[(\[]\s*(?:at|arroba)\s*[)\]])"
_DOT = r"(?:\.|\b(?:dot|punto)\b|[(\[]\s*(?:dot|punto)\s*[)\]])"
_SPOKEN_ADDRESS = re.compile(rf"\w\W*\s{_AT}\s+[\w-]+\s*{_DOT}\s*\w")
# Nobody looks for them here, but many have an address with them.
_MAIL_HOSTS = re.compile(r"\b(?:gmail|googlemail|hotmail|yahoo|icloud|protonmail|aol|gmx)\b")
_SPOKEN_DIGIT = r"(?:\d|zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_SPOKEN_NUMBER = re.compile(
    rf"\b{_SPOKEN_DIGIT}(?:\W*\b{_SPOKEN_DIGIT}|\d){{{TELLING_DIGITS - 1}}}"
)


def tells_who(words: str) -> bool:
    """Return whether normalised `words` may hold an address or a number that tells a person.

    They may be written out as they are spoken.
    """
    return (
        "@" in words
        or sum(c.isdigit() for c in words) >= TELLING_DIGITS
        or any(pattern.search(words) for pattern in (_SPOKEN_ADDRESS, _MAIL_HOSTS, _SPOKEN_NUMBER))
    )


class SearchTellForm(forms.Form):
    """The words that somebody looked for."""

    # No max_length in the box: a browser would cut off what is pasted, without a word.
    words = forms.CharField(
        label=_("What were you looking for?"),
        help_text=_(
            "A few words: a bra after surgery, help with the rent. No names and no numbers."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Tell us in a few words what you looked for.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean_words(self) -> str:
        words = normalise(self.cleaned_data["words"])
        if tells_who(words):
            raise forms.ValidationError(
                _(
                    "This looks like an address or a number that could tell who somebody is. "
                    "Please leave it out, so that nobody can find you or anybody else by it."
                ),
                code="tells",
            )
        if not any(c.isalpha() for c in words):
            raise forms.ValidationError(self.fields["words"].error_messages["required"], "required")
        if len(words) > EMPTY_SEARCH_LENGTH:
            raise forms.ValidationError(
                _(
                    "This is %(length)d characters long. A few words are enough: please use "
                    "%(longest)d characters at most."
                ),
                code="length",
                params={"length": len(words), "longest": EMPTY_SEARCH_LENGTH},
            )
        return words
