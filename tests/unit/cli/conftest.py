"""A small site that is a folder of files, and a way to run commands on it without another process."""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from publisher.cli import main

CONFIG = """
[site]
title = "Quay News"
base_url = "http://127.0.0.1:8080"
first_digest = true
[database]
url = "sqlite:///publisher.db"
[mail]
outbox = "outbox"
[[source]]
name = "notes"
kind = "folder"
path = "notes"
rights = "own"
[[feed]]
slug = "news"
title = "All news"
[[newsletter]]
slug = "daily"
title = "Quay News"
from = "Quay News <news@example.org>"
cadences = ["immediate", "daily", "mon,thu"]
timezone = "Asia/Shanghai"
"""

NOTES = {
    "ferry.md": "---\ntitle: The ferry is late\ndate: 2026-11-20\ntags: [harbour]\nauthor: Ada Example\n---\n"
    "The ferry that leaves at seven left at eight.\n",
    "chao.md": "---\ntitle: 大潮提前到来\ndate: 2026-11-21\ntags: [潮汐]\nlanguage: zh-CN\n---\n"
    "今早的大潮比往年早了两天。\n",
}


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site's folder, which is the current one too."""
    (tmp_path / "notes").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "notes" / name).write_text(text, encoding="utf-8")
    (tmp_path / "publisher.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command as `publisher …` does."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def go(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["publisher", *arguments])
        capsysbinary.readouterr()
        code = 0
        try:
            main()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 0
        captured = capsysbinary.readouterr()
        return Result(code, captured.out.decode(), captured.err.decode())

    yield go
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
