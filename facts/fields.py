"""Rich text that is sanitised on every save, and a short closed list in one column."""

import html
from collections.abc import Iterable
from typing import Any

import nh3
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Expression
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField

# What a fact may hold: structure and links, nothing that styles, loads or runs.
EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "HardBreak": True,
    "Heading": {"levels": [3]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https"]},
}
_cleaner = nh3.Cleaner(
    tags={"p", "br", "strong", "em", "h3", "ul", "ol", "li", "blockquote", "a"},
    clean_content_tags={"script", "style"},
    attributes={"a": {"href"}},
    url_schemes={"http", "https"},
    link_rel=None,
)


def sanitise(text: str) -> str:
    """Return the HTML `text` with nothing but the tags and addresses that a text may hold.

    Tags around no words are no text: the result is then "".
    """
    # Half a surrogate pair is no character that could be stored.
    valid = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    clean = _cleaner.clean(valid).strip()
    return clean if html.unescape(strip_tags(clean)).strip() else ""


class RichTextField(ProseEditorField):
    """HTML of a few tags, sanitised whichever door it comes through.

    The field's base class sanitises in `full_clean()` alone; `save()`, `bulk_create()` and
    `update()` pass through `get_db_prep_save()`, so the text is cleaned there too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["extensions"] = EXTENSIONS
        kwargs["sanitize"] = sanitise
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = sanitise(value)
            setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, str):
            value = sanitise(value)
        return super().get_db_prep_save(value, connection)


class ChoicesField(models.CharField):
    """Several of a closed list of choices, kept in one column as ",one,two,".

    In Python the value is a list of the chosen values, in the order of `choices`. One column,
    not a relation, so that an immutable row, its history and its copies hold all of themselves.
    """

    description = _("Several of a closed list")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 400)
        kwargs["blank"] = True
        kwargs["default"] = list
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for option in ("blank", "default", "choices"):
            kwargs.pop(option, None)
        return name, path, args, kwargs

    def _order(self, values: Iterable[str]) -> list[str]:
        wanted = set(values)
        known = [str(value) for value, _label in self.flatchoices]
        return [value for value in known if value in wanted] + sorted(wanted - set(known))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> list[str]:
        return [part for part in (value or "").split(",") if part]

    def to_python(self, value: Any) -> list[str]:
        if value is None:
            return []
        if isinstance(value, str):
            value = [part for part in value.split(",") if part]
        return self._order(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Expression):
            return value
        values = self.to_python(value)
        return f",{','.join(values)}," if values else ""

    def value_to_string(self, obj: models.Model) -> str:
        return ",".join(self.to_python(self.value_from_object(obj)))

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        unknown = set(value) - {str(choice) for choice, _label in self.flatchoices}
        if unknown:
            raise ValidationError(
                _("%(values)s is not one of the choices."),
                code="invalid_choice",
                params={"values": ", ".join(sorted(unknown))},
            )

    def run_validators(self, value: Any) -> None:
        super().run_validators(self.get_prep_value(value))

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return forms.MultipleChoiceField(
            choices=self.flatchoices,
            widget=forms.CheckboxSelectMultiple,
            required=False,
            label=kwargs.get("label", capfirst(self.verbose_name)),
            help_text=kwargs.get("help_text", self.help_text),
        )

    def labels(self, values: Iterable[str]) -> list[str]:
        """Return what readers see for `values`."""
        names = dict(self.flatchoices)
        return [str(names.get(value, value)) for value in values]
