"""Requests that no browser sends, at every address of the table: refused, and never an error."""

import io
import random
import re
from itertools import product
from urllib.parse import quote, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from tests.portal.matrix import DESK
from tests.portal.naughty import FOREIGN, HEADER_LINES, NAUGHTY, ODD_KEYS, PATHS, SQL
from tests.portal.test_permissions import ADDRESSES, TABLE
from tests.portal.world import ROLES, undone

pytestmark = pytest.mark.django_db

# What takes words, choices, pages or an order.
ASKED = [
    "/search/?q={}", "/search/suggest/?q={}", "/search/tell/?q={}", "/search/?q=bones&page={}",
    "/groups/?near={}&within=50", "/groups/?for={0}&way={0}&in={0}&when={0}&within={0}",
    "/groups/fit/?you={0}&like={0}", "/groups/?page={}", "/facts/{}/", "/facts/bones/{}/",
    "/facts/bones/?show={}", "/facts/bones/scans/history/?from={0}&to={0}", "/facts/?for={}",
    "/glossary/?q={}", "/questions/?theme={}", "/groups/{}/", "/lists/save/?topic={}",
    "/lists/save/?fact={}", "/lists/save/?group={}", "/lists/?q={}", "/api/hsds/services?page={}",
]  # fmt: skip
ASKED_AT_DESK = [
    f"/admin/{app}/?{query}"
    for app in ("facts/topic", "facts/factversion", "community/supportgroup", "portal/emptysearch")
    for query in ("q={}", "o={}", "p={}", "e={}", "state={}", "_popup={}")
] + [
    "/admin/autocomplete/?app_label=facts&model_name=fact&field_name=topic&term={}",
    "/admin/autocomplete/?app_label={0}&model_name={0}&field_name={0}&term=a",
    "/admin/jsi18n/?{}",
]


def test_b15_words_that_are_code_are_words(world):
    # Each address meets a part of the lines, and each line a part of the addresses.
    for number, text in enumerate(SQL + NAUGHTY):
        for address in ASKED[number % 7 :: 7]:
            response = world.ask("owner", "GET", address.format(quote(text, safe="")))
            assert response.status_code in {200, 302, 400, 404}, (address, text)
        for address in ASKED_AT_DESK[number % 13 :: 13]:
            response = world.ask("superuser", "GET", address.format(quote(text, safe="")))
            assert response.status_code in {200, 302, 400, 403, 404}, (address, text)


GOOD = "/facts/where-next-leads/"


@pytest.fixture(scope="module")
def with_next(world):
    """Who asks which address that takes a `next`: found by what it does with a good one."""
    found = []
    for address, *_codes in TABLE.values():
        if "{" in address or re.match(r"/admin/\w+/\w+/", address):
            continue
        for role in ("visitor", "owner"):
            for method in ("GET", "POST"):
                response = world.ask(role, method, with_query(address, GOOD))
                if GOOD in response.get("Location", "") or f'value="{GOOD}"' in response.text:
                    found.append((role, method, address))
    return found


def with_query(address, following):
    return f"{address}{'&' if '?' in address else '?'}next={quote(following, safe='')}"


@pytest.mark.once
def test_b13_next_leads_nowhere_else(world, with_next):
    assert len({address for _role, _method, address in with_next}) > 5
    for number, following in enumerate(FOREIGN):
        for role, method, address in with_next[number % 2 :: 2]:
            response = world.ask(role, method, with_query(address, following))
            assert response.status_code < 500, (role, method, address, following)
            leads = urlsplit(response.get("Location", "/"))
            assert leads.netloc in {"", "localhost:8000"}, (address, following)
            assert "evil" not in leads.netloc + leads.scheme


def test_b14_address_makes_no_header(world):
    for line in HEADER_LINES:
        for address in ("/{}", "/facts/{}/", "/lists/save/?topic={}", "/accounts/login/?next=/{}",
                        "/groups/{}/calendar.ics", "/search/?q={}"):  # fmt: skip
            response = world.ask("visitor", "GET", address.format(quote(line)))
            assert response.status_code < 500
            assert not [name for name in response.headers if "inject" in name.lower()]
            assert "injected" not in response.cookies


def test_b16_paths_lead_to_no_file(world):
    bases = ("/static/", "/facts/", "/groups/", "/account/export/", "/lists/calendar/", "/es/", "/")
    for number, path in enumerate(PATHS):
        base = bases[number % len(bases)] if path[0] != "/" else "/static/"
        response = world.ask("owner", "GET", base + path)
        assert response.status_code in {301, 302, 400, 404}, base + path
        assert "root:" not in response.text


NOT_FOUND = {301, 302, 400, 403, 404, 405, 410, 414}


def odd_addresses():
    """Yield addresses of the table with another key in place of each of theirs."""
    for name, (address, *_codes) in TABLE.items():
        for place, part in enumerate(parts := address.split("/")):
            is_key = part.startswith("{") or re.fullmatch(r"\d+|[0-9a-f-]{36}", part)
            if is_key or part.removesuffix(".ics") in {"bones", "scans", "circle", "wrong"}:
                yield name, "/".join(parts[:place]) + "/", "/" + "/".join(parts[place + 1 :])


