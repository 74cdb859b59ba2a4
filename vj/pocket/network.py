"""The built-in model's network: plain torch modules and one safetensors file.

Its inputs are the picture, the texture field with the directions of its form, and the patterns, all
at full size; its outputs are a tone, which a palette's ramp colours afterwards, and the same
painting in the picture's own colours. The output is added to the input picture, so that structure
is kept by construction. There is no normalisation over the picture: a crop is painted like the
whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

WIDTHS = (32, 64, 128, 176)
"""Channels at a half, a quarter, an eighth and a sixteenth of the picture's size, of a new network;
those of a trained one are in its file. With 80 at a quarter it took 1.15 of the time of the first
generation (bench/pocket.py), with 64 it takes 1.0."""
SEEN, FORM, PATTERNS = 3, 3, 12
"""Channels of the picture, of the field (texture and two of direction), of `vj.pocket.patterns`."""
STYLE = 96
"""Numbers in which the technique, the stroke size and the relief meet."""
MULTIPLE = 16
"""Sides of the picture are multiples of this."""
LUMA = (0.299, 0.587, 0.114)


def modulated(x: Tensor, film: Tensor) -> Tensor:
    """x: (B, C, H, W). film: (B, 2C, 1, 1), a scale less 1 and a shift of every channel."""
    scale, shift = film.chunk(2, 1)
    return torch.addcmul(shift, x, 1 + scale)


class Block(nn.Module):
    """Two convolutions beside the way straight through; the style scales and shifts what lies
    between them (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.style = nn.Linear(STYLE, 2 * width)
        nn.init.normal_(self.style.weight, std=0.02)
        nn.init.zeros_(self.style.bias)
        with torch.no_grad():
            self.second.weight.mul_(0.3)

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        return x + self.second(F.relu(modulated(self.first(x), film)))


class Gate(nn.Module):
    """The style scales and shifts what goes on to the next stage: each technique takes what it
    needs of what all of them find."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.style = nn.Linear(STYLE, 2 * width)
        nn.init.normal_(self.style.weight, std=0.02)
        nn.init.zeros_(self.style.bias)

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        return modulated(x, film)


class Up(nn.Module):
    """Twice the size: a convolution of one pixel, then its channels laid out in space. Starts as
    nearest-neighbour enlarging (ICNR, Aitken et al. 2017), so that no checkerboard is learned."""

    def __init__(self, width: int, out: int, side: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, 4 * out, side, padding=side // 2)
        with torch.no_grad():
            for part in (self.conv.weight, self.conv.bias):
                assert part is not None
                part.copy_(part[::4].repeat_interleave(4, 0))

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(x), 2)


def _blocks(width: int, count: int) -> nn.ModuleList:
    return nn.ModuleList(Block(width) for _ in range(count))


class Network(nn.Module):
    """techniques: their names, in the order of the style's first numbers. seen: channels of what it
    is shown: those of the picture first, then whatever else goes with it."""

    kept_of: Tensor
    """(4, 3), what stays is of: the picture's luma, and its colours."""

    def __init__(
        self, techniques: tuple[str, ...], widths: tuple[int, ...] = WIDTHS, seen: int = SEEN
    ) -> None:
        super().__init__()
        self.techniques, self.widths, self.seen = techniques, widths, seen
        half, quarter, eighth, deep = widths
        first, second = nn.Linear(len(techniques) + 2, STYLE), nn.Linear(STYLE, STYLE)
        self.mix = nn.Sequential(first, nn.ReLU(), second)
        # One number of a style is 1 and most are 0: as large as this they are told apart soon.
        for layer, std in ((first, 1.0), (second, (2 / STYLE) ** 0.5)):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
        self.see = nn.Conv2d(4 * (seen + FORM), half, 3, padding=1)
        self.lay = nn.Conv2d(4 * PATTERNS, half, 3, padding=1, bias=False)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(widths))
        self.fine_in, self.mid_in = _blocks(quarter, 2), _blocks(eighth, 2)
        self.wide_in = _blocks(deep, 3)
        self.up = nn.ModuleList((Up(deep, eighth), Up(eighth, quarter), Up(quarter, half)))
        self.mid_out, self.fine_out = _blocks(eighth, 2), _blocks(quarter, 3)
        self.last = _blocks(half, 2)
        self.gates = nn.ModuleList(Gate(width) for width in (eighth, quarter, half, half))
        self.keep = Gate(4)
        kept_of = torch.cat([torch.tensor([LUMA]), torch.eye(3)])
        self.register_buffer("kept_of", kept_of, persistent=False)
        nn.init.zeros_(self.keep.style.weight)
        self.head = Up(half, 4, 3)
        nn.init.zeros_(self.head.conv.weight)
        assert self.head.conv.bias is not None
        nn.init.zeros_(self.head.conv.bias)

    def ground(self, patterns: Tensor) -> Tensor:
        """(B, 12, H, W) -> what they give to the first layer, (B, C, H/2, W/2): the same for every
        frame until the noise or the stroke size changes."""
        out: Tensor = self.lay(F.pixel_unshuffle(patterns, 2))
        return out

    def films(self, style: Tensor) -> list[Tensor]:
        """What a style does to every block and gate, in their order in `paint`, each
        (B, 2C, 1, 1): the same for every frame until the style changes."""
        mixed = self.mix(style)
        styled: list[Any] = [*self.fine_in, *self.mid_in, *self.wide_in]
        for gate, blocks in zip(self.gates, (self.mid_out, self.fine_out, self.last), strict=False):
            styled += [gate, *blocks]
        styled += [self.gates[-1], self.keep]
        return [part.style(mixed)[..., None, None] for part in styled]

    def forward(self, picture: Tensor, form: Tensor, ground: Tensor, style: Tensor) -> Tensor:
        """picture: (B, seen, H, W) 0..1. form: (B, 3, H, W), texture, along_x, along_y. ground: of
        `ground`. style: (B, techniques + 2), the weights of the techniques, then log2 of the pixels
        in a unit and the relief - 1. Returns (B, 4, H, W): tone, red, green, blue, about 0..1."""
        return self.paint(picture, form, ground, self.films(style))

    def paint(
        self, picture: Tensor, form: Tensor, ground: Tensor, films: Sequence[Tensor]
    ) -> Tensor:
        """`forward` with the style as `films` gives it."""
        film = iter(films)
        seen = torch.cat([picture - 0.5, 0.5 * form], 1)
        half = F.relu(self.see(F.pixel_unshuffle(seen, 2)) + ground)
        fine = F.relu(self.down[0](half))
        for block in self.fine_in:
            fine = block(fine, next(film))
        mid = F.relu(self.down[1](fine))
        for block in self.mid_in:
            mid = block(mid, next(film))
        wide = F.relu(self.down[2](mid))
        for block in self.wide_in:
            wide = block(wide, next(film))
        mid = self.gates[0](mid + self.up[0](wide), next(film))
        for block in self.mid_out:
            mid = block(mid, next(film))
        fine = self.gates[1](fine + self.up[1](mid), next(film))
        for block in self.fine_out:
            fine = block(fine, next(film))
        half = self.gates[2](half + self.up[2](fine), next(film))
        for block in self.last:
            half = block(half, next(film))
        painted = self.head(self.gates[3](half, next(film)))
        out: Tensor = painted + self._kept(picture[:, :SEEN], next(film))
        return out

    def _kept(self, picture: Tensor, film: Tensor) -> Tensor:
        """What stays of the picture's luma and colours: (B, 3, H, W) -> (B, 4, H, W). Paper and
        night keep nothing of what is seen but what is painted of it."""
        scale, shift = film.flatten(1).chunk(2, 1)
        turned = (self.kept_of * (1 + scale)[..., None]).transpose(1, 2)
        points = picture.flatten(2).transpose(1, 2)
        kept = torch.baddbmm(shift[:, None], points, turned)
        return kept.transpose(1, 2).unflatten(2, picture.shape[2:])


