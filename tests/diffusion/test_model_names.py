"""What a model's name means, which the loader and `check` ask alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vj.diffusion.model_names import find_model, is_built_in, is_painter, was_fetched
from vj.pocket import FILE, WEIGHTS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with one model of each kind in it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "trained").mkdir()
    (tmp_path / "styles").mkdir()  # a word is one whatever lies there
    (tmp_path / "owner" / "local").mkdir(parents=True)
    for name in ("one.safetensors", "one.ckpt", "owner/one.ckpt", f"trained/{FILE}"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("none", "none", "none"),
        ("drawn", "drawn", "drawn"),
        ("styles", "styles", "styles"),
        ("picture", "picture", "picture"),
        ("pocket", "pocket", str(WEIGHTS / FILE)),
        ("trained", "pocket", f"trained/{FILE}"),
        (f"trained/{FILE}", "pocket", f"trained/{FILE}"),
        ("one.safetensors", "file", "one.safetensors"),
        ("owner/one.ckpt", "file", "owner/one.ckpt"),
        ("folder", "folder", "folder"),
        ("owner/local", "folder", "owner/local"),
        ("stabilityai/sd-turbo", "id", "stabilityai/sd-turbo"),
        ("stabilityai/sd-turbo.safetensors", "missing", "stabilityai/sd-turbo.safetensors"),
        ("pockett", "missing", "pockett"),
        ("no/such/folder", "missing", "no/such/folder"),
        ("./nothing", "missing", "nothing"),
        ("/nothing", "missing", "/nothing"),
    ],
)
def test_each_kind_of_name(here: Path, name: str, kind: str, path: str) -> None:
    assert find_model(name) == (kind, Path(path))
    assert is_built_in(name) == (kind in ("drawn", "pocket", "styles", "picture"))
    assert is_painter(name) == (kind in ("styles", "picture"))


def test_a_path_may_begin_at_home(here: Path) -> None:
    assert find_model("~/folder") == ("folder", here / "folder")
    assert find_model("~/nothing").kind == "missing", "one slash, and no id"


@pytest.mark.parametrize("setting", ["HF_HUB_CACHE", "HF_HOME", ""])
def test_what_hugging_face_has_fetched_is_found(
    here: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    for name in ("HF_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    if setting:
        monkeypatch.setenv(setting, str(here / "own"))
    hub = {"HF_HUB_CACHE": "own", "HF_HOME": "own/hub", "": ".cache/huggingface/hub"}[setting]
    assert not was_fetched("owner/name")
    (here / hub / "models--owner--name" / "snapshots" / "0123").mkdir(parents=True)
    assert was_fetched("owner/name")
    assert not was_fetched("owner/other")


def test_a_name_is_understood_without_importing_torch() -> None:
    code = (
        "import sys; import vj.diffusion.model_names, vj.diffusion.model_spec; "
        "print([name for name in ('torch', 'diffusers', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
