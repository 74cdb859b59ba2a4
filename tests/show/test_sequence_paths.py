"""A show names pictures that play one after the other from where it lies, as it does films."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.show.moved import PathMover
from vj.show.paths import PathResolver
from vj.show.section import KeyPath


@pytest.mark.parametrize(
    "name",
    ["frames/%04d.png", "frames/####.png", "frames/*.png", "frames", "frames/%04d.png?fps=24"],
)
@pytest.mark.parametrize("kind", ["", "video:"])
def test_a_sequence_is_looked_for_beside_the_show_then_where_vj_runs(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, here = tmp_path / "show", tmp_path / "here"
    for folder in (show, here):
        (folder / "frames").mkdir(parents=True)
    monkeypatch.chdir(here)
    said: list[str] = []

    def note(place: KeyPath, text: str) -> None:
        said.append(text)

    resolver = PathResolver(show, note)
    (here / "frames" / "0007.png").write_bytes(b"a picture")
    if name != "frames":
        assert resolver.uri(f"{kind}{name}", ("source",)) == f"{kind}{name}"
        assert len(said) == 1
        assert "is not beside the show" in said[0]
    (show / "frames" / "0001.png").write_bytes(b"a picture")
    assert resolver.uri(f"{kind}{name}", ("source",)) == f"{kind}{show / name}"
    together = f"clips:{name},{name}"
    assert resolver.uri(together, ("source",)) == f"clips:{show / name},{show / name}"


def test_a_copy_of_a_show_names_the_same_pictures(tmp_path: Path) -> None:
    show, copy = tmp_path / "show", tmp_path / "copies"
    (show / "frames").mkdir(parents=True)
    copy.mkdir()
    (show / "frames" / "0001.png").write_bytes(b"a picture")
    for name in ("frames/%04d.png", "frames/####.png?fps=24", "frames"):
        moved = PathMover(show, copy).uri(f"video:{name}", ("source",))
        assert moved == f"video:../show/{name}"
