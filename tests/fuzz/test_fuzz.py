"""Hostile documents of every kind into every parser: only our own errors come out, soon, and in little memory."""

import resource
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.documents import spoiled
from tests.fuzz.targets import OWN, TARGETS, Target

SECONDS = 60.0
"""Seconds of this process' own time for one document; the hardest take two."""

MEMORY = 600 * 1024
"""KiB that a whole round may take; a document has at most 100 kB."""


def refused(target: Target, data: bytes) -> str | None:
    """What is said of a document that can't be read; None when it can. Whatever else is raised fails the test."""
    try:
        target.parse(data)
    except OWN as error:
        return str(error)
    return None


def fuzz(target: Target, *, examples: int, derandomize: bool) -> Callable[[], None]:
    """A round over one parser."""

    @settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if not derandomize else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(spoiled(target.seeds))
    def round_(data: bytes) -> None:
        began = time.process_time()
        refusal = refused(target, data)
        # One clear line, but for the faults of a configuration or a table, which are one each.
        assert refusal is None or (refusal and (len(refusal) < 5000 or "\n" in refusal))
        assert time.process_time() - began < SECONDS

    return round_


def test_documents_as_they_should_be_are_read() -> None:
    """Else the fuzzing would only ever try what happens at the first line."""
    readable = {name: target for name, target in TARGETS.items() if name != "decompress"}
    for target in readable.values():
        assert refused(target, target.seeds[0].encode()) is None


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_round(name: str) -> None:
    fuzz(TARGETS[name], examples=TARGETS[name].examples, derandomize=True)()


@pytest.mark.torture
@pytest.mark.parametrize("name", TARGETS)
def test_a_long_round(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fuzz(TARGETS[name], examples=TARGETS[name].examples * 50, derandomize=False)()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY
