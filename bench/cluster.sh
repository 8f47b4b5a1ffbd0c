#!/bin/sh
# A portal of several servers on this machine alone, of which one after another is stopped under load.
#
#   bench/cluster.sh              about two minutes; what it starts, it stops
#
# It needs Debian's packages postgresql, redis-server and nginx-light, and what bin/test installs.
set -eu
cd "$(dirname "$0")/.."
exec .venv/bin/python bench/cluster.py "$@"
