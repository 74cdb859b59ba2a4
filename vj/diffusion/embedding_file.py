"""Textual inversions in the forms that people have, and their words in a pipeline.

- `{"<word>": vectors}`, one or several, as diffusers' trainer writes
- `emb_params`, and `string_to_param` with `*` and a name, as the web UI and the original code write
- `clip_l` and `clip_g`, for the two encoders of SDXL
- `text_encoders_0` and `text_encoders_1`, as pivotal tuning (DreamBooth LoRA, advanced) writes; its
  prompts say `<s0><s1>`, a word for each vector
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vj.core.errors import Fault
from vj.diffusion.lora_file import FAMILIES
from vj.diffusion.model_spec import EmbeddingFile, ModelSpec
from vj.diffusion.weights import find_weights, read_weights, weight_shapes

ENCODERS = ("text_encoder", "text_encoder_2")
PART_NAMES = {
    **dict.fromkeys(("clip_l", "text_encoders_0", "text_encoder"), ENCODERS[0]),
    **dict.fromkeys(("clip_g", "text_encoders_1", "text_encoder_2"), ENCODERS[1]),
}
"""What a part of a file is called, and the encoder that it is for."""
PIVOTAL = "text_encoders_0"
NAMELESS = ("", "*", "emb_params", "string_to_param.*")
"""Names of a word's vectors that are not the word."""
WIDTHS = {768: "Stable Diffusion 1.5", 1024: "Stable Diffusion 2.1", 1280: "SDXL's second encoder"}
MOST_VECTORS = 75
"""A prompt has no room for more."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, None for one that the file does not name, and its vectors by encoder. Of each its
    shape alone when only the header was read."""

    name: str | None
    vectors: Mapping[str, Any]


def check_embedding(spec: ModelSpec, name: str, widths: Mapping[str, int] | None = None) -> None:
    """Whether a file is a textual inversion, by its header. widths: how many numbers a token has,
    by encoder of the model, where it is known. Raises Fault."""
    shapes = weight_shapes(spec, "embedding", name)
    if shapes:
        words = sort_words(name, shapes)
        if widths:
            for word in words:
                _check_widths(name, word, widths, "this model's family")


def sort_words(file: str, found: Mapping[str, Any]) -> list[Word]:
    """The words of a file by what it holds, tensors or their shapes. Raises Fault."""
    if "string_to_param" in found:  # the web UI, and the original code before it
        given = found["string_to_param"]
        # a module of PyTorch before 1.12 has no items() in later ones
        params = dict(given._parameters if isinstance(given, nn.Module) else given)
        own = found.get("name")
        return [
            Word(own if key in NAMELESS and isinstance(own, str) else _word(key), {ENCODERS[0]: it})
            for key, it in params.items()
            if _is_vectors(it)
        ] or _refuse(file)
    parts = {PART_NAMES[key]: it for key, it in found.items() if key in PART_NAMES}
    if parts:
        return [Word(None, parts)] if all(map(_is_vectors, parts.values())) else _refuse(file)
    words = {key: it for key, it in found.items() if hasattr(it, "shape") or isinstance(it, tuple)}
    if not words or not all(map(_is_vectors, words.values())):
        return _refuse(file)
    if len(words) > 1 and any("." in key for key in words):  # weights of a network
        return _refuse(file)
    return [Word(_word(key), {ENCODERS[0]: it}) for key, it in words.items()]


def _word(key: str) -> str | None:
    return None if key in NAMELESS else key


def _shape(vectors: Any) -> tuple[int, ...]:
    return vectors if isinstance(vectors, tuple) else tuple(vectors.shape)


def _is_vectors(it: Any) -> bool:
    if not isinstance(it, Tensor | tuple):
        return False
    shape = _shape(it)
    return len(shape) == 1 or (len(shape) == 2 and 1 <= shape[0] <= MOST_VECTORS)


def _refuse(file: str) -> list[Word]:
    raise Fault(
        f"embedding {file}: is no textual inversion; one holds a word's vectors, or clip_l and "
        "clip_g (or text_encoders_0 and text_encoders_1) for SDXL"
    )


def _check_widths(file: str, word: Word, widths: Mapping[str, int], family: str) -> None:
    """Raises Fault for vectors that the encoders do not take."""
    if word.vectors.keys() != widths.keys():
        has, wants = (
            ("two parts", "one")
            if len(word.vectors) > 1
            else ("one part", "two, clip_l and clip_g")
        )
        own = _said(_shape(it)[-1] for it in word.vectors.values())
        raise Fault(
            f"embedding {file}: has {has} ({own} numbers a token), and {family} takes {wants} "
            f"({_said(widths.values())}); it belongs to another"
        )
    for encoder, vectors in word.vectors.items():
        width = _shape(vectors)[-1]
        if width != widths[encoder]:
            of = f" ({WIDTHS[width]})" if width in WIDTHS else ""
            raise Fault(
                f"embedding {file}: has {width} numbers a token, and this model's "
                f"{encoder.replace('_', ' ')} takes {widths[encoder]}; it belongs to another "
                f"family of models{of}"
            )


def _said(widths: Iterable[int]) -> str:
    return " and ".join(map(str, widths))


def read_embedding(spec: ModelSpec, name: str) -> dict[str, Any]:
    """What a file holds. Raises Fault."""
    if find_weights(spec, "embedding", name).suffix == ".safetensors":
        return read_weights(spec, "embedding", name)
    # the original code kept its vectors in a module of PyTorch
    with torch.serialization.safe_globals([nn.ParameterDict, set]):
        return read_weights(spec, "embedding", name)