def test_b20_odd_keys_are_not_found(world):
    tried = 0
    for number, (name, before, after) in enumerate(odd_addresses()):
        # The way to stop more mails answers the same for every secret, and tells nothing.
        found = {200} if name == "mail-stop" else set()
        role = "superuser" if name in DESK else "owner"
        keys = ODD_KEYS[number % 2 :: 2] if name in ADDRESSES else ODD_KEYS[number % 6 :: 6]
        for key in keys:
            address = (before + key + after).format_map(world.keys)
            method = "POST" if (tried := tried + 1) % 3 == 0 else "GET"
            response = world.ask(role, method, address)
            assert response.status_code in found | NOT_FOUND, address
    assert tried > 600


@pytest.fixture
def _kept_connection():
    """Leave the connection open between requests, as the test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_kept_connection")
def test_b3_broken_bytes_outside_of_forms(world):
    """Through WSGI itself: the test client would mend them on the way."""
    application = get_wsgi_application()
    session = world.signed_in["owner"]
    bad = ["\x00", "\xff\xfe", "\xed\xa0\x80", "a\x00b", "%00", "%ed%a0%80", "\xc0\xaf", "%"]
    places = ("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_REFERER", "HTTP_USER_AGENT",
              "HTTP_ACCEPT_LANGUAGE", "HTTP_X_FORWARDED_FOR", "HTTP_IF_NONE_MATCH", "CONTENT_TYPE",
              "HTTP_HX_REQUEST", "HTTP_ORIGIN", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")  # fmt: skip
    paths = ("/", "/facts/bones/", "/lists/", "/accounts/login/", "/search/", "/preferences/")
    for number, (place, text) in enumerate(product(places, bad)):
        environ = {
            "REQUEST_METHOD": ("GET", "POST")[number % 2],
            "PATH_INFO": paths[number % len(paths)],
            "QUERY_STRING": "",
            "HTTP_COOKIE": f"session={session}",
            "HTTP_HOST": "localhost:8000",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "REMOTE_ADDR": "1.2.3.4",
            "CONTENT_LENGTH": "0",
            "wsgi.input": io.BytesIO(b""),
            "wsgi.url_scheme": "http",
        }
        environ[place] = str(environ.get(place, "")) + text
        answered = []
        with undone():
            b"".join(application(environ, lambda status, *_more: answered.append(status)))  # noqa: B023
        assert int(answered[0][:3]) < 500, (place, text)


@pytest.mark.parametrize("address", ["/preferences/", "/groups/suggest/", "/accounts/login/"])
def test_b4_too_much_is_refused(world, address):
    many = {f"field{number}": "x" for number in range(1001)}
    files = {f"file{number}": SimpleUploadedFile("x.txt", b"x") for number in range(101)}

    assert world.ask("visitor", "POST", address, many).status_code == 400
    assert world.ask("visitor", "POST", address, files).status_code == 400
    assert world.ask("visitor", "POST", address, {"words": "x" * 10_000_000}).status_code == 400


def random_requests(world, number, seed):
    """Yield (role, method, address, data) made from the table: any key, any word, any method."""
    chance = random.Random(seed)
    rows = [address for address, *_codes in TABLE.values()]
    words = [*NAUGHTY, *SQL, *ODD_KEYS, *HEADER_LINES, *FOREIGN, *map(str, world.keys.values())]
    names = [
        *("q", "page", "next", "show", "near", "note", "title", "text", "list", "topic", "action"),
        *("position", "secret", "version", "id", "_selected_action", "o", "p", "all", "sure"),
    ]
    for _each in range(number):
        address = chance.choice(rows).format_map(world.keys)
        if chance.random() < 0.4:
            parts = address.split("/")
            parts[chance.randrange(len(parts))] = quote(chance.choice(words)[:300], safe="%")
            address = "/" + "/".join(parts).lstrip("/")
        data = {chance.choice(names): chance.choice(words) for _ in range(chance.randrange(5))}
        method = chance.choice(["GET"] * 5 + ["POST"] * 5 + ["HEAD", "PUT", "DELETE", "OPTIONS"])
        if method == "GET" and chance.random() < 0.5:
            data = {}
        yield chance.choice(ROLES), method, address, data


def failures(world, number, seed):
    """Return the requests that were answered by an error of ours, or by a method too many."""
    wrong = []
    for role, method, address, data in random_requests(world, number, seed):
        if method in {"PUT", "DELETE", "OPTIONS"}:
            data = ""
        response = world.ask(role, method, address, data, is_proved=role != "other")
        is_ready = response.status_code != 503 or not address.startswith("/health/")
        if response.status_code >= 500 and is_ready:
            wrong.append((role, method, address, data, response.status_code))
        if method in {"PUT", "DELETE", "OPTIONS"} and response.status_code not in {400, 404, 405}:
            wrong.append((role, method, address, response.status_code))
    return wrong


def test_b19_random_requests_are_no_errors(world):
    assert failures(world, 500, seed=8) == []
