"""Model folders that were trained here, in `check` and in `launch.py list`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.diffusion.translators import folder_of
from tests.fetched import nothing_fetched
from vj.app.device_names import found_models
from vj.commands import devices as listing
from vj.commands.check import check
from vj.translator.card import CARD, FILE


def checked(folder: Path, model: str) -> tuple[int, list[str], list[str]]:
    """The exit code, what is wrong, what else is said of a show with this model."""
    (folder / "my.yaml").write_text(f"model: {model}\nosc: 127.0.0.1:0\npage: off\nsinks: []\n")
    messages: list[str] = []
    wrong: list[str] = []
    code = check(["my.yaml"], messages.append, wrong.append)
    return code, wrong, messages


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a translator in it."""
    monkeypatch.chdir(tmp_path)
    folder_of("lines", tmp_path)
    return tmp_path


def test_a_translator_is_looked_through(here: Path) -> None:
    assert checked(here, "models/kiss")[:2] == (0, [])
    assert checked(here, "{name: models/kiss, device: cpu}")[:2] == (0, [])
    code, wrong, _ = checked(here, "{name: models/kiss, loras: [ink.safetensors]}")
    assert code != 0
    assert "takes no loras" in wrong[0]


def test_what_is_wrong_with_one_is_told_with_its_line(here: Path) -> None:
    card = here / "models" / "kiss" / CARD
    plain = json.loads(card.read_text())
    card.write_text(json.dumps({**plain, "kind": "smell"}))
    code, wrong, _ = checked(here, "models/kiss")
    assert code != 0
    assert wrong[0].startswith("my.yaml:1: ")
    assert "'smell'" in wrong[0]
    card.unlink()
    assert "has no card.json" in checked(here, "models/kiss")[1][0]
    (card.parent / FILE).write_bytes(b"nothing")
    card.write_text(json.dumps(plain))
    assert f"its {FILE} cannot be read" in checked(here, "models/kiss")[1][0]


def test_what_finds_people_and_is_not_there_is_a_warning(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_fetched(monkeypatch)
    folder_of("face", here)
    code, _, messages = checked(here, "models/kiss")
    assert code == 0
    told = [one for one in messages if "model models/kiss: face" in one]
    assert len(told) == 1, messages
    assert "python3 launch.py add person; until then the input is shown untouched" in told[0]


def test_those_of_the_working_folder_are_listed_and_offered(here: Path) -> None:
    (here / "models" / "half").mkdir()
    lines = [line for line in listing._models() if line.startswith("models/")]
    assert lines == ["models/kiss  a translator: from lines to kiss.mov, 64x64"]
    assert "models/kiss" in found_models()
    assert "models/half" not in found_models()
    (here / "models" / "kiss" / CARD).write_text("{")
    (line,) = (line for line in listing._models() if line.startswith("models/"))
    assert line.startswith("models/kiss  faulty: model models/kiss: its card.json cannot be read")


def test_those_that_come_with_vj_are_listed_checked_and_offered(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = list(listing._models())
    assert "kiss  a translator: from lines to drawn:kisses, 256x256" in lines
    assert {"kiss", "fox", "models/kiss"} <= set(found_models())
    assert checked(here, "kiss")[:2] == (0, [])
    nothing_fetched(monkeypatch)
    (fox,) = (line for line in listing._models() if line.startswith("fox"))
    assert fox.startswith(
        "fox  a translator: from face to drawn:fox, 256x256; what finds a face is"
    )
    assert fox.endswith("python3 launch.py add person")
    code, _, messages = checked(here, "fox")
    assert code == 0
    assert any("add person; until then the input is shown untouched" in one for one in messages)
