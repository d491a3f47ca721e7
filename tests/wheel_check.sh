#!/bin/bash
# wheel_check.sh: builds the wheel, installs it with the hashed lock in a clean environment, and has it
# make a site, collect, publish, compose and deliver there, far from the checkout.
#
# Takes its packages from .venv/wheelhouse (see .ci/setup.sh): it needs no network.
set -eu
cd "$(dirname "$0")/.."
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

# Each file that git knows under these folders travels in the wheel.
.venv/bin/python - "$wheel" <<'PYTHON'
import subprocess, sys, zipfile

held = set(zipfile.ZipFile(sys.argv[1]).namelist())
known = subprocess.check_output(["git", "ls-files", "-z", "publisher", "templates", "config"], text=True)
lost = [
    path
    for path in known.split("\0")
    if path and path not in held and f"publisher/{path}" not in held
]
sys.exit(f"wheel check: not in the wheel: {', '.join(lost)}" if lost else 0)
PYTHON

PIP_NO_INDEX=1 PIP_FIND_LINKS=$root/.venv/wheelhouse PIP_NO_COMPILE=1 \
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
