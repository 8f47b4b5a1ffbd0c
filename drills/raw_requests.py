"""B3 and B4 over raw sockets: broken bytes, and requests that are far too large.

Usage: .venv/bin/python drills/raw_requests.py

It starts a portal of its own and tells for each request the status, the time, and by how much the
server's processes grew.
"""

import socket
import subprocess
import sys
import time
from contextlib import suppress

from portal_for_drills import PORT, Portal

HOST = f"Host: localhost:{PORT}\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n".encode()
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
MIB = 1024 * 1024
FILES = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\ny\r\n'
    for _n in range(101)
)


def post(path, body, kind=FORM):
    return b"POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s" % (
        path, HOST, kind, len(body), body,
    )  # fmt: skip


# What each is answered with, by the first digit of the status.
REQUESTS = {
    "a page": (b"GET /facts/ HTTP/1.1\r\n%s\r\n" % HOST, "2"),
    "a body of 10 MiB": (post(b"/accounts/login/", b"login=" + b"a" * (10 * MIB)), "4"),
    "1,001 fields": (post(b"/accounts/login/", b"&".join(b"f%d=1" % n for n in range(1001))), "4"),
    "101 files": (
        post(
            b"/accounts/login/", FILES + b"--x--\r\n",
            b"Content-Type: multipart/form-data; boundary=x\r\n",
        ),
        "4",
    ),
    "a header of 64 KiB": (b"GET / HTTP/1.1\r\n%sX-A: %s\r\n\r\n" % (HOST, b"a" * 65536), "4"),
    "a path of 64 KiB": (b"GET /%s HTTP/1.1\r\n%s\r\n" % (b"a" * 65536, HOST), "4"),
    "8-bit bytes in the path": (b"GET /\xff\xfe HTTP/1.1\r\n%s\r\n" % HOST, "4"),
    "broken UTF-8 in the path": (b"GET /facts/%%ff%%c3/ HTTP/1.1\r\n%s\r\n" % HOST, "4"),
    "NUL in the path": (b"GET /facts/%%00/ HTTP/1.1\r\n%s\r\n" % HOST, "4"),
    "a surrogate in the query": (b"GET /search/?q=%%ed%%a0%%80 HTTP/1.1\r\n%s\r\n" % HOST, "24"),
    "NUL in a cookie": (b"GET / HTTP/1.1\r\n%sCookie: session=a\x00b\r\n\r\n" % HOST, "4"),
    "8-bit bytes in a cookie": (b"GET / HTTP/1.1\r\n%sCookie: session=\xff\r\n\r\n" % HOST, "24"),
    "NUL in a form": (post(b"/groups/suggest/", b"name=a%00b"), "4"),
    "broken UTF-8 in a form": (post(b"/accounts/login/", b"login=%ff%fe&password=x"), "4"),
    "another host": (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "4"),
    "a host in the address": (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n"
                              b"Connection: close\r\n\r\n", "4"),
    "no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "4"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\r\n\r\n", "4"),
    "an unknown method": (b"BREW / HTTP/1.1\r\n%s\r\n" % HOST, "4"),
    "a page, afterwards": (b"GET /facts/ HTTP/1.1\r\n%s\r\n" % HOST, "2"),
}  # fmt: skip


def send(request):
    """Return the status of the answer, and the seconds until it came."""
    began = time.perf_counter()
    answer = b""
    with socket.create_connection(("127.0.0.1", PORT), timeout=30) as connection:
        with suppress(OSError):  # The server need not read what it refuses.
            connection.sendall(request)
        with suppress(OSError):
            while b"\r\n" not in answer and (part := connection.recv(65536)):
                answer += part
    status = answer.split(b" ")[1].decode() if answer.count(b" ") else "closed"
    return status, time.perf_counter() - began


def memory():
    """Return the memory of the web server's processes, in MiB."""
    said = subprocess.run(
        ["ps", "-eo", "rss,args"], capture_output=True, text=True, check=True
    ).stdout
    ours = [line for line in said.splitlines() if "portal.server" in line and str(PORT) in line]
    return sum(int(line.split()[0]) for line in ours) / 1024


def main():
    with Portal(workers=1, has_worker=False):
        for path in (b"/facts/", b"/accounts/login/", b"/groups/suggest/", b"/search/?q=a"):
            send(b"GET %s HTTP/1.1\r\n%s\r\n" % (path, HOST))
        print("| request | status | s | MiB more |\n| --- | --- | ---: | ---: |")
        is_right = True
        for name, (request, wanted) in REQUESTS.items():
            before = memory()
            status, seconds = send(request)
            grown = memory() - before
            right = status[:1] in wanted or (status == "closed" and "4" in wanted)
            is_right &= right and seconds <= 1 and grown <= 20
            print(f"| {name} | {status}{'' if right else ' (!)'} | {seconds:.2f} | {grown:.1f} |")
        return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
