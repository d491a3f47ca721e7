"""Subscribers come and go by command and by CSV; a file with one fault changes nothing."""

import io
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

HEADING = "address,newsletter,state,cadence,language,timezone,topics\n"


def listed(run: Run) -> str:
    return run("subscriber", "export", "-").out.removeprefix(HEADING)


def test_adding_again_takes_the_new_settings(run: Run, site: Path) -> None:
    run("subscriber", "add", "ada@example.org", "--newsletter", "daily")
    run(
        "subscriber", "add", "Ada@example.org", "--newsletter", "daily", "--cadence", "Mon, Thu", "--timezone",
        "Europe/Berlin", "--language", "zh-CN", "--topics", "harbour;潮汐", "--confirmed",
    )  # fmt: skip
    assert listed(run).lower() == 'ada@example.org,daily,active,"mon,thu",zh-cn,europe/berlin,harbour;潮汐\n'


def test_an_unconfirmed_subscriber_is_told_so(run: Run, site: Path) -> None:
    assert run("subscriber", "add", "ada@example.org", "--newsletter", "daily").out == (
        "ada@example.org: daily, immediate, unconfirmed: gets no mail before it is confirmed (--confirmed)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("nobody",), "ADDRESS 'nobody': no e-mail address"),
        (("ada@example.org", "--cadence", "hourly"), "--cadence 'hourly': newsletter daily has no such cadence; it"),
        (("ada@example.org", "--timezone", "Mars"), "--timezone 'Mars': no time zone"),
        (("ada@example.org", "--language", "english!"), "--language 'english!': no language tag"),
        (("ada@example.org", "--newsletter", "dialy"), "no newsletter 'dialy'; did you mean \"daily\"?"),
        (("用户@example.org",), "ADDRESS '用户@example.org': no e-mail address"),
    ],
)
def test_what_can_not_be_used_is_named(run: Run, site: Path, arguments: tuple[str, ...], expected: str) -> None:
    result = run("subscriber", "add", "--newsletter", "daily", *arguments)
    assert result.code == 2
    assert result.err.startswith(f"publisher: {expected}")
    assert result.err.count("\n") == 1
    assert listed(run) == ""


def test_removing(run: Run, site: Path) -> None:
    run("subscriber", "add", "ada@example.org", "--newsletter", "daily")
    assert run("subscriber", "remove", "ADA@example.org").out == "ADA@example.org is removed.\n"
    result = run("subscriber", "remove", "ada@example.org")
    assert (result.code, "there is no such subscriber" in result.err) == (2, True)


# --- CSV ---------------------------------------------------------------------------------------------------------


def imported(run: Run, site: Path, text: str, *options: str):
    (site / "people.csv").write_text(text, encoding="utf-8")
    return run("subscriber", "import", "people.csv", *options)


def test_what_is_exported_can_be_imported_elsewhere(run: Run, site: Path) -> None:
    text = (
        HEADING + "ada@example.org,daily,active,immediate,en,Europe/Berlin,\n"
        'bo@example.org,daily,paused,"mon,thu",zh-CN,Asia/Shanghai,harbour;潮汐\n'
        "cy@example.org,daily,unconfirmed,daily,en,UTC,\n"
    )
    assert imported(run, site, text).out.startswith("3 subscriptions stored\n1 line unconfirmed: no mail before ")
    assert run("subscriber", "export", "out.csv").out == "3 subscriptions written to out.csv\n"
    assert (site / "out.csv").read_text(encoding="utf-8") == text


def test_an_export_is_for_its_owner_only(run: Run, site: Path) -> None:
    (site / "old.csv").touch(0o644)
    for name in ("new.csv", "old.csv"):
        assert run("subscriber", "export", name).code == 0
        assert (site / name).stat().st_mode & 0o777 == 0o600
    assert run("subscriber", "export", "/dev/null").code == 0


def test_a_plain_list_of_addresses_will_do(run: Run, site: Path) -> None:
    text = "\ufeffaddress\nada@example.org\nbo@example.org\n"
    result = imported(run, site, text, "--newsletter", "daily", "--confirmed")
    assert result.out == "2 subscriptions stored\n"
    assert listed(run).splitlines() == [
        "ada@example.org,daily,active,immediate,en,Asia/Shanghai,",
        "bo@example.org,daily,active,immediate,en,Asia/Shanghai,",
    ]


def test_without_a_state_nobody_has_agreed(run: Run, site: Path) -> None:
    result = imported(run, site, "address,state\nada@example.org,\nbo@example.org,active\n", "--newsletter", "daily")
    assert result.out == (
        "2 subscriptions stored\n1 line unconfirmed: no mail before consent is given (--confirmed, or state active)\n"
    )
    assert [line.split(",")[2] for line in listed(run).splitlines()] == ["unconfirmed", "active"]
    # Who is confirmed stays so; and consent can be told later.
    imported(run, site, "address\nbo@example.org\n", "--newsletter", "daily")
    assert "bo@example.org,daily,active" in listed(run)
    imported(run, site, "address\nada@example.org\n", "--newsletter", "daily", "--confirmed")
    assert "ada@example.org,daily,active" in listed(run)


