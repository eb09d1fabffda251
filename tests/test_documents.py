"""Documents are held against the code: their links, the commands they name, the tables made from it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from madoguchi.config.command import COMMANDS
from madoguchi.identity.policy import NEVER_TOGETHER, TABLE, Permission, conflict

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/madoguchi"
APART = {".venv", ".uv", "var", "node_modules", ".git", ".pytest_cache", ".hypothesis"}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|\t)([^\n]+)$|^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:^|[\s;&|])make ([a-z][a-z-]*)")
COMMAND = re.compile(r"(?:^|[\s/;&|])madoguchi (--?[a-z]+|[a-z][a-z-]*)")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MARKED = re.compile(r"<!--.*?-->", re.DOTALL)


def documents() -> list[Path]:
    return sorted(one for one in ROOT.rglob("*.md") if not APART & set(one.relative_to(ROOT).parts))


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def text_of(document: Path) -> str:
    return MARKED.sub("", document.read_text(encoding="utf-8"))


def code_of(document: Path) -> Iterator[str]:
    for match in CODE.finditer(text_of(document)):
        yield next(group for group in match.groups() if group is not None)


def anchors(document: Path) -> set[str]:
    """The anchors that headings get where Markdown is shown on the web."""
    headings = re.findall(r"^#{1,6} (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_a_proxy_set_up_as_the_documents_say_logs_nobody() -> None:
    """Both logs of nginx hold the client's address; that of errors the request line too, with a link's token."""
    [server] = re.findall(
        r"^    # nginx\n(.*?)^    }$", text_of(ROOT / "docs/operating.md"), re.MULTILINE | re.DOTALL
    )
    assert "access_log off;" in server
    assert "error_log /dev/null;" in server


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = []
    for target in LINK.findall(text_of(document)):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {target for code in code_of(document) for target in MAKE.findall(code)}
    assert named <= targets


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    named = {word for code in code_of(document) for word in COMMAND.findall(code)}
    assert named <= {*COMMANDS, "--help", "--version"}


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_setting_that_is_named_exists(document: Path) -> None:
    from madoguchi.config.options import Options

    known = {f"MADOGUCHI_{setting.upper()}" for setting in Options.model_fields}
    assert set(re.findall(r"MADOGUCHI_[A-Z][A-Z_]*[A-Z]", text_of(document))) <= known


def packages() -> list[Path]:
    return sorted(one for one in SOURCE.iterdir() if (one / "__init__.py").exists())


def has_code(package: Path) -> bool:
    return any(one.name != "__init__.py" for one in package.rglob("*.py"))


@pytest.mark.parametrize("package", packages(), ids=lambda one: one.name)
def test_a_package_with_code_has_a_readme_and_an_empty_one_says_what_it_is_for(package: Path) -> None:
    if has_code(package):
        readme = (package / "README.md").read_text(encoding="utf-8")
        assert readme.startswith(f"# {package.name}\n")
        assert len(readme.splitlines()) <= 15
    else:
        assert (package / "__init__.py").read_text(encoding="utf-8").startswith('"""')


def test_the_map_names_every_package_in_its_order() -> None:
    order = re.search(
        r"^layers = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL
    )
    assert order
    words = re.findall(r"\"([a-z| ]+)\"", order[1])
    floors = [room.strip() for word in words for room in word.split("|")]
    rows = re.findall(r"^\| `([a-z` ]+)`", (ROOT / "docs/ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert [room for row in rows for room in row.replace("`", "").split()] == floors


def test_the_table_of_roles_is_the_policys_table() -> None:
    permissions = get_args(Permission)
    text = (ROOT / "docs/roles.md").read_text(encoding="utf-8")
    assert f"| role | {' | '.join(permissions)} |" in text
    for role, held in TABLE.items():
        cells = " | ".join("yes" if one in held else "" for one in permissions)
        assert f"| {role} | {cells} |" in text
    for permission in permissions:
        assert f"\n| {permission} | " in text


def test_the_roles_that_one_person_may_not_hold_are_written_down() -> None:
    text = " ".join((ROOT / "docs/roles.md").read_text(encoding="utf-8").split())
    for pair in NEVER_TOGETHER:
        assert conflict(pair) == pair
        assert any(f"{one} and {other}" in text for one in pair for other in pair - {one})


def test_decision_records_are_numbered_once_each_by_name_and_title() -> None:
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert len(numbers) == len(set(numbers))
    for record in records:
        assert re.match(r"\d{4}-[a-z0-9-]+\.md", record.name)
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(record.name[:4])}. ")


def test_every_decision_that_the_code_names_is_written_down() -> None:
    named = {
        number
        for file in SOURCE.rglob("*.py")
        for number in re.findall(r"docs/decisions/(\d{4})", file.read_text(encoding="utf-8"))
    }
    written = {record.name[:4] for record in (ROOT / "docs/decisions").glob("[0-9]*.md")}
    assert named <= written


# Tables of the framework that hold nothing of a centre.
FRAMEWORKS = {"django_content_type", "auth_permission", "auth_group"}


def columns_under(heading: str) -> dict[str, set[str]]:
    """A table of tables in SECURITY.md: name to columns."""
    section = (
        (ROOT / "SECURITY.md")
        .read_text(encoding="utf-8")
        .partition(f"## {heading}\n")[2]
        .partition("\n## ")[0]
    )
    rows = re.findall(r"^\| ([a-z_]+) \| ([a-z_, ]+) \|$", section, re.MULTILINE)
    return {table: set(columns.split(", ")) for table, columns in rows if "columns" not in columns}


def test_what_is_sealed_and_what_is_not_is_written_down_for_every_column() -> None:
    from django.apps import apps

    stored = {
        model._meta.db_table: {field.column for field in model._meta.concrete_fields}
        for model in apps.get_models()
        if model._meta.db_table not in FRAMEWORKS
    }
    sealed, clear = columns_under("What is sealed"), columns_under("What is not sealed")
    assert {table: sealed.get(table, set()) | clear[table] for table in clear} == stored
    assert not [table for table in sealed if sealed[table] & clear[table]]


def defined_names() -> set[str]:
    """Every class, function, method, class attribute and import of the source, by its full name."""
    found: set[str] = set()

    def note(body: list[ast.stmt], inside: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(f"{inside}.{node.name}")
                if isinstance(node, ast.ClassDef):
                    note(node.body, f"{inside}.{node.name}")
            elif isinstance(node, ast.Assign):
                found.update(f"{inside}.{one.id}" for one in node.targets if isinstance(one, ast.Name))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(f"{inside}.{node.target.id}")
            elif isinstance(node, ast.ImportFrom):
                found.update(f"{inside}.{one.asname or one.name}" for one in node.names)

    for source in SOURCE.rglob("*.py"):
        parts = source.relative_to(SOURCE.parent).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        found.add(module)
        note(ast.parse(source.read_text(encoding="utf-8")).body, module)
    return found


def test_every_name_on_the_map_and_in_the_packages_readmes_is_defined() -> None:
    known = defined_names()
    for document in (ROOT / "docs/ARCHITECTURE.md", *sorted(SOURCE.glob("*/README.md"))):
        spans = re.findall(r"`([a-z_]+|[A-Z]\w+)((?:\.\w+)+)`", text_of(document))
        named = {first + rest for first, rest in spans if not rest.endswith((".py", ".toml"))}
        unknown = [one for one in named if not any(known_name.endswith(f".{one}") for known_name in known)]
        assert not unknown, name(document)
