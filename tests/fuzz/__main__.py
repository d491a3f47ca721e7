"""`python -m tests.fuzz TARGET [options of libFuzzer]`: a campaign guided by coverage, where atheris is installed."""

import sys
from contextlib import suppress

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: `make torture` fuzzes without it")

# Our own modules guide it; to watch all libraries takes longer than a campaign.
with atheris.instrument_imports(include=["publisher"]):
    from tests.fuzz.targets import OWN, TARGETS


def main() -> None:
    """Fuzz one target until libFuzzer is done, or something comes out that is no error of ours."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]

    def once(data: bytes) -> None:
        with suppress(*OWN):
            target.parse(data)

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


main()
