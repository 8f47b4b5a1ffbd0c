"""Checking links against a server that misbehaves in each way, and never inside a network (B12)."""

import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.link_check import Checker, Target, Trouble, is_public
from facts.models.links import Finding
from tests.facts.misbehaving import (
    PUBLIC,
    Server,
    certificate,
    drips,
    endless_body,
    endless_continue,
    endless_headers,
    only_get,
    resets,
    says_nothing,
    seconds_of,
    sends_to,
    status,
)

SITE = "http://site.example"
FINE = Finding(status_code=200)


@pytest.fixture
def serve():
    """Return a function that starts a server with pages, and returns it."""
    servers = []

    def start(pages=None, **options):
        servers.append(Server(pages, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def checker_of(server, names=None, **options):
    """Return a checker for which every name is a public address, and that is `server`."""
    names = names or {}
    options = {"pause": 0, "link_limit": 3, "read_limit": 1, "connect": server.connect} | options

    def resolve(host, port):
        try:
            found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
            return [info[4][0] for info in found]
        except socket.gaierror:
            return names.get(host, [PUBLIC])

    return Checker(**{"resolve": resolve} | options)


# Pages that are there


def test_page_that_is_there_is_fine_and_asked_for_by_its_head(serve):
    server = serve({"/page?a=b": status(200)})

    assert checker_of(server).check(f"{SITE}/page?a=b#part") == FINE
    assert server.asked() == ["HEAD /page?a=b"]


def test_it_says_who_asks_and_where_to_find_us(serve, settings):
    settings.SITE_URL = "https://portal.example.org"
    server = serve({"/": status(200)})

    checker_of(server).check(SITE)

    for _line, head in server.requests:
        assert "User-Agent: WaymarkLinkCheck/1.0 (+https://portal.example.org/about/)" in head
        assert "Host: site.example" in head
        assert "Cookie" not in head
        assert "Referer" not in head


@pytest.mark.parametrize("refusal", [400, 403, 404, 405, 500, 501, 503])
def test_website_that_cannot_do_head_is_asked_for_the_page(serve, refusal):
    server = serve({"/": only_get(status(200, body=b"Hello"), status(refusal))})

    assert checker_of(server).check(SITE) == FINE
    assert server.asked() == ["HEAD /", "GET /"]


def test_head_that_is_answered_with_nonsense_is_followed_by_get(serve):
    server = serve({"/": only_get(status(200), b"\x00\xff garbage\r\n\r\n")})

    assert checker_of(server).check(SITE) == FINE


def test_endless_body_is_not_read(serve):
    server = serve({"/": only_get_endless})

    finding, seconds = seconds_of(lambda: checker_of(server).check(SITE))

    assert finding == FINE
    assert seconds < 2


def only_get_endless(connection, method, is_over):
    if method == "HEAD":
        connection.sendall(status(405))
    else:
        endless_body(connection, method, is_over)


def test_name_beyond_ascii_and_odd_paths_are_asked_for_as_browsers_do(serve):
    server = serve({"/caf%C3%A9?q=%E2%9C%93": status(200)})

    assert checker_of(server).check("http://bücher.example/café?q=✓") == FINE
    assert "Host: xn--bcher-kva.example" in server.requests[-1][1]


# Redirects


def test_permanent_redirect_is_remembered(serve):
    server = serve({"/old": sends_to("/new", 301), "/new": status(200)})

    finding = checker_of(server).check(f"{SITE}/old")

    assert finding == Finding(status_code=200, moved_to=f"{SITE}/new")


def test_passing_redirect_is_no_new_address(serve):
    server = serve({"/old": sends_to("/new", 302), "/new": status(200)})

    assert checker_of(server).check(f"{SITE}/old") == FINE


def test_new_address_is_the_last_before_a_passing_redirect(serve):
    server = serve(
        {
            "/a": sends_to("/b", 308),
            "/b": sends_to("/c", 301),
            "/c": sends_to("/d", 307),
            "/d": sends_to("/e", 301),
            "/e": status(200),
        }
    )

    assert checker_of(server).check(f"{SITE}/a").moved_to == f"{SITE}/c"


def test_redirect_to_a_page_that_is_gone_is_a_failure(serve):
    server = serve({"/old": sends_to("/new", 301), "/new": status(410)})

    assert checker_of(server).check(f"{SITE}/old") == Finding("gone", 410)


def test_redirects_end_somewhere(serve):
    server = serve({"/a": sends_to("/b"), "/b": sends_to("/a")})

    assert checker_of(server).check(f"{SITE}/a").problem == "redirects"
    assert len(server.asked()) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:443/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "//10.0.0.1/",
        "http://inside.example/",
        "http://LOCALHOST/",
    ],
)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_into_a_network_is_not_followed(serve, location, code):
    server = serve({"/": sends_to(location, code)})
    names = {"inside.example": ["192.168.1.7"], "localhost": ["127.0.0.1"]}

    assert checker_of(server, names).check(SITE).problem == "internal"
    assert server.asked() == ["HEAD /"]


