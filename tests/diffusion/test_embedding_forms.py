"""Textual inversions in the forms that people have, and the words that prompts say for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import Tensor

from vj.core.errors import Fault
from vj.diffusion.embedding_file import add_embedding, check_embedding
from vj.diffusion.folder_facts import family_of_folder, text_widths
from vj.diffusion.model_spec import EmbeddingFile, ModelSpec
from vj.diffusion.pipelines import family_of

Adds = Callable[..., tuple[Any, list[str]]]
VECTORS = torch.randn(2, 768, generator=torch.Generator().manual_seed(6))
NARROW = torch.randn(3, 32, generator=torch.Generator().manual_seed(7))


def _before_2022() -> torch.nn.ParameterDict:
    """As PyTorch before 1.12 wrote one: its tensors are there, and no list of their names."""
    kept = torch.nn.ParameterDict({"*": torch.nn.Parameter(VECTORS)})
    del kept.__dict__["_keys"]
    return kept


@pytest.fixture
def adds(parts: Path, tmp_path: Path) -> Adds:
    """Write a file, and give its words to a pipeline that has been opened for it."""

    def add(
        state: Mapping[str, Any], family: str = "lcm", token: str | None = None, ends: str = ""
    ) -> tuple[Any, list[str]]:
        kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
        pipe, path = (
            kind.from_pretrained(parts / family),
            tmp_path / f"fern{ends or '.safetensors'}",
        )
        if ends:
            torch.save(state, path)
        else:
            save_file({key: value.clone().contiguous() for key, value in state.items()}, path)
        spec = ModelSpec(str(parts / family), device="cpu", allow_pickle=bool(ends))
        given = EmbeddingFile(str(path), token)
        return pipe, add_embedding(spec, pipe, family_of(pipe), given)

    return add


def heard(pipe: Any, prompt: str, second: bool = False) -> Tensor:
    """The vectors that an encoder begins with for the words of a prompt."""
    encoder, tokenizer = (
        (pipe.text_encoder_2, pipe.tokenizer_2) if second else (pipe.text_encoder, pipe.tokenizer)
    )
    text = pipe.maybe_convert_prompt(prompt, tokenizer)
    places = tokenizer(text).input_ids[1:-1]
    weight: Tensor = encoder.get_input_embeddings().weight
    return weight[places].detach()


@pytest.mark.parametrize(
    ("state", "ends", "word"),
    [
        ({"emb_params": VECTORS}, "", "fern"),
        ({"<moss>": VECTORS}, "", "<moss>"),
        ({"<moss>": VECTORS.half()}, "", "<moss>"),
        ({"clip_l": VECTORS}, "", "fern"),
        ({"string_to_param.*": VECTORS}, "", "fern"),
        ({"<moss>": VECTORS}, ".bin", "<moss>"),
        (
            {"string_to_token": {"*": 265}, "string_to_param": {"*": VECTORS}, "name": "lichen"},
            ".pt",
            "lichen",
        ),
        (
            {
                "string_to_token": {"*": torch.tensor(265)},
                "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(VECTORS)}),
            },
            ".pt",
            "fern",
        ),
        ({"string_to_param": {"moss": VECTORS}}, ".pt", "moss"),
        ({"string_to_param": _before_2022(), "name": "lichen"}, ".pt", "lichen"),
    ],
)
def test_each_form_gives_its_vectors_to_its_word(
    adds: Adds, state: dict[str, Any], ends: str, word: str
) -> None:
    pipe, words = adds(state, ends=ends)
    assert words == [word]
    assert float((heard(pipe, word) - VECTORS).abs().max()) < 2e-3


def test_what_a_failed_training_leaves_is_refused(adds: Adds) -> None:
    with pytest.raises(Fault, match=r"is broken: .*NaN"):
        adds({"<moss>": VECTORS * float("nan")})


@pytest.mark.parametrize("names", [("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1")])
def test_a_pair_goes_to_both_encoders(adds: Adds, names: tuple[str, str]) -> None:
    one, two = names
    pipe, words = adds({one: NARROW, two: NARROW + 1}, "sdxl", "<fern>")
    assert words == ["<fern>"]
    assert torch.equal(heard(pipe, "<fern>"), NARROW)
    assert torch.equal(heard(pipe, "<fern>", second=True), NARROW + 1)


@pytest.mark.parametrize("token", [None, "<s0><s1><s2>"])
def test_pivotal_tuning_has_a_word_for_each_vector(adds: Adds, token: str | None) -> None:
    pipe, words = adds({"text_encoders_0": NARROW, "text_encoders_1": NARROW}, "sdxl", token)
    assert words == ["<s0>", "<s1>", "<s2>"]
    assert torch.equal(heard(pipe, "<s0><s1><s2>"), NARROW)
    assert torch.equal(heard(pipe, "<s2>", second=True), NARROW[2:])
    with pytest.raises(Fault, match="names 2 words, and the file has 3 vectors"):
        adds({"clip_l": NARROW, "clip_g": NARROW}, "sdxl", "<a><b>")


def test_a_file_of_several_words(adds: Adds) -> None:
    pipe, words = adds({"<moss>": VECTORS[0], "<fern>": VECTORS[1]})
    assert sorted(words) == ["<fern>", "<moss>"]
    assert torch.equal(heard(pipe, "<moss><fern>"), VECTORS)
    state = {"<moss>": VECTORS[0], "<rust>": VECTORS[1]}
    pipe, words = adds(state, token="<one><two>", ends=".bin")
    assert words == ["<one>", "<two>"]
    assert torch.equal(heard(pipe, "<one> <two>"), VECTORS)
    with pytest.raises(Fault, match="names 1 and the file has 2 words"):
        adds(state, token="moss")


def test_other_words_are_left_alone(adds: Adds, parts: Path) -> None:
    """A word is no part of another one, and is found in either case."""
    pipe, _ = adds({"emb_params": VECTORS}, token="Fern")
    bare = StableDiffusionPipeline.from_pretrained(parts / "lcm")
    assert torch.equal(heard(pipe, "fernlike infern"), heard(bare, "fernlike infern"))
    for prompt in ("fern", "Fern", "FERN"):
        assert torch.equal(heard(pipe, prompt), VECTORS)
    with_others = heard(pipe, "gold fern, infern")
    assert torch.equal(with_others[1:3], VECTORS)
    assert torch.equal(with_others[3:], heard(bare, ", infern"))


def test_the_pooled_text_is_not_the_new_words(adds: Adds, parts: Path) -> None:
    """The encoders of SDXL say that a text ends with token 2; it was then taken at the highest."""
    pipe, _ = adds({"clip_l": NARROW, "clip_g": NARROW}, "sdxl", "<fern>")
    encoder = pipe.text_encoder_2
    inner = encoder.text_model
    ended = encoder(pipe.tokenizer_2(["<fern> gold"], return_tensors="pt").input_ids)
    inner.eos_token_id = encoder.config.eos_token_id = 2
    from vj.diffusion.embedding_file import _add

    _add(pipe, "more", "<more>", NARROW, encoder, pipe.tokenizer_2)
    again = encoder(pipe.tokenizer_2(["<fern> gold"], return_tensors="pt").input_ids)
    assert torch.equal(again.text_embeds, ended.text_embeds)


@pytest.mark.parametrize(
    ("family", "state", "words"),
    [
        ("lcm", {"emb_params": torch.ones(1, 1280)}, r"has 1280 numbers .* takes 768.*SDXL"),
        (
            "lcm",
            {"clip_l": NARROW, "clip_g": NARROW},
            r"\(32 and 32 .* takes one \(768\)",
        ),
        ("sdxl", {"<moss>": VECTORS}, r"one part \(768 .*\(32 and 32\)"),
        ("sdxl", {"clip_l": NARROW, "clip_g": VECTORS}, "has 768 .*text encoder 2 takes 32"),
        ("lcm", {"a.weight": VECTORS, "b.weight": VECTORS}, "is no textual inversion"),
        ("lcm", {"weight": torch.ones(4, 4, 3, 3)}, "is no textual inversion"),
    ],
)
def test_what_does_not_fit_is_refused_also_by_check(
    adds: Adds, parts: Path, tmp_path: Path, family: str, state: dict[str, Tensor], words: str
) -> None:
    with pytest.raises(Fault, match=words):
        adds(state, family)
    spec = ModelSpec(str(parts / family), device="cpu")
    with pytest.raises(Fault, match=words):
        check_embedding(spec, str(tmp_path / "fern.safetensors"), text_widths(spec))
    assert family_of_folder(spec) == ("sdxl" if family == "sdxl" else "sd15")
