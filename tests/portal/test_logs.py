"""S17, P6: what is logged holds nothing of what somebody typed, asked for, or came from."""

import io
import json
import logging
import logging.config
import socket
import time

import pytest
import structlog
from django.http import HttpRequest
from django.urls import path

from portal.logs import logging_config
from portal.urls import *  # noqa: F403  (the handlers of errors)
from portal.urls import urlpatterns as portal_urls
from tests.portal.processes import free_port, make_data, start

CANARY = "Qx7canary1mZ"
ADDRESS = "203.0.113.77"


def broken(request, word):
    raise ValueError(f"{CANARY}\nsecond line {request.GET}")


def broken_with_cause(request):
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        raise RuntimeError(CANARY) from error


urlpatterns = [
    path("broken/<str:word>/", broken, name="broken"),
    path("broken-with-cause/", broken_with_cause, name="broken-with-cause"),
    *portal_urls,
]


@pytest.fixture
def lines():
    """Return what was logged, line by line, through the real configuration."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logging.config.dictConfig(logging_config("DEBUG"))
    root.handlers[0].setStream(stream)
    yield lambda: stream.getvalue().splitlines()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.config.dictConfig({**logging_config("INFO"), "incremental": True, "handlers": {}})


def checked(lines):
    """Return the lines as JSON, after making sure that none tells too much."""
    text = "\n".join(lines)
    assert CANARY not in text
    assert ADDRESS not in text
    return [json.loads(line) for line in lines]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("method", "address", "status", "extra"),
    [
        ("get", f"/{CANARY}/", 404, {}),
        ("get", f"/facts/{CANARY}/{CANARY}/", None, {}),
        ("get", f"/search/?q={CANARY}", None, {}),
        ("get", f"/groups/?near={CANARY}%0Asecond+line", None, {}),
        ("get", f"/{CANARY}%0D%0Asecond line/", 404, {}),
        ("get", f"/broken/{CANARY}/?q={CANARY}", 500, {}),
        ("get", "/broken-with-cause/", 500, {}),
        ("get", "/robots.txt", 400, {"headers": {"host": f"{CANARY}.example"}}),
        ("get", "/robots.txt", 400, {"headers": {"host": f"{CANARY} {CANARY}"}}),
        ("post", "/accounts/login/", 403, {"data": {"login": f"{CANARY}@example.org"}}),
        ("post", "/accounts/login/", 403, {"headers": {"referer": f"https://x/{CANARY}"}}),
        ("get", "/robots.txt", 200, {"headers": {"user-agent": CANARY, "cookie": f"a={CANARY}"}}),
        ("get", "/robots.txt", 200, {"headers": {"x-forwarded-for": ADDRESS}}),
    ],
)
def test_s17_no_request_leaves_a_trace_of_itself(db, client, lines, method, address, status, extra):
    client.raise_request_exception = False
    client.handler.enforce_csrf_checks = True

    response = getattr(client, method)(address, REMOTE_ADDR=ADDRESS, **extra)

    found = checked(lines())
    told = [line for line in found if line["event"] == "request"]
    assert len(told) == 1
    assert told[0]["request_id"] == response["X-Request-ID"]
    assert told[0]["status"] == response.status_code
    if status:
        assert response.status_code == status


@pytest.mark.urls(__name__)
def test_f13_error_is_told_with_its_kind_its_place_and_its_request(db, client, lines):
    client.raise_request_exception = False

    response = client.get("/broken-with-cause/")

    line = next(line for line in checked(lines()) if "exception" in line)
    assert line["exception"] == "RuntimeError"
    assert line["cause"] == "KeyError"
    assert line["trace"][-1].startswith("tests.portal.test_logs:")
    assert line["request_id"] == response["X-Request-ID"]
    assert CANARY not in response.content.decode()


def test_s17_words_of_other_packages_are_left_out(lines):
    log = logging.getLogger("some.package")
    request = HttpRequest()

    log.warning("Somebody asked for %s", CANARY)
    log.warning(f"Put together already: {CANARY}")
    log.warning("With more", extra={"request": request, "path": CANARY, "server_time": CANARY})
    log.warning(ValueError(CANARY))
    log.warning("With a stack", stack_info=True)
    try:
        raise ValueError(f"{CANARY}\n{CANARY}")
    except ValueError as error:
        log.exception("It failed: %s", error)
        log.exception(error)
        log.error(CANARY, exc_info=error)

    found = checked(lines())
    assert len(found) == 8
    assert found[0]["event"] == "Somebody asked for %s"
    assert found[1]["event"] == "(words left out)"
    assert all(line["at"].startswith("test_logs:") for line in found)
    assert [line.get("exception") for line in found[-3:]] == ["ValueError"] * 3


def test_s17_line_whose_arguments_do_not_fit_is_told_all_the_same():
    fields = {n: v for n, v in logging_config("INFO")["formatters"]["json"].items() if n != "()"}
    record = logging.makeLogRecord({"msg": "Not %s %s", "args": (CANARY,), "levelname": "ERROR"})

    line = structlog.stdlib.ProcessorFormatter(**fields).format(record)

    assert checked([line])[0]["event"] == "Not %s %s"


def test_our_own_lines_keep_words_and_values_and_lose_the_exceptions_words(lines):
    log = structlog.get_logger("portal.test")
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("job failed", job="tidy")
    log.info("two\nlines", number=3)

    failed, told = checked(lines())
    assert (failed["event"], failed["job"], failed["exception"]) == (
        "job failed", "tidy", "ValueError",
    )  # fmt: skip
    assert (told["event"], told["number"]) == ("two\nlines", 3)


def ask(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.settimeout(10)
        try:
            return connection.recv(100)
        except OSError:
            return b""


def test_s17_the_web_server_itself_tells_nothing(tmp_path):
    folder, port = make_data(tmp_path / "var"), free_port()
    server = start(
        "-m", "portal.server", "--port", str(port), "--workers", "1",
        WAYMARK_DATA_DIR=folder, SITE_URL=f"http://localhost:{port}",
    )  # fmt: skip
    until = time.monotonic() + 30
    good = f"GET /health/live HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    while time.monotonic() < until:
        try:
            if b" 200 " in ask(port, good.encode()):
                break
        except OSError:
            time.sleep(0.1)

    for request in (
        f"GET /{CANARY} HTTP/9.9\r\n\r\n",
        f"{CANARY}\r\n\r\n",
        f"GET /{CANARY} HTTP/1.1\r\nHost: localhost\r\n{CANARY} : x\r\n\r\n",
        f"GET /{CANARY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {CANARY}\r\n\r\n",
        f"GET /{CANARY * 900} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /{CANARY}/ HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n",
        f"POST /{CANARY} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        ask(port, request.encode())
    server.terminate()
    said, _nothing = server.communicate(timeout=30)

    assert server.returncode == 0
    found = checked(said.splitlines())
    assert "127.0.0.1" not in said
    assert {"request", "(words left out)"} <= {line["event"] for line in found}
