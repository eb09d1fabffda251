"""The source tree as data, for tests over the whole house."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "madoguchi"


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product but migrations: its dotted name within the package, and its tree."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        if ".migrations" not in name:
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def verbs() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function that is a verb, by its dotted name."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(one, ast.Name) and one.id == "verb" for one in node.decorator_list
            ):
                yield f"{name}.{node.name}", node


def imports(tree: ast.Module) -> Iterator[str]:
    """The full names of what a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{one.name}" for one in node.names)
