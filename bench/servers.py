"""The servers that benches ask, each in a group of processes of its own: a portal, and nginx.

All listen on this machine alone, and keep what they make in a temporary folder.
"""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
BROTLI = "br, gzip"
# Made anew for each answer, or by nginx itself.
_OWN_HEADERS = {
    "connection", "content-encoding", "content-length", "content-type", "date", "etag", "server",
}  # fmt: skip


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def need(*programs):
    """End with a word unless all of `programs` are there."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise SystemExit(f"Missing: {', '.join(missing)}.")


def processes(group):
    """Return the numbers of all processes of `group`, and what /proc says of each."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            found[int(stat.parent.name)] = fields
    return found


def family(parent):
    """Return the numbers of `parent` and all that descend from it, each with who began it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, new = {}, {parent: 0}
    while new:
        found |= new
        new = {child: own for child, own in parents.items() if own in new}
    return found


def processor_time(group):
    """Return the seconds that the processes of `group` have worked, those that ended included."""
    return sum(
        int(ticks) for fields in processes(group).values() for ticks in fields[11:15]
    ) / TICKS  # fmt: skip


def end_with_parent():
    """Let the kernel end this child when the bench that began it is killed."""
    death_signal = 1  # PR_SET_PDEATHSIG, of prctl(2)
    ctypes.CDLL(None).prctl(death_signal, signal.SIGTERM)


class Server:
    """A program in a group of its own, and the address at which wrk asks it."""

    def __init__(self, name, command, port, path="/", headers=(), **how):
        self.name, self.port = name, port
        self.url, self.headers = f"http://localhost:{port}{path}", headers
        self.process = subprocess.Popen(
            command,
            start_new_session=True,
            preexec_fn=end_with_parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **how,
        )
        self.rates, self.costs = [], []

    def wait(self):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"{self.name} does not listen.")

    def ask(self, seconds):
        """Let wrk ask for `seconds`; note requests per second and milliseconds of work for each."""
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
        for header in self.headers:
            command += ["-H", header]
        before = processor_time(self.process.pid)
        said = subprocess.run(
            [*command, self.url], capture_output=True, text=True, check=True
        ).stdout
        worked = processor_time(self.process.pid) - before
        count = int(re.search(r"(\d+) requests in", said)[1])
        if "Non-2xx" in said or not count:
            raise SystemExit(f"{self.name} answered with errors:\n{said}")
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))
        self.costs.append(worked / count * 1000)

    def fetch(self):
        """Return the headers of one answer, and how many bytes its body has on the wire."""
        command = ["curl", "--silent", "--insecure", "--dump-header", "-", "--output", "/dev/null"]
        for header in self.headers:
            command += ["-H", header]
        command += ["--write-out", "%{size_download}", self.url]
        said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        lines = said.splitlines()
        if " 200" not in lines[0]:
            raise SystemExit(f"{self.name} answered: {lines[0]}")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:-1] if ": " in line]
        return headers, int(lines[-1])

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Again(Server):
    """A server that runs already, asked for something else."""

    def __init__(self, other, name, headers=None, url=None):
        self.name, self.process, self.port = name, other.process, other.port
        self.headers = other.headers if headers is None else headers
        self.url = url or other.url
        self.rates, self.costs = [], []

    def end(self):
        pass


class Place:
    """A data folder of its own below `folder`, made ready, with the starter library, and a port.

    To make one ready takes half a minute of work. Where WAYMARK_BENCH_DATA names the data folder of
    a portal that is not running, a copy of that is used.
    """

    def __init__(self, folder, **settings):
        self.port, self.data = free_port(), folder / "var"
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "SECRET_KEY"},
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "WAYMARK_DATA_DIR": str(self.data),
            "WAYMARK_CHECK_LINKS": "0",
            "SITE_URL": f"http://localhost:{self.port}",
            "LOG_LEVEL": "WARNING",
            **settings,
        }
        if (ready := os.environ.get("WAYMARK_BENCH_DATA")) and not self.data.exists():
            shutil.copytree(ready, self.data)
        self.run("-m", "portal.secrets", str(self.data))
        self.run("manage.py", "prepare")

    def run(self, *arguments):
        subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def set_up_django(self):
        """Let this process, too, see what is in the database of that portal."""
        os.environ.update(self.environment)
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()


class Portal(Server):
    """The web server of a portal of its own."""

    def __init__(self, folder, name="the portal", path="/", workers=2, **settings):
        self.place = Place(folder, **settings)
        port = self.place.port
        where = ["--port", str(port), "--workers", str(workers)]
        super().__init__(
            name, [sys.executable, "-m", "portal.server", *where], port, path,
            [f"Accept-Encoding: {BROTLI}"], cwd=ROOT, env=self.place.environment,
        )  # fmt: skip


def temporary_folder(name):
    """Return a new folder in which the account that nginx works under may look, too."""
    folder = Path(tempfile.mkdtemp(prefix=f"waymark-{name}-"))
    folder.chmod(0o755)
    return folder


def nginx(folder, port, portal_port, *, https_port=None, static_headers=()):
    """Write the shipped configuration for this machine, with a static file beside it.

    `/static-file` is sent as nginx sends any file, `/static-page` with `static_headers`: with what
    a page carries, as it would if it lay on the disk. Both are read out of `static-file`.
    """
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    site = (
        shipped[: shipped.index("server {\n    listen 80;")]
        + shipped[shipped.index("server {\n    listen 443") :]
    )
    site = re.sub(r"\n +listen [^\n]*", "", site)
    listen = f"listen 127.0.0.1:{port};"
    if https_port:
        site = site.replace("/etc/ssl/portal.example.org", str(folder / "certificate"))
        listen += f" listen 127.0.0.1:{https_port} ssl;"
        make_certificate(folder)
    else:
        site = re.sub(r"\n +ssl_[^\n]*", "", site)
    site = site.replace("server_name portal.example.org;", listen)
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{portal_port}")
    site = site.replace("/var/cache/nginx/waymark", str(folder / "cache"))
    site = site.replace("/var/log/nginx/waymark.log", str(folder / "error.log"))
    site = site.replace("$host;", f"localhost:{portal_port};")
    site = site.replace("X-Forwarded-Proto $scheme;", "X-Forwarded-Proto http;")
    added = "\n".join(
        f'add_header {name} "{value}";'
        for name, value in static_headers
        if name.lower() not in _OWN_HEADERS
    )
    static = (
        f"    location /static-file {{ root {folder}; }}\n"
        f"    location /static-page {{ alias {folder}/static-file; {added} }}\n"
    )
    site = site.replace("    location / {", f"{static}    location / {{", 1)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; worker_processes 2; daemon off;\n"
        f"events {{ worker_connections 512; }}\nhttp {{ {temporary}\n"
        f"sendfile on; tcp_nopush on; keepalive_requests 1000000;\n{site}\n}}\n"
    )
    return config


def make_certificate(folder):
    """Make a certificate for this machine that nobody trusts, and its key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", folder / "certificate.key",
         "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
