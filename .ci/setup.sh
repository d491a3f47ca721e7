#!/bin/bash
# setup.sh runtime|dev: .venv from the hashed lock, with the project installed editable.
#
# Does nothing when what it installed last is what the files say now, so `make run` may call it each time.
set -eu
cd "$(dirname "$0")/.."
. .ci/pip.sh

kind=$1
case $kind in
    runtime) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "setup.sh: say runtime or dev" >&2; exit 2 ;;
esac

# Two of us at once would trip over each other; the second waits, then finds the work done.
exec 9<pyproject.toml
flock 9

fingerprint() { { cat "$1" pyproject.toml .ci/requirements-build.lock .ci/venv.sh .ci/setup.sh; pwd -P; } | sha256sum; }

stamp=.venv/installed-$kind
if [ -f "$stamp" ] && [ "$(fingerprint $lock)" = "$(cat "$stamp")" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

echo "Setting up .venv from $lock; the first time takes a minute or two." >&2
.ci/venv.sh .venv $lock
pip=".venv/bin/python -m pip --quiet"
$pip install --no-deps --no-build-isolation --editable .
# The dev lock holds the runtime lock, with the same pins.
fingerprint requirements.lock >.venv/installed-runtime
if [ $kind = dev ]; then
    # tests/wheel_check.sh fills a clean environment from here, so that the tests need no network.
    rm -rf .venv/wheelhouse
    $pip download --require-hashes --no-build-isolation -d .venv/wheelhouse \
        -r .ci/requirements-build.lock -r requirements.lock
    fingerprint $lock >"$stamp"
fi
