"""Asks whether a web address still leads to a page: politely, and never inside a network.

Polite: robots.txt first (facts.robots), HEAD before GET, no body read, one request at a time
with a pause between two to the same website, and a name that says who asks.

Safe: http and https on their own ports alone; the name is resolved once for each connection, all
of the answer must be public, and the connection goes to that very address, for redirects too. No
proxy of the environment is used, and no password sent. What a website answers is read up to a
limit of bytes and of time, and nothing that it sends raises.

The standard library's http.client does the talking: a client that resolves by itself could be
led from one answer to another in between.
"""

import http.client
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings

from facts.models.links import Finding, Problem
from facts.robots import Robots, parse_robots

TOKEN = "WaymarkLinkCheck"  # noqa: S105 (the name that robots.txt may speak to)
LINK_LIMIT = 20.0  # seconds for one address, with its redirects and robots.txt
DNS_LIMIT = 5.0
CONNECT_LIMIT = 5.0
READ_LIMIT = 8.0
PAUSE = 1.0  # seconds between two requests to the same website
HEADER_BYTES = 64 * 1024
ROBOTS_BYTES = 512 * 1024  # RFC 9309, section 2.5: at least 500 KiB
MAX_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}
PERMANENT = {301, 308}
REDIRECTS = {301, 302, 303, 307, 308}
# Answers of websites that are there for people, and turn programs away.
NOT_FOR_PROGRAMS = {401, 402, 403, 405, 406, 407, 418, 429, 451, 999}
# These two answers mean themselves; any other refusal of HEAD may be meant for HEAD alone.
HEAD_IS_ENOUGH = {401, 429}
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_PATH_SAFE = "/%:=&?~+!$,;'@()*[]|-._"

