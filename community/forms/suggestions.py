"""What somebody without an account fills in: a group that is missing, or what is wrong in one."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Fieldset, Layout
from django import forms
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.care.suggested import FIELDS, MEETS, WAYS
from community.joining_details import find_joining_details
from community.languages import LANGUAGE_CHOICES
from community.models import SupportGroup
from community.models.groups import GROUP_AUDIENCES, PUBLIC_FIELDS
from facts.plain_text import clean_text

WORDS_LENGTH = 2000
LANGUAGES_OFFERED = 3


class WordsField(forms.CharField):
    """Somebody's own words, fit to be kept: in one line, or in several if it has `rows`."""

    # No max_length in the box: a browser would cut off what is pasted, without a word.
    def __init__(self, *, longest: int, rows: int = 0, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off"}
        kwargs.setdefault(
            "widget",
            forms.Textarea({**attrs, "rows": rows}) if rows else forms.TextInput(attrs),
        )
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.longest, self.rows = longest, rows

    def normal(self, text: str) -> str:
        """Return `text` as it is kept."""
        words = clean_text(text)
        return words if self.rows else " ".join(words.split())

    def clean(self, value: Any) -> str:
        words = self.normal(super().clean(value))
        if self.required and not words:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(words) > self.longest:
            raise forms.ValidationError(
                _("This is %(length)d characters long. Please use %(longest)d at most."),
                code="length",
                params={"length": len(words), "longest": self.longest},
            )
        return words


class Folded(Div):
    """Boxes that are folded away until somebody wants them, or has something in them."""

    template = "community/_folded_fields.html"

    def __init__(self, summary: Any, *names: str) -> None:
        super().__init__(*names)
        self.summary = summary
        self.is_open = False

    def render(self, form: Any, *args: Any, **kwargs: Any) -> Any:
        self.is_open = form.is_bound and any(
            form[name].errors or form[name].value() for name in self.fields
        )
        return super().render(form, *args, **kwargs)


def names_in(part: Any) -> list[str]:
    """Return the names of the boxes in a part of a form."""
    return [field for field in part.fields if isinstance(field, str)]


def _longest(name: str) -> int:
    return SupportGroup._meta.get_field(name).max_length  # type: ignore[union-attr,return-value]


class SuggestionForm(forms.Form):
    """What a layperson can say of a group. It asks for nothing of the sender."""

    has_ended = forms.BooleanField(label=_("Nobody meets there any more"), required=False)
    name = WordsField(
        label=_("What is the group called?"),
        longest=_longest("name"),
        required=True,
        error_messages={"required": _("Tell us what the group is called.")},
    )
    description = WordsField(
        label=_("What is it, and what happens there?"),
        help_text=_("A sentence or two, in your own words."),
        longest=_longest("description"),
        rows=4,
    )
    first_meeting = WordsField(
        label=_("What is a first meeting like?"),
        help_text=_("For somebody who is nervous: who says hello, and whether one has to talk."),
        longest=_longest("first_meeting"),
        rows=3,
    )
    organisation = WordsField(
        label=_("Who runs it?"),
        help_text=_("A hospital, a charity, or a few people by themselves."),
        longest=_longest("organisation"),
    )
    run_by = forms.ChoiceField(
        label=_("Who leads the meetings?"),
        choices=[
            ("peer", _("People living with it")),
            ("professional", _("A professional, such as a nurse or a counselor")),
            ("both", _("A professional and people living with it together")),
            ("", _("I do not know")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    is_metastatic_only = forms.ChoiceField(
        label=_("Is it for people with metastatic breast cancer only?"),
        help_text=_("Also called stage 4, advanced or secondary: it has spread in the body."),
        choices=[
            ("yes", _("Yes, for them only")),
            ("no", _("No, people at any stage come")),
            ("", _("I do not know")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    audiences = forms.MultipleChoiceField(
        label=_("Is it for somebody in particular?"),
        help_text=_("Tick nothing if everybody is welcome."),
        choices=GROUP_AUDIENCES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    ways = forms.MultipleChoiceField(
        label=_("How do people take part?"),
        choices=[
            ("is_in_person", _("In person")),
            ("is_online", _("Online")),
            ("is_by_phone", _("By phone")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    place = WordsField(
        label=_("Where do people meet?"),
        help_text=_("The town, and the building if you know it. Please leave out a door code."),
        longest=_longest("place"),
    )
    access = WordsField(
        label=_("What is known about getting in?"),
        help_text=_("Steps, parking, a hearing loop."),
        longest=_longest("access"),
    )
    meets = WordsField(
        label=_("When does it meet?"),
        help_text=_(
            "As you would say it: every second Tuesday of the month, from 6:30 to 8 in the "
            "evening, London time."
        ),
        longest=400,
        rows=2,
    )
    attendance = forms.ChoiceField(
        label=_("Do people sign up before they come?"),
        choices=[
            ("drop-in", _("No, they come when they like")),
            ("sign-up", _("Yes, they sign up first")),
            ("", _("I do not know")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    cost = WordsField(
        label=_("What does it cost?"),
        help_text=_("Free, or: £3 for tea."),
        longest=_longest("cost"),
    )
    website = forms.URLField(
        label=_("Does it have a web page?"),
        help_text=_("www.example.org. Not the link to the meeting itself."),
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "url"}),
        error_messages={
            "invalid": _("This is no address of a web page. One looks like www.example.org.")
        },
        required=False,
    )
    how_to_ask = WordsField(
        label=_("How would somebody ask to join?"),
        help_text=_("Everybody will read this. “Write to the address on the web page.”"),
        longest=_longest("how_to_ask"),
    )
    joining = WordsField(
        label=_("How do people get in?"),
        help_text=_(
            "If you know it: the link to the meeting, a number, a passcode, a door code. It is "
            "encrypted, and no public page will ever show it."
        ),
        longest=WORDS_LENGTH,
        rows=3,
    )
    words = WordsField(
        label=_("Is there anything else?"),
        help_text=_(
            "What did not fit above. Please write no diagnosis and no full name, neither yours "
            "nor anybody’s."
        ),
        longest=WORDS_LENGTH,
        rows=3,
    )
    reply_address = forms.EmailField(
        label=_("Your e-mail address, if you would like an answer"),
        help_text=_(
            "You get one mail that says what came of it. The address is encrypted, nobody here "
            "sees it, and it is deleted 30 days after the decision, or after 90 days without one."
        ),
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "invalid": _("This is no e-mail address. One looks like name@example.org.")
        },
        required=False,
    )

    LEFT_OUT: tuple[str, ...] = ()

    def __init__(self, *args: Any, languages: int = LANGUAGES_OFFERED, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.LEFT_OUT:
            del self.fields[name]
        self.language_names = [f"language_{number}" for number in range(1, languages + 1)]
        for number, name in enumerate(self.language_names, start=1):
            self.fields[name] = forms.ChoiceField(
                label=_("Which language do people speak there?")
                if number == 1
                else _("Another language (%(number)d)") % {"number": number},
                choices=[("", _("I do not know") if number == 1 else _("None")), *LANGUAGE_CHOICES],
                required=False,
            )
        self.helper = FormHelper(self)
        self.helper.form_tag = False
        parts = self.parts()
        self.order_fields([name for part in parts for name in names_in(part)])
        self.helper.layout = Layout(*parts)

    def parts(self) -> list[Any]:
        """Return the parts of the form, in the order in which they are asked."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Look for ways in where they would be read by everybody, or kept in the clear."""
        cleaned = super().clean() or self.cleaned_data
        for name in self._screened():
            found = find_joining_details(
                cleaned.get(name) or "", may_hold_phone=name in {"how_to_ask", MEETS}
            )
            if found:
                self.add_error(
                    name,
                    forms.ValidationError(
                        _(
                            "This seems to hold a way into the meeting (“%(found)s”), which not "
                            "everybody should have. Please move it to “How do people get in?”: "
                            "only our staff see that."
                        ),
                        code="joining_details",
                        params={"found": found},
                    ),
                )
        return cleaned

    def _screened(self) -> list[str]:
        return [name for name in (*PUBLIC_FIELDS, MEETS) if name in self.fields]

    def said(self) -> dict[str, Any]:
        """Return what was filled in, by the names of FIELDS. Call it when the form is valid."""
        cleaned = self.cleaned_data
        said = {name: cleaned[name] for name in FIELDS if name in self.fields}
        if cleaned.get("has_ended"):
            said["ended_on"] = timezone.localdate().isoformat()
        said |= {name: name in cleaned["ways"] for name in WAYS}
        said["languages"] = self._languages()
        said["audiences"] = [
            value for value, _label in GROUP_AUDIENCES if value in cleaned["audiences"]
        ]
        if cleaned["is_metastatic_only"]:
            said["is_metastatic_only"] = cleaned["is_metastatic_only"] == "yes"
        return {**said, MEETS: cleaned[MEETS]}

    def _languages(self) -> list[str]:
        chosen = {self.cleaned_data[name] for name in self.language_names}
        return [code for code, _name in LANGUAGE_CHOICES if code in chosen]

    def typed(self) -> list[dict[str, Any]]:
        """Return what was sent, with a label for what somebody typed, to be sent once more."""
        return [
            {
                "name": name,
                "label": field.label if isinstance(field, WordsField | forms.URLField) else "",
                "value": value,
            }
            for name, field in self.fields.items()
            for value in self._sent(name)
            if value.strip()
        ]

    def _sent(self, name: str) -> list[str]:
        data: Any = self.data
        return data.getlist(name)


class NewGroupForm(SuggestionForm):
    """A group that is missing. Only its name is needed, and something to find it by."""

    LEFT_OUT = ("access", "has_ended")

    def parts(self) -> list[Any]:
        return [
            Fieldset(_("The group"), "name", "description", "website", "ways", "place", "meets"),
            Folded(
                _("If you know more about it"),
                *("organisation", "run_by", "is_metastatic_only", "audiences"),
                *self.language_names,
                *("first_meeting", "attendance", "cost", "how_to_ask"),
            ),
            Fieldset(_("For our staff only"), "joining", "words", "reply_address"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        findable = ("description", "place", MEETS, "website", "how_to_ask", "joining", "words")
        if not self.errors and not any(cleaned.get(name) for name in findable):
            self.add_error(
                "website",
                _(
                    "Give us something to find the group by: its web page, where it meets, or a "
                    "sentence about it."
                ),
            )
        return cleaned

    def changes(self) -> dict[str, dict[str, Any]]:
        """Return what was filled in, by field. Call it when the form is valid."""
        return {
            name: {"new": value}
            for name, value in self.said().items()
            if value or (value is False and name not in WAYS)
        }


class CorrectionForm(SuggestionForm):
    """A listing as the sender saw it, to be put right."""

    # What was on the page; a token that is none counts as the listing of now.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, was: dict[str, Any], initial: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        self.was = was
        if was["ended_on"]:
            self.LEFT_OUT = ("has_ended",)
        spoken = was["languages"]
        initial = {name: was[name] for name in FIELDS if name != "languages"} | (initial or {})
        initial["is_metastatic_only"] = "yes" if was["is_metastatic_only"] else "no"
        initial["ways"] = [name for name in WAYS if was[name]]
        initial |= {f"language_{number}": code for number, code in enumerate(spoken, start=1)}
        languages = max(LANGUAGES_OFFERED, len(spoken) + 1)
        super().__init__(*args, initial=initial, languages=languages, **kwargs)
        for name in ("run_by", "is_metastatic_only"):
            field: Any = self.fields[name]
            field.choices = [choice for choice in field.choices if choice[0]]
        meets = self.fields[MEETS]
        meets.label = _("When does it really meet?")
        if was[MEETS]:
            meets.help_text = _(
                "Only if this is wrong: %(meets)s. Tell us the right days and times in your own "
                "words."
            ) % {"meets": was[MEETS].replace("\n", "; ")}
        words = self.fields["words"]
        words.label = _("Tell us in your own words")
        words.help_text = _(
            "It has moved to Wednesdays. Please write no diagnosis and no full name, neither yours "
            "nor anybody’s."
        )

    def parts(self) -> list[Any]:
        return [
            Fieldset(
                _("What is wrong?"),
                "words",
                *({"has_ended"} - {*self.LEFT_OUT}),
                "reply_address",
                HTML("{% include 'community/_send_correction.html' %}"),
            ),
            Fieldset(
                _("Or put it right yourself: the group"),
                "name",
                "description",
                "organisation",
                "run_by",
            ),
            Fieldset(_("Who it is for"), "is_metastatic_only", "audiences", *self.language_names),
            Fieldset(
                _("Taking part"),
                *("ways", "place", "access", "meets", "attendance", "cost", "website"),
                "how_to_ask",
            ),
            Fieldset(_("For our staff only"), "joining", "seen"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in [name for name in self.errors if self._is_untouched(name)]:
            # What was wrong before is nothing that the sender has to put right.
            del self.errors[name]
            cleaned[name] = self.was[name]
        others = any(cleaned.get(name) for name in ("joining", "words"))
        if not self.errors and not others and not self.changes():
            raise forms.ValidationError(
                _(
                    "Nothing here differs from the listing yet. Tell us in your own words what is "
                    "wrong, or change it in the boxes."
                ),
                code="unchanged",
            )
        return cleaned

    def changes(self) -> dict[str, dict[str, Any]]:
        """Return what differs from what the sender saw, by field."""
        return {
            name: {"was": self.was[name], "new": value}
            for name, value in self.said().items()
            if self._is_sent(name) and self._differs(name, value)
        }

    def _screened(self) -> list[str]:
        return [name for name in super()._screened() if not self._is_untouched(name)]

    def _is_untouched(self, name: str) -> bool:
        """Whether the box still holds the words of the listing."""
        was = self.was.get(name)
        return bool(was) and name != MEETS and self.data.get(name, was).split() == str(was).split()

    def _is_sent(self, name: str) -> bool:
        """Whether the form that came had the field: a box that is not ticked sends nothing."""
        sends_nothing = name in {*WAYS, "audiences", "languages", "ended_on"}
        return ("name" if sends_nothing else name) in self.data

    def _differs(self, name: str, value: Any) -> bool:
        if name in {MEETS, "run_by"}:
            return bool(value) and value != self.was[name]  # An empty one is no answer.
        was, field = self.was[name], self.fields.get(name)
        if isinstance(field, WordsField):
            was = field.normal(was)
        return value != was
