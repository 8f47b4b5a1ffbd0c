"""What stands in front of Django, with a Django and a database that are made up."""

import gzip
import threading
import time

import brotli
import pytest

from portal.pages.front import Front
from portal.pages.middleware import IS_STORED
from portal.pages.store import Store

HTML = b"<p>" + b"words " * 200
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Cache-Control", "no-cache"),
    ("ETag", '"django"'),
    ("Vary", "Cookie"),
    ("X-Request-ID", "one"),
]


class Watch:
    """A database that says what it is told to."""

    def __init__(self):
        self.number, self.until, self.texts_until, self.touched = (1,), 2e10, 2e10, []

    def look(self):
        pass

    look_now = look


class Django:
    """Answers every request with `body`, and counts."""

    def __init__(self):
        self.status, self.body, self.is_stored, self.seen = "200 OK", HTML, True, []
        self.closed, self.change = 0, lambda: None

    def __call__(self, environ, start_response):
        self.seen.append(environ)
        self.change()
        environ[IS_STORED] = self.is_stored
        start_response(self.status, HEADERS)
        return Body([self.body], self)


class Body(list):
    def __init__(self, parts, django):
        super().__init__(parts)
        self.django = django

    def close(self):
        self.django.closed += 1


@pytest.fixture
def django():
    return Django()


@pytest.fixture
def front(django):
    return Front(django, Store(Watch()))


def ask(front, path="/facts/bones/", method="GET", **environ):
    """Return status, headers and body of the answer to one request."""
    said = []
    names = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": "here"}
    answer = front({**names, **environ}, lambda *args: said.append(args))
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    status, headers = said[-1][:2]
    return status, dict(headers), body


def test_second_reader_gets_it_without_django(front, django):
    first, second = ask(front), ask(front)

    assert first == second
    assert len(django.seen) == 1
    assert django.closed == 1
    status, headers, body = second
    assert (status, body) == ("200 OK", HTML)
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Vary"] == "Cookie, Accept-Encoding"
    assert headers["Content-Length"] == str(len(HTML))
    assert "X-Request-ID" not in headers


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpack"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("*", "br", brotli.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("BR", "br", brotli.decompress),
        ("", None, bytes),
        ("identity", None, bytes),
        ("br;q=x, gzip;q=", None, bytes),
        ("*;q=0", None, bytes),
    ],
)
def test_reader_gets_the_form_that_is_asked_for(front, accepted, encoding, unpack):
    _status, headers, body = ask(front, HTTP_ACCEPT_ENCODING=accepted)

    assert headers.get("Content-Encoding") == encoding
    assert headers["Content-Length"] == str(len(body))
    assert unpack(body) == HTML


def test_small_page_is_sent_as_it_is(front, django):
    django.body = b"small"

    assert ask(front, HTTP_ACCEPT_ENCODING="br")[2] == b"small"


def test_head_says_the_same_without_a_body(front):
    _status, headers, _body = ask(front)

    assert ask(front, method="HEAD") == ("200 OK", headers, b"")


@pytest.mark.parametrize("known", ["{}", 'W/"a", {}', "{} ,x", "*", "{strong}"])
def test_who_has_the_page_does_not_get_it_again(front, known):
    tag = ask(front)[1]["ETag"]

    given = known.format(tag, strong=tag.removeprefix("W/"))
    status, headers, body = ask(front, HTTP_IF_NONE_MATCH=given)

    assert (status, body) == ("304 Not Modified", b"")
    assert headers["ETag"] == tag
    assert headers["Content-Security-Policy"]
    assert "Content-Length" not in headers


def test_who_has_another_page_gets_it(front, django):
    # The first reader may have it already: for the store it is wanted whole all the same.
    assert ask(front, HTTP_IF_NONE_MATCH='"django"')[2] == HTML
    assert "HTTP_IF_NONE_MATCH" not in django.seen[0]


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_COOKIE": "session=x"},
        {"HTTP_COOKIE": "a=b; preferences=text%3Dlarge"},
        {"method": "POST"},
        {"method": "OPTIONS"},
        {"method": "get"},
    ],
)
def test_what_is_somebodys_own_is_for_django(front, django, environ):
    ask(front)
    ask(front, **environ)

    assert len(django.seen) == 2
    assert ask(front)[2] == HTML
    assert len(django.seen) == 2


def test_other_cookies_change_nothing(front, django):
    ask(front)
    ask(front, HTTP_COOKIE="csrf=x; theme=dark")

    assert len(django.seen) == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"path": "/facts/other/"},
        {"QUERY_STRING": "show=all"},
        {"HTTP_HOST": "there"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
    ],
)
def test_another_address_is_another_page(front, django, environ):
    ask(front)
    ask(front, **environ)

    assert len(django.seen) == 2


def test_what_django_keeps_to_one_reader_is_not_stored(front, django):
    django.is_stored = False

    first, second = ask(front), ask(front)

    assert first[1]["ETag"] == '"django"'
    assert first[1]["X-Request-ID"] == second[1]["X-Request-ID"] == "one"
    assert len(django.seen) == 2
    assert django.closed == 2