@pytest.mark.parametrize(
    "location",
    ["ftp://site.example/", "file:///etc/passwd", "javascript:1", "http://a@site.example/",
     "http://site.example:8080/", "http://[", "http://%00/", "gopher://x/"],
)  # fmt: skip
def test_redirect_to_what_is_no_web_address_is_a_failure(serve, location):
    server = serve({"/": sends_to(location)})

    assert checker_of(server).check(SITE).problem == "bad-address"
    assert server.asked() == ["HEAD /"]


# robots.txt


def test_what_robots_forbids_is_not_asked_for(serve):
    server = serve(
        {"/private": status(200)}, robots=status(200, body=b"User-agent: *\nDisallow: /p")
    )

    assert checker_of(server).check(f"{SITE}/private") == Finding("robots")
    assert server.asked() == []


def test_robots_may_speak_to_us_by_name(serve):
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: waymarklinkcheck\nDisallow: /x\n"
    server = serve({"/page": status(200)}, robots=status(200, body=rules))

    assert checker_of(server).check(f"{SITE}/page") == FINE
    assert checker_of(server).check(f"{SITE}/x").problem == "robots"


def test_robots_is_asked_for_once_in_a_run(serve):
    server = serve({"/a": status(200), "/b": status(200)})
    checker = checker_of(server)

    checker.check(f"{SITE}/a")
    checker.check(f"{SITE}/b")

    assert [line for line, _ in server.requests].count("GET /robots.txt") == 1


def test_robots_that_fails_forbids_all(serve):
    server = serve({"/": status(200)}, robots=status(500))

    assert checker_of(server).check(SITE) == Finding("robots")
    assert server.asked() == []


def test_robots_that_is_refused_forbids_nothing(serve):
    server = serve({"/": status(200)}, robots=status(403))

    assert checker_of(server).check(SITE) == FINE


def test_robots_may_stand_elsewhere_but_not_inside_a_network(serve):
    server = serve({"/": status(200), "/r": status(200, body=b"User-agent: *\nDisallow: /")})
    server.robots = sends_to("/r", 301)
    assert checker_of(server).check(SITE).problem == "robots"

    server.robots = sends_to("http://127.0.0.1/r", 301)
    assert checker_of(server).check(SITE) == FINE


def test_endless_robots_is_read_up_to_a_limit(serve):
    server = serve({"/": status(200)}, robots=endless_body)

    assert checker_of(server).check(SITE) == FINE


def test_redirect_asks_the_robots_of_the_next_website_too(serve):
    server = serve({"/": sends_to("http://other.example/")})

    checker_of(server).check(SITE)

    hosts = [
        head.split("Host: ")[1].split()[0] for line, head in server.requests if "robots" in line
    ]
    assert hosts == ["site.example", "other.example"]


# Misbehaviour


