#!/bin/bash
# lock.sh [--upgrade]: writes the hashed locks anew from pyproject.toml. Pins that still fit are kept,
# unless --upgrade is given. uv comes into an environment of its own here; nobody else needs it.
set -eu
cd "$(dirname "$0")/.."
. .ci/pip.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.ci/venv.sh "$scratch/venv" /dev/null
"$scratch/venv/bin/python" -m pip install --quiet uv

compile() {
    "$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header "$@"
}
# The widest first; the others take its pins.
compile pyproject.toml --extra dev --group build -o requirements-dev.lock "$@"
compile pyproject.toml -c requirements-dev.lock -o requirements.lock "$@"
compile --group build -c requirements-dev.lock -o .ci/requirements-build.lock "$@"
