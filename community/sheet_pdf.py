"""The sheet for an appointment as a PDF for paper and for screen readers (PDF/UA-1)."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from community.models.sheets import AppointmentSheet
from community.sheet import Line, Sheet

DATA = Path(__file__).parent / "data"
# What prints nothing, and what is too long for a line.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]+")
_LONG_WORD = re.compile(r"\S{30}(?=\S)")


class LettersMissing(Exception):
    """No font here has all letters of the sheet, so a PDF of it would have gaps."""


@cache
def _fonts() -> Any:
    """Return our face, what typst brings along, and what the machine has, read once."""
    import typst

    return typst.Fonts(font_paths=[DATA / "fonts"])


def make_pdf(sheet: Sheet) -> bytes:
    """Return `sheet` as a PDF. Raises LettersMissing.

    All words go in as JSON, so that no question can be taken for a command. To be called outside
    of transactions: it takes some ten milliseconds of a core, and the first time a hundred.
    """
    import typst  # 84 MB that no other page needs.

    try:
        return typst.compile(
            DATA / "sheet.typ",
            root=DATA,
            font_paths=_fonts(),
            sys_inputs={"sheet": json.dumps(_told(sheet))},
            format="pdf",
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        if "could not be displayed" in error.message:
            raise LettersMissing from None
        raise


def _told(sheet: Sheet) -> dict[str, Any]:
    language = get_language() or "en"
    day = sheet.appointment_on
    return {
        "language": language.partition("-")[0],
        "direction": "rtl" if get_language_bidi() else "ltr",
        "paper": "us-letter" if sheet.paper == AppointmentSheet.Paper.LETTER else "a4",
        "title": _("Questions for my appointment"),
        "day": date_format(day, "l, j F Y") if day else "",
        "day_label": _("Appointment:"),
        "blank_label": _("Date of the appointment:"),
        "please": _("To my care team: please go through these questions together with me."),
        "please_more": _("Those that matter most to me come first."),
        "first_title": _("Most important to me"),
        "others_title": _("My other questions") if sheet.first else _("My questions"),
        "first": [_line(line) for line in sheet.first],
        "others": [_line(line) for line in sheet.others],
        "blank_lines": sheet.blank_lines,
        "answer": _("Answer"),
        "foot": _("Made on %(day)s. The pages in small print may have changed since.")
        % {"day": date_format(sheet.made_on, "j F Y")},
        "page": _("Page"),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "text": _written(line.text),
        "answer": _written(line.answer),
        "facts": [
            _("%(heading)s: %(address)s · version %(number)s, %(day)s")
            % {
                "heading": fact.heading,
                "address": fact.address,
                "number": fact.version,
                "day": date_format(fact.since, "j M Y"),
            }
            for fact in line.facts
        ],
    }


def _written(text: str) -> str:
    """Return what somebody typed, so that it stays within the lines: a long word may be broken."""
    return _LONG_WORD.sub("\\g<0>\u200b", _CONTROL.sub(" ", text))
