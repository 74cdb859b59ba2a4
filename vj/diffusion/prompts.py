"""Prompts: texts are encoded on a thread of their own, and a new embedding is faded to.

A new text never cuts: from the embedding of the last frame to the new one it takes `prompt/travel`
seconds.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vj.core.smoothstep import smoothstep
from vj.core.supervisor import Supervisor
from vj.parameters.fit import parse_prompt_list
from vj.parameters.store import Snapshot


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a text encoder makes of a text. tokens: (1, T, D). pooled: (1, P) for SDXL, else None.
    image: (1, N, D + 1), the tokens of an image prompt, each with its amount at the end; None
    without."""

    tokens: Tensor
    pooled: Tensor | None = None
    image: Tensor | None = None

    @staticmethod
    def stack(parts: Sequence[Embedding]) -> Embedding:
        """Several as one batch. One without an image prompt gets one of amount 0 when others have
        one."""
        pooled = [p.pooled for p in parts if p.pooled is not None]
        like = next((p.image for p in parts if p.image is not None), None)
        images = (
            []
            if like is None
            else [torch.zeros_like(like) if p.image is None else p.image for p in parts]
        )
        return Embedding(
            torch.cat([p.tokens for p in parts]),
            torch.cat(pooled) if pooled else None,
            torch.cat(images) if images else None,
        )


def blend(parts: Sequence[tuple[Embedding, float]]) -> Embedding:
    """Weighted mean of embeddings, each token's norm brought back to the weighted mean of the norms
    (close to slerp, for any number of prompts). Weights need not sum to 1. Without image prompts:
    those are added to the mixture."""
    parts = [(e, w) for e, w in parts if w > 0] or [(parts[0][0], 1.0)]
    if len(parts) == 1:
        return parts[0][0]
    total = sum(w for _, w in parts)

    def mean(tensors: list[Tensor]) -> Tensor:
        weights = [w / total for _, w in parts]
        mixed = torch.stack([w * t.float() for t, w in zip(tensors, weights, strict=True)]).sum(0)
        norm = torch.stack(
            [
                w * t.float().norm(dim=-1, keepdim=True)
                for t, w in zip(tensors, weights, strict=True)
            ]
        ).sum(0)
        return (mixed * (norm / mixed.norm(dim=-1, keepdim=True).clamp_min(1e-8))).to(
            tensors[0].dtype
        )

    pooled = [e.pooled for e, _ in parts if e.pooled is not None]
    return Embedding(mean([e.tokens for e, _ in parts]), mean(pooled) if pooled else None)


Encode = Callable[[str], Embedding]


class PromptBook:
    """Embeddings by text. Live, an unknown text is handed to a thread and is there a few frames
    later; offline it is encoded on the spot, so that the same frames come out every time."""

    def __init__(
        self,
        encode: Encode,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        keep: int = 256,
        supervisor: Supervisor | None = None,
    ) -> None:
        """supervisor: of the thread that encodes."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._encode, self._wait, self._on_message, self._keep = encode, wait, on_message, keep
        self._known: OrderedDict[str, Embedding] = OrderedDict()
        self._asked: set[str] = set()
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def get(self, text: str) -> Embedding | None:
        """The embedding, or None while it is being made."""
        with self._lock:
            found = self._known.get(text)
            if found is not None:
                self._known.move_to_end(text)
                return found
        if self._wait:
            self.encode(text)
            return self._known[text]
        if text not in self._asked:
            self._asked.add(text)
            if self._thread is None:
                self._thread = self._supervisor.start("prompts", self._run)
            self._queue.put(text)
        return None

    def close(self) -> None:
        self._queue.put(None)

    def encode(self, text: str) -> None:
        """Encode a text here and now."""
        embedding = self._encode(text)
        with self._lock:
            self._known[text] = embedding
            while len(self._known) > self._keep:
                self._known.popitem(last=False)

    def _run(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                self.encode(text)
                self._asked.discard(text)
            # A text that cannot be encoded stays in `_asked`, so it is not tried again; the prompt
            # before it stays.
            except Exception as error:
                self._supervisor.count("prompts")
                self._on_message(
                    f"prompt {text[:40]!r} could not be encoded: {type(error).__name__}: {error}"
                )


def prompt_weights(snapshot: Snapshot) -> list[tuple[str, float]]:
    """The texts and weights a snapshot asks for."""
    listed = parse_prompt_list(snapshot["prompt/list"])
    if listed:
        return listed
    mix = snapshot["prompt/mix"]
    return [(snapshot["prompt/a"], 1.0 - mix), (snapshot["prompt/b"], mix)]


class PromptTravel:
    """The embedding of each frame: the mixture that its parameters ask for, faded to when its texts
    change."""

    def __init__(self, book: PromptBook) -> None:
        self._book = book
        self._texts: tuple[str, ...] = ()
        self._from: Embedding | None = None
        self._begin = 0.0
        self._last: Embedding | None = None
        self._settled: tuple[object, Embedding] | None = None

    @property
    def under_way(self) -> bool:
        """A new text is still arriving."""
        return self._from is not None

    def at(self, snapshot: Snapshot) -> Embedding | None:
        """The embedding of this frame; None until the first text has been encoded."""
        parts = prompt_weights(snapshot)
        found = [
            (self._book.get(text), weight) for text, weight in parts
        ]  # those of weight 0 too: they will be wanted next
        ready = [(embedding, weight) for embedding, weight in found if embedding is not None]
        if any(embedding is None and weight > 0 for embedding, weight in found):
            return self._last
        texts = tuple(text for text, _ in parts)
        if texts != self._texts:
            self._from, self._begin, self._texts = self._last, snapshot.time, texts
        seconds = snapshot["prompt/travel"]
        share = (
            1.0
            if self._from is None or seconds <= 0
            else min(1.0, (snapshot.time - self._begin) / seconds)
        )
        if share >= 1:
            self._from = None
            if self._settled is None or self._settled[0] != parts:
                self._settled = (parts, blend(ready))
            self._last = self._settled[1]
        else:
            assert self._from is not None
            ease = smoothstep(share)
            self._last = blend([(self._from, 1 - ease), (blend(ready), ease)])
        return self._last
