"""What stands in the documentation to be copied into a show file is right there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vj.show.load import read_show
from vj.show.room_file import is_room, read_room

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
AROUND = re.compile(
    r"no such (parameter|cue|source|mark|show)|there is no such file|this show has none"
)
"""What is said of a few lines without the show that they belong to: its names and its files."""
POINTS = "left eye:"
"""The points of a portrait have a file of their own."""
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_lines_to_copy_from_a_page_are_a_show(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if block[1].startswith(POINTS):
            continue
        file = tmp_path / "copied.yaml"
        file.write_text(block[1], encoding="utf-8")
        reading = read_room(file) if is_room(file) else read_show(file)
        faults = [one[-1] for one in reading.wrong if not AROUND.search(one[-1])]
        line = text.count("\n", 0, block.start()) + 1
        assert faults == [], f"{page.name}:{line}"
