"""A dreaming film in a show: begun on a trigger, by OSC and in a take, rendered twice to the same
bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.diffusion.translators import folder_of
from vj.app.offline import Rendering
from vj.control.takes import Take
from vj.parameters.table import TABLE
from vj.show.load import check_show

RATE, FRAMES = 10, 12


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a dreaming film in it."""
    monkeypatch.chdir(tmp_path)
    folder_of("next", tmp_path)
    return tmp_path


def rendered(here: Path, name: str, source: str, fired: tuple[int, ...]) -> list[str]:
    """What is dreamed, a hash for every frame. fired: frames before which the film begins anew."""
    count, lines = 0, ["# vj take 1"]
    for frame in range(FRAMES):
        count += frame in fired
        lines.append(f"{frame / RATE:.6f} strength=1 film/begin={count}")
    (here / f"{name}.take").write_text("\n".join(lines) + "\n")
    tree: dict[str, Any] = {
        "show": "film",
        "size": "64x64",
        "fps": RATE,
        "source": source,
        "model": "models/kiss",
        "sinks": [f"record:{here / name}/"],
        "start": {"blend/smoothing": 0, "feedback/amount": 0},
    }
    messages: list[str] = []
    take = Take(here / f"{name}.take", TABLE)
    Rendering(check_show(tree, "here"), messages.append, FRAMES / RATE, replay=take).run()
    files = sorted((here / name).glob("**/*.png"))
    assert len(files) == FRAMES, messages
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_a_take_begins_a_film_anew_to_the_same_bytes(here: Path) -> None:
    never = rendered(here, "never", "drawn:crash", ())
    begun = rendered(here, "begun", "drawn:crash", (6,))
    assert begun == rendered(here, "again", "drawn:crash", (6,))
    assert begun[:6] == never[:6]
    assert all(one != two for one, two in zip(begun[6:], never[6:], strict=True))


def test_without_a_source_the_same_moment_gives_the_same_film(here: Path) -> None:
    film = rendered(here, "film", "none", (6,))
    assert film[6:] == film[:6]
    assert len(set(film)) == 6, "and it moves"
