"""A night of saves takes no more memory than an hour: models that are loaded again and again."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch

from vj.core.memory import give_back
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_model import PocketModel, load_pocket
from vj.pocket import WEIGHTS

STATM = Path("/proc/self/statm")


def resident() -> float:
    """Megabytes of this process."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def loaded(path: Path, width: int = 64) -> PocketModel:
    model = load_pocket(ModelSpec(str(path)), path, torch.device("cpu"), torch.float32)
    model.freeze(width, 64)
    return model


@pytest.mark.skipif(not STATM.exists(), reason="Linux counts its pages there")
def test_loading_the_built_in_model_again_takes_no_more_memory() -> None:
    path = WEIGHTS / "pocket.safetensors"
    for width in (64, 128, 64, 128):
        loaded(path, width)
    gc.collect()
    before = resident()
    for turn in range(6):
        model = loaded(path, (64, 128)[turn % 2])
        model.trial(64, 64)()
        del model
    gc.collect()
    assert resident() - before < 40, "megabytes; they were 210"


def test_other_weights_in_the_same_file_are_compiled_anew(tmp_path: Path) -> None:
    path = tmp_path / "pocket.safetensors"
    shutil.copy(WEIGHTS / "pocket.safetensors", path)
    first, again = loaded(path), loaded(path)
    shape = next(iter(first.frozen))
    assert first.frozen[shape] is again.frozen[shape]
    os.utime(path, ns=(1, 1))
    assert loaded(path).frozen[shape] is not first.frozen[shape]
    free = PocketModel("pocket", first.network, torch.device("cpu"))
    free.freeze(64, 64)
    assert free.frozen[shape] is not first.frozen[shape], "weights without a name are not mixed up"


def test_free_memory_is_given_back_where_the_c_library_can() -> None:
    assert isinstance(give_back(), bool)
    blocks = [bytearray(200_000) for _ in range(500)]
    keep = blocks[::50]
    del blocks
    assert give_back() or not sys.platform.startswith("linux")
    assert len(keep) == 10