def test_django_sees_nothing_of_the_process(django, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "secret")
    front = Front(django, Store(Watch()))

    ask(front, SECRET_KEY="secret")
    ask(front, HTTP_COOKIE="session=x", SECRET_KEY="secret")
    ask(front, path="/b/", method="HEAD", SECRET_KEY="secret")

    assert len(django.seen) == 3
    assert not any("SECRET_KEY" in environ for environ in django.seen)


def test_change_is_shown_at_once(front, django):
    ask(front)
    django.body = HTML + b"new"
    front.watch.number = (2,)

    assert ask(front)[2] == HTML + b"new"


def test_clock_makes_pages_anew(front, django):
    front.watch.until = time.time() + 0.05
    ask(front)
    time.sleep(0.06)
    front.watch.until = 2e10
    ask(front)
    ask(front)

    assert len(django.seen) == 2


def test_page_that_was_changed_while_it_was_made_is_made_again(front, django):
    def change():
        if len(django.seen) < 3:
            front.watch.number = (len(django.seen) + 1,)
            django.body = f"state {len(django.seen)}".encode()

    django.change = change

    assert ask(front)[2] == b"state 2"
    assert len(django.seen) == 3
    assert ask(front)[2] == b"state 2"
    assert len(django.seen) == 3


def test_page_that_changes_all_the_time_is_sent_and_not_kept(front, django):
    def change():
        front.watch.number = (len(django.seen) + 1,)

    django.change = change

    assert ask(front)[2] == HTML
    assert len(django.seen) == 3
    assert not front.store.pages


def test_f11_two_hundred_at_once_make_it_once(front, django):
    django.change = lambda: time.sleep(0.05)
    bodies = []
    readers = [threading.Thread(target=lambda: bodies.append(ask(front)[2])) for _n in range(200)]

    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert bodies == [HTML] * 200
    assert len(django.seen) == 1


def test_proxy_may_keep_it_until_the_second_is_over(front):
    _status, headers, _body = ask(front, HTTP_X_FRESH="1")

    assert headers["X-Accel-Expires"] in {f"@{int(time.time() - ago)}" for ago in (0, 1)}
    assert "X-Accel-Expires" not in ask(front)[1]


def test_proxy_keeps_nothing_of_what_is_not_stored(front, django):
    django.is_stored = False

    assert "X-Accel-Expires" not in ask(front, HTTP_X_FRESH="1")[1]


class TestWithoutDatabase:
    @pytest.fixture(autouse=True)
    def _read_and_gone(self, front, django):
        for path in ("/facts/bones/", "/facts/bones/scans/", "/groups/circle/", "/facts/", "/"):
            ask(front, path=path)
        front.watch.number = None
        django.status, django.is_stored = "503 Service Unavailable", False
        django.seen.clear()

    def test_f7_what_was_read_within_a_day_is_shown(self, front, django):
        assert ask(front)[2] == HTML
        assert not django.seen

    def test_proxy_keeps_no_old_copy(self, front):
        assert "X-Accel-Expires" not in ask(front, HTTP_X_FRESH="1")[1]

    def test_other_pages_say_so(self, front):
        assert ask(front, path="/facts/other/")[0] == "503 Service Unavailable"

    def test_no_longer_than_a_day(self, front):
        for page in front.store.pages.values():
            page.made_at -= 24 * 3600

        assert ask(front)[0] == "503 Service Unavailable"

    @pytest.mark.parametrize("path", ["/facts/bones/", "/facts/bones/scans/", "/facts/", "/"])
    def test_nothing_that_was_changed_since(self, front, path):
        front.watch.touched = [("/facts/bones/", time.time() + 1)]

        assert ask(front, path=path)[0] == "503 Service Unavailable"
        assert ask(front, path="/groups/circle/")[2] == HTML

    def test_nothing_at_all_when_it_may_be_anywhere(self, front):
        front.watch.touched = [("", time.time() + 1)]

        assert ask(front, path="/groups/circle/")[0] == "503 Service Unavailable"

    def test_what_was_changed_before_is_no_hindrance(self, front):
        front.watch.touched = [("", time.time() - 1000)]

        assert ask(front)[2] == HTML

    def test_nothing_that_has_ended_by_the_clock(self, front):
        for page in front.store.pages.values():
            page.texts_until = time.time() - 1

        assert ask(front)[0] == "503 Service Unavailable"

    def test_failure_that_django_meets_first(self, front):
        front.watch.number = (2,)

        assert ask(front)[2] == HTML

    def test_page_that_is_gone_is_not_shown_again(self, front, django):
        front.watch.number = (2,)
        django.status = "410 Gone"
        ask(front)
        front.watch.number, django.status = None, "503 Service Unavailable"

        assert ask(front)[0] == "503 Service Unavailable"


def test_store_has_an_end(front, django, monkeypatch):
    monkeypatch.setattr("portal.pages.store.ROOM", 20 * len(HTML))

    for number in range(100):
        ask(front, QUERY_STRING=f"n={number}")
        ask(front, QUERY_STRING="often")

    kept = sum(page.size for page in front.store.pages.values())
    assert kept <= 20 * len(HTML)
    assert len(django.seen) == 101
