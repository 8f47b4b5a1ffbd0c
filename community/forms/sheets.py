"""Forms of the sheet for an appointment: which questions, which first, what was answered."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.fields import UndecipherableText
from community.forms.reading_lists import number_or_none
from community.keeping.sheet import Line, words_of
from community.models import SheetQuestion
from community.models.sheets import (
    ANSWER_MAX_LENGTH,
    MAX_OWN_QUESTIONS,
    OWN_QUESTION_MAX_LENGTH,
    TOP_PLACES,
    AppointmentSheet,
)

NEW_AT_ONCE = 3  # questions of one's own, on one page


def too_long(words: str, most: int) -> ValidationError:
    """Return what is said of `words` that are more than fit."""
    return ValidationError(
        _(
            "This is too long to save: it has %(length)s characters, and %(most)s fit. "
            "It is all still here. Make it shorter."
        ),
        "too_long",
        {"length": f"{len(words):,}", "most": f"{most:,}"},
    )


def _as_typed(value: Any) -> str:
    """Return what a field was sent, as it would be kept."""
    return str(value or "").replace("\r\n", "\n").strip()


class WordsField(forms.CharField):
    """Free words of a member; too many come back whole, with an error.

    No max_length for the browser, which would cut off what is pasted, without a word.
    """

    def __init__(self, *, most: int, rows: int, **kwargs: Any) -> None:
        self.most = most
        widget = forms.Textarea(attrs={"rows": rows, "autocomplete": "off", "dir": "auto"})
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        # Browsers send every line end as two characters.
        words = super().clean(value).replace("\r\n", "\n")
        if len(words) > self.most:
            raise too_long(words, self.most)
        return words


class KnownChoiceField(forms.MultipleChoiceField):
    """Ticks, of which one that names nothing on the page is passed over."""

    def validate(self, value: Any) -> None:
        pass

    def clean(self, value: Any) -> list[str]:
        return [choice for choice in super().clean(value) if self.valid_value(choice)]


class SheetChoiceForm(forms.Form):
    """Which questions go on a sheet: offered ones by their slugs, and one's own.

    `rows` are one's own questions that are kept already. `slugs` are those of the offered
    questions that are on the page.
    """

    appointment_on = forms.DateField(
        label=_("When is the appointment?"),
        help_text=_("It stands on the sheet. Leave it empty if you do not know yet."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    paper = forms.ChoiceField(
        label=_("Which paper does the printer have?"),
        choices=AppointmentSheet.Paper.choices,
        initial=AppointmentSheet.Paper.A4,
        widget=forms.RadioSelect,
        required=False,
    )
    question = KnownChoiceField(required=False)

    def __init__(
        self,
        *args: Any,
        rows: Sequence[SheetQuestion] = (),
        slugs: Iterable[str] = (),
        new: int = NEW_AT_ONCE,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        self.fields["question"].choices = [(slug, slug) for slug in slugs]  # type: ignore[attr-defined]
        for number, row in enumerate(rows, start=1):
            self.fields[f"own_{row.pk}"] = WordsField(
                label=_("Your question %(number)s") % {"number": number},
                initial=words_of(row, "text"),
                most=OWN_QUESTION_MAX_LENGTH,
                rows=2,
                # So that a page that was open for long changes only what was typed in it.
                show_hidden_initial=True,
            )
            self.fields[f"on_{row.pk}"] = forms.BooleanField(
                label=_("Put it on the sheet"), initial=row.is_chosen, required=False
            )
        for number in range(1, new + 1):
            self.fields[f"new_{number}"] = WordsField(
                label=_("A question of your own")
                if number == 1
                else _("Another question of your own"),
                most=OWN_QUESTION_MAX_LENGTH,
                rows=2,
            )
        self.new = new
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    @property
    def ticked(self) -> set[str]:
        """The slugs of the offered questions that are ticked."""
        return set(self["question"].value() or [])

    @property
    def own_fields(self) -> Iterator[tuple[Any, Any]]:
        """Yield one's own questions, each with its tick."""
        for row in self.rows:
            yield self[f"own_{row.pk}"], self[f"on_{row.pk}"]

    @property
    def new_fields(self) -> Iterator[Any]:
        """Yield the fields for more of one's own."""
        return (self[f"new_{number}"] for number in range(1, self.new + 1))

    @property
    def new_questions(self) -> list[str]:
        """More questions of one's own, in their order."""
        cleaned = (self.cleaned_data[f"new_{number}"] for number in range(1, self.new + 1))
        return [words for words in (*cleaned, *self.astray.values()) if words]

    @cached_property
    def crossed(self) -> dict[str, str]:
        """What was typed here over a question that another window has changed or removed since.

        By the names of its fields. It may be empty: then the question was to go.
        """
        kept = {f"own_{row.pk}": row for row in self.rows}
        found = {}
        for name in self.data if self.is_bound else ():
            if not re.fullmatch(r"own_\d{1,19}", name):
                continue
            typed, before = (_as_typed(self.data.get(n)) for n in (name, f"initial-{name}"))
            now = kept[name].own_text if name in kept else None
            if before not in {typed, now} and typed != now and (typed or name in kept):
                found[name] = typed
        return found

    @property
    def astray(self) -> dict[str, str]:
        """The words that are `crossed`: they become questions of their own."""
        return {name: words for name, words in self.crossed.items() if words}

    @property
    def homeless(self) -> list[tuple[str, str]]:
        """Of what is `astray`, that whose question is on the page no more, by its field's name."""
        kept = {f"own_{row.pk}" for row in self.rows}
        return [(name, words) for name, words in self.astray.items() if name not in kept]

    @property
    def own_questions(self) -> dict[int, tuple[str | None, bool]]:
        """What each of one's own questions says now, if it was changed, and whether it goes on."""
        changed = set(self.changed_data) - set(self.crossed)
        return {
            row.pk: (
                self.cleaned_data[f"own_{row.pk}"] if f"own_{row.pk}" in changed else None,
                self.cleaned_data[f"on_{row.pk}"],
            )
            for row in self.rows
            if f"own_{row.pk}" in self.data
        }

    @property
    def typed(self) -> str:
        """All that was typed, to be given back when it cannot be kept."""
        names = [name for name in self.data if name.startswith(("own_", "new_"))]
        words = (str(self.data[name]).strip() for name in names)
        return "\n\n".join(text for text in words if text)

    def clean_paper(self) -> str:
        return self.cleaned_data["paper"] or AppointmentSheet.Paper.A4

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for _name, words in self.homeless:
            if len(words) > OWN_QUESTION_MAX_LENGTH:
                self.add_error(None, too_long(words, OWN_QUESTION_MAX_LENGTH))
        if not self.errors and len(self.rows) + len(self.new_questions) > MAX_OWN_QUESTIONS:
            raise ValidationError(
                _("A list holds %(most)s questions of your own. Take some away first."),
                "too_many",
                {"most": MAX_OWN_QUESTIONS},
            )
        for row in self.rows:
            name = f"own_{row.pk}"
            if cleaned.get(name) == "" and name in self.changed_data and row.has_answer:
                self.add_error(
                    name,
                    _(
                        "You wrote down an answer to this question, so it stays. Untick it "
                        "to leave it off the sheet."
                    ),
                )
        return cleaned


