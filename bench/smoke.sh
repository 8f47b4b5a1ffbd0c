#!/bin/sh
# Runs each bench with tiny sizes, in about two minutes on a machine at rest: to see that they run.
#
# It fails on errors and on too many queries, and never on a time. What it needs of Debian's packages
# it installs, where that may be done; where not, it says what it leaves out.
set -eu
cd "$(dirname "$0")/.."
. bin/_prepare

install requirements-dev.txt
for pair in wrk:wrk nginx:nginx-light curl:curl openssl:openssl; do
    if ! PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null; then package "${pair#*:}" || true; fi
done
PATH=$PATH:/usr/sbin
export PATH
exec .venv/bin/python bench/smoke.py
