"""The web server of `bin/serve`, and of each application server behind a proxy: granian.

    python -m portal.server --host 127.0.0.1 --port 8000

Its lines go through our formatter, which knows what to leave out; it writes none for a request.
"""

import argparse

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.common import AbstractServer

from portal.logs import logging_config

WORKERS = 2
THREADS = 4  # of each worker, for what is not in the store of pages
LONGEST_HEADERS = 16 * 1024  # bytes, all of a request
# A worker is renewed when it has grown so far, so that memory that a library loses is given back.
LARGEST_WORKER = 512  # MiB
LAST_REQUESTS = 10  # seconds to finish them in


def make_server(host: str, port: int, workers: int = WORKERS) -> AbstractServer:
    """Return the server; `serve()` runs it until SIGTERM, and SIGHUP renews its workers."""
    return Granian(
        "portal.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=LONGEST_HEADERS),
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=logging_config("INFO"),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_max_rss=LARGEST_WORKER,
        workers_kill_timeout=LAST_REQUESTS,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args()
    make_server(options.host, options.port, options.workers).serve()


if __name__ == "__main__":
    main()
