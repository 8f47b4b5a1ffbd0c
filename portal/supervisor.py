"""Keeps the web server and the worker running side by side, and ends them together.

Small and without Django, because it stays in memory as long as the portal runs.
"""

import argparse
import contextlib
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

PATIENCE = 20.0  # seconds for both to end by themselves; the web server finishes its requests
LOOK = 0.1  # seconds


def why_not(host: str, port: int) -> str:
    """Return why no server can listen at `host` and `port`, or "" if one can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            return f"Port {port} does not exist; they end at 65535."
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {port} is taken by another program; end that one, or choose another "
                    f"port: PORT={port + 1} bin/serve"
                )
            return f"Nothing can listen at {host}, port {port}: {error.strerror}."
    return ""


def answers(host: str, port: int, site: str) -> bool:
    """Return whether the portal answers at `host` and `port`; `site` is the name it goes by."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    connection = http.client.HTTPConnection(everywhere.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/health/live", headers={"Host": site})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


class Supervisor:
    """Two processes of which neither is of use without the other."""

    def __init__(self, host: str, port: int, site: str, words: str) -> None:
        self.host, self.port, self.site, self.words = host, port, site, words
        self.signals = 0
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> int:
        """Run both until a signal comes or one ends, and return the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._told_to_stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # It is ignored under nohup.
            signal.signal(signal.SIGHUP, self._told_to_stop)
        where = ("--host", self.host, "--port", str(self.port))
        self._start("web server", "-m", "portal.server", *where)
        ended = self._wait()
        self._end_all()
        if self.signals:
            return 0
        status = self.children[ended].returncode
        others = "".join(
            f", so the {name} was ended too" for name in self.children if name != ended
        )
        print(f"The {ended} has ended by itself (status {status}){others}.", file=sys.stderr)
        return 1

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _start(self, name: str, *arguments: str) -> None:
        # A session of its own: Ctrl-C reaches this process alone, which then ends both in order.
        self.children[name] = subprocess.Popen(
            [sys.executable, *arguments], start_new_session=True, preexec_fn=_end_with_parent
        )

    def _wait(self) -> str:
        """Return the name of the one that ended, or "" when a signal came."""
        is_said = False
        while not self.signals:
            for name, child in self.children.items():
                if child.poll() is not None:
                    return name
            if not is_said and answers(self.host, self.port, self.site):
                # Now, since readers come first: both would take twice as long to begin at once.
                self._start("worker", "manage.py", "work")
                print(self.words, flush=True)
                is_said = True
            time.sleep(LOOK)
        return ""

    def _end_all(self) -> None:
        """Ask both to end; kill what is still there after a while, or after a second signal."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        asked, until = self.signals, time.monotonic() + PATIENCE
        while any(child.poll() is None for child in self.children.values()):
            if self.signals > max(asked, 1) or time.monotonic() > until:
                break
            time.sleep(LOOK / 2)
        for child in self.children.values():
            # The whole session: the web server's own workers too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _end_with_parent() -> None:
    """Let the kernel end this child when its parent is killed; only Linux can."""
    if sys.platform == "linux":
        import ctypes

        death_signal = 1  # PR_SET_PDEATHSIG, of prctl(2)
        ctypes.CDLL(None).prctl(death_signal, signal.SIGTERM)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--site", default="localhost", help="the name that readers use")
    parser.add_argument("--words", default="", help="said when the portal answers")
    parser.add_argument("--only-check-port", action="store_true")
    options = parser.parse_args()
    why = why_not(options.host, options.port)
    if why:
        print(why, file=sys.stderr)
        return 1
    if options.only_check_port:
        return 0
    return Supervisor(options.host, options.port, options.site, options.words).run()


if __name__ == "__main__":
    sys.exit(main())
