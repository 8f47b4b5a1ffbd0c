"""Sets a sheet as a PDF in a process of its own: python -I typesetting.py <order >file

typst and its fonts take 28 MB, which a process of the web server would keep for good, and what
goes wrong in it stays here. The order comes in as JSON, so that nothing that somebody wrote is
ever an argument or a file. Knows nothing of ours but the template beside it.
"""

import json
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
LETTERS_MISSING = 3  # how the process ends then


_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


class LettersMissing(Exception):
    """No font here has all letters of the sheet, so a PDF of it would have gaps.

    `letters` are those, as far as they are known.
    """

    def __init__(self, letters: Sequence[str] = ()) -> None:
        super().__init__()
        self.letters = tuple(letters)


@cache
def _fonts(with_those_of_the_machine: bool) -> Any:
    """Return our face, what typst brings along, and what the machine has."""
    import typst

    return typst.Fonts(include_system_fonts=with_those_of_the_machine, font_paths=[DATA / "fonts"])


def typeset(order: bytes) -> bytes:
    """Return the sheet that `order` holds as a PDF (PDF/UA-1). Raises LettersMissing."""
    import typst  # 84 MB that nothing else needs.

    told = json.loads(order)
    try:
        return typst.compile(
            DATA / "sheet.typ",
            root=DATA,
            font_paths=_fonts(told["with_fonts_of_the_machine"]),
            sys_inputs={"sheet": json.dumps(told["sheet"])},
            format="pdf",
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        if "could not be displayed" in error.message:
            raise LettersMissing(_missing(error)) from None
        raise


def _missing(error: Any) -> list[str]:
    """Return the letters that `error` names, each once."""
    told = f"{error.message}\n{getattr(error, 'diagnostic', '') or ''}"
    texts = (
        _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) for text in _MISSING.findall(told)
    )
    return list(dict.fromkeys(texts))


def main() -> None:
    try:
        sys.stdout.buffer.write(typeset(sys.stdin.buffer.read()))
    except LettersMissing as error:
        sys.stdout.buffer.write(json.dumps(error.letters).encode())
        sys.exit(LETTERS_MISSING)


if __name__ == "__main__":
    main()
