"""A portal of its own for a drill: a real server with real hashing, and a folder thrown away after.

Import this before anything of Django: it sets the environment that the settings read.
"""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PORT = _free_port()
DATA = Path(tempfile.mkdtemp(prefix="waymark-drill-"))
# To make one ready takes half a minute: a copy of a folder that is ready, where there is one.
if _ready := os.environ.get("WAYMARK_BENCH_DATA"):
    shutil.copytree(_ready, DATA, dirs_exist_ok=True)
os.environ.update(
    DJANGO_SETTINGS_MODULE="portal.settings",
    SITE_URL=f"http://localhost:{PORT}",
    WAYMARK_DATA_DIR=str(DATA),
    WAYMARK_CHECK_LINKS="0",
    # Each request may then come from an address of its own, as if a proxy stood in front.
    TRUSTED_PROXY_COUNT="1",
    DEBUG="0",
    LOG_LEVEL="ERROR",
)
os.environ.pop("EMAIL_URL", None)


class Portal:
    """The running portal; use it with `with`."""

    def __init__(
        self,
        workers: int,
        *,
        has_worker: bool = True,
        log: Path | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        """`log` is where its words go, and `before` is put before the command of the web server."""
        self.workers, self.has_worker = workers, has_worker
        self.log, self.before = log or Path(os.devnull), before
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Portal":
        self._start("-m", "portal.secrets", str(DATA)).wait()
        self._start("manage.py", "prepare").wait()
        self.processes.clear()
        self.start_server()
        if self.has_worker:
            self._start("manage.py", "work")
        import django

        django.setup()
        self.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        shutil.rmtree(DATA, ignore_errors=True)

    def start_server(self) -> subprocess.Popen[bytes]:
        """Start the web server, and do not wait for it."""
        where = ("--port", str(PORT), "--workers", str(self.workers))
        return self._start("-m", "portal.server", *where, before=self.before)

    def _start(self, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [*before, sys.executable, *arguments], cwd=ROOT, stdout=log,
                stderr=log if self.log != Path(os.devnull) else None,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def wait(self) -> None:
        """Wait until it answers."""
        for _try in range(150):
            try:
                if Browser().get("/health/live").status == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise SystemExit("The portal did not start.")


class Answer:
    """What came back, and in how many seconds."""

    def __init__(self, response: http.client.HTTPResponse, seconds: float) -> None:
        self.status, self.seconds = response.status, seconds
        self.headers, self.text = response.headers, ""


class Browser:
    """A client that keeps one connection, and cookies for as long as it is told to."""

    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        body = urlencode({**form, "csrfmiddlewaretoken": self.cookies.get("csrf", "")})
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._ask("POST", path, body, headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": f"localhost:{PORT}", "Cookie": cookies, **headers}
        began = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        answer = Answer(response, time.perf_counter() - began)
        answer.text = content.decode()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, value = re.match(r'([^=]+)="?([^;"]*)', line).groups()  # type: ignore[union-attr]
            self.cookies[name] = value
        return answer


def address_of_visitor(number: int) -> dict[str, str]:
    """Return the header that makes a request come from the visitor `number`."""
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
