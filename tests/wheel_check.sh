#!/bin/bash
# wheel_check.sh: builds the wheel, installs it with the hashed lock in a clean environment, and has it
# make a site, collect, publish, compose and deliver there, far from the checkout.
#
# Takes its packages from .venv/wheelhouse (see .ci/setup.sh): it needs no network.
set -eu
cd "$(dirname "$0")/.."
. .ci/pip.sh
root=$PWD

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "wheel check: $*" >&2
    exit 1
}

.venv/bin/python -m build --wheel --no-isolation --outdir "$scratch" . >"$scratch/build.log" 2>&1 ||
    { cat "$scratch/build.log"; fail "the wheel does not build"; }
wheel=$(echo "$scratch"/publisher-*.whl)

# Each file of these folders travels in the wheel: code, templates, catalogues, styles, the example site.
.venv/bin/python - "$wheel" <<'PYTHON'
import sys
import zipfile
from pathlib import Path

held = set(zipfile.ZipFile(sys.argv[1]).namelist())
files = [
    path
    for room in ("publisher", "templates", "config")
    for path in Path(room).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
]
lost = [str(path) for path in files if not held & {str(path), f"publisher/{path}"}]
sys.exit(f"wheel check: not in the wheel: {', '.join(lost)}" if lost else 0)
PYTHON

# The wheelhouse was filled for the Python of .venv.
PYTHON=$root/.venv/bin/python PIP_NO_INDEX=1 PIP_FIND_LINKS=$root/.venv/wheelhouse PIP_NO_COMPILE=1 \
    .ci/venv.sh "$scratch/venv" requirements.lock
"$scratch/venv/bin/python" -m pip install --quiet --no-index --no-deps "$wheel"

mkdir "$scratch/site"
cd "$scratch/site"
run() {
    "$scratch/venv/bin/publisher" "$@" >"$scratch/run.log" 2>&1 </dev/null ||
        { status=$?; cat "$scratch/run.log"; fail "'publisher $*' ended with $status"; }
}
run init --yes
run run --once
mails=$(find . -name '*.eml' | wc -l)
[ "$mails" -gt 0 ] || { cat "$scratch/run.log"; fail "'publisher run --once' left no message in the outbox"; }
echo "wheel check: $(basename "$wheel") in a clean environment delivered $mails messages to the outbox"
