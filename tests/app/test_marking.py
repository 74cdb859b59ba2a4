"""What a show's recordings say of it: what painted, never where anything lies; and nothing where
nothing was painted, or the show says so."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.conftest import PlayShow
from vj import __version__
from vj.app.marking import mark_of
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.show.load import check_show, load_show

PAINTED = """\
show: A kiss
size: 64x64
source: testcard
model: {model}
sinks: [record:{folder}/out.mp4, record:{folder}/takes/]
osc: 127.0.0.1:0
page: off
midi: off
"""


def comment(path: Path) -> str:
    """What a movie says; empty where it says nothing."""
    with av.open(str(path)) as movie:
        return movie.metadata.get("comment", "")


def write(folder: Path, model: str, more: str = "") -> Path:
    path = folder / "kiss.yaml"
    path.write_text(PAINTED.format(model=model, folder=folder) + more)
    return path


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("pocket", "pocket"),
        ("stabilityai/sd-turbo", "stabilityai/sd-turbo"),
        ("/home/maria/models/kiss/", "kiss"),
        ("~/films/sea.safetensors", "sea.safetensors"),
        ("C:\\Users\\Maria\\sea.safetensors", "sea.safetensors"),
    ],
)
def test_a_model_is_named_without_where_it_lies(model: str, name: str) -> None:
    show = check_show({"show": "A kiss", "model": model}, "here")
    mark = mark_of(show, show.model, True)
    assert mark is not None
    assert (mark.model, mark.show, mark.version) == (name, "A kiss", __version__)
    assert "aria" not in mark.comment


@pytest.mark.parametrize(
    ("source", "model", "kind"),
    [
        ("camera", "pocket", "compositeWithTrainedAlgorithmicMedia"),
        (["none", "camera"], "pocket", "trainedAlgorithmicMedia"),
        (["camera", "none"], "styles", "compositeWithTrainedAlgorithmicMedia"),
        ("camera", "drawn", "algorithmicallyEnhanced"),
        ("none", "drawn", "algorithmicMedia"),
    ],
)
def test_the_kind_of_media_is_what_painted_and_over_what(
    source: str | list[str], model: str, kind: str
) -> None:
    show = check_show({"source": source, "model": model}, "here")
    mark = mark_of(show, show.model, True)
    assert mark is not None
    assert mark.source_type == kind


def test_a_show_without_a_name_has_no_title() -> None:
    show = check_show({}, "here")
    mark = mark_of(show, show.model, True)
    assert mark is not None
    assert mark.show == ""
    assert mark.comment.startswith(f"Painted by vj {__version__} with pocket. Synthetic media: ")


def test_what_is_not_painted_or_not_to_be_marked_has_no_mark() -> None:
    show = check_show({"mark": "off"}, "here")
    assert mark_of(show, show.model, True) is None
    show = check_show({"mark": "on"}, "here")
    assert mark_of(show, show.model, True) is not None
    assert mark_of(show, show.model, False) is None


def test_a_word_that_is_neither_on_nor_off_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"kiss\.yaml:9: mark: on or off, true or false is wanted"):
        load_show(write(tmp_path, "none", "mark: perhaps\n"))
    with pytest.raises(Fault, match=r"command line: --mark perhaps: on or off, true or false is"):
        load_show(write(tmp_path, "none"), {"mark": "perhaps"})
    assert not load_show(write(tmp_path, "none"), {"mark": "off"}).mark


@pytest.mark.parametrize(
    ("model", "more", "said"),
    [
        ("drawn", "", f"Painted by vj {__version__} with drawn, show A kiss. Synthetic media: "),
        ("drawn", "mark: off\n", ""),
        ("none", "", ""),
    ],
)
def test_what_is_rendered_is_marked(model: str, more: str, said: str, tmp_path: Path) -> None:
    Rendering(load_show(write(tmp_path, model, more)), print, seconds=0.1).run()
    assert comment(tmp_path / "out.mp4").startswith(said)
    assert bool(comment(tmp_path / "out.mp4")) == bool(said)
    picture = (tmp_path / "takes/000002.png").read_bytes()
    assert said.encode() in picture
    assert (b"iTXt" in picture) == bool(said)


def test_a_model_that_is_chosen_while_it_is_recorded_marks_what_it_paints(
    tmp_path: Path, play_show: PlayShow
) -> None:
    """`model: none` is recorded as it is; what `drawn` then paints is in another file."""
    show = play_show(write(tmp_path, "none"))
    performance = show.performance
    show.until(lambda: (tmp_path / "takes/000004.png").exists())
    performance.store.set("model", "drawn")
    show.until(lambda: performance.loop.backend_name.startswith("drawn"))
    show.until(lambda: (tmp_path / "out-2.mp4").exists())
    show.frames(35)
    show.close()
    assert comment(tmp_path / "out.mp4") == ""
    assert comment(tmp_path / "out-2.mp4").startswith(f"Painted by vj {__version__} with drawn, ")
    assert [line for line in show.messages if "drawn paints; it goes on in" in line]
    assert performance.metrics.faults == 0
