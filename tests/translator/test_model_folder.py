"""A model folder: what is written is read again, in half precision and with its card; what is
broken is told; what was there survives a disk that is full."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.disks import small_disk
from vj.core.errors import Fault
from vj.pocket.network import Network
from vj.training.length import Length
from vj.translator.card import CARD, CARD_TEXT, FILE, Card, read_card
from vj.translator.model_folder import TECHNIQUES, load_translator, save_translator
from vj.translator.plan import LARGE, WIDTHS, TranslatorPlan

KISS = Card(
    name="kiss",
    kind="lines",
    size=64,
    clips=("kiss.mov",),
    minutes=0.5,
    steps=20,
    figures={"edge agreement": 0.81, "l1": 0.04},
    settings={"width": [1.0, 2.0]},
    subjects="motion",
    seed=3,
    command="python3 launch.py train kiss.mov --from lines --name kiss",
)
TINY = (8, 8, 8, 8)


@pytest.fixture
def network() -> Network:
    torch.manual_seed(3)
    return Network(TECHNIQUES, TINY, seen=4).eval()


def test_what_is_written_is_read_again(tmp_path: Path, network: Network) -> None:
    folder = tmp_path / "models" / "kiss"
    save_translator(folder, network, KISS)
    again, card = load_translator(folder)
    assert card == replace(KISS, settings={"width": [1.0, 2.0]})
    assert again.techniques == TECHNIQUES
    assert (again.widths, again.seen) == (TINY, 4)
    for name, part in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], part.half().float()), name
    assert sorted(path.name for path in folder.iterdir()) == sorted([FILE, CARD, CARD_TEXT])
    modes = {(folder / name).stat().st_mode for name in (FILE, CARD, CARD_TEXT)}
    assert len(modes) == 1, "whoever may read the card may play it"
    text = (folder / CARD_TEXT).read_text(encoding="utf-8")
    assert "kiss.mov" in text
    assert "| edge agreement | 0.81 |" in text
    assert f"\n    {KISS.command}\n" in text
    assert "from what lies around it by what moves." in text


def test_a_folder_that_is_moved_still_plays(tmp_path: Path, network: Network) -> None:
    save_translator(tmp_path / "kiss", network, KISS)
    (tmp_path / "kiss").rename(tmp_path / "other")
    assert load_translator(tmp_path / "other")[1].name == "kiss"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, network: Network) -> None:
    with small_disk(tmp_path, 1) as disk:
        save_translator(disk / "kiss", network, KISS)
        (disk / "filler").write_bytes(bytes(800_000))
        with pytest.raises(OSError, match="kiss"):
            save_translator(disk / "kiss", Network(TECHNIQUES, (32, 64, 64, 64)), KISS)
        assert load_translator(disk / "kiss")[0].widths == TINY
        assert not list((disk / "kiss").glob("*.part"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": ""}, "kind: '' is not a text"),
        ({"size": "64"}, "size: '64' is not a whole number"),
        ({"size": 0}, "size: 0 is not above 0"),
        ({"steps": True}, "steps: True is not a whole number"),
        ({"minutes": None}, "minutes: None is not a number"),
        ({"clips": "kiss.mov"}, "clips: 'kiss.mov' is not a list of names"),
        ({"figures": {"l1": "good"}}, "is not numbers by their names"),
        ({"settings": [1]}, "settings: [1] is not settings by their names"),
    ],
)
def test_a_wrong_card_is_told(tmp_path: Path, change: dict[str, object], words: str) -> None:
    plain = {**json.loads(KISS.as_json()), **change}
    (tmp_path / CARD).write_text(json.dumps(plain))
    with pytest.raises(Fault) as raised:
        read_card(tmp_path)
    assert words in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_what_a_later_version_adds_to_a_card_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / CARD).write_text(json.dumps({**json.loads(KISS.as_json()), "mood": "calm"}))
    assert read_card(tmp_path) == KISS


def test_a_card_that_is_missing_or_garbled_is_told(tmp_path: Path, network: Network) -> None:
    save_translator(tmp_path, network, KISS)
    for text, words in (("{", "cannot be read"), ("[]", "no object"), ("{}", "name is missing")):
        (tmp_path / CARD).write_text(text)
        with pytest.raises(Fault, match=words):
            load_translator(tmp_path)
    (tmp_path / CARD).unlink()
    with pytest.raises(Fault, match="copy the whole folder"):
        load_translator(tmp_path)


def test_weights_that_are_cut_short_or_another_models_are_told(
    tmp_path: Path, network: Network
) -> None:
    save_translator(tmp_path, network, KISS)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Fault, match="cannot be read"):
        load_translator(tmp_path)
    save_translator(tmp_path, Network(("oil", "ink"), TINY), KISS)
    with pytest.raises(Fault, match="is no translator's: it has learned oil, ink"):
        load_translator(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(Fault, match="cannot be read"):
        load_translator(tmp_path)


def test_a_card_says_how_to_train_it_anew_without_anybodys_folders() -> None:
    plan = TranslatorPlan(
        (Path("/home/me/my kiss.mov"), Path("drawn:kiss")),
        "lines",
        Path("models/kiss"),
        Length(seconds=1200),
        widths=LARGE,
        size=128,
    )
    assert plan.command == (
        "python3 launch.py train 'my kiss.mov' drawn:kiss --from lines --name kiss --size 128 "
        "--large --minutes 20"
    )
    pairs = replace(plan, kind="pairs", length=Length(300), widths=WIDTHS, size=256, seed=4)
    assert pairs.command == (
        "python3 launch.py train --pairs 'my kiss.mov' drawn:kiss --name kiss --seed 4 --steps 300"
    )
