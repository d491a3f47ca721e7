"""The floors hold, and each contract of .importlinter is seen to fail on a planted violation."""

import ast
import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loopback import unmeasured

ROOT = Path(__file__).parents[2]
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter", encoding="utf-8")
PREFIX = "importlinter:contract:"
NAMES = {s.removeprefix(PREFIX): CONTRACTS[s]["name"] for s in CONTRACTS.sections() if s.startswith(PREFIX)}

# Each: the contract, and the lines to plant, by file.
VIOLATIONS: list[tuple[str, dict[str, str]]] = [
    ("floors", {"publisher/domain/planted.py": "import publisher.settings", "publisher/settings.py": ""}),
    ("floors", {"publisher/feeds/planted.py": "import publisher.mail.planted", "publisher/mail/planted.py": ""}),
    ("floors", {"publisher/a_room_nobody_declared.py": ""}),
    (
        "cycles",
        {
            "publisher/mail/planted.py": "import publisher.mail.planted_too",
            "publisher/mail/planted_too.py": "import publisher.mail.planted",
        },
    ),
    ("pure", {"publisher/domain/planted.py": "import sqlalchemy.dialects"}),
    ("pure", {"publisher/pipeline/planted.py": "def send():\n    import smtplib"}),
    ("pure", {"publisher/pipeline/planted.py": "from socket import create_connection"}),
    ("feedgen", {"publisher/feeds/planted.py": "from feedgen.feed import FeedGenerator"}),
    ("premailer", {"publisher/mail/planted.py": "import premailer"}),
    ("jinja2", {"publisher/web/planted.py": "from jinja2.sandbox import SandboxedEnvironment"}),
    ("apscheduler", {"publisher/cli/planted.py": "import apscheduler.triggers.cron"}),
    ("feedparser", {"publisher/sources/planted.py": "import feedparser"}),
    ("pillow", {"publisher/sources/planted.py": "from PIL import Image"}),
    ("trafilatura", {"publisher/sources/planted.py": "from trafilatura import extract"}),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the package with its contracts."""
    shutil.copytree(ROOT / "publisher", tmp_path / "publisher", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def plant(tree: Path, file: str, lines: str) -> None:
    """Adds the lines to the file, which need not exist, nor the packages around it."""
    path = tree / file
    for package in path.relative_to(tree).parents[:-1]:
        (tree / package).mkdir(exist_ok=True, parents=True)
        (tree / package / "__init__.py").touch()
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{lines}\n")


def broken_contracts(tree: Path, only: str | None = None) -> set[str]:
    """The names of the contracts that import-linter calls broken there."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    options = ["--no-cache", "--no-logo", *(["--contract", only] if only else [])]
    plain = unmeasured() | {"NO_COLOR": "1", "COLUMNS": "200"}
    ran = subprocess.run([*command, *options], cwd=tree, env=plain, capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    broken = {name for name in NAMES.values() for line in lines if line.startswith(f"{name} BROKEN")}
    kept = {name for name in NAMES.values() for line in lines if line.startswith(f"{name} KEPT")}
    # Nothing broken and nothing kept would be a linter that did not run.
    assert broken | kept == ({NAMES[only]} if only else set(NAMES.values())), ran.stdout + ran.stderr
    assert bool(broken) == bool(ran.returncode), ran.stdout + ran.stderr
    return broken


def test_the_package_as_it_stands_keeps_every_contract(tree: Path) -> None:
    assert broken_contracts(tree) == set()


@pytest.mark.parametrize(("contract", "files"), VIOLATIONS, ids=[v[0] for v in VIOLATIONS])
def test_a_planted_violation_breaks_its_contract(tree: Path, contract: str, files: dict[str, str]) -> None:
    for file, lines in files.items():
        plant(tree, file, lines)
    assert broken_contracts(tree, only=contract) == {NAMES[contract]}


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _ in VIOLATIONS} == set(NAMES)


# import-linter sees `urllib` and `http` as one piece each: parsing an address and naming a status are
# welcome below, opening a connection is not.
CONNECTING = {"urllib.request", "urllib.robotparser", "http.client", "http.server"}


def imported(code: str) -> set[str]:
    """Every dotted name the code imports, `from a import b` as `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                names |= {module} | {f"{module}.{alias.name}" for alias in aliases}
    return names


def test_domain_and_pipeline_open_no_connection_by_urllib_or_http() -> None:
    files = [path for room in ("domain", "pipeline") for path in (ROOT / "publisher" / room).rglob("*.py")]
    guilty = {str(path): found for path in files if (found := imported(path.read_text("utf-8")) & CONNECTING)}
    assert guilty == {}


@pytest.mark.parametrize("line", ["import urllib.request", "from urllib import request", "from http.client import OK"])
def test_a_connecting_import_is_recognised(line: str) -> None:
    assert imported(f"def f():\n    {line}") & CONNECTING


def test_parsing_an_address_is_no_connecting_import() -> None:
    assert not imported("from urllib.parse import urlsplit\nfrom http import HTTPStatus") & CONNECTING
