"""What the command line's options mean for a LoRA."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from safetensors import safe_open

from tests.lora_training.parts import clip
from vj.core.errors import Fault
from vj.lora_training.base_model import spec_of
from vj.lora_training.command import add_lora_options, train_lora_as_asked


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int)
    add_lora_options(parser)
    return parser.parse_args(options)


def test_the_command_writes_a_lora_of_that_name_and_says_how_to_play_it(
    bases: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    base = str(bases / "sd21")
    given = parsed("--lora", base, "--name", "kiss", "--steps", "2", "--rank", "2", "--device=cpu")
    done = train_lora_as_asked(given, clip(4), said.append, models=tmp_path)
    assert done.path == tmp_path / "kiss" / "kiss.safetensors"
    with safe_open(done.path, "pt") as file:
        assert file.metadata()["modelspec.trigger_phrase"] == "kiss", "the name, without --word"
        assert file.metadata()["ss_network_dim"] == "2"
    assert any(line.startswith("learning kiss: 100 %, step 2, loss ") for line in said)
    assert f"name: {base}, loras: [{done.path}]" in said[-1]


def test_a_name_is_no_path(tmp_path: Path) -> None:
    for name in ("", "../kiss", "a/b"):
        with pytest.raises(Fault, match="a word for the file"):
            train_lora_as_asked(parsed("--lora", "sd-turbo", "--name", name), clip(4))


def test_sd_turbo_is_known_without_its_owner() -> None:
    assert spec_of("sd-turbo").name == "stabilityai/sd-turbo"
    assert spec_of("sd-turbo").vae == "full"
