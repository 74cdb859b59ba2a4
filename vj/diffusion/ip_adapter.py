"""Pictures as prompts: an IP-Adapter (arXiv 2308.06721) put into a UNet, and the tokens that it
makes of pictures.

The UNet is given tokens that are projected already. So they are made once for each picture, can be
mixed, and go with a frame.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from vj.core.errors import Fault, nearest_file
from vj.core.supervisor import Supervisor
from vj.diffusion.load_errors import reason
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.parts import open_part
from vj.diffusion.prompts import Embedding, blend
from vj.diffusion.weights import read_weights, weight_names


class NoProjection(nn.Module):
    """In the place of the UNet's own projection of pictures: the tokens come projected."""

    def forward(self, tokens: list[Tensor]) -> list[Tensor]:
        return tokens


class ScaledByAmount(nn.Module):
    """An IP-Adapter's keys or values of tokens that each end in their amount, (B, N, D + 1).
    Attention is linear in its values, so these times the amount are the adapter's scale, for every
    row its own."""

    def __init__(self, linear: nn.Module, by_amount: bool) -> None:
        super().__init__()
        self.linear, self.by_amount = linear, by_amount

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.linear(tokens[..., :-1])
        return out * tokens[..., -1:] if self.by_amount else out


class ImagePrompts:
    """Makes tokens of pictures, and keeps those of the show's own.

    encoder: a CLIP vision model. image_processor: brings pictures to its size and range.
    projection: from what it gives to tokens. from_patches: it gives every patch of a picture, for
    "plus" and "full face" adapters, instead of one vector for the whole.
    """

    def __init__(
        self, encoder: Any, image_processor: Any, projection: nn.Module, from_patches: bool
    ) -> None:
        self.encoder, self.processor, self.projection, self.from_patches = (
            encoder,
            image_processor,
            projection,
            from_patches,
        )
        self.shown: list[Tensor] = []
        self.blank = torch.zeros(0)
        """The tokens of no picture, (1, N, D)."""

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        for part in (self.encoder, self.projection):
            part.to(device, dtype).eval().requires_grad_(False)

    def encode_files(self, names: tuple[str, ...]) -> None:
        """Encode the show's pictures, once. Raises Fault."""
        blank = np.zeros((self.encoder.config.image_size,) * 2 + (3,), np.uint8)
        self.blank = self._tokens(blank, nothing=True)
        for name in names:
            path = Path(name).expanduser()
            try:
                if path.exists() and not path.is_file():
                    raise Fault(f"image_prompts: {name}: is no file")
                picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
            except OSError as error:
                near = "" if path.exists() else nearest_file(path)
                raise Fault(
                    f"image_prompts: {name}: cannot be read ({error.strerror}){near}"
                ) from None
            except cv2.error:
                picture = None
            if picture is None:
                raise Fault(
                    f"image_prompts: {name}: is no picture that can be opened (PNG, JPEG, WebP, "
                    "TIFF)"
                )
            self.shown.append(self.encode(picture))

    def encode(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> tokens (1, N, D) float32. The middle of the picture is looked at, as
        CLIP does."""
        return self._tokens(picture, nothing=False)

    @torch.no_grad()
    def _tokens(self, picture: np.ndarray, nothing: bool) -> Tensor:
        """nothing: what the adapter was trained with where there is no picture, zeros in place of
        what it is shown."""
        at = next(self.projection.parameters())
        pixels = self.processor(images=picture, return_tensors="pt").pixel_values.to(
            at.device, at.dtype
        )
        if self.from_patches:
            seen = self.encoder(
                torch.zeros_like(pixels) if nothing else pixels, output_hidden_states=True
            ).hidden_states[-2]
        else:
            seen = self.encoder(pixels).image_embeds * (0 if nothing else 1)
        tokens: Tensor = self.projection(seen).float()
        return tokens

    def at(self, mix: float) -> Tensor:
        """The tokens on the way over all pictures, 0 the first and 1 the last, mixed as prompts
        are. (1, N, D)."""
        place = mix * (len(self.shown) - 1)
        one, two = (
            Embedding(self.shown[number]) for number in (math.floor(place), math.ceil(place))
        )
        return blend([(one, 1 - place % 1), (two, place % 1)]).tokens


class WalkTokens:
    """The tokens of a walk's pictures. Live they are made on a thread of their own; offline, with
    `wait`, the caller waits for them."""

    def __init__(
        self,
        encode: Callable[[np.ndarray], Tensor],
        wait: bool,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """supervisor: of the thread that makes them."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._encode, self._wait, self._log = encode, wait, on_message
        self._known: list[tuple[np.ndarray, list[Tensor | None]]] = []
        self._queue: queue.SimpleQueue[tuple[np.ndarray, list[Tensor | None]] | None] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None

    def pending(self) -> bool:
        """Some are still being made."""
        return any(not made for _, made in self._known)

    def at(
        self, one: np.ndarray, two: np.ndarray, share: float, chain: tuple[np.ndarray, ...]
    ) -> Tensor | None:
        """The tokens of a place between two pictures, mixed as prompts are. The others of the chain
        are made ahead. While one of the two is not there the other stands for both; None when
        neither is."""
        found = self._of(one), self._of(two)
        for picture in chain:
            self._of(picture)
        wanted = {id(picture) for picture in (one, two, *chain)}
        self._known = [(picture, made) for picture, made in self._known if id(picture) in wanted]
        parts = [
            (Embedding(tokens), weight)
            for tokens, weight in zip(found, (1 - share, share), strict=True)
            if tokens is not None
        ]
        return blend(parts).tokens if parts else None

    def _of(self, picture: np.ndarray) -> Tensor | None:
        for known, made in self._known:
            if known is picture:
                return made[0] if made else None
        entry: tuple[np.ndarray, list[Tensor | None]] = (picture, [])
        self._known.append(entry)
        if self._wait:
            entry[1].append(self._encode(picture))
            return entry[1][0]
        if self._thread is None:
            self._thread = self._supervisor.start("image prompts", self._run)
        self._queue.put(entry)
        return None

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            try:
                entry[1].append(self._encode(entry[0]))
            except Exception as error:  # the show goes on without this prompt
                entry[1].append(None)
                self._supervisor.count("image prompts")
                self._log(f"image prompt: {type(error).__name__}: {error}"[:300])

    def close(self) -> None:
        self._queue.put(None)


def with_amount(tokens: Tensor, amount: float) -> Tensor:
    """Tokens of an image prompt, (1, N, D), as `Embedding.image` has them, (1, N, D + 1): each ends
    in its amount."""
    return torch.cat([tokens, tokens.new_full((*tokens.shape[:2], 1), amount)], -1)


def check_ip_adapter(spec: ModelSpec, name: str) -> None:
    """Whether a file is an IP-Adapter, by its header. Raises Fault."""
    names = weight_names(spec, "ip_adapter", name)
    if names and not any(key.startswith("image_proj") for key in names):
        raise _no_ip_adapter(name)


def _no_ip_adapter(name: str) -> Fault:
    return Fault(f"ip_adapter {name}: is none (it has no image_proj and ip_adapter weights)")


def open_ip_adapter(
    spec: ModelSpec, name: str, pipe: Any, family: str, dtype: torch.dtype
) -> ImagePrompts:
    """Put an IP-Adapter into a pipeline's UNet, so that it takes projected tokens. Returns what
    makes them. Raises Fault."""
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    if family not in ("sd15", "sdxl"):
        raise Fault(
            f"ip_adapter: there is none for this family ({family}); they are made for SD 1.5 and "
            "SDXL"
        )
    if spec.image_encoder is None:
        raise Fault(
            f"ip_adapter {name}: needs image_encoder, the folder of the CLIP vision model that it "
            "was trained with"
        )
    found = read_weights(spec, "ip_adapter", name)
    state = {
        part: found.get(part) or _below(found, f"{part}.") for part in ("image_proj", "ip_adapter")
    }
    projection, keys = (
        state["image_proj"],
        [key for key in state["ip_adapter"] if key.endswith("to_k_ip.weight")],
    )
    if not projection or not keys:
        raise _no_ip_adapter(name)
    if not any(key in projection for key in ("proj.weight", "proj.3.weight", "latents")):
        raise Fault(
            f"ip_adapter {name}: is a FaceID, which needs a face recogniser that is not here; "
            "take one without FaceID"
        )
    unet = pipe.unet
    crossed = [one for one in unet.attn_processors if one.endswith("attn2.processor")]
    width, wants = state["ip_adapter"][keys[0]].shape[-1], unet.config.cross_attention_dim
    if width != wants or len(keys) != len(crossed):
        has = f"{len(keys)} layers of width {width}, and {spec.name} has {len(crossed)} of {wants}"
        raise Fault(f"ip_adapter {name}: was made for another family of models ({has})")
    encoder = open_part(
        spec, "image_encoder", spec.image_encoder, CLIPVisionModelWithProjection, dtype
    )
    from_patches = (
        "proj.weight" not in projection
    )  # "plus" and "full face" look at every patch of the picture, not at its summary
    takes = next(
        projection[key].shape[-1]
        for key in ("proj.weight", "proj.0.weight", "proj_in.weight")
        if key in projection
    )
    gives = encoder.config.hidden_size if from_patches else encoder.config.projection_dim
    if takes != gives:
        raise Fault(
            f"image_encoder {spec.image_encoder}: gives {gives} numbers and the IP-Adapter takes "
            f"{takes}; it wants another one"
        )
    folder = Path(spec.image_encoder).expanduser()
    side = encoder.config.image_size
    described = not folder.is_dir() or (folder / "preprocessor_config.json").is_file()
    try:
        pipe.load_ip_adapter(
            state, subfolder="", weight_name="", image_encoder_folder=None, low_cpu_mem_usage=False
        )
        image_processor = (
            CLIPImageProcessor.from_pretrained(spec.image_encoder)
            if described
            else CLIPImageProcessor(size=side, crop_size=side)
        )
    except Exception as error:
        raise Fault(f"ip_adapter {name}: {reason(error)}") from None
    made = ImagePrompts(
        encoder, image_processor, unet.encoder_hid_proj.image_projection_layers[0], from_patches
    )
    unet.encoder_hid_proj = NoProjection()
    for one in crossed:
        processor = unet.attn_processors[one]
        processor.to_k_ip[0] = ScaledByAmount(processor.to_k_ip[0], False)
        processor.to_v_ip[0] = ScaledByAmount(processor.to_v_ip[0], True)
    return made


def _below(found: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)
    }
