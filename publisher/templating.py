"""Jinja2 templates, for mails and for pages: the only place that knows jinja2.

A template may stand in several folders; the first that has the file wins, so an operator overrides one file and
keeps the rest. Compiled templates stay in memory only; a file that changes is read again.
"""

import functools
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.errors import Fault, TemplateError

SUFFIX = ".jinja"
_ESCAPED = (".html", ".xml", ".svg")

# What an expression in a template can raise besides jinja2's own errors.
_FAULTS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


def shipped_templates() -> Path:
    """The templates that come with the program: inside the package in a wheel, else the checkout's folder."""
    packaged = Path(__file__).parent / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "templates"


def check_overrides(own: Path, shipped: Path) -> list[Fault]:
    """What is wrong with the files of an operator's folder as files.

    Each must be readable and override a shipped one, belong to a new look that has all its parts, or be included by
    another template: else it would be passed over without a word.
    """
    faults: list[Fault] = []
    found = _files(own, faults)
    names = _files(shipped, faults)
    looks = {_look(name) for name in names}
    parts = {name.rpartition("/")[2] for name in names if _look(name)}
    for look in sorted({_look(name) for name in found} - looks):
        missing = sorted(part for part in parts if f"digest/{look}/{part}" not in found)
        if missing:
            remedy = f"the look misses {', '.join(missing)}; copy them from one that is shipped"
            near = get_close_matches(look, sorted(looks - {""}), n=1)
            remedy += f', or did you mean "{near[0]}"?' if near else ""
            faults.append(Fault(str(own / "digest" / look), "template", "", remedy))
    strange = [name for name in found if name not in names and _look(name) in looks]
    included = _included(own, found) if strange else set()
    faults += [fault for name in strange if name not in included for fault in _unused(own / name, name, names)]
    return faults


def _look(name: str) -> str:
    """The look to which a template belongs, or nothing."""
    folder, _, rest = name.partition("/")
    return rest.partition("/")[0] if folder == "digest" and "/" in rest else ""


def _files(folder: Path, faults: list[Fault]) -> set[str]:
    """The names of all files of a folder; those of templates that can't be read become faults."""
    names: set[str] = set()
    seen: set[str] = set()

    def unreadable(error: OSError) -> None:
        faults.append(Fault(str(error.filename), "templates", "", f"the folder can't be read: {error.strerror}"))

    for place, inner, files in os.walk(folder, onerror=unreadable, followlinks=True):
        if os.path.realpath(place) in seen:
            inner.clear()
            continue
        seen.add(os.path.realpath(place))
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in (*(name for name in inner if name.endswith(SUFFIX)), *files):
            if name.startswith("."):
                continue
            path = Path(place, name)
            if name.endswith(SUFFIX) and (reason := _no_file(path)):
                faults.append(Fault(str(path), "template", "", reason))
            names.add(path.relative_to(folder).as_posix())
    return names


def _no_file(path: Path) -> str:
    """Why there is nothing to read at a path; nothing when there is."""
    try:
        path.stat()
    except FileNotFoundError:
        return "is a link that leads nowhere"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return "" if path.is_file() else "is a folder, not a file" if path.is_dir() else "is no plain file"


def _included(own: Path, found: Iterable[str]) -> set[str]:
    """Which templates others name in `include`, `import` or `extends`."""
    environment = _environment(jinja2.BaseLoader())
    included: set[str] = set()
    for name in found:
        try:
            tree = environment.parse((own / name).read_text(encoding="utf-8")) if name.endswith(SUFFIX) else None
        except (jinja2.TemplateError, OSError, UnicodeError):
            continue  # `Templates.check` tells what is wrong with it
        included.update(filter(None, jinja2.meta.find_referenced_templates(tree)) if tree else ())
    return included