class FirstForm(forms.Form):
    """Which three of the questions of a sheet are asked first."""

    def __init__(self, *args: Any, lines: Sequence[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [line.key for line in lines]
        choices = [("", _now("No choice")), *((line.key, line.text) for line in lines)]
        places = {line.top_place: line.key for line in lines if line.top_place}
        labels = (_("Ask first"), _("Ask second"), _("Ask third"))
        for place, label in zip(TOP_PLACES, labels, strict=True):
            self.fields[f"first_{place}"] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=places.get(place, "")
            )
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        seen: set[str] = set()
        for place in TOP_PLACES:
            key = cleaned.get(f"first_{place}", "")
            if key and key in seen:
                self.add_error(
                    f"first_{place}", _("You chose this question twice. Choose another one.")
                )
            seen.add(key)
        return cleaned

    @property
    def first(self) -> list[str]:
        """The keys of the questions that are asked first, in their order."""
        keys = (self.cleaned_data.get(f"first_{place}", "") for place in TOP_PLACES)
        return [key for key in keys if key]


class AnswersForm(forms.Form):
    """What was answered to each of `rows`, whose questions are `lines`, in the same order.

    An answer that no key opens has no field.
    """

    def __init__(
        self,
        *args: Any,
        rows: Sequence[SheetQuestion],
        lines: Sequence[Line],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = []
        for row, line in zip(rows, lines, strict=True):
            try:
                answer = row.answer
            except UndecipherableText:
                continue
            self.rows.append(row)
            self.fields[f"answer_{row.pk}"] = WordsField(
                label=line.text, initial=answer, most=ANSWER_MAX_LENGTH, rows=4, strip=False
            )
            self.fields[f"based_on_{row.pk}"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=row.answer_number
            )
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    @property
    def answers(self) -> Iterator[tuple[SheetQuestion, str, int]]:
        """Yield each row with what was typed, and the number of the answer it was typed over."""
        for row in self.rows:
            text = self.cleaned_data[f"answer_{row.pk}"]
            based_on = number_or_none(self.cleaned_data[f"based_on_{row.pk}"])
            yield row, text if text.strip() else "", -1 if based_on is None else based_on

    @property
    def typed(self) -> str:
        """All that was typed, to be given back when it cannot be kept."""
        words = (str(self.data[name]).strip() for name in self.data if name.startswith("answer_"))
        return "\n\n".join(text for text in words if text)
