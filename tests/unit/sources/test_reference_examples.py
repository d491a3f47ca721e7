"""The examples of docs/reference/python.md print what stands below them."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(from .*?)```\n\n((?:    [^\n]*\n)+)", PAGE, re.DOTALL)


@pytest.mark.parametrize(("code", "printed"), EXAMPLES, ids=["detect", "extract"])
def test_an_example_prints_what_is_said(code: str, printed: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, {})
    assert out.getvalue().splitlines() == [line[4:] for line in printed.splitlines()]
