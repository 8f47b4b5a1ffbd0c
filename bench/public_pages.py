"""How often a public page can be sent, beside a bare Django view and a static file of nginx.

Usage: .venv/bin/python bench/public_pages.py [--seconds 4] [--rounds 5] [--path /facts/…/]

It needs Debian's packages wrk and nginx-light, listens on this machine alone, and takes turns: each
round asks every server once, so that what else the machine does hits all alike. It prints a table
of medians: requests per second, the ratio to the bare view under gunicorn, and processor time.
"""

import argparse
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
BROTLI = "br, gzip"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processor_time(group):
    """Return the seconds that the processes of `group` have worked, those that ended included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


class Server:
    """A program in a group of its own, and the address at which wrk asks it."""

    def __init__(self, name, command, port, path="/", headers=(), **how):
        self.name, self.port = name, port
        self.url, self.headers = f"http://localhost:{port}{path}", headers
        self.process = subprocess.Popen(
            command,
            start_new_session=True,
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
        if "Non-2xx" in said:
            raise SystemExit(f"{self.name} answered with errors:\n{said}")
        count = int(re.search(r"(\d+) requests in", said)[1])
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))
        self.costs.append(worked / count * 1000)

    def size(self):
        """Return how many bytes the body of one answer has on the wire."""
        command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{size_download}"]
        for header in self.headers:
            command += ["-H", header]
        return int(subprocess.run([*command, self.url], capture_output=True, check=True).stdout)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def nginx(folder, port, portal_port):
    """Write the shipped configuration for this machine, with a static file beside it."""
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    site = (
        shipped[: shipped.index("server {\n    listen 80;")]
        + shipped[shipped.index("server {\n    listen 443") :]
    )
    site = re.sub(r"\n +listen [^\n]*", "", site)
    site = re.sub(r"\n +ssl_[^\n]*", "", site)
    site = site.replace("server_name portal.example.org;", f"listen 127.0.0.1:{port};")
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{portal_port}")
    site = site.replace("/var/cache/nginx/waymark", str(folder / "cache"))
    site = site.replace("/var/log/nginx/waymark.log", str(folder / "error.log"))
    site = site.replace("$host;", f"localhost:{portal_port};")
    site = site.replace(
        "    location / {", f"    location /static-file {{ root {folder}; }}\n    location / {{", 1
    )
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--path", default="/facts/key-facts-about-metastasis/")
    options = parser.parse_args()
    for program in ("wrk", "nginx", "curl"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing.")
    python = sys.executable
    folder = Path(tempfile.mkdtemp(prefix="waymark-bench-"))
    folder.chmod(0o755)
    servers = []
    try:
        port, nginx_port, bare_port, bare_granian = (free_port() for _number in range(4))
        environment = {
            **os.environ,
            "WAYMARK_DATA_DIR": str(folder / "var"),
            "SITE_URL": f"http://localhost:{port}",
            "LOG_LEVEL": "WARNING",
        }
        for arguments in (["-m", "portal.secrets", str(folder / "var")], ["manage.py", "prepare"]):
            subprocess.run(
                [python, *arguments],
                cwd=ROOT,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        gunicorn = ["-m", "gunicorn", "--no-control-socket", "--workers", "2", "--bind"]
        granian = ["-m", "granian", "--interface", "wsgi", "--workers", "2", "--no-log"]
        portal = Server(
            "stored page, from the portal itself",
            [python, "-m", "portal.server", "--port", str(port)],
            port, options.path, [f"Accept-Encoding: {BROTLI}"], cwd=ROOT, env=environment,
        )  # fmt: skip
        portal.wait()
        sent = portal.size()
        (folder / "static-file").write_bytes(os.urandom(sent))
        config = nginx(folder, nginx_port, port)
        bare = Server(
            "bare Django view, gunicorn",
            [python, *gunicorn, f"127.0.0.1:{bare_port}", "bare_django"], bare_port, cwd=BENCH,
        )  # fmt: skip
        proxy = Server(
            "stored page, behind the shipped nginx",
            ["nginx", "-c", str(config)],
            nginx_port, options.path, [f"Accept-Encoding: {BROTLI}"],
        )  # fmt: skip
        servers = [
            bare,
            Server(
                "bare Django view, granian",
                [python, *granian, "--port", str(bare_granian), "bare_django:application"],
                bare_granian, cwd=BENCH,
            ),
            portal,
            proxy,
        ]  # fmt: skip
        for server in servers:
            server.wait()
        fresh = Again(
            portal, "the same page made anew for each", ["Cookie: preferences=text%3Dlarge"]
        )
        static = Again(proxy, "a static file of the same size, nginx", [], "/static-file")
        servers += [fresh, static]
        for server in servers:
            server.ask(1)
            server.rates.clear(), server.costs.clear()
        for _round in range(options.rounds):
            for server in servers:
                server.ask(options.seconds)
        show(servers, bare, sent)
    finally:
        for server in servers:
            server.end()
        shutil.rmtree(folder, ignore_errors=True)


class Again(Server):
    """A server that runs already, asked for something else."""

    def __init__(self, other, name, headers, path=None):
        self.name, self.headers, self.process = name, headers, other.process
        self.url = other.url if path is None else f"http://localhost:{other.port}{path}"
        self.rates, self.costs = [], []

    def end(self):
        pass


def show(servers, bare, sent):
    reference = statistics.median(bare.rates)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{date.today():%Y-%m-%d}, {machine}, {CONNECTIONS} connections, {sent} bytes as sent\n")
    print("| what | requests/s | ratio | processor, ms | lowest and highest ratio |")
    print("| --- | ---: | ---: | ---: | --- |")
    for server in servers:
        rate, cost = statistics.median(server.rates), statistics.median(server.costs)
        pairs = sorted(own / other for own, other in zip(server.rates, bare.rates, strict=True))
        print(f"| {server.name} | {rate:.0f} | {rate / reference:.2f} | {cost:.3f} "
              f"| {pairs[0]:.2f}–{pairs[-1]:.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
