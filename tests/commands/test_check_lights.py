"""`launch.py check` of lighting desks and lamps."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.commands.check import check_show_file


def warnings(folder: Path, text: str) -> list[str]:
    path = folder / "mine.yaml"
    path.write_text(
        "model: none\nsource: testcard\nosc: 127.0.0.1:0\npage: off\nmidi: off\n" + text
    )
    reading, result = check_show_file(path)
    assert reading.show is not None, result.errors
    said = [*result.errors, *result.warnings]
    return [str(line).removeprefix(f"{path}:") for line in said if "port" not in str(line)]


def test_what_would_not_play_is_warned_of_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.commands.check_controls.sacn_is_missing", lambda: True)
    mapped = "mappings:\n  - {dmx: 1/1, to: strength}\n"
    assert warnings(tmp_path, mapped) == []
    (off,) = warnings(tmp_path, mapped + "dmx: {artnet: false, sacn: false}\n")
    assert off.startswith("7:")
    assert "nothing comes" in off
    (far,) = warnings(tmp_path, "mappings:\n  - {dmx: 40000/1, to: strength}\n")
    assert "Art-Net has 32768; only sACN brings it" in far
    lost, own = warnings(tmp_path, mapped + "lights:\n  - {dmx: 1/100, to: sacn}\n")
    assert lost.startswith("9:")
    assert "launch.py add sacn" in lost
    assert "take another universe" in own
    assert warnings(tmp_path, mapped + "lights:\n  - {dmx: 1/1, to: artnet:10.0.0.20}\n") == []


def test_an_address_that_is_not_of_this_machine_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mappings: [{dmx: 1, to: strength}]\ndmx: {artnet: 203.0.113.9}\n")
    found = [str(fault) for fault in check_show_file(path)[1].errors]
    assert any(f"{path}:2" in text and "203.0.113.9" in text for text in found), found
