"""What every mail has to be: discreet, whole as text, and the same as HTML (P2)."""

import re
from html.parser import HTMLParser

REVEALING = re.compile(
    r"cancer|breast|metasta|tumou?r|oncolog|illness|disease|patient|survivor|treatment|chemo|"
    r"therap|clinic|hospital|nurse|doctor|care team|support|group|health|diagnos|stage|"
    r"prognos|hospice|palliative|pink|127\.0\.0\.1|198\.51|Mozilla|evil\.example",
    re.IGNORECASE,
)
# Elements and attributes by which a mail could make a program ask for something.
LOADING = {"img", "link", "script", "iframe", "object", "embed", "video", "audio", "form", "base"}
ALLOWED = {"html", "head", "meta", "title", "style", "body", "div", "p", "a", "span", "br"}
ATTRIBUTES = {"lang", "dir", "charset", "name", "content", "class", "style", "href"}


class Reader(HTMLParser):
    """Reads what a mail's HTML says, where its links lead, and what it is made of."""

    def __init__(self, html):
        super().__init__()
        self.language, self.links, self.made_of, self.attributes = "", [], set(), set()
        self.styles, self.words, self._is_hidden = "", [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.made_of.add(tag)
        self.attributes |= set(values)
        self.styles += values.get("style", "")
        self._is_hidden = tag in {"style", "title"}
        if tag == "html":
            self.language = values.get("lang")
        if tag == "a":
            self.links.append(values["href"])
            self.words.append(values["href"])  # Instead of its beginning, which is shown.
            self._is_hidden = True

    def handle_endtag(self, tag):
        self._is_hidden = False

    def handle_data(self, data):
        if self._is_hidden:
            self.styles += data
        else:
            self.words.append(data)


def html_of(message):
    """Return the one alternative of a mail."""
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return html


def check(message, language="en", allowed=""):
    """Fail unless `message` gives nothing away; `allowed` is a text that must be in its body."""
    raw = message.message()
    assert message.from_email == "Waymark <no-reply@localhost>"
    assert message.subject
    assert "\n" not in message.subject
    assert not REVEALING.search(message.subject + message.from_email), message.subject
    for name, value in raw.items():
        assert not REVEALING.search(f"{name}: {value}"), name
        if name.lower().startswith("list-"):
            hosts = re.findall(r"@([\w.-]+)|https?://([^/>]+)", value)
            assert {one or other for one, other in hosts} <= {"localhost", "localhost:8000"}
    assert raw["Auto-Submitted"] == "auto-generated"
    text, html = message.body, html_of(message)
    assert "{" not in text + html.partition("</style>")[2]
    for words in (text, html):
        assert not REVEALING.search(words.replace(allowed or "\0", "")), words
    # What stands in a list of mails and on a lock screen.
    assert not REVEALING.search(" ".join(text.split())[:200].replace(allowed or "\0", ""))
    _check_html(text, Reader(html), language)


def _check_html(text, read, language):
    links = [line for line in text.splitlines() if line.startswith("http")]
    assert read.language == language
    assert read.made_of <= ALLOWED, read.made_of - ALLOWED
    assert not read.made_of & LOADING
    assert read.attributes <= ATTRIBUTES, read.attributes
    assert not re.search(r"url\(|@import|expression", read.styles)
    assert read.links == links
    assert all(link.startswith("http://localhost:8000/") for link in read.links)
    for link in re.findall(r"https?://\S+", text):
        assert link.startswith("http://localhost:8000/"), link
    assert " ".join(" ".join(read.words).split()) == " ".join(text.split())