@pytest.mark.parametrize(
    ("answer", "problem", "code"),
    [
        (status(404), "not-found", 404),
        (status(410), "gone", 410),
        (status(500), "server-error", 500),
        (status(503), "server-error", 503),
        (status(400), "client-error", 400),
        (status(401), "not-for-programs", 401),
        (status(403), "not-for-programs", 403),
        (status(429), "not-for-programs", 429),
        (status(999), "not-for-programs", 999),
        (status(304), "garbled", 304),
        (status(302), "garbled", 302),
        (resets, "reset", None),
        (lambda connection, method, is_over: None, "reset", None),
        (says_nothing, "timeout", None),
        (drips, "timeout", None),
        (endless_headers, "too-big", None),
        (endless_continue, "too-big", None),
        (b"HTTP/1.1 200 OK\r\nX: " + b"z" * 300_000 + b"\r\n\r\n", "too-big", None),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "too-big", None),
        (b"\x00\x01\x02 garbage \xff\xfe\r\n\r\n", "garbled", None),
        (b"HTTP/9.9 abc\r\n\r\n", "garbled", None),
        (b"HTTP/1.1 -5 x\r\n\r\n", "garbled", None),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "garbled", None),
        (b"HTTP/1.1 301 x\r\nLocation: \xff\xfe\x00http://\r\nContent-Length: 0\r\n\r\n",
         "bad-address", None),
    ],
)  # fmt: skip
def test_misbehaviour_is_told_in_words_and_ends_in_time(serve, answer, problem, code):
    server = serve({"/": answer})

    finding, seconds = seconds_of(lambda: checker_of(server).check(SITE))

    assert finding == Finding(problem, code)
    assert seconds < 5


def test_website_that_takes_no_connection(serve):
    server = serve()
    server.close()

    assert checker_of(server).check(SITE).problem == "refused"


def test_name_that_nobody_has(serve):
    def resolve(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert checker_of(serve(), resolve=resolve).check(SITE).problem == "no-host"
    assert checker_of(serve(), resolve=lambda host, port: []).check(SITE).problem == "no-host"


def test_slow_resolver_ends_in_time(serve):
    server = serve()

    def resolve(host, port):
        server.is_over.wait(20)
        return []

    finding, seconds = seconds_of(
        lambda: checker_of(server, resolve=resolve, link_limit=0.5).check(SITE)
    )

    assert finding.problem == "timeout"
    assert seconds < 2


def test_next_address_of_a_website_is_tried(serve):
    server = serve({"/": status(200)})
    tried = []

    def connect(address, port, timeout):
        tried.append(address)
        if address != PUBLIC:
            raise OSError("network unreachable")
        return server.connect(address, port, timeout)

    other = "2606:4700::1"
    checker = checker_of(server, connect=connect, resolve=lambda host, port: [other, PUBLIC])

    assert checker.check(SITE) == FINE
    assert tried[:2] == [other, PUBLIC]


@given(st.binary(max_size=400))
def test_no_bytes_raise(answer):
    def connect(address, port, timeout):
        here, there = socket.socketpair()
        there.sendall(answer)
        there.shutdown(socket.SHUT_WR)
        ends.append(there)
        return here

    ends = []
    checker = Checker(
        resolve=lambda host, port: [PUBLIC], connect=connect, pause=0, link_limit=3, read_limit=1
    )

    finding = checker.check(SITE)

    assert isinstance(finding, Finding)
    for end in ends:
        end.close()


@given(st.text(max_size=80))
def test_no_address_raises(text):
    def connect(address, port, timeout):
        raise OSError

    checker = Checker(resolve=lambda host, port: [PUBLIC], connect=connect, pause=0)

    for url in (text, f"http://{text}", f"https://site.example/{text}"):
        assert checker.check(url).problem


# TLS


def test_certificate_that_nobody_vouches_for_is_a_failure(serve, tmp_path):
    _file, tls = certificate(tmp_path, "site.example")
    server = serve({"/": status(200)}, tls=tls)

    assert checker_of(server).check("https://site.example/").problem == "tls"


def test_certificate_must_be_of_the_name_that_was_asked_for(serve, tmp_path):
    file, tls = certificate(tmp_path, "site.example")
    server = serve({"/": status(200)}, tls=tls)
    trusting = ssl.create_default_context(cafile=file)
    checker = checker_of(server, tls=trusting)

    assert checker.check("https://site.example/") == FINE
    assert checker.check("https://other.example/").problem == "tls"


def test_plain_words_where_tls_was_expected(serve):
    server = serve({"/": status(200)})

    assert checker_of(server).check("https://site.example/").problem in {"tls", "timeout"}


# Politeness


def test_pause_between_two_requests_to_a_website(serve):
    server = serve({"/": status(200), "/b": status(200)})
    pauses = []
    checker = checker_of(server, pause=1.0, sleep=pauses.append)

    checker.check(SITE)
    checker.check("http://other.example/")

    # robots.txt and the page of each: one pause between them, none between websites.
    assert len(pauses) == 2
    assert all(0.5 < pause <= 1 for pause in pauses)


def test_proxy_of_the_environment_is_not_used(serve, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server = serve({"/": status(200)})

    assert checker_of(server).check(SITE) == FINE


# Never inside a network


INTERNAL = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "127.0.0.1", "127.1.2.3", "127.255.255.254", "168.63.129.16", "169.254.0.1",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9",
    "192.0.0.10", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.215.14",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:5db8:d70e::1",
    "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_address_is_known_as_one(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "223.255.255.254",
     "2606:4700::1111", "2a00:1450:4001:81b::200e", "64:ff9b::93.184.215.14"],
)  # fmt: skip
def test_public_address_is_known_as_one(address):
    assert is_public(address)


