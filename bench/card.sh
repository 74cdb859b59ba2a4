#!/usr/bin/env bash
# What a card makes of vj, each within nine minutes; the same command goes on where it was ended.
#
#   bash bench/card.sh quick | matrix | soak [OPTION ...]   as `launch.py bench`, see --help there
#   bash bench/card.sh shows [MODEL] [SHEET.jpg] [OPTION ...]   all shows, as bench/shows.sh
#
# PYTHON: which Python, .venv's unless said (PYTHON=python3 where everything is installed for it).
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
mode="${1:-quick}"
shift $(($# < 1 ? $# : 1))
python="${PYTHON:-$here/.venv/bin/python}"
if [ "$mode" = shows ]; then
    PYTHON="$python" exec bash "$here/bench/shows.sh" "$@"
fi
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -P -m vj.cli bench "$mode" "$@"