def parameter_groups(network: Network, quicker: float) -> list[dict[str, Any]]:
    """An optimizer's groups: no weight decay but for convolutions and layers; the layers of the
    style, which tell techniques apart, learn so many times as fast (`share`, see
    `vj.training.loop.Training`)."""
    named = list(network.named_parameters())
    styles = [p for name, p in named if "style" in name or "mix" in name]
    known = {id(p) for p in styles}
    rest = [p for _, p in named if id(p) not in known]
    return [
        {"params": [p for p in rest if p.dim() >= 2], "weight_decay": 1e-3, "share": 1.0},
        {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0, "share": 1.0},
        {"params": styles, "weight_decay": 0.0, "share": quicker},
    ]


def network_file(network: Network) -> bytes:
    """Half-precision safetensors, the techniques, widths and channels in its metadata."""
    weights = {
        name: part.detach().half().contiguous() for name, part in network.state_dict().items()
    }
    known = {
        "techniques": "|".join(network.techniques),
        "widths": " ".join(map(str, network.widths)),
        "seen": str(network.seen),
    }
    return save(weights, known)


def save_network(network: Network, path: Path) -> None:
    """Write `network_file`. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(network_file(network))


def load_network(path: Path) -> Network:
    """The network of a file that `save_network` wrote, float32. Raises OSError, ValueError."""
    with safe_open(path, "pt") as file:
        known = file.metadata()
        network = Network(
            tuple(known["techniques"].split("|")),
            tuple(map(int, known["widths"].split())),
            int(known.get("seen", SEEN)),
        )
        network.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    return network.eval().requires_grad_(False)
