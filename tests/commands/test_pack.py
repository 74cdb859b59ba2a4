"""`launch.py pack`: a show in a folder of its own plays elsewhere as it plays here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.sources.test_sources import write_clip
from vj.app.offline import Rendering
from vj.commands.check import check_show_file
from vj.commands.pack import pack
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.show.load import load_show
from vj.show.parse import ShowFaults

TEXT = """\
# Night: a lesson.
show:    Night          # its own letters
source: clips/a.mp4
sources:
  far:   {far}          # from another folder
  stills: shots/s_####.png?fps=8
  film:  "clips:clips/a.mp4,drawn:kiss"
  cam: camera:3
model: pocket
size: 64x64
include: [pads, {other}]
portraits: faces
effects: [{{file: mine.py, at: end}}, slit_scan]
person: {person}
start: {{strength:   0.5}}   # as written
sinks: [record:~/out.mp4]
osc: 127.0.0.1:0
page: off
"""


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A show with files beside it, and with some from elsewhere; the working directory is yet
    another one."""
    home, away = tmp_path / "home", tmp_path / "away"
    for folder in (home / "clips", home / "shots", home / "faces", away, tmp_path / "work"):
        folder.mkdir(parents=True)
    write_clip(home / "clips" / "a.mp4", 4, Size(64, 48))
    write_clip(away / "a.mp4", 5, Size(48, 48))
    for number in range(3):
        cv2.imwrite(str(home / "shots" / f"s_{number:04d}.png"), np.full((8, 8, 3), 90, np.uint8))
    cv2.imwrite(str(home / "faces" / "one.jpg"), np.full((8, 8, 3), 90, np.uint8))
    (home / "shots" / "notes.txt").write_text("of no use")
    (home / "mine.py").write_text(
        "frames = 'uint8'\n\n\ndef effect(frame, parameters, time):\n    return 255 - frame\n"
    )
    (home / "pads.yaml").write_text("mappings:\n  - {osc: /pad, to: steps}  # kept\n")
    (away / "pedal.yaml").write_text("mappings:\n  - {osc: /pedal, to: steps}\n")
    (away / "net.onnx").write_bytes(b"network")
    (away / "net.onnx.data").write_bytes(b"weights")
    path = home / "night.yaml"
    path.write_text(
        TEXT.format(far=away / "a.mp4", other=away / "pedal.yaml", person=away / "net.onnx")
    )
    monkeypatch.chdir(tmp_path / "work")
    return path


def rendered(path: Path, to: Path) -> list[bytes]:
    show = load_show(path, {"sinks": [f"record:{to}/"], "mark": False, "person": None})
    Rendering(show, lambda text: None, file=path).run()
    return [one.read_bytes() for one in sorted(to.glob("*.png"))]


def test_a_packed_show_renders_the_same_bytes_on_another_machine(
    show: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    assert pack([str(show), "box"], said.append) == 0
    here = rendered(show, tmp_path / "one")
    before = check_show_file(show)[1].errors
    shutil.move("box", tmp_path / "there")
    for gone in (show.parent, tmp_path / "away"):
        shutil.rmtree(gone)
    packed = tmp_path / "there" / "night.yaml"
    assert len(here) == 4
    assert rendered(packed, tmp_path / "two") == here
    reading, result = check_show_file(packed)
    assert reading.faults == []
    same = [one.replace(str(show.parent), "").partition(": ")[0] for one in before]
    there = [one.replace(str(packed.parent), "").partition(": ")[0] for one in result.errors]
    assert same == there, "a network that is none, and a portrait without a face"
    assert pack([str(packed.parent), "--verify"], said.append) == 0


def test_only_lines_that_name_files_from_elsewhere_are_written_anew(show: Path) -> None:
    pack([str(show), "box"], lambda text: None)
    text = Path("box/night.yaml").read_text()
    for line in ("# Night: a lesson.", "show:    Night          # its own letters"):
        assert line in text
    assert "start: {strength:   0.5}   # as written" in text
    assert "source: clips/a.mp4\n" in text
    assert "far: media/a.mp4" in text.replace("  ", " ").replace("  ", " ")
    assert "person: models/net.onnx" in text
    assert Path("box/pads.yaml").read_text().endswith("# kept\n"), "with its own letters"
    names = {one.relative_to("box").as_posix() for one in Path("box").rglob("*") if one.is_file()}
    assert {"includes/pedal.yaml", "models/net.onnx.data", "faces/one.jpg", "mine.py"} <= names
    assert {f"shots/s_{number:04d}.png" for number in range(3)} <= names
    assert "shots/notes.txt" not in names


def test_what_cannot_be_packed_is_told_and_a_dry_run_writes_nothing(show: Path) -> None:
    said: list[str] = []
    assert pack([str(show), "box", "--dry-run"], said.append) == 0
    text = "\n".join(said)
    assert "camera:3 is not a file" in text
    assert "record:~/out.mp4 records into a folder of this machine" in text
    assert "media/a.mp4" in text
    assert "MB would be packed" in text
    assert not list(Path().iterdir())


def test_nothing_is_written_over(show: Path) -> None:
    Path("box").mkdir()
    Path("box/mine.txt").write_text("mine")
    with pytest.raises(Fault, match="box: is there already, and nothing is written over"):
        pack([str(show), "box"], lambda text: None)
    assert [one.name for one in Path().rglob("*")] == ["box", "mine.txt"]


def test_a_missing_file_is_told_with_its_line(show: Path) -> None:
    (show.parent / "clips" / "a.mp4").unlink()
    with pytest.raises(ShowFaults, match=r"night.yaml:3: source: clips/a.mp4: there is no such"):
        pack([str(show), "box"], lambda text: None)
    assert not Path("box").exists()


def test_a_changed_file_of_a_pack_is_found(show: Path) -> None:
    pack([str(show), "box"], lambda text: None)
    clip, said = Path("box/media/a.mp4"), list[str]()
    clip.write_bytes(clip.read_bytes()[:-1] + b"?")
    Path("box/models/net.onnx").unlink()
    assert pack(["box", "--verify"], said.append) == 1
    assert said == [
        "box/media/a.mp4: is not what was packed; copy the folder again",
        "box/models/net.onnx: is missing; copy the folder again",
    ]


def test_models_of_hugging_face_go_along_as_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    cached = tmp_path / "hub" / "models--who--sd-tiny"
    (cached / "snapshots" / "abc" / "unet").mkdir(parents=True)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    (cached / "blob").write_bytes(b"weights")
    (cached / "snapshots" / "abc" / "unet" / "w.safetensors").symlink_to(cached / "blob")
    Path("lora.safetensors").write_bytes(b"lora")
    Path("my.yaml").write_text(
        "model: {name: who/sd-tiny, vae: who/never-fetched, loras: [lora.safetensors]}\n"
    )
    said: list[str] = []
    assert pack(["my.yaml"], said.append) == 0
    model = load_show(Path("my.pack/my.yaml")).model
    weights = Path(model.name) / "unet" / "w.safetensors"
    assert weights.read_bytes() == b"weights"
    assert not weights.is_symlink()
    assert Path(model.loras[0].file).read_bytes() == b"lora"
    assert "not packed: who/never-fetched was not fetched here: it is fetched there" in said
    told = json.loads(Path("my.pack/pack.json").read_text())
    assert told["files"]["models/who/sd-tiny/unet/w.safetensors"]["bytes"] == 7
