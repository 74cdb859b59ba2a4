"""Which of a folder's files are the weights of its model, by their names: whole or in shards,
safetensors or a pickle, plain or of a variant like fp16.

Names alone, so that it is the same for a folder on this machine and for what a repository on
Hugging Face lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from vj.core.errors import Fault

DIFFUSERS, TRANSFORMERS = ("diffusion_pytorch_model",), ("model", "pytorch_model")
"""What the libraries call a model's weights."""
NAME = re.compile(
    r"(?P<stem>[^.]+?)(?:\.(?P<variant>\w+?))?"
    r"(?:-(?P<shard>\d+)-of-\d+)?(?:\.(?P<late>\w+?))?\.(?P<suffix>safetensors|bin)"
    r"(?P<index>\.index(?:\.(?P<listed>\w+))?\.json)?"
)
LIKED = (None, "fp16", "bf16", "fp32", "ema", "non_ema")
"""Variants, the best first: the plain one is exact, and an EMA's are what a training averaged."""


class WeightFiles(NamedTuple):
    """The files of one model's weights. files: their names, shards in order. shard_list: the file
    that lists them. variant: as `from_pretrained` takes it. pickled: they are .bin files. renamed:
    they have a name of somebody's own."""

    files: tuple[str, ...]
    shard_list: str | None
    variant: str | None
    pickled: bool
    renamed: bool = False


def weights_among(
    names: Iterable[str], stems: tuple[str, ...], allow_pickle: bool
) -> WeightFiles | None:
    """The weights among a folder's files, None where there are none. Safetensors come before
    pickles, which only allow_pickle takes, and a plain set before a variant. The only safetensors
    file there is it, whatever it is called."""
    names = list(names)
    sets: dict[tuple[bool, str | None], dict[str, list[str]]] = {}
    for name in sorted(names):
        found = NAME.fullmatch(name)
        if found is None or found["stem"] not in stems:
            continue
        variant = found["variant"] or found["late"] or found["listed"]
        kind = "index" if found["index"] else "shard" if found["shard"] else "whole"
        of_set = sets.setdefault((found["suffix"] == "bin", variant), {})
        of_set.setdefault(kind, []).append(name)
    for pickled in (False, True) if allow_pickle else (False,):
        variants = [variant for is_pickled, variant in sets if is_pickled == pickled]
        for variant in sorted(variants, key=_rank):
            of_set = sets[pickled, variant]
            if "index" in of_set:
                shards = tuple(of_set.get("shard", of_set.get("whole", ())))
                return WeightFiles(shards, of_set["index"][0], variant, pickled)
            if "whole" in of_set:
                return WeightFiles((of_set["whole"][0],), None, variant, pickled)
    others = [name for name in names if name.endswith(".safetensors") and "-of-" not in name]
    return WeightFiles((others[0],), None, None, False, True) if len(others) == 1 else None


def _rank(variant: str | None) -> tuple[int, str]:
    return (LIKED.index(variant) if variant in LIKED else len(LIKED), variant or "")


def no_weights(where: str, names: Iterable[str], stems: tuple[str, ...]) -> Fault:
    """The error for a folder in which `weights_among` found none."""
    there = sorted(names)
    pickles = [name for name in there if name.endswith((".bin", ".ckpt", ".pt", ".pth"))]
    others = [name for name in there if name.endswith(".safetensors")]
    if pickles and not others:
        remedy = (
            f"only {pickles[0]}, which can run code when opened; set allow_pickle: true if you "
            "trust it"
        )
    elif others and NAME.fullmatch(others[0]) and "-of-" in others[0]:
        remedy = f"{others[0]} is one shard of several and their .index.json is missing; fetch it"
    elif others:
        remedy = (
            f"several files, like {others[0]}, and none is called {stems[0]}.safetensors, which "
            "would be right"
        )
    else:
        remedy = "the download is incomplete, fetch it again"
    return Fault(f"{where} has no safetensors weights: {remedy}")
