"""The sheet as a file for paper, read back by another library."""

import io
from datetime import date
from types import SimpleNamespace

import pypdf
import pytest
from django.utils import translation

from community.keeping import sheet_pdf, typesetting
from community.keeping.sheet import Line, Sheet, SheetFact
from community.keeping.sheet_pdf import NoPdf, make_pdf
from community.keeping.typesetting import LettersMissing, typeset

FACT = SheetFact("About scans", "/facts/bones/scans/", 3, date(2026, 11, 22))
DAY = date(2026, 12, 3)
A4, LETTER = (595, 842), (612, 792)


@pytest.fixture
def at_once(monkeypatch):
    """No process is started for a file: what is asked is what is in it."""
    monkeypatch.setattr(sheet_pdf, "_typeset", typeset)


def lines(count, *, first=3, **fields):
    """Return questions as long as those that are offered, each with two facts."""
    return tuple(
        Line(
            str(number),
            f"Question {number}: which side effects are likely, and whom do I call at night?",
            (FACT, FACT),
            top_place=number if number <= first else None,
            **fields,
        )
        for number in range(1, count + 1)
    )


def read(sheet):
    return pypdf.PdfReader(io.BytesIO(make_pdf(sheet)))


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def tags(node, found=None):
    """Return the kinds of all parts of a structure tree, in their order."""
    found = [] if found is None else found
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            tags(child, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append(str(node["/S"]))
        if "/K" in node:
            tags(node["/K"], found)
    return found


def test_it_is_tagged_and_has_title_language_and_headings(at_once):
    with translation.override("es"):
        spanish = read(Sheet(lines(4)))
    pdf = read(Sheet(lines(4), appointment_on=DAY))
    root = pdf.trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert spanish.trailer["/Root"]["/Lang"] == "es"
    assert pdf.metadata.title == "Questions for my appointment"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid" in pdf.xmp_metadata.stream.get_data().decode()
    kinds = tags(root["/StructTreeRoot"])
    assert [kind for kind in kinds if kind.startswith("/H")] == [
        "/H1",
        "/H2", "/H2", "/H2",
        "/H1",
        "/H2",
    ]  # fmt: skip


def test_text_comes_in_order_and_whole(at_once):
    others = (Line("5", "What else?", (), "Nothing.\nReally nothing."),)

    text = text_of(read(Sheet((*lines(3), *others), appointment_on=DAY)))

    parts = (
        "Questions for my appointment", "Thursday, 3 December 2026",
        "please go through these questions together with me", "Most important to me",
        "1. Question 1", "About scans: http://localhost:8000/facts/bones/scans/",
        "version 3, 22 Nov 2026", "2. Question 2", "3. Question 3", "My other questions",
        "4. What else?", "Answer", "Nothing.", "Really nothing.",
    )  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(("paper", "size"), [("a4", A4), ("letter", LETTER)])
@pytest.mark.parametrize(("count", "most"), [(1, 1), (3, 1), (10, 2), (20, 4)])
def test_it_fits_on_a_page_or_two(paper, size, count, most, at_once):
    pdf = read(Sheet(lines(count), paper=paper))

    assert len(pdf.pages) <= most
    assert all(
        (round(page.mediabox.width), round(page.mediabox.height)) == size for page in pdf.pages
    )


def test_nothing_that_somebody_types_is_a_command(at_once):
    hostile = '#set page(fill: red) $x$ *b* @foo <label> \\u{1F600} "quoted" #read("/etc/passwd")'

    text = text_of(read(Sheet((Line("1", hostile, (), hostile),))))

    assert text.count("#set page(fill: red) $x$ *b* @foo <label>") == 2
    assert text.count('"quoted" #read("/etc/passwd")') == 2


def test_a_word_without_an_end_stays_within_the_margins(at_once):
    pdf = read(Sheet((Line("1", "Wo" + "o" * 300 + "?"),)))
    ends = []
    pdf.pages[0].extract_text(visitor_text=lambda text, _cm, tm, *_: ends.append((tm[4], text)))

    assert max(x + 8 * len(text.strip()) for x, text in ends if "ooo" in text) < A4[0]


@pytest.mark.parametrize(
    "text",
    ["Zażółć gęślą jaźń?", "¿Cuándo, señora Ñandú?", "Řekněte mi, Łucja", "a\x07b\tc"],
)
def test_letters_of_europe_are_all_there_on_every_machine(text, monkeypatch, at_once):
    monkeypatch.setattr(sheet_pdf, "WITH_FONTS_OF_THE_MACHINE", False)

    told = text_of(read(Sheet((Line("1", text),))))

    assert text.replace("\x07", " ").replace("\t", " ") in told


def test_letters_that_no_font_has_do_not_vanish_silently(monkeypatch, at_once):
    monkeypatch.setattr(sheet_pdf, "WITH_FONTS_OF_THE_MACHINE", False)

    for text in ("你好吗?", "😀", "Why \U0001f9ac?"):
        with pytest.raises(LettersMissing):
            make_pdf(Sheet((Line("1", text),)))


@pytest.mark.parametrize(
    ("text", "direction"),
    [("Why?", "ltr"), ("هل يمكنني السفر؟", "rtl"), ("1. האם אפשר", "rtl"), ("3?", "ltr"),
     ("¿Cuándo? هل", "ltr"), ("", "ltr")],
)  # fmt: skip
def test_each_text_is_set_in_its_own_direction(text, direction):
    told = sheet_pdf._line(Line("1", text, answer=f"{text}\nYes."))

    assert told["direction"] == direction
    assert [part["direction"] for part in told["answer_parts"]] == [direction, "ltr"]


def test_text_from_right_to_left_begins_at_the_right(at_once):
    begins = {}

    def note(text, cm, tm, _font, _size):
        if word := next((word for word in ("first", "second") if word in text), ""):
            begins[word] = cm[4] + tm[4]

    lines = (Line("1", "Why?", answer="first"), Line("2", "Why?", answer="אב second"))
    for page in read(Sheet(lines)).pages:
        page.extract_text(visitor_text=note)

    assert begins["first"] < 100 < A4[0] / 2 < begins["second"]


# The process


def test_process_makes_the_file_and_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(sheet_pdf, "WITH_FONTS_OF_THE_MACHINE", False)

    assert "Why not?" in text_of(read(Sheet((Line("1", "Why not?"),))))
    with pytest.raises(LettersMissing) as raised:
        make_pdf(Sheet((Line("1", "你好吗? Why \U0001f9ac, 你?"),)))
    assert sorted(raised.value.letters) == sorted("你好吗\U0001f9ac")


@pytest.mark.parametrize(
    ("program", "seconds", "said"),
    [("import sys; sys.exit(sys.stdin.read())", 20, "ended with 1"),
     ("import os; os.kill(os.getpid(), 9)", 20, "ended with -9"),
     ("import time; time.sleep(20)", 0.1, "TimeoutExpired")],
)  # fmt: skip
def test_process_that_fails_or_hangs_is_no_file(
    program, seconds, said, monkeypatch, tmp_path, capfd
):
    (tmp_path / "program.py").write_text(program)
    monkeypatch.setattr(typesetting, "__file__", str(tmp_path / "program.py"))
    monkeypatch.setattr(sheet_pdf, "SECONDS", seconds)

    with pytest.raises(NoPdf) as raised:
        make_pdf(Sheet((Line("1", "My words"),)))

    assert str(raised.value) == said
    assert "My words" not in "".join(capfd.readouterr())


def test_process_is_told_no_secret_and_no_words_but_as_its_input(monkeypatch):
    asked = {}

    def run(command, **how):
        asked.update(how, command=command)
        return SimpleNamespace(returncode=0, stdout=b"%PDF")

    monkeypatch.setattr(sheet_pdf.subprocess, "run", run)
    monkeypatch.setenv("SECRET_KEY", "SECRET")

    assert make_pdf(Sheet((Line("1", "My words"),))) == b"%PDF"
    assert b"My words" in asked.pop("input")
    assert "My words" not in str(asked)
    assert "SECRET" not in str(asked)
