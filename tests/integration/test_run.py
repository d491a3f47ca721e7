"""`publisher run` as a process: the first round, what it serves, its signals, and each clear line when it can't."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.loopback import PATIENCE, free_port, get, wait_for
from tests.smtp_server import Behaviour, SmtpServer

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "publisher"]


class Running:
    """A command that stays, such as `publisher run`, with its two outputs."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.out, self.err = folder / "stdout", folder / "stderr"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments], cwd=folder, stdout=out, stderr=err, env={**os.environ, **variables}
            )

    def said(self, text: str) -> bool:
        assert self.process.poll() is None or text in self.shown(), self.shown()
        return text in self.shown()

    def shown(self) -> str:
        return self.out.read_text() + self.err.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The shipped configuration in a folder of its own, on ports of its own."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    file = tmp_path / "config" / "publisher.toml"
    file.write_text(on_own_ports(file.read_text()))
    return tmp_path


def on_own_ports(config: str) -> str:
    return config.replace("8081", str(free_port())).replace("port = 8080", f"port = {free_port()}")


@pytest.fixture
def start(site: Path) -> Iterator[Callable[..., Running]]:
    """Starts processes, and ends those that a test leaves."""
    started: list[Running] = []

    def go(*options: str, **variables: str) -> Running:
        started.append(Running(site, "run", *options, **variables))
        return started[-1]

    yield go
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=600, env={**os.environ, **variables}
    )


def port_of(site: Path, table: str) -> int:
    found = re.search(rf"\[{table}\]\n(?:.*\n)??port = (\d+)", (site / "config" / "publisher.toml").read_text())
    assert found
    return int(found[1])


def test_one_round_in_an_empty_folder_with_the_shipped_configuration(tmp_path: Path) -> None:
    site = tmp_path
    assert run(site, "init", "--yes").returncode == 0
    file = site / "publisher.toml"
    file.write_text(on_own_ports(file.read_text()))
    first = run(site, "run", "--once")
    assert first.returncode == 0, first.stderr
    assert "14 new, 0 edited of 14 articles" in first.stdout
    assert "10 articles announced, the newest" in first.stdout
    assert "2 sent" in first.stdout
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in (site / "var/outbox").glob("*.eml")]
    by_reader = {str(mail["To"]): mail for mail in mails}
    assert sorted(by_reader) == ["reader.en@example.org", "reader.zh@example.org"]
    chinese = by_reader["reader.zh@example.org"].get_body(("plain",))
    assert chinese is not None
    assert "早市搬进鱼码头" in chinese.get_content()

    second = run(site, "run", "--once")
    assert second.returncode == 0, second.stderr
    assert "nothing due" in second.stdout
    assert len(list((site / "var/outbox").glob("*.eml"))) == 2
    the_web_alone_serves_it(site)


def the_web_alone_serves_it(site: Path) -> None:
    port = int(re.findall(r"^port = (\d+)", (site / "publisher.toml").read_text(), re.MULTILINE)[0])
    running = Running(site, "web", PUBLISHER__WEB__TRUSTED_PROXIES="127.0.0.1")
    try:
        web = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{web}/healthz"), "publisher web")
        assert "早市搬进鱼码头" in get(f"{web}/feeds/news.rss")[1]
        assert "早市搬进鱼码头" in get(f"{web}/")[1] + get(f"{web}/feeds/news/")[1]
        assert get(f"{web}/feeds/unknown.rss")[0] == 404
        second = run(site, "web")
        assert (second.returncode, "change web.port" in second.stderr) == (1, True)
        assert second.stderr.count("\n") == 1
        assert running.end() == 0
        assert running.err.read_text() == ""
    finally:
        running.process.kill()


def answers(url: str) -> bool:
    try:
        return get(url)[0] == 200
    except OSError:
        return False


def test_it_stays_serves_reloads_and_ends(site: Path, start: Callable[..., Running]) -> None:
    running = start()
    wait_for(lambda: running.said("Ctrl-C ends it"), "the first round")
    web = f"http://127.0.0.1:{port_of(site, 'web')}"
    shown = running.out.read_text()
    assert f"as process {running.process.pid}." in shown
    addresses = re.findall(r"http://\S+", shown)
    assert f"{web}/feeds/news.rss" in addresses
    (outbox,) = [address for address in addresses if "/outbox/" in address]
    assert all(get(address)[0] == 200 for address in addresses)
    assert "早市搬进鱼码头" in get(f"{web}/feeds/zh.atom")[1]
    assert get(outbox.rpartition("/")[0] + "/" + "A" * 22)[0] == 404
    assert get(f"{web}/readyz")[0] == 200

    # A second runner, and a step beside it.
    for arguments in (("run",), ("collect", "--once")):
        other = run(site, *arguments)
        assert other.returncode == 1
        assert f"process {running.process.pid}" in other.stderr
        assert other.stderr.count("\n") == 1
    assert run(site, "subscriber", "add", "ada@example.org", "--newsletter", "daily", "--confirmed").returncode == 0

    # A configuration with faults is left alone, one without is taken up.
    file = site / "config" / "publisher.toml"
    good = file.read_text()
    file.write_text(good.replace('slug = "harbour"', 'slug = "tag"'))
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: running.said("configuration not taken up"), "the faults")
    assert get(f"{web}/feeds/harbour.rss")[0] == 200
    added = '[[feed]]\nslug = "late"\ntitle = "Defined while it runs"\n'
    file.write_text(good.replace('title = "Harbour and tides', 'title = "Tides and harbour') + added)
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: running.said("configuration taken up"), "the change")
    wait_for(lambda: get(f"{web}/feeds/late.rss")[0] == 200, "the new feed, although nothing was collected")
    assert "Tides and harbour" in get(f"{web}/")[1]

    assert running.end(signal.SIGINT) == 0
    assert "Traceback" not in running.shown()
    for secret in ("reader.zh@", "ada@", outbox.rpartition("/")[2]):
        assert secret not in running.err.read_text()


