"""A web server on this machine that behaves, or misbehaves, as each path says."""

import contextlib
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.215.14"  # What names resolve to in these tests; nobody connects to it.


class Server:
    """Serves what `pages` says, by path: bytes, or a function that is given the connection.

    `robots` is what it answers at /robots.txt. Every request's method, path and head are kept.
    """

    def __init__(self, pages=None, robots=b"", tls=None):
        self.pages = dict(pages or {})
        self.robots = robots
        self.requests = []
        self.is_over = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.is_over.set()
        self._listener.close()

    def connect(self, address, port, timeout):
        """Lead every connection to this server, whatever public address it was meant for."""
        assert address == PUBLIC, address
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def asked(self):
        """Return what was asked for, without robots.txt: ["HEAD /page", …]."""
        return [line for line, _head in self.requests if not line.endswith("/robots.txt")]

    def _accept(self):
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            connection.settimeout(20)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            head = b""
            while b"\r\n\r\n" not in head:
                got = connection.recv(4096)
                if not got:
                    return
                head += got
            line, _end, rest = head.partition(b"\r\n")
            method, path, _version = line.decode("latin-1").split(" ")
            self.requests.append((f"{method} {path}", rest.decode("latin-1")))
            answer = self.robots if path == "/robots.txt" else self.pages.get(path, status(404))
            if path == "/robots.txt" and answer == b"":
                answer = status(404)
            if callable(answer):
                answer(connection, method, self.is_over)
            else:
                connection.sendall(answer)


def status(code, *headers, body=b""):
    """Return an answer with `code`."""
    lines = [f"HTTP/1.1 {code} Words", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def sends_to(location, code=302):
    """Return a redirect."""
    return status(code, f"Location: {location}")


def drips(connection, method, is_over):
    """Send a byte of a header now and then, without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not is_over.wait(0.05):
        connection.sendall(b"a")


def says_nothing(connection, method, is_over):
    """Hold the connection, and say nothing."""
    is_over.wait(20)


def endless_body(connection, method, is_over):
    """Send a body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not is_over.is_set():
        connection.sendall(b"x" * 65536)


def endless_headers(connection, method, is_over):
    """Send one header after another."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not is_over.is_set():
        connection.sendall(b"X-More: " + b"y" * 900 + b"\r\n")


def endless_continue(connection, method, is_over):
    """Say "go on" for ever."""
    while not is_over.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def resets(connection, method, is_over):
    """End the connection as rudely as can be."""
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def only_get(answer, refusal):
    """Give `answer` to GET, and `refusal` to HEAD."""

    def serve(connection, method, is_over):
        connection.sendall(answer if method == "GET" else refusal)

    return serve


def certificate(folder, name):
    """Make a certificate for `name` that nobody vouches for; return its file and its context."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def seconds_of(call):
    """Return what `call` returns, and how long it took."""
    begin = time.monotonic()
    return call(), time.monotonic() - begin
