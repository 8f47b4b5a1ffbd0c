"""Finds what is wrong in the markup of a page, by the rules of the HTML standard that can slip.

It is stricter than browsers: each element is closed by name. It knows no rule of ARIA, which axe
knows (tests/browser).
"""

import re
from collections import Counter
from html.entities import html5
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
PHRASING = {
    "a", "abbr", "b", "bdi", "br", "button", "cite", "code", "datalist", "del", "dfn", "em", "i",
    "img", "input", "ins", "kbd", "label", "mark", "meter", "noscript", "output", "progress", "q",
    "s", "samp", "script", "select", "small", "span", "strong", "sub", "sup", "svg", "textarea",
    "time", "u", "var", "wbr",
}  # fmt: skip
FLOW = PHRASING | {
    "address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav",
    "ol", "p", "pre", "search", "section", "table", "template", "ul",
}  # fmt: skip
ROWS = {"tr", "script", "template"}
# What may stand directly within each. Others hold what flows.
CONTENT = {
    "html": {"head", "body"},
    "head": {"base", "link", "meta", "script", "style", "template", "title"},
    "ul": {"li", "script", "template"},
    "ol": {"li", "script", "template"},
    "dl": {"dt", "dd", "div", "script", "template"},
    "details": FLOW | {"summary"},
    "fieldset": FLOW | {"legend"},
    "figure": FLOW | {"figcaption"},
    "summary": PHRASING | {"h1", "h2", "h3", "h4", "h5", "h6"},
    "legend": PHRASING | {"h1", "h2", "h3", "h4", "h5", "h6"},
    "select": {"option", "optgroup", "hr", "script", "template"},
    "optgroup": {"option"},
    "datalist": {"option"},
    "template": FLOW | {"li", "dt", "dd", "tr", "td", "option"},
    "option": set(),
    "textarea": set(),
    "title": set(),
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot", "tr"},
    "colgroup": {"col"},
    "thead": ROWS,
    "tbody": ROWS,
    "tfoot": ROWS,
    "tr": {"td", "th", "script", "template"},
    **dict.fromkeys(
        ("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "button", "label", "abbr", "b", "bdi",
         "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span",
         "strong", "sub", "sup", "time", "u", "var"),
        PHRASING,
    ),
}  # fmt: skip
# What nobody can press within something that is pressed.
PRESSED = {"a", "button", "details", "input", "label", "select", "textarea"}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "form")
OBSOLETE = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "color", "face", "valign"}
_NAMED = re.compile(r"&([a-zA-Z][a-zA-Z0-9]*)(?![a-zA-Z0-9=])(;?)")
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1>", re.S)


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.faults: list[str] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.ids: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.references: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def fault(self, words: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {words}")

    def handle_starttag(self, tag, attrs):
        names = [name for name, _value in attrs]
        values = dict(attrs)
        if len(names) != len(values):
            self.fault(f"<{tag}> has an attribute twice: {names}")
        if OBSOLETE & set(names):
            self.fault(f"<{tag}> has an obsolete attribute: {OBSOLETE & set(names)}")
        if any(outer == "svg" for outer, _values in self.open):
            if not self.get_starttag_text().endswith("/>"):
                self.open.append((tag, values))
            return
        self._place(tag, values)
        self.counts[tag] += 1
        if values.get("id") is not None:
            self.ids[values["id"]] += 1
        for name in REFERENCES:
            for wanted in (values.get(name) or "").split():
                self.references.append((name, wanted))
        if tag == "a" and (values.get("href") or "").startswith("#"):
            self.references.append(("href", values["href"][1:]))
        if tag == "img" and "alt" not in values:
            self.fault("<img> has no alt")
        for value in values.values():
            if value is not None and "\0" in value:
                self.fault(f"<{tag}> has a NUL in an attribute")
        if tag not in VOID:
            self.open.append((tag, values))

    def _place(self, tag, values):
        parent = self.open[-1][0] if self.open else ""
        outer = [name for name, _values in self.open]
        if tag == "summary" and parent != "details":
            self.fault("<summary> outside <details>")
        allowed = CONTENT.get(parent)
        if parent == "div" and len(outer) > 1 and outer[-2] == "dl":
            allowed = {"dt", "dd", "script", "template"}
        if parent in {"a", "ins", "del"} and len(outer) > 1:
            # Transparent: what may stand in it may stand where it stands.
            allowed = CONTENT.get(outer[-2], FLOW) if parent == "a" else FLOW
        if allowed is None and parent:
            allowed = FLOW
        if parent and tag not in allowed:
            self.fault(f"<{tag}> within <{parent}>")
        is_pressed = tag in PRESSED and not (tag == "input" and values.get("type") == "hidden")
        for holder in ("a", "button", "label"):
            in_label = holder == "label" and tag in {"input", "select", "textarea", "button"}
            if is_pressed and holder in outer and not in_label:
                self.fault(f"<{tag}> within <{holder}>, which is pressed itself")
        if tag == "form" and "form" in outer:
            self.fault("<form> within <form>")

    def handle_startendtag(self, tag, attrs):
        if tag not in VOID and not any(outer == "svg" for outer, _values in self.open):
            self.fault(f"<{tag}/> closes nothing")
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if tag in VOID:
            self.fault(f"</{tag}> of an element without content")
        elif not self.open or self.open[-1][0] != tag:
            self.fault(f"</{tag}> while open: {[name for name, _values in self.open][-3:]}")
            if tag in [name for name, _values in self.open]:
                while self.open.pop()[0] != tag:
                    pass
        else:
            self.open.pop()

    def handle_data(self, data):
        parent = self.open[-1][0] if self.open else ""
        if parent in {"ul", "ol", "dl", "table", "tbody", "thead", "tr", "select"} and data.strip():
            self.fault(f"words directly within <{parent}>: {data.strip()[:40]}")
        if parent not in {"script", "style"} and re.search(r"[<\0]", data):
            self.fault(f"a bare < in {data.strip()[:40]!r}")


def faults_of(html: str) -> list[str]:
    """Return what is wrong in the markup of a whole page, in words; nothing if it is sound."""
    page = _Page(html)
    found = page.faults
    if not html.lower().startswith("<!doctype html>"):
        found.append("no <!doctype html> at its begin")
    for name, end in _NAMED.findall(_SCRIPT.sub("", html)):
        # Some names are read even without their semicolon.
        if (f"{name};" not in html5) if end else (name in html5):
            found.append(f"&{name}{end} is no character, or one without its semicolon")
    found += [f"<{tag}> is never closed" for tag, _values in page.open]
    found += [f"id {name!r} {count} times" for name, count in page.ids.items() if count > 1]
    found += [f"id {name!r} with a space" for name in page.ids if re.search(r"\s", name)]
    found += [
        f"{name}={wanted!r} leads to nothing"
        for name, wanted in page.references
        if wanted not in page.ids and wanted not in {"", "top"}
    ]
    found += [
        f"{page.counts[tag]} times <{tag}>"
        for tag in ("html", "head", "title", "body", "main", "h1")
        if page.counts[tag] != 1
    ]
    return found