def _unused(path: Path, name: str, shipped: Iterable[str]) -> Iterator[Fault]:
    """The fault of a file that overrides nothing. One that is no template may lie there unless it looks like one."""
    near = get_close_matches(name, sorted(shipped), n=1)
    if near:
        yield Fault(str(path), "template", "", f'overrides nothing; did you mean "{near[0]}"?')
    elif name.endswith(SUFFIX):
        yield Fault(str(path), "template", "", "overrides nothing, and no other template includes it")


class PrintOnly:
    """A value that a template may print and do nothing else with: not test, compare, filter or walk through."""

    __slots__ = ()

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"{self!r} is filled in for each recipient: a template can only print it")

    __bool__ = __iter__ = __len__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __eq__ = __ne__ = __hash__ = _refuse


class Templates:
    """The templates of some folders, sandboxed; an unknown name in one is an error, never an empty place.

    `x.html.jinja` is escaped as HTML, `x.txt.jinja` and `x.css.jinja` are not.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._loader = _Loader([str(folder) for folder in folders])
        self._environment = _environment(self._loader)

    def render(self, name: str, /, **values: object) -> str:
        """The template filled with values. Raises TemplateError that names the file and the line."""
        try:
            return self._environment.get_template(name).render(values)
        except _FAULTS as error:
            raise TemplateError(f"{self._place(name, error)}: {_reason(error)}") from error

    def names(self) -> list[str]:
        """All templates there are."""
        return self._environment.list_templates(filter_func=lambda name: name.endswith(SUFFIX))

    def digest(self) -> str:
        """A hash of what all templates say."""
        whole = hashlib.sha256()
        for name in self.names():
            source, *_ = self._loader.get_source(self._environment, name)
            whole.update(f"{name}\0{source}\0".encode("utf-8", "replace"))
        return whole.hexdigest()[:32]

    def check(self) -> list[Fault]:
        """Compile every template; what is wrong, by file and line."""
        faults = []
        for name in self.names():
            try:
                self._environment.get_template(name)
            except jinja2.TemplateError as error:
                file, line = _position(error)
                faults.append(Fault(file or name, f"line {line}" if line else "template", "", _reason(error)))
        return faults

    def _place(self, name: str, error: Exception) -> str:
        file, line = _position(error)
        return f"template {file or self._loader.path(name)}" + (f", line {line}" if line else "")


class _UnreadableError(jinja2.TemplateError):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class _Loader(jinja2.FileSystemLoader):
    """Reads templates; one that is there but can't be read is a plain error with its path."""

    def path(self, name: str) -> Path:
        """Where a template stands: in the first folder that has it."""
        places = [Path(folder) / name for folder in self.searchpath]
        return next((place for place in places if place.exists()), Path(name))

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        try:
            return super().get_source(environment, template)
        except (OSError, UnicodeError) as error:
            if isinstance(error, jinja2.TemplateNotFound):
                raise
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise _UnreadableError(self.path(template), f"can't be read: {reason}") from error


def _environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        autoescape=_is_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    tables: tuple[dict[str, Any], ...] = (environment.filters, environment.tests)
    for table in tables:
        table.update({name: _refusing(function) for name, function in table.items()})
    return environment


def _is_escaped(name: str | None) -> bool:
    return name is None or name.removesuffix(SUFFIX).endswith(_ESCAPED)


def _refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or test that refuses values which may only be printed: most would print them first, and change that."""

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        for value in (*args, *kwargs.values()):
            if isinstance(value, PrintOnly):
                value._refuse()
        return function(*args, **kwargs)

    return call


def _position(error: Exception) -> tuple[str | None, int]:
    """File and line of an error: as it tells them, else the innermost template in the traceback."""
    if isinstance(error, _UnreadableError):
        return str(error.path), 0
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.filename or error.name, error.lineno
    frames = [place for place in _frames(error) if place[0].endswith(SUFFIX)]
    return frames[-1] if frames else (None, 0)


def _frames(error: Exception) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template {error.name}"
    return " ".join(str(error).split()) or type(error).__name__
