"""The sheet for an appointment as a PDF for paper and for screen readers (PDF/UA-1)."""

import json
import os
import re
import subprocess
import sys
from typing import Any
from unicodedata import bidirectional

from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from community.keeping import typesetting
from community.keeping.sheet import Line, Sheet
from community.keeping.typesetting import LettersMissing
from community.models.sheets import AppointmentSheet

SECONDS = 20.0  # that a file may take on a busy machine
WITH_FONTS_OF_THE_MACHINE = True
_OF_THE_ENVIRONMENT = {"PATH", "LD_LIBRARY_PATH", "HOME"}
# What prints nothing, and what is too long for a line.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]+")
_LONG_WORD = re.compile(r"\S{30}(?=\S)")


class NoPdf(Exception):
    """The process that makes the file has failed, or taken too long."""


def make_pdf(sheet: Sheet) -> bytes:
    """Return `sheet` as a PDF. Raises LettersMissing or NoPdf.

    To be called outside of transactions: a process is started for it, which works for some fifty
    milliseconds.
    """
    order = {"sheet": _told(sheet), "with_fonts_of_the_machine": WITH_FONTS_OF_THE_MACHINE}
    return _typeset(json.dumps(order).encode())


def _typeset(order: bytes) -> bytes:
    # Secrets of ours are in the environment, and it needs none.
    environment = {name: os.environ[name] for name in _OF_THE_ENVIRONMENT & os.environ.keys()}
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", typesetting.__file__],
            input=order,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # It may quote what somebody wrote.
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise NoPdf(type(error).__name__) from None
    if done.returncode == typesetting.LETTERS_MISSING:
        raise LettersMissing(json.loads(done.stdout or b"[]"))
    if done.returncode:
        raise NoPdf(f"ended with {done.returncode}")
    return done.stdout


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
        "direction": _direction(line.text),
        "answer": _written(line.answer),
        "answer_parts": [
            {"text": _written(part), "direction": _direction(part)}
            for part in line.answer.split("\n")
        ],
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


def _direction(text: str) -> str:
    """Return in which direction `text` is read, by its first letter that tells (UAX #9, P2)."""
    told = next((d for d in map(bidirectional, text) if d in {"L", "R", "AL"}), "")
    if told:
        return "ltr" if told == "L" else "rtl"
    return "rtl" if get_language_bidi() else "ltr"


def _written(text: str) -> str:
    """Return what somebody typed, so that it stays within the lines: a long word may be broken."""
    return _LONG_WORD.sub("\\g<0>\u200b", _CONTROL.sub(" ", text))