def add_embedding(spec: ModelSpec, pipe: Any, family: str, given: EmbeddingFile) -> list[str]:
    """Add a textual inversion's words to the text encoders, and return them. Raises Fault."""
    encoders = {part: getattr(pipe, part, None) for part in ENCODERS}
    widths = {
        part: one.get_input_embeddings().weight.shape[-1]
        for part, one in encoders.items()
        if one is not None
    }
    found = read_embedding(spec, given.file)
    known = f"this model's family ({FAMILIES.get(family, family)})"
    words = sort_words(given.file, found)
    for word in words:
        _check_widths(given.file, word, widths, known)
    tokens: list[str] = []
    called = _told_apart(given, len(words))
    for number, word in enumerate(words):
        one = given if called is None else EmbeddingFile(given.file, called[number])
        names = _names(one, word, PIVOTAL in found)
        for part in widths:
            vectors = torch.as_tensor(word.vectors[part]).detach().float()
            vectors = vectors.reshape(-1, vectors.shape[-1])
            if not torch.isfinite(vectors).all():
                raise Fault(
                    f"embedding {given.file}: is broken: it holds numbers that are none (NaN or "
                    "infinite), as a training that failed leaves them"
                )
            tokenizer = pipe.tokenizer if part == ENCODERS[0] else pipe.tokenizer_2
            groups = list(vectors.split(1)) if len(names) > 1 else [vectors]
            if len(groups) != len(names):
                raise Fault(
                    f"embedding {given.file}: token: names {len(names)} words, and the file has "
                    f"{len(groups)} vectors"
                )
            for name, of in zip(names, groups, strict=True):
                _add(pipe, given.file, name, of, encoders[part], tokenizer)
        tokens += names
    return tokens


def _several(token: str) -> list[str] | None:
    """`<a><b>` -> its words; None for a single one."""
    found = re.findall(r"<[^<>]+>", token)
    return found if len(found) > 1 and "".join(found) == token.replace(" ", "") else None


def _told_apart(given: EmbeddingFile, words: int) -> list[str] | None:
    """The token of each word of a file that holds several; None where `token:` says nothing, or
    there is one word. Raises Fault."""
    if given.token is None or words == 1:
        return None
    called = _several(given.token) or [given.token]
    if len(called) != words:
        raise Fault(
            f"embedding {given.file}: token: names {len(called)} and the file has {words} words of "
            "its own; leave token out, or name each, like <one><two>"
        )
    return called


def _names(given: EmbeddingFile, word: Word, pivotal: bool) -> Sequence[str]:
    """What prompts call a word: several for several vectors that each have their own."""
    count = _vectors_of(word)
    if given.token is not None:
        return _several(given.token) or [given.token]
    if pivotal:
        return [f"<s{number}>" for number in range(count)]
    return [word.name or Path(given.file).stem]


def _vectors_of(word: Word) -> int:
    shape = _shape(next(iter(word.vectors.values())))
    return 1 if len(shape) == 1 else shape[0]


class SeveralVectors:
    """Takes the place of a pipeline's `maybe_convert_prompt`: a word of several vectors is written
    out as so many tokens. diffusers' own replaces it within other words and in one case only."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._look = re.compile("(?!)")

    def know(self, name: str, vectors: int) -> None:
        self._counts[name.lower()] = vectors
        longest_first = sorted(self._counts, key=len, reverse=True)
        self._look = re.compile("|".join(map(_whole, longest_first)), re.IGNORECASE)

    def __call__(self, prompt: str | list[str], tokenizer: Any) -> str | list[str]:
        if isinstance(prompt, list):
            return [self._look.sub(self._written_out, one) for one in prompt]
        return self._look.sub(self._written_out, prompt)

    def _written_out(self, match: re.Match[str]) -> str:
        name = match.group()
        return " ".join(_tokens(name, self._counts[name.lower()]))


def _whole(name: str) -> str:
    """A pattern of a word that is no part of another one."""
    before = r"(?<!\w)" if re.match(r"\w", name) else ""
    return before + re.escape(name) + (r"(?!\w)" if re.search(r"\w$", name) else "")


def _tokens(name: str, count: int) -> list[str]:
    return [name, *(f"{name}_{number}" for number in range(1, count))]


@torch.no_grad()
def _add(pipe: Any, file: str, name: str, vectors: Tensor, encoder: Any, tokenizer: Any) -> None:
    """Give one encoder a word. vectors: (N, width). Raises Fault for a word that it has."""
    from tokenizers import AddedToken

    tokens, known = _tokens(name, len(vectors)), tokenizer.get_vocab()
    if taken := [token for token in tokens if token in known]:
        raise Fault(
            f"embedding {file}: {taken[0]}: the model knows this word already; give it another "
            "with token:"
        )
    whole = bool(re.fullmatch(r"\w.*\w|\w", name))
    tokenizer.add_tokens([AddedToken(one, single_word=whole, normalized=True) for one in tokens])
    places = tokenizer.convert_tokens_to_ids(tokens)
    table = encoder.get_input_embeddings().weight
    if max(places) >= len(table):
        encoder.resize_token_embeddings(max(places) + 1, mean_resizing=False)
        table = encoder.get_input_embeddings().weight
    table[places] = vectors.to(table.device, table.dtype)
    # Configurations of 2023 say 2 here, and the pooled text is then taken at the highest number,
    # which is the new word's
    for module in encoder.modules():
        if getattr(module, "eos_token_id", None) is not None:
            module.eos_token_id = tokenizer.eos_token_id
    encoder.config.eos_token_id = tokenizer.eos_token_id
    if not isinstance(pipe.maybe_convert_prompt, SeveralVectors):
        pipe.maybe_convert_prompt = SeveralVectors()
    pipe.maybe_convert_prompt.know(name, len(vectors))