def test_many_lines_of_few_domains_are_read_and_told(run: Run, site: Path) -> None:
    text = "address\n" + "".join(f"reader{number}@Example.org\n" for number in range(1100))
    result = imported(run, site, text, "--newsletter", "daily", "--confirmed")
    assert result.out == "1100 subscriptions stored\n"
    assert listed(run).count("@example.org,") == 1100


def test_standard_input_will_do(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"address,newsletter\nada@example.org,daily\n")))
    assert run("subscriber", "import", "-", "--confirmed").out == "1 subscription stored\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"address\nnobody\n")))
    result = run("subscriber", "import", "-", "--newsletter", "daily")
    assert result.err.startswith("publisher: standard input:2: address")


def test_the_first_fault_of_every_line_is_named_and_nothing_is_stored(run: Run, site: Path) -> None:
    result = imported(
        run,
        site,
        HEADING + "fine@example.org,daily,,,,,\n"
        "nobody,daily,,,,,\n"
        "b@example.org,dialy,activ,,english!,Mars,\n"
        "Fine@example.org,daily,,,,,\n"
        "c@example.org,daily,,hourly,,,,extra\n",
    )
    assert result.code == 2
    assert [line.split(": ", 2)[1:] for line in result.err.splitlines()] == [
        ["people.csv:3", 'address = "nobody": no e-mail address: An email address must have an @-sign; '
         "write name@example.org"],
        ["people.csv:4", 'newsletter = "dialy": no newsletter \'dialy\'; did you mean "daily"?'],
        ["people.csv:5", 'address = "Fine@example.org": stands on line 2 already; keep one of the two'],
        ["people.csv:6", "CSV: has more fields than the file's 7 columns; quote fields that hold a comma"],
    ]  # fmt: skip
    assert listed(run) == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a@example.org,activ,,,", 'state = "activ": no state; did you mean "active"?'),
        ("a@example.org,,hourly,,", 'cadence = "hourly": newsletter daily has no such cadence; it offers immediate, '),
        ("a@example.org,,,english!,", 'language = "english!": no language tag; write "en", "zh-CN", "pt-BR"'),
        ("a@example.org,,,,Mars", 'timezone = "Mars": no time zone; write a name of the IANA list such as '),
        ("a@example.org,,,,UTC,,", "CSV: has more fields than the file's 5 columns; quote fields that hold a comma"),
        ("a@nowhere,,,,", 'address = "a@nowhere": no e-mail address'),
        ("a..b@example.org,,,,", 'address = "a..b@example.org": no e-mail address'),
        (f"{'a' * 250}@example.org,,,,", f'address = "{"a" * 250}@example.org": no e-mail address'),
    ],
)
def test_what_a_field_can_not_hold(run: Run, site: Path, line: str, expected: str) -> None:
    result = imported(run, site, f"address,state,cadence,language,timezone\n{line}\n", "--newsletter", "daily")
    assert result.code == 2
    assert result.err.startswith(f"publisher: people.csv:2: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("address;newsletter\na@example.org;daily\n", "people.csv:1: CSV: separate the columns by commas"),
        ("E-Mail,newsletter\n", 'people.csv:1: E-Mail: unknown column; did you mean "address"?'),
        ("email\na@example.org\n", 'people.csv:1: email: unknown column; did you mean "address"?'),
        ("adress,newsletter\n", 'people.csv:1: adress: unknown column; did you mean "address"?'),
        ("address\nada@example.org\n", "people.csv:1: newsletter: is missing; the first line names the columns"),
        ("", "people.csv:1: address: is missing; the first line names the columns"),
        (
            'address,newsletter\n"ada@example.org,daily\n',
            "people.csv: CSV after line 1: unexpected end of data; see to its quotes",
        ),
    ],
)
def test_a_file_that_is_no_such_csv(run: Run, site: Path, text: str, expected: str) -> None:
    result = imported(run, site, text)
    assert result.code == 2
    assert f"publisher: {expected}" in result.err


def test_a_file_that_can_not_be_read_or_written(run: Run, site: Path) -> None:
    assert "can't be read: No such file" in run("subscriber", "import", "none.csv").err
    (site / "latin.csv").write_bytes(b"address\nm\xfcller@example.org\n")
    assert "is not UTF-8 (byte 9)" in run("subscriber", "import", "latin.csv").err
    assert "can't be written: No such file" in run("subscriber", "export", "none/out.csv").err


def test_who_has_unsubscribed_stays_so(run: Run, site: Path) -> None:
    imported(run, site, "address\nada@example.org\n", "--newsletter", "daily", "--confirmed")
    ended = imported(run, site, "address,state\nada@example.org,unsubscribed\n", "--newsletter", "daily")
    assert ended.out == "0 subscriptions stored, 1 passed over (unsubscribed or suppressed)\n"
    options = ("--newsletter", "daily", "--confirmed")
    again = imported(run, site, "address\nada@example.org\nbo@example.org\n", *options)
    assert again.out == "1 subscription stored, 1 passed over (unsubscribed or suppressed)\n"
    assert "ada@example.org,daily,unsubscribed" in listed(run)
