"""The rooms of vj and the arrows between them, read from the source: docs/architecture.md names the
layers, and every import that points up, runs in a circle or leaves the map is a failure here."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "vj").rglob("*.py"))
}


def layers() -> list[tuple[str, frozenset[str]]]:
    """(module or package, what it may import) as the block `layers` of docs/architecture.md says,
    in lines like `control: show parameters core`."""
    block = re.search(r"```layers\n(.*?)```", MAP, re.S)
    assert block is not None, "docs/architecture.md has no block ```layers"
    rows = []
    for line in filter(None, map(str.strip, block[1].splitlines())):
        name, _, below = line.partition(":")
        rows.append((f"vj.{name.strip()}", frozenset(f"vj.{one}" for one in below.split())))
    return rows


LAYERS = layers()
NAMES = sorted((name for name, _ in LAYERS), key=len, reverse=True)


def layer_of(module: str) -> str:
    """The layer with the longest name that a module lies in; "" for none."""
    return next((name for name in NAMES if f"{module}.".startswith(f"{name}.")), "")


def imports(module: str) -> dict[str, int]:
    """Modules of vj that a module imports, anywhere in it and for types too, with the line."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vj":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.setdefault(full if full in SOURCES else str(node.module), node.lineno)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "vj":
                    found.setdefault(alias.name, node.lineno)
    return found


@cache
def all_imports() -> dict[str, dict[str, int]]:
    """`imports` of every module. Read at the first test, not while tests are collected: each
    worker collects."""
    return {module: imports(module) for module in SOURCES}


def test_every_module_lies_in_a_layer() -> None:
    assert [module for module in SOURCES if module != "vj" and not layer_of(module)] == []


def test_a_layer_may_import_only_layers_below_it() -> None:
    """The list itself has no arrow up: each line names only lines under it."""
    names = [name for name, _ in LAYERS]
    assert len(set(names)) == len(names)
    for number, (name, below) in enumerate(LAYERS):
        assert below <= set(names[number + 1 :]), f"{name}: {below - set(names[number + 1 :])}"


@pytest.mark.parametrize("layer", [name for name, _ in LAYERS])
def test_no_import_points_up(layer: str) -> None:
    allowed = dict(LAYERS)[layer] | {layer}
    wrong = [
        f"{SOURCES[module].relative_to(ROOT)}:{line} imports {imported}"
        for module in SOURCES
        if layer_of(module) == layer
        for imported, line in all_imports()[module].items()
        if layer_of(imported) not in allowed and imported != "vj"
    ]
    assert wrong == []


def test_every_arrow_of_the_map_is_used() -> None:
    """A line that allows more than there is hides the next wrong arrow."""
    used: dict[str, set[str]] = defaultdict(set)
    for module, found in all_imports().items():
        used[layer_of(module)] |= {layer_of(imported) for imported in found}
    assert {name: below - used[name] for name, below in LAYERS if below - used[name]} == {}


def test_no_imports_run_in_a_circle() -> None:
    circles: list[str] = []
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            circles.append(" -> ".join((*way[way.index(module) :], module)))
        elif module not in done:
            for imported in all_imports().get(module, ()):
                visit(imported, (*way, module))
            done.add(module)

    for module in SOURCES:
        visit(module, ())
    assert circles == []


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module, path in SOURCES.items():
        for name in re.findall(r"^ *class (\w+)\b.*:", path.read_text(encoding="utf-8"), re.M):
            places[name].append(module)
    assert "WebServer" in places
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_files_that_the_map_names_exist() -> None:
    named = set(re.findall(r"`((?:vj|tests|bench|docs|mappings)/[\w./*-]+)`", MAP))
    assert named
    assert [name for name in sorted(named) if not any(ROOT.glob(name.rstrip("/")))] == []