@given(st.ip_addresses())
def test_public_is_stricter_than_the_standard_library(ip):
    if is_public(str(ip)) and not str(ip).startswith("64:ff9b::"):
        assert ip.is_global
        assert not ip.is_multicast


# Spellings of internal addresses, as they are collected from attacks on servers that fetch.
SPELLINGS = [
    "http://127.0.0.1/", "http://127.0.0.1:80/", "http://127.0.0.1:443/", "http://127.0.0.1:22/",
    "http://127.1/", "http://127.0.1/", "http://127.127.127.127/", "http://0/", "http://0.0.0.0/",
    "http://0x7f000001/", "http://0x7f.0x0.0x0.0x1/", "http://0x7F.1/", "http://0177.0.0.1/",
    "http://0177.0.0.01/", "http://017700000001/", "http://2130706433/", "http://3232235521/",
    "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
    "http://169.254.169.254/latest/meta-data/", "http://169.254.169.254.:80/",
    "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::ffff:a9fe:a9fe]/", "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fd00:ec2::254]/", "http://[fc00::1]/",
    "http://[ff02::1]/", "http://[::1%25lo]/", "http://[2001:0:7f00:1::]/",
    "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://localhost.localdomain/",
    "http://ip6-localhost/", "http://sub.localhost/", "http://localtest.me/",
    "http://127.0.0.1.nip.io/", "http://metadata.google.internal/", "http://router.local/",
    "http://①②⑦.⓪.⓪.①/", "http://１２７.０.０.１/", "http://127。0。0。1/", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.0.1/", "http://100.64.0.1/",
    "http://192.168.257/", "http://10.1/", "http://0xc0a80001/", "http://00000300.0250.0.1/",
    "http://site.example@127.0.0.1/", "http://127.0.0.1@site.example/", "http://a:b@127.0.0.1/",
    "http://127.0.0.1#@site.example/", "http://127.0.0.1?@site.example/",
    "http://127.0.0.1\\@site.example/", "http://site.example\\@127.0.0.1/",
    "http://127.0.0.1\t/", "http://127.0.0.1\n/", "http:\\\\127.0.0.1\\", "http:127.0.0.1/",
    "http:///127.0.0.1/", "//127.0.0.1/", "HTTP://127.0.0.1/", "hTTps://127.0.0.1/",
    "http://127.0.0.1%00/", "http://127.0.0.1%2f/", "http://%31%32%37.0.0.1/", "http://127.0.0.1:/",
    "https://127.0.0.1/", "https://[::1]:443/", "http://site.example:22/", "http://site.example:25/",
    "http://site.example:6379/", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:70/_",
    "dict://127.0.0.1:11211/", "ldap://127.0.0.1/", "jar:http://127.0.0.1!/", "data:text/html,x",
    "unix:/run/docker.sock", "http+unix://%2Frun%2Fdocker.sock/", "http://", "http://[", "http://]/",
    "http://[::1", "http://:80/", "http://./", "http://../", "http://168.63.129.16/",
    "http://255.255.255.255/", "http://224.0.0.1/", "http://240.0.0.1/",
]  # fmt: skip
WHAT_NAMES_MEAN = {"metadata.google.internal": "169.254.169.254", "router.local": "192.168.1.1"}


