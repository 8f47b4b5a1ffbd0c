import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.portal.processes import free_port, make_data, run, start

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells which processes run"
)


@pytest.fixture
def supervisor(tmp_path):
    """Start both processes, wait until the portal answers, and return the first and their ids."""
    folder, port = make_data(tmp_path / "var"), free_port()
    process = start(
        "-m", "portal.supervisor", "--port", str(port), "--words", "It answers.",
        WAYMARK_DATA_DIR=folder, SITE_URL=f"http://localhost:{port}",
    )  # fmt: skip
    for line in process.stdout:
        if line == "It answers.\n":
            break
    yield process, port
    if process.poll() is None:
        process.kill()
        process.wait()


def processes():
    """Return the parent of each process that runs, by number, as Linux tells it."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(path.parent.name)] = int(parent)
    return found


def children(number):
    return sorted(child for child, parent in processes().items() if parent == number)


@needs_proc
def test_both_run_and_one_signal_ends_both(supervisor):
    process, port = supervisor
    both = children(process.pid)
    workers = [number for child in both for number in children(child)]
    socket.create_connection(("127.0.0.1", port), timeout=5).close()

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=20) == 0
    assert len(both) == 2
    assert not {*both, *workers} & set(processes())


@needs_proc
@pytest.mark.parametrize("which", [0, 1])
def test_when_one_dies_the_other_is_ended(supervisor, which):
    process, _port = supervisor
    both = children(process.pid)
    below = children(both[0])

    os.kill(both[which], signal.SIGKILL)

    said, _nothing = process.communicate(timeout=30)
    time.sleep(0.5)
    assert process.returncode == 1
    assert "has ended by itself" in said
    assert not {*both, *below} & set(processes())


def test_taken_port_is_said_in_one_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        answer = run("-m", "portal.supervisor", "--port", str(port))

    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Port {port} is taken")
    assert len(answer.stderr.splitlines()) == 1
