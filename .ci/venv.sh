#!/bin/bash
# venv.sh DIR LOCK: makes (or mends) the virtual environment DIR and installs LOCK with its hashes.
#
# Needs python3 >= 3.11 with pip, not python3-venv: Debian's python3 has `venv` but no `ensurepip`,
# so the environment is made without pip and Debian's pip installs a current one into it (pip 23
# stumbles over `lxml[html-clean]`). Everything, build tools too, comes from hashed locks.
set -eu

dir=$1
lock=$2
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
. "$here/pip.sh"

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$python is missing or older than 3.11: install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2
    exit 1
fi

# A folder whose interpreter no longer runs (a Python that went, a tree that was moved) is made anew.
if ! "$dir/bin/python" -c '' 2>/dev/null; then
    "$python" -m venv --clear --without-pip "$dir"
fi
if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m pip --python "$dir/bin/python" install --quiet --require-hashes -r "$here/requirements-build.lock"
elif "$dir/bin/python" -m ensurepip --upgrade >/dev/null 2>&1; then
    "$dir/bin/python" -m pip install --quiet --require-hashes -r "$here/requirements-build.lock"
else
    echo "$python has no pip: install it (on Debian: apt-get install python3-pip)" >&2
    exit 1
fi
"$dir/bin/python" -m pip install --quiet --require-hashes --no-build-isolation -r "$lock"
