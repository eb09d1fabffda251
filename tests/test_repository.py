"""Rules of the house that no linter knows, held against the source itself."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from django.conf import settings
from django.core.mail import send_mail
from django.core.management import call_command

from madoguchi.mail.refused import SideDoorMailError

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/madoguchi"
MOST_LINES, MOST_IN_FUNCTION = 500, 100

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|(?i:coming soon|\bfor now\b)")

# Modules through which something could leave the machine or start a program, and who may import each.
WAYS_OUT = {
    "smtplib": {"madoguchi.mail.transport"},
    "socket": {"madoguchi.mail.transport"},
    "django.core.mail": {"madoguchi.mail.refused"},
    "aiosmtplib": set[str](),
    "subprocess": {"madoguchi.config.programs"},
    "multiprocessing": set[str](),
    "http.client": set[str](),
    "urllib.request": set[str](),
    "requests": set[str](),
    "httpx": set[str](),
    "aiohttp": set[str](),
    "ftplib": set[str](),
    "pickle": set[str](),
}
# Calls that start a program or open a connection without any such import.
CALLS = {
    "fork": {"madoguchi.config.processes"},
    "system": set[str](),
    "popen": set[str](),
    "posix_spawn": set[str](),
    "create_subprocess_exec": set[str](),
    "create_subprocess_shell": set[str](),
    "open_connection": set[str](),
    "create_connection": {"madoguchi.config.backup_stores", "madoguchi.config.workers"},  # Django's
}


@cache
def sources() -> list[Path]:
    return sorted(one for one in PACKAGE.rglob("*.py") if "migrations" not in one.parts)


def module(source: Path) -> str:
    parts = source.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


def imports(source: Path) -> Iterator[tuple[str, str]]:
    """Each import as (module, name); the name is empty for a whole module."""
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import):
            yield from ((one.name, "") for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name) for one in node.names)


def importers(wanted: str) -> dict[str, set[str]]:
    """Who imports a module or something inside it, with the names that are taken from it."""
    found: dict[str, set[str]] = {}
    for source in sources():
        for where, what in imports(source):
            if where == wanted or where.startswith(wanted + "."):
                found.setdefault(module(source), set()).add(what)
            elif f"{where}.{what}" == wanted:
                found.setdefault(module(source), set()).add("")
    return found


def test_no_words_of_unfinished_work_stand_in_the_source() -> None:
    texts = [
        one
        for kind in ("*.py", "*.html", "*.css", "*.md")
        for one in PACKAGE.rglob(kind)
        if "vendor" not in one.parts
    ]
    assert len(texts) > len(sources())
    found = [
        f"{source.relative_to(ROOT)}:{number}: {line.strip()}"
        for source in texts
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_way_out_is_imported_only_where_it_may_be(way: str) -> None:
    assert set(importers(way)) == WAYS_OUT[way]


@pytest.mark.parametrize("call", CALLS)
def test_a_program_is_started_and_a_connection_opened_only_where_it_may_be(call: str) -> None:
    callers = {
        module(source)
        for source in sources()
        for node in ast.walk(tree(source))
        if isinstance(node, ast.Attribute) and node.attr == call
    }
    assert callers == CALLS[call]


def test_only_disclosure_makes_clearances() -> None:
    found = importers("madoguchi.mail.clearances")
    outside = {one for one in found if not one.startswith("madoguchi.mail.")}
    assert outside == {"madoguchi.disclosure.actions"}
    # Inside mail, the sender takes the hash that it compares with, and nothing that writes.
    assert {name for one in set(found) - outside for name in found[one]} == {"recipients_key"}


def test_djangos_own_way_of_sending_mail_is_closed() -> None:
    from madoguchi.config import settings as ours

    assert ours.EMAIL_BACKEND == "madoguchi.mail.refused.NoSideDoor"
    with pytest.raises(SideDoorMailError):
        send_mail("subject", "text", "a@csirt.example", ["b@site.example"], connection=_backend())


def _backend() -> object:
    from django.core.mail import get_connection

    # pytest-django puts a collecting back-end into the settings; the product's own is asked here.
    return get_connection("madoguchi.mail.refused.NoSideDoor")


def test_policy_modules_import_no_django_and_nothing_that_does_work() -> None:
    for source in sources():
        if source.name == "policy.py" or source.parent.name == "policy":
            roots = {where.partition(".")[0] for where, _ in imports(source)}
            assert not roots & {"django", "asyncio", "os", "ssl"}, module(source)


def test_the_version_stands_in_one_place() -> None:
    version = project()["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest
    assert newest[1] == version
    naming = [
        one
        for kind in ("*.py", "*.html", "*.md", "*.po")
        for one in (ROOT / "src").rglob(kind)
        if version in one.read_text(encoding="utf-8")
    ]
    assert not naming


def project() -> dict[str, str]:
    return cast(
        "dict[str, str]", tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    )


def test_each_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text.partition("\ndependencies = [")[2].partition("\n]")[0].strip().splitlines()
    assert lines
    assert not [line for line in lines if "  # " not in line]


def test_no_module_and_no_function_is_too_long() -> None:
    long_modules = {
        module(source): lines
        for source in sources()
        if (lines := len(source.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    long_functions = {
        f"{module(source)}.{node.name}": node.end_lineno - node.lineno + 1
        for source in sources()
        for node in ast.walk(tree(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MOST_IN_FUNCTION
    }
    assert not long_modules
    assert not long_functions


def test_every_module_says_what_it_is() -> None:
    silent = [
        module(source)
        for source in sources()
        if source.name != "__init__.py" and not ast.get_docstring(tree(source))
    ]
    assert not silent


def test_no_merge_was_left_half_done() -> None:
    kinds = ("*.py", "*.md", "*.toml", "*.html", "*.po", "Makefile")
    files = {
        one
        for kind in kinds
        for folder in ("src", "tests", "docs", "bench")
        for one in (ROOT / folder).rglob(kind)
    }
    files |= {one for kind in kinds for one in ROOT.glob(kind)}
    marker = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    assert not [str(one.relative_to(ROOT)) for one in files if marker.search(one.read_text(encoding="utf-8"))]


def test_the_application_labels_are_the_package_names() -> None:
    ours = [app for app in settings.INSTALLED_APPS if app.startswith("madoguchi.")]
    with_models = {one.parent.name for one in PACKAGE.glob("*/models.py")}
    assert with_models <= {app.removeprefix("madoguchi.") for app in ours}
    for app in ours:
        name = app.removeprefix("madoguchi.")
        assert f'label = "{name}"' in (PACKAGE / name / "apps.py").read_text(encoding="utf-8")


def test_what_set_up_and_a_demonstration_leave_behind_is_not_kept_in_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".venv/", "var/", "*.mo"} <= set(ignored)


@pytest.mark.store
@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
