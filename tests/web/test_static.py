"""The page's files: that the browsers they are made for can read them, and that they are whole."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from vj.parameters.table import TABLE
from vj.web.site import STATIC, TYPES

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "tests" / "peers"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
MODULES = [path for path in FILES if path.suffix == ".js"]
SHEETS = [path for path in FILES if path.suffix == ".css"]
TOO_NEW = {
    r"@container|@layer|@scope|@property|@starting-style": "no such rule in Safari 15.0",
    r":has\(": "Safari 15.4, Firefox 121",
    r"color-mix\(|light-dark\(|oklch\(|oklab\(": "Safari 16.2 or later",
    r"(?m)^\s+&": "nested rules: Safari 16.5",
    r"\b(accent-color|backdrop-filter|scrollbar-gutter|text-wrap)\s*:": "decoration only, see MAY",
    r"\b(subgrid|masonry)\b": "Safari 16 or later",
    r"(?<![\w-])(?:translate|rotate|scale)\s*:": "Chrome 104: transform is older",
    r"\b\d+(?:cqw|cqh|cqi)\b": "container units: Safari 16",
}
"""What style sheets may not use: Safari 15.0, Chrome 95 and Firefox 100 do not have it."""
MAY = ("accent-color", "backdrop-filter", "scrollbar-gutter", "text-wrap")
"""Without them the page looks a little different and is played as well."""
NAMED = {
    *("cue/back", "cue/fire", "cue/go", "panic", "record", "take/start", "take/stop", "tempo/tap"),
    *("output/blackout", "output/freeze", "timeline/pause", "timeline/play", "timeline/position"),
    *("prompt/a", "prompt/b", "prompt/mix", "source", "model", "crossfade", "canvas/fade"),
    *("image/mix", "image/styles", "deck/b", "deck/mix", "deck/mode", "deck/space"),
    *("model/prepare", "prompt/position", "prompt/scenes"),
    "canvas/take",
    *("mask/mode", "subject/x", "subject/y", "subject/pick"),
    "snapshot",
}
"""The parameters that have a place of their own on the page. Its scripts name no others: ranges,
units, texts and what there is at all come from the table."""
VIEWPORT = re.compile(r"([\w-]+)\s*:\s*[^;{}]*\b\d+[dsl]v[hw]\b[^;{}]*;")


@pytest.mark.long
def test_the_browsers_it_is_made_for_have_what_it_uses() -> None:
    eslint = PEERS / "node_modules" / ".bin" / "eslint"
    if shutil.which("node") is None or not eslint.exists():
        pytest.skip("eslint is missing: npm install --prefix tests/peers")
    command = [str(eslint), "-c", str(PEERS / "eslint.config.mjs"), str(STATIC)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_the_style_sheets_use_nothing_newer(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for pattern, why in TOO_NEW.items():
        found = [one[0].strip() for one in re.finditer(pattern, text)]
        assert not [one for one in found if not one.startswith(MAY)], f"{path.name}: {why}"
    for one in VIEWPORT.finditer(text):  # dvh: Chrome 108; what comes before it counts there
        before = text[: one.start()].rstrip().rpartition("{")[2].rpartition(";")[0]
        assert f"{one[1]}:" in before.replace(" ", ""), (
            f"{path.name}: {one[0]} without vh before it"
        )


def test_every_file_is_served_and_needs_nothing_from_elsewhere() -> None:
    assert {path.suffix for path in FILES} <= set(TYPES)
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        urls = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not urls, f"{path.name}: the page must play without a network: {urls}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_short_and_imports_what_there_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for name in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", text):
        assert (path.parent / name).resolve() in FILES, f"{path.name} imports {name}"


def test_the_scripts_name_only_parameters_that_have_a_place_of_their_own() -> None:
    named: set[str] = set()
    for path in MODULES:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"(?m)(^|\s)//.*$", "", text)
        named |= set(re.findall(r"""["'`]([a-z_]+(?:/[a-z_]+)?)["'`]""", text)) & set(TABLE.rows)
    assert named == NAMED