def test_a_port_in_use_is_one_line_that_names_the_key(site: Path) -> None:
    for table in ("web", "example"):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port_of(site, table)))
            taken.listen()
            result = run(site, "run")
        assert result.returncode == 1
        assert f"change {table}.port" in result.stderr
        assert result.stderr.count("\n") == 1


def test_one_round_names_what_failed(site: Path) -> None:
    result = run(site, "run", "--once", PUBLISHER__SOURCE__EXAMPLE__URL=f"http://127.0.0.1:{free_port()}/")
    assert result.returncode == 1
    assert result.stderr.startswith("publisher: collect: source example: ")

    (site / "a-file").write_text("")
    result = run(
        site, "run", "--once", PUBLISHER__MAIL__OUTBOX="../a-file/outbox", PUBLISHER__DATABASE__URL="sqlite:///b"
    )
    assert result.returncode == 1
    assert "publisher: deliver: mail to outbox: the outbox" in result.stderr
    assert "choose another with mail.outbox" in result.stderr


def test_an_unreadable_template_and_a_bad_database_are_one_line(site: Path) -> None:
    (site / "own" / "digest" / "cards").mkdir(parents=True)
    (site / "own" / "digest" / "cards" / "body.txt.jinja").write_bytes(b"\xff\xfe")
    result = run(site, "run", PUBLISHER__SITE__TEMPLATES="../own")
    assert result.returncode == 2
    assert "body.txt.jinja" in result.stderr
    assert result.stderr.count("\n") == 1

    (site / "no.db").write_text("this is no database, whatever its name may say of it" * 20)
    result = run(site, "run", PUBLISHER__DATABASE__URL="sqlite:///../no.db")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "no SQLite database" in result.stderr


@pytest.mark.parametrize(("options", "expected"), [((), 0), (("--once",), 130)])
def test_a_site_that_hangs_does_not_hold_up_the_end(
    start: Callable[..., Running], options: tuple[str, ...], expected: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        connected, over = threading.Event(), threading.Event()

        def accept() -> None:
            connection, _ = silent.accept()
            connected.set()
            connection.recv(65536)
            over.wait(2 * PATIENCE)

        threading.Thread(target=accept, daemon=True).start()
        running = start(
            *options,
            PUBLISHER__SOURCE__EXAMPLE__URL=f"http://127.0.0.1:{port}/",
            PUBLISHER__FETCH__ALLOW_PRIVATE=f"127.0.0.1:{port}",
        )
        assert connected.wait(PATIENCE)
        code = running.end(signal.SIGINT)
        over.set()
    assert code == expected
    assert "Traceback" not in running.shown()


SMTP = {
    "PUBLISHER__MAIL__TRANSPORT": "smtp",
    "PUBLISHER__SITE__BASE_URL": "https://news.example.org",
    "PUBLISHER__RELAY__0__HOST": "127.0.0.1",
    "PUBLISHER__RELAY__0__TLS": "none",
    "PUBLISHER__RELAY__0__CONNECTIONS": "1",
}


def states(site: Path) -> list[str]:
    with sqlite3.connect(site / "var" / "publisher.db") as database:
        return [state for (state,) in database.execute("SELECT state FROM delivery ORDER BY id")]


def test_a_reply_that_is_owed_is_waited_for(site: Path, start: Callable[..., Running]) -> None:
    reply = threading.Event()
    with SmtpServer(Behaviour(gate=reply, pipelining=False)) as server:
        running = start(**SMTP, PUBLISHER__RELAY__0__PORT=str(server.port))
        wait_for(lambda: server.accepted, "the first message")
        running.process.send_signal(signal.SIGTERM)
        wait_for(lambda: running.said("owes a reply"), "the wait")
        assert running.process.poll() is None
        reply.set()
        assert running.process.wait(PATIENCE) == 0
    assert "Traceback" not in running.shown()
    assert len(server.accepted) == 1
    assert states(site) == ["sent", "pending"]


def test_a_second_interrupt_ends_at_once_and_the_next_run_sorts_it_out(
    site: Path, start: Callable[..., Running]
) -> None:
    with SmtpServer(Behaviour(gate=threading.Event(), pipelining=False)) as server:
        running = start(**SMTP, PUBLISHER__RELAY__0__PORT=str(server.port))
        wait_for(lambda: server.accepted, "the first message")
        running.process.send_signal(signal.SIGINT)
        wait_for(lambda: running.said("owes a reply"), "the wait")
        assert running.end(signal.SIGINT) == 130
    assert states(site) == ["claimed", "claimed"]

    with SmtpServer() as server:
        again = run(site, "deliver", "--once", **SMTP, PUBLISHER__RELAY__0__PORT=str(server.port))
    assert again.returncode == 0, again.stderr
    assert "took over from a runner that was killed" in again.stderr
    assert states(site) == ["sent", "sent"]
