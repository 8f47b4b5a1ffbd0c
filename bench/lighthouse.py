"""What Lighthouse says of four pages, as a phone sees them; see `bench/lighthouse.sh`.

It prints the scores, from 0 to 100, and each audit that is not passed.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import date

from pages import kinds
from servers import BENCH, Portal, need, temporary_folder

LIGHTHOUSE = BENCH / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def look(url, environment):
    """Return what Lighthouse found at `url`."""
    done = subprocess.run(
        [str(LIGHTHOUSE), url, "--output=json", "--quiet", "--no-enable-error-reporting",
         "--chrome-flags=--headless=new --no-sandbox"],
        env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"Lighthouse failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def main():
    need("node", "chromium")
    if not LIGHTHOUSE.exists():
        raise SystemExit("Run bench/lighthouse.sh, which installs it.")
    folder, portal = temporary_folder("lighthouse"), None
    environment = {**os.environ, "CHROME_PATH": shutil.which("chromium")}
    try:
        portal = Portal(folder)
        portal.wait()
        public = kinds(portal.place)["public pages"].paths
        print(f"{date.today():%Y-%m-%d}, load {os.getloadavg()[0]:.1f}\n")
        print("| page | " + " | ".join(CATEGORIES) + " |")
        print("| --- |" + " ---: |" * len(CATEGORIES))
        missed = []
        for path in (public[0], public[2], public[4], public[5]):
            found = look(f"http://localhost:{portal.port}{path}", environment)
            scores = [round(100 * found["categories"][name]["score"]) for name in CATEGORIES]
            print(f"| {path} | " + " | ".join(map(str, scores)) + " |", flush=True)
            for name in CATEGORIES:
                for reference in found["categories"][name]["auditRefs"]:
                    audit = found["audits"][reference["id"]]
                    if reference["weight"] and audit["score"] not in {None, 1}:
                        said = f"{audit['title']} {audit.get('displayValue', '')}".strip()
                        missed.append(f"- {path}, {name}: {said} ({audit['score']})")
        print("\n" + "\n".join(missed))
    finally:
        if portal:
            portal.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