def test_b12_no_spelling_opens_a_connection(monkeypatch):
    opened = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: opened.append(to))
    monkeypatch.setattr(socket.socket, "connect_ex", lambda self, to: opened.append(to))

    def resolve(host, port):
        try:  # The system's own reading of numbers, without asking a name server.
            found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
            return [info[4][0] for info in found]
        except socket.gaierror:
            return [WHAT_NAMES_MEAN.get(host, "127.0.0.1")]

    checker = Checker(resolve=resolve, pause=0)
    found = {url: checker.check(url).problem for url in SPELLINGS}

    assert len(SPELLINGS) >= 60
    assert set(found.values()) <= {"internal", "bad-address"}, found
    assert opened == []


def test_name_that_means_a_public_and_an_internal_address_is_refused(serve):
    server = serve({"/": status(200)})
    checker = checker_of(server, resolve=lambda host, port: [PUBLIC, "10.0.0.1"])

    assert checker.check(SITE).problem == "internal"
    assert server.requests == []


def test_answer_that_changes_in_between_leads_nowhere(serve):
    """A name is public when it is looked at and internal right after: DNS rebinding."""
    server = serve({"/": status(200)})
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    connected = []

    def connect(address, port, timeout):
        connected.append(address)
        return server.connect(address, port, timeout)

    checker = checker_of(server, resolve=lambda host, port: next(answers), connect=connect)

    assert checker.check(SITE).problem == "internal"
    assert connected == [PUBLIC]  # robots.txt; the page is asked for at no other address.


def test_connection_goes_to_the_address_that_was_looked_at(serve):
    """Between looking and connecting, nobody resolves the name again."""
    server = serve({"/": status(200)})
    resolved, connected = [], []

    def resolve(host, port):
        resolved.append(host)
        return [PUBLIC]

    def connect(address, port, timeout):
        connected.append(address)
        return server.connect(address, port, timeout)

    assert checker_of(server, resolve=resolve, connect=connect).check(SITE) == FINE
    assert connected == [PUBLIC] * len(resolved)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://site.example", ("https", "site.example", 443, "/")),
        ("http://Site.Example./a b".replace(" ", "%20"), ("http", "site.example", 80, "/a%20b")),
        ("http://site.example:443/?x=ü", ("http", "site.example", 443, "/?x=%C3%BC")),
        ("http://[2606:4700::1]/", ("http", "2606:4700::1", 80, "/")),
    ],
)
def test_address_is_read_in_parts(url, parts):
    target = Target.of(url)

    assert (target.scheme, target.host, target.port, target.path) == parts


def test_address_that_is_far_too_long_is_refused():
    with pytest.raises(Trouble):
        Target.of("http://site.example/" + "a" * 2000)
