"""Templates: folders in order, escaping by name, errors that name file and line, values that can only be printed."""

import os
from pathlib import Path

import pytest

from publisher.errors import TemplateError
from publisher.templating import PrintOnly, Templates, check_overrides, shipped_templates


class Address(PrintOnly):
    def __str__(self) -> str:
        return "MARK"

    def __repr__(self) -> str:
        return "recipient.address"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_first_folder_wins_file_by_file(tmp_path: Path) -> None:
    write(tmp_path, "shipped/page.txt.jinja", "shipped {% include 'part.txt.jinja' %}")
    write(tmp_path, "shipped/part.txt.jinja", "part")
    write(tmp_path, "own/part.txt.jinja", "own part")
    assert Templates([tmp_path / "own", tmp_path / "shipped"]).render("page.txt.jinja") == "shipped own part"


def test_folder_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.txt.jinja", "a")
    assert Templates([tmp_path / "none", tmp_path]).render("a.txt.jinja") == "a"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.html.jinja", "&lt;b&gt;&amp;"),
        ("a.xml.jinja", "&lt;b&gt;&amp;"),
        ("a.txt.jinja", "<b>&"),
        ("a.css.jinja", "<b>&"),
    ],
)
def test_escaping_follows_the_inner_extension(tmp_path: Path, name: str, shown: str) -> None:
    write(tmp_path, name, "{{ value }}")
    assert Templates([tmp_path]).render(name, value="<b>&") == shown