# Not part of the public internet although `is_global` of this or an older Python may say so.
# Sources: the IANA registries of special-purpose addresses; RFC 6890; 168.63.129.16 is where a
# cloud keeps its machines' own services.
NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",  # Teredo and other experiments
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Trouble(Exception):
    """Why an address gave no page."""

    def __init__(self, problem: Problem, status_code: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status_code = status_code


def is_public(address: str) -> bool:
    """Return whether the IP `address` is one of the public internet.

    An IPv6 address that holds an IPv4 address is judged by what it holds, or refused.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in PUBLIC_IPV6 or ip.scope_id is not None:
            return False
    # An ISATAP address leads to the IPv4 address in its last half (RFC 5214).
    if ip.version == 6 and (int(ip) >> 32) & 0xFDFFFFFF == 0x5EFE:
        return False
    return ip.is_global and not any(ip in network for network in NEVER)


@dataclass(frozen=True)
class Target:
    """A web address in the parts that a request needs, all of them ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> "Target":
        """Read `url`. Raises Trouble if it is no plain web address on a usual port."""
        if len(url) > 2000 or re.search(r"[\x00-\x20\x7f\\]", url):
            raise Trouble(Problem.BAD_ADDRESS)
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise Trouble(Problem.BAD_ADDRESS) from None
        if parts.scheme not in PORTS or "@" in parts.netloc:
            raise Trouble(Problem.BAD_ADDRESS)
        if port is None:
            port = PORTS[parts.scheme]
        if port not in PORTS.values():
            raise Trouble(Problem.BAD_ADDRESS)
        path = quote(_encoded(parts.path or "/"), safe=_PATH_SAFE)
        if parts.query:
            path += "?" + quote(_encoded(parts.query), safe=_PATH_SAFE)
        return cls(parts.scheme, _ascii_host(host), port, path)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What one robots.txt holds for."""
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        """The address again, as it is asked for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _ascii_host(host: str) -> str:
    """Return `host` as DNS knows it. Raises Trouble."""
    try:
        if ":" in host:
            if "%" in host:
                raise Trouble(Problem.BAD_ADDRESS)
            return ipaddress.IPv6Address(host).compressed
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except ValueError:
        raise Trouble(Problem.BAD_ADDRESS) from None
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise Trouble(Problem.BAD_ADDRESS)
    return name


@dataclass(frozen=True)
class Answer:
    """What a website said, as far as it was read."""

    status: int
    location: str
    body: bytes = b""


Resolve = Callable[[str, int], Iterable[str]]
Connect = Callable[[str, int, float], socket.socket]


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of `host`, as the machine's own resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def connect(address: str, port: int, timeout: float) -> socket.socket:
    """Open a connection to the IP `address`."""
    return socket.create_connection((address, port), timeout)


class Checker:
    """Checks addresses one after another, and remembers whom it asked and what they allow.

    One is made for each run. `resolve`, `connect` and `tls` are what tests put in place of the
    network; the rules on addresses and ports always hold.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        connect: Connect = connect,
        tls: ssl.SSLContext | None = None,
        pause: float = PAUSE,
        link_limit: float = LINK_LIMIT,
        read_limit: float = READ_LIMIT,
        sleep: Callable[[float], Any] = time.sleep,
    ) -> None:
        self._resolve = resolve
        self._connect = connect
        self._tls = tls
        self._pause = pause
        self._link_limit = link_limit
        self._read_limit = read_limit
        self._sleep = sleep
        self._deadline = 0.0
        self._ready_at: dict[str, float] = {}
        self._robots: dict[tuple[str, str, int], Robots | None] = {}
        self._headers = {
            "User-Agent": f"{TOKEN}/1.0 (+{settings.SITE_URL}/about/)",
            "Accept": "text/html, */*;q=0.5",
            "Connection": "close",
        }

    def check(self, url: str) -> Finding:
        """Return what stands at `url` now. Never raises, and ends within the limit of time."""
        self._deadline = time.monotonic() + self._link_limit
        try:
            return self._follow(url)
        except Trouble as trouble:
            return Finding(trouble.problem.value, trouble.status_code)

    def _follow(self, url: str) -> Finding:
        """Ask for `url` and for what it redirects to, each checked as the first was."""
        target, moved_to, is_permanent = Target.of(url), "", True
        for _hop in range(MAX_REDIRECTS + 1):
            self._require_allowed(target)
            answer = self._ask_gently(target)
            if answer.status in REDIRECTS and answer.location:
                target = _next(target, answer)
                is_permanent = is_permanent and answer.status in PERMANENT
                if is_permanent:
                    moved_to = target.url
                continue
            if 200 <= answer.status < 300:
                is_same = moved_to == Target.of(url).url
                return Finding(status_code=answer.status, moved_to="" if is_same else moved_to)
            raise Trouble(_problem_of(answer.status), answer.status)
        raise Trouble(Problem.REDIRECTS)

    def _ask_gently(self, target: Target) -> Answer:
        """Ask for the head alone; for the page where the website cannot do that."""
        try:
            answer = self._ask("HEAD", target)
        except Trouble as trouble:
            if trouble.problem not in {Problem.GARBLED, Problem.RESET}:
                raise
        else:
            if answer.status < 400 or answer.status in HEAD_IS_ENOUGH:
                return answer
        return self._ask("GET", target)

    # robots.txt

    def _require_allowed(self, target: Target) -> None:
        """Raise Trouble if the website asks programs not to look at `target`."""
        if target.origin not in self._robots:
            self._robots[target.origin] = self._fetch_robots(target)
        robots = self._robots[target.origin]
        if robots is None or not robots.allows(target.path):
            raise Trouble(Problem.ROBOTS)

    def _fetch_robots(self, target: Target) -> Robots | None:
        """Return the rules of the website of `target`, or None: then all is forbidden.

        RFC 9309, section 2.3.1: an answer of 4xx forbids nothing, one of 5xx everything. A
        website that does not answer at all is a failure of the link itself, so it raises.
        """
        own = at = Target(*target.origin, "/robots.txt")
        for _hop in range(MAX_REDIRECTS + 1):
            try:
                answer = self._ask("GET", at, body_bytes=ROBOTS_BYTES)
                if answer.status in REDIRECTS and answer.location:
                    at = _next(at, answer)
                    continue
            except Trouble:
                if at == own:
                    raise
                return Robots()  # It was sent to where nothing is, which is as good as none.
            if 200 <= answer.status < 300:
                return parse_robots(answer.body.decode("utf-8", "replace"), TOKEN)
            is_broken = answer.status >= 500 and answer.status not in NOT_FOR_PROGRAMS
            return None if is_broken else Robots()
        return Robots()

    # One request

    def _ask(self, method: str, target: Target, body_bytes: int = 0) -> Answer:
        """Send one request, and return its answer with up to `body_bytes` of the body.

        Raises Trouble, and nothing else, whatever comes back.
        """
        self._wait_for(target.host)
        try:
            return self._talk(method, target, body_bytes)
        except Trouble:
            raise
        except TimeoutError:
            raise Trouble(Problem.TIMEOUT) from None
        except socket.gaierror:
            raise Trouble(Problem.NO_HOST) from None
        except ssl.SSLError:
            raise Trouble(Problem.TLS) from None
        except ConnectionRefusedError:
            raise Trouble(Problem.REFUSED) from None
        except ConnectionError:
            raise Trouble(Problem.RESET) from None
        except OSError:
            raise Trouble(Problem.REFUSED) from None
        except Exception as error:  # Whatever the bytes of a stranger set off in a parser.
            # http.client has no class of its own for "more than 100 headers".
            is_too_big = type(error) in {http.client.HTTPException, http.client.LineTooLong}
            raise Trouble(Problem.TOO_BIG if is_too_big else Problem.GARBLED) from None
        finally:
            self._ready_at[target.host] = time.monotonic() + self._pause

    def _talk(self, method: str, target: Target, body_bytes: int) -> Answer:
        plain = self._open(target)
        limit = HEADER_BYTES + body_bytes
        wire = _Wire(plain, self._deadline, self._read_limit, limit)
        try:
            if target.scheme == "https":
                plain.settimeout(min(CONNECT_LIMIT, self._left()))
                tls = self._tls or ssl.create_default_context()
                wire.sock = tls.wrap_socket(plain, server_hostname=target.host)
            speaker = _Speaker(target.host, target.port)
            speaker.default_port = PORTS[target.scheme]
            # It asks for no more of a socket than _Wire has.
            speaker.sock = cast(socket.socket, wire)
            speaker.request(method, target.path, headers=self._headers)
            response = speaker.getresponse()
            location = response.getheader("Location") or ""
            body = response.read(body_bytes) if body_bytes and response.status < 300 else b""
            return Answer(response.status, location, body)
        finally:
            wire.sock.close()

    def _open(self, target: Target) -> socket.socket:
        """Connect to the website of `target`, at an address that was looked at before."""
        addresses = self._resolve_in_time(target)
        if not addresses:
            raise Trouble(Problem.NO_HOST)
        if not all(is_public(address) for address in addresses):
            raise Trouble(Problem.INTERNAL)
        refusal: OSError | None = None
        for address in addresses[:3]:
            try:
                return self._connect(address, target.port, min(CONNECT_LIMIT, self._left()))
            except OSError as error:
                refusal = refusal or error
        raise refusal or OSError

    def _resolve_in_time(self, target: Target) -> list[str]:
        """Resolve in a thread of its own: the system's resolver knows no limit of time."""
        said: queue.Queue[list[str] | Exception] = queue.Queue()

        def look_up() -> None:
            try:
                said.put(list(self._resolve(target.host, target.port)))
            except Exception as error:
                said.put(error)

        threading.Thread(target=look_up, daemon=True, name="resolve").start()
        try:
            result = said.get(timeout=min(DNS_LIMIT, self._left()))
        except queue.Empty:
            raise Trouble(Problem.TIMEOUT) from None
        if isinstance(result, UnicodeError):
            raise Trouble(Problem.BAD_ADDRESS)
        if isinstance(result, Exception):
            raise result
        return result

    def _wait_for(self, host: str) -> None:
        """Keep the pause between two requests to the same website."""
        wait = self._ready_at.get(host, 0.0) - time.monotonic()
        if wait > 0:
            if wait > self._left():
                raise Trouble(Problem.TIMEOUT)
            self._sleep(wait)

    def _left(self) -> float:
        """Return the seconds that are left for this address. Raises Trouble if none are."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Trouble(Problem.TIMEOUT)
        return left


class _Speaker(http.client.HTTPConnection):
    """Speaks HTTP on the connection that it is given, and opens none of its own."""

    def connect(self) -> None:
        raise Trouble(Problem.RESET)


class _Wire:
    """What http.client asks of a socket; it is read up to a limit, however slowly it drips."""

    def __init__(
        self, sock: socket.socket, deadline: float, read_limit: float, byte_limit: int
    ) -> None:
        self.sock = sock
        self.bytes_left = byte_limit
        self._until = deadline
        self._read_limit = read_limit

    def set_timeout(self) -> None:
        """Let the next reading or writing end in time. Raises TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(min(self._read_limit, left))

    def sendall(self, data: bytes) -> None:
        self.set_timeout()
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Do nothing: an answer is read after http.client has closed; Checker closes it."""


class _Reader(io.RawIOBase):
    """Reads a `_Wire` within its limits."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wire = self._wire
        if wire.bytes_left <= 0:
            raise Trouble(Problem.TOO_BIG)
        wire.set_timeout()
        got = wire.sock.recv_into(memoryview(buffer)[: wire.bytes_left])
        wire.bytes_left -= got
        return got


def _next(target: Target, answer: Answer) -> Target:
    """Return where `answer` sends us. Raises Trouble."""
    # Headers come as Latin-1; addresses in them are UTF-8 by now.
    location = answer.location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    try:
        return Target.of(urljoin(target.url, location))
    except ValueError:
        raise Trouble(Problem.BAD_ADDRESS) from None


def _problem_of(status: int) -> Problem:
    """Return what an answer that is no page means."""
    if status == 404:
        return Problem.NOT_FOUND
    if status == 410:
        return Problem.GONE
    if status in NOT_FOR_PROGRAMS:
        return Problem.NOT_FOR_PROGRAMS
    if status >= 500:
        return Problem.SERVER_ERROR
    return Problem.CLIENT_ERROR if status >= 400 else Problem.GARBLED
