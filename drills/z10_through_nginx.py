"""Z10: a visitor, two members and a reader with preferences, in turn through the shipped nginx.

Usage: .venv/bin/python drills/z10_through_nginx.py [REQUESTS]

Each member has a list with a canary in its title and its note. Nobody may meet another's, each
answer to somebody known says `private, no-store`, and a visitor's pages name nobody. It needs
Debian's nginx-light and starts everything on this machine alone.
"""

import http.client
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from portal_for_drills import PORT, ROOT, Portal

sys.path.insert(0, str(ROOT / "bench"))
from servers import free_port, nginx

OPEN = ["/", "/facts/", "/facts/key-facts-about-metastasis/", "/groups/", "/help/", "/preferences/"]
STORED = set(OPEN) - {"/preferences/"}


def make_member(canary):
    """Make a member with a list and a note; return a session and the addresses that are theirs."""
    from django.test import Client

    from community.models import ReadingList
    from facts.models import Topic
    from tests.factories import MemberFactory

    member = MemberFactory(display_name=canary[:20])
    reading_list = ReadingList.objects.create(member=member, title=canary)
    item, _is_new = reading_list.add(Topic.objects.first())
    item.write_note(canary, 0)
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(member)
    own = f"/lists/{reading_list.pk}/"
    of_list = [own, f"{own}sheet/", f"{own}list.json", f"{own}share/"]
    session = browser.cookies["session"].value
    return session, ["/lists/", "/lists/state/", "/account/", *of_list]


def ask(port, path, cookie, connections):
    """Return status, headers and body of one answer, over a connection that many share."""
    connection = random.choice(connections)
    headers = {"Host": f"localhost:{PORT}", **({"Cookie": cookie} if cookie else {})}
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.headers, response.read().decode()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    folder = Path(tempfile.mkdtemp(prefix="waymark-nginx-"))
    folder.chmod(0o755)
    with Portal(workers=4) as _portal:
        port = free_port()
        proxy = subprocess.Popen(["nginx", "-c", str(nginx(folder, port, PORT))])
        try:
            time.sleep(1)
            canaries = {"A": secrets.token_hex(12), "B": secrets.token_hex(12)}
            people = {name: make_member(canary) for name, canary in canaries.items()}
            cookies = {
                "visitor": "",
                "reader": "preferences=hide%3Dnothing%26text%3Dlarge",
                **{name: f"session={session}" for name, (session, _paths) in people.items()},
            }
            everything = [*OPEN, *people["A"][1], *people["B"][1]]
            connections = [http.client.HTTPConnection("127.0.0.1", port) for _number in range(6)]
            faults, met, hits = [], {"A": 0, "B": 0}, 0
            for _request in range(count):
                who = random.choice(list(cookies))
                path = random.choice(everything)
                status, headers, body = ask(port, path, cookies[who], connections)
                for name, canary in canaries.items():
                    if canary in body:
                        met[name] += 1
                        if name != who:
                            faults.append(f"{who} met {name}'s at {path}")
                if who != "visitor" and headers["Cache-Control"] != "private, no-store":
                    faults.append(f"{who} may keep {path}: {headers['Cache-Control']}")
                if who == "visitor" and path in STORED:
                    hits += 1
                    if status != 200 or "Set-Cookie" in headers or "data-text" in body[:400]:
                        faults.append(f"visitor got somebody's {path}")
                if "X-Accel-Expires" in headers:
                    faults.append(f"{path} tells how long it is kept")
            # A cache that keeps nothing would prove nothing.
            if not any(file.is_file() for file in (folder / "cache").rglob("*")):
                faults.append("nginx kept nothing")
            print(
                f"{count} requests: the canaries were met {met['A']} and {met['B']} times; "
                f"{hits} pages for visitors; {len(faults)} faults."
            )
            for fault in faults[:20]:
                print(fault)
            return 1 if faults or not all(met.values()) else 0
        finally:
            proxy.terminate()
            proxy.wait()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
