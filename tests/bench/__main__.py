"""All yardsticks, one after the other, each in a process of its own: `make bench`."""

import subprocess
import sys

BENCHES = (
    "deliver",
    "message",
    "compose",
    "documents",
    "serve",
    "news",
    "extract",
    "collect",
    "known",
    "rounds",
    "archive",
    "memory",
)

for name in BENCHES:
    subprocess.run([sys.executable, "-m", f"tests.bench.bench_{name}"], check=True)