def test_a_value_may_be_called_name(tmp_path: Path) -> None:
    write(tmp_path, "a.txt.jinja", "{{ name }}")
    assert Templates([tmp_path]).render("a.txt.jinja", name="Ada") == "Ada"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt.jinja", "old")
    templates = Templates([tmp_path])
    assert templates.render("a.txt.jinja") == "old"
    path.write_text("new")
    os.utime(path, (1, 1))
    assert templates.render("a.txt.jinja") == "new"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("one\n{% if %}", 2, "Expected an expression"),
        ("one\ntwo {{ nothing }}", 2, "'nothing' is undefined"),
        ("one\n\n{{ 1 // 0 }}", 3, "division"),
        ("{{ value.missing }}", 1, "no attribute 'missing'"),
        ("\n{{ 'a' + 1 }}", 2, "str"),
        ("{{ ''.__class__ }}", 1, "unsafe"),
        ("\n{% include 'nowhere.txt.jinja' %}", 2, "there is no template nowhere.txt.jinja"),
        ("{{ value|nofilter }}", 1, "nofilter"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = write(tmp_path, "bad.txt.jinja", text)
    with pytest.raises(TemplateError) as caught:
        Templates([tmp_path]).render("bad.txt.jinja", value=1)
    assert f"{path}, line {line}: " in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    write(tmp_path, "a.txt.jinja", "{% include 'b.txt.jinja' %}")
    inner = write(tmp_path, "b.txt.jinja", "\n\n{{ nothing }}")
    with pytest.raises(TemplateError, match="line 3") as caught:
        Templates([tmp_path]).render("a.txt.jinja")
    assert str(inner) in str(caught.value)


def test_a_missing_template_is_named() -> None:
    with pytest.raises(TemplateError, match=r"there is no template gone\.txt\.jinja"):
        Templates([]).render("gone.txt.jinja")


def test_a_template_in_another_encoding_is_one_clear_line(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt.jinja", "退订".encode("gb18030"))
    with pytest.raises(TemplateError) as caught:
        Templates([tmp_path]).render("a.txt.jinja")
    assert str(caught.value) == f"template {path}: can't be read: it is not UTF-8"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file whose reading fails")
def test_a_template_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt.jinja").symlink_to("/proc/self/mem")
    with pytest.raises(TemplateError, match=r"a\.txt\.jinja: can't be read: Input/output error"):
        Templates([tmp_path]).render("a.txt.jinja")


def test_check_reports_every_template_that_does_not_compile(tmp_path: Path) -> None:
    write(tmp_path, "good.txt.jinja", "{{ fine }}")
    first = write(tmp_path, "one/bad.html.jinja", "\n{% endfor %}")
    second = write(tmp_path, "worse.txt.jinja", b"\xff")
    write(tmp_path, "readme.md", "{% not a template %}")
    faults = Templates([tmp_path]).check()
    assert [(fault.file, fault.key) for fault in faults] == [(str(first), "line 2"), (str(second), "template")]
    assert str(faults[1]) == f"{second}: template: can't be read: it is not UTF-8"


def test_shipped_templates_compile() -> None:
    templates = Templates([shipped_templates()])
    assert templates.check() == []
    assert "digest/cards/body.html.jinja" in templates.names()


# What lies in an operator's folder, and would be passed over without a word.

PARTS = ("subject.txt.jinja", "body.txt.jinja", "body.html.jinja", "style.css.jinja")


def overrides(folder: Path) -> list[str]:
    return [str(fault).removeprefix(f"{folder}") for fault in check_overrides(folder, shipped_templates())]


def test_overrides_and_whole_looks_and_what_they_include_are_no_faults(tmp_path: Path) -> None:
    write(tmp_path, "digest/cards/body.html.jinja", "{% include 'digest/cards/own.html.jinja' %}")
    write(tmp_path, "digest/cards/own.html.jinja", "x")
    for part in PARTS:
        write(tmp_path, f"digest/plain/{part}", "x")
    write(tmp_path, "digest/plain/footer.html.jinja", "x")
    write(tmp_path, "web/index.html.jinja", "x")
    write(tmp_path, "README.md", "ours")
    write(tmp_path, ".git/config.jinja", "x")
    (tmp_path / "digest" / "loop").symlink_to(tmp_path)
    assert overrides(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("body.html.jinja", ': template: overrides nothing; did you mean "'),
        ("digest/cards/bodi.html.jinja", ': template: overrides nothing; did you mean "digest/cards/body.html.jinja"?'),
        ("digest/cards/body.html", ': template: overrides nothing; did you mean "digest/cards/body.html.jinja"?'),
        ("elsewhere/1.jinja", ": template: overrides nothing, and no other template includes it"),
    ],
)
def test_a_file_that_overrides_nothing_is_told_with_the_nearest(tmp_path: Path, name: str, expected: str) -> None:
    write(tmp_path, name, "x")
    (fault,) = overrides(tmp_path)
    assert fault.startswith(f"/{name}{expected}")


def test_a_look_that_misses_files_is_told_which(tmp_path: Path) -> None:
    for part in PARTS[:2]:
        write(tmp_path, f"digest/card/{part}", "x")
    assert overrides(tmp_path) == [
        "/digest/card: template: the look misses body.html.jinja, style.css.jinja; copy them from one that is shipped, "
        'or did you mean "cards"?'
    ]


def test_what_stands_for_a_template_but_can_not_be_read_is_told(tmp_path: Path) -> None:
    cards = tmp_path / "digest" / "cards"
    (cards / "body.html.jinja").mkdir(parents=True)
    (cards / "body.txt.jinja").symlink_to(tmp_path / "nowhere")
    os.mkfifo(cards / "style.css.jinja")
    (cards / "subject.txt.jinja").symlink_to("subject.txt.jinja")
    assert sorted(overrides(tmp_path)) == [
        "/digest/cards/body.html.jinja: template: is a folder, not a file",
        "/digest/cards/body.txt.jinja: template: is a link that leads nowhere",
        "/digest/cards/style.css.jinja: template: is no plain file",
        "/digest/cards/subject.txt.jinja: template: can't be read: Too many levels of symbolic links",
    ]


def test_a_folder_that_can_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == tmp_path:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert overrides(tmp_path) == [": templates: the folder can't be read: Permission denied"]


# What may be done with a value that is filled in for each recipient, and what not.


@pytest.mark.parametrize("text", ["{{ a }}", "{{ 'x' ~ a }}", "{{ '%s' % a }}", "{% set b = a %}{{ b }}"])
def test_a_print_only_value_is_printed(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.html.jinja", text)
    assert Templates([tmp_path]).render("a.html.jinja", a=Address()).endswith("MARK")


@pytest.mark.parametrize(
    "text",
    [
        "{% if a %}x{% endif %}",
        "{{ a or 'x' }}",
        "{{ not a }}",
        "{{ a == 'x' }}",
        "{{ a != 'x' }}",
        "{{ a < 'x' }}",
        "{{ 'x' in a }}",
        "{{ a in ['x'] }}",
        "{% for b in a %}{% endfor %}",
        "{{ a|upper }}",
        "{{ a|default('x') }}",
        "{{ 'x'|default(a) }}",
        "{{ a|safe }}",
        "{{ a is defined }}",
        "{{ a is none }}",
        "{{ a|length }}",
        "{{ {a: 1} }}",
    ],
)
def test_a_print_only_value_is_nothing_else(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.html.jinja", text)
    with pytest.raises(TemplateError, match=r"line 1: recipient\.address is filled in for each recipient"):
        Templates([tmp_path]).render("a.html.jinja", a=Address())


@pytest.mark.parametrize("text", ["{{ a.upper() }}", "{{ a[0] }}", "{{ a + 'x' }}", "{{ '{:>9}'.format(a) }}"])
def test_a_print_only_value_has_no_methods_of_a_text(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.html.jinja", text)
    with pytest.raises(TemplateError, match="line 1"):
        Templates([tmp_path]).render("a.html.jinja", a=Address())
