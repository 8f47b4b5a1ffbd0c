#!/bin/sh
# What Lighthouse, as a phone, says of home, a topic, the directory and a group; some minutes.
#
# It needs npm and Chromium of Debian's packages, and installs Lighthouse below bench/lighthouse/ as
# its package-lock.json has it. Nothing runs that a package would run when it is installed.
set -eu
cd "$(dirname "$0")/.."
(cd bench/lighthouse && npm ci --ignore-scripts --no-audit --no-fund >/dev/null)
exec .venv/bin/python bench/lighthouse.py "$@"
