"""Does the built-in model keep its promises? `python -m vj.pocket.evaluate FOOTAGE ...` measures
it.

Everything is measured on pictures it never saw: frames of the footage that is named, the test card,
drawings of another seed. Every figure of a technique stands beside the same figure of its drawn
target, which is the best that could have been learned. Exits 1 when a figure misses its gate.

    python -m vj.pocket.evaluate CLIP ... --faces MODELS --still CLIP > evaluation.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.frame import Size
from vj.pocket import measures
from vj.pocket.compose import MODIFIERS, STOPS, Wish, compose
from vj.pocket.evaluate_faces import LARGE, Face, FaceMesh, load_mesh
from vj.pocket.lessons import style_of
from vj.pocket.lexicon import PALETTES, TECHNIQUE_WORDS
from vj.pocket.network import Network, load_network
from vj.pocket.pictures import draw_pictures
from vj.pocket.techniques import CELLS, TECHNIQUES, Subject, make_subject
from vj.pocket.words import Meaning, understand
from vj.sources.testcard import Scene

STRENGTH, FACE_STRENGTH = 0.6, 0.5
HELD_OUT = 99_991
"""The seed of the drawings to measure with; training draws with small ones."""
ROWS = 256
FINE = 2.0
"""How much the 2-8 px band counts beside the colours when techniques are told apart."""
FACE_NEAR, FACE_SHARE = 0.05, 0.8
"""A painted face is that face when its points are this near, in widths of the face; and how many of
the frames that has to be true of."""
FREE = 0.05
"""How far below its target's agreement a technique of cells may stay."""
ALONG = 0.85
STILL = 12
"""Successive frames of an empty room."""


class Easel(Protocol):
    """Something that paints. Pictures are (H, W, 3) uint8, paintings (H, W, 3) float32 0..1."""

    def repaint(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        """What the model makes of it."""

    def target(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        """What it was taught to make."""

    def mixed(self, picture: np.ndarray, first: str, second: str, share: float) -> np.ndarray:
        """What the model makes of two prompts, the second with this share, 0..1."""


@dataclass(slots=True)
class _Seen:
    """A picture, prepared for a seed, and what the techniques make of it."""

    subject: Subject
    drawn: dict[str, Tensor] = field(default_factory=dict)


class Painter:
    """The easel of a network, or of the drawn targets themselves where there is none."""

    def __init__(self, network: Network | None = None, kept: int = 12) -> None:
        """kept: how many pictures stay prepared."""
        self.network, self._kept = network, kept
        self._seen: dict[tuple[bytes, int], _Seen] = {}

    def _prepared(self, picture: np.ndarray, seed: int) -> _Seen:
        key = (picture.tobytes(), seed)
        if key not in self._seen:
            white = np.random.default_rng(seed).standard_normal(picture.shape[:2], np.float32)
            while len(self._seen) >= self._kept:
                del self._seen[next(iter(self._seen))]
            self._seen[key] = _Seen(make_subject(picture, white))
        return self._seen[key]

    def _drawn(self, seen: _Seen, technique: str) -> Tensor:
        if technique not in seen.drawn:
            made = TECHNIQUES[technique](seen.subject)
            planes = np.concatenate([made.tone[None], made.colour.transpose(2, 0, 1)])
            seen.drawn[technique] = torch.from_numpy(planes.astype(np.float32))[None]
        return seen.drawn[technique]

    @torch.no_grad()
    def _learned(self, seen: _Seen, weights: dict[str, float]) -> Tensor:
        subject, network = seen.subject, self.network
        assert network is not None
        lines = [subject.form.texture, subject.form.along_x, subject.form.along_y]
        form = torch.from_numpy(np.stack(lines))[None]
        ground = network.ground(torch.from_numpy(subject.patterns)[None])
        style = torch.tensor([style_of(weights, subject.one, subject.relief)])
        out: Tensor = network(_planes(subject.image), form, ground, style)
        return out

    def _paint(
        self, seen: _Seen, meanings: Sequence[tuple[Meaning, float]], strength: float, learned: bool
    ) -> np.ndarray:
        """meanings: each with its share."""
        weights: dict[str, float] = {}
        for meaning, share in meanings:
            weights[meaning.technique] = weights.get(meaning.technique, 0.0) + share
        if learned and self.network is not None:
            painted = self._learned(seen, weights)
        else:
            drawn = [weight * self._drawn(seen, name) for name, weight in weights.items()]
            painted = torch.stack(drawn).sum(0)
        done = compose(
            painted, _planes(seen.subject.image), torch.tensor([strength]), _wish(meanings)
        )
        out: np.ndarray = done[0].permute(1, 2, 0).contiguous().numpy()
        return out

    def repaint(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        return self._paint(self._prepared(picture, seed), [(understand(text), 1.0)], strength, True)

    def target(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        return self._paint(
            self._prepared(picture, seed), [(understand(text), 1.0)], strength, False
        )

    def mixed(self, picture: np.ndarray, first: str, second: str, share: float) -> np.ndarray:
        both = [(understand(first), 1 - share), (understand(second), share)]
        return self._paint(self._prepared(picture, 2), both, STRENGTH, True)


def _planes(image: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), np.float32))[None]


def _wish(meanings: Sequence[tuple[Meaning, float]]) -> Wish:
    """What prompts ask for together. The colours of those that have some are mixed by their
    share."""
    coloured = sum(share for meaning, share in meanings if meaning.ramp)
    ramp = np.zeros((STOPS, 3))
    touched = np.zeros(len(MODIFIERS))
    for meaning, share in meanings:
        if meaning.ramp:
            ramp += share / coloured * np.asarray(meaning.ramp) if coloured else 0
        touched += share * np.array([name in meaning.modifiers for name in MODIFIERS])
    return Wish(
        torch.from_numpy(ramp.astype(np.float32))[None],
        torch.tensor([float(coloured)]),
        torch.from_numpy(touched.astype(np.float32))[None],
    )


@cache
def asked(technique: str, palette: str = "") -> str:
    """A text that calls a technique in a palette, or, without one, in the picture's own colours:
    the first pair of words that is understood so. Raises LookupError when there is none."""
    colours = PALETTES[palette][0] if palette else ("own colours",)
    for word in TECHNIQUE_WORDS[technique]:
        for colour in colours:
            meaning = understand(f"{word}, {colour}")
            if (meaning.technique, meaning.palette) == (technique, palette):
                return f"{word}, {colour}"
    raise LookupError(f"no words call {technique} in {palette or 'own colours'}")


def _called(technique: str, palette: str) -> bool:
    """Whether words call both: beside "ice", "fire" is flames."""
    try:
        return bool(asked(technique, palette))
    except LookupError:
        return False


# --- pictures -------------------------------------------------------------------------------------


def film(path: Path) -> Iterator[np.ndarray]:
    """The frames of a video file, (H, W, 3) uint8."""
    import av

    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def square(frame: np.ndarray, side: int = ROWS) -> np.ndarray:
    """The middle square of a frame."""
    height, width = frame.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    piece = frame[top : top + edge, left : left + edge]
    return cv2.resize(piece, (side, side), interpolation=cv2.INTER_AREA)


def whole(frame: np.ndarray, rows: int = ROWS) -> np.ndarray:
    """The whole frame at so many rows, its width a multiple of 16."""
    width = max(16, round(frame.shape[1] * rows / frame.shape[0] / 16) * 16)
    return cv2.resize(frame, (width, rows), interpolation=cv2.INTER_AREA)


def spread(path: Path, count: int) -> list[np.ndarray]:
    """So many frames of a film, evenly spread, without its ends."""
    length = sum(1 for _ in film(path))
    wanted = set(np.linspace(0, length - 1, count + 2).astype(int)[1:-1].tolist())
    return [frame for number, frame in enumerate(film(path)) if number in wanted]


def footage(paths: Sequence[Path], each: int = 2) -> list[np.ndarray]:
    """The middle squares of frames of films."""
    return [square(frame) for path in paths for frame in spread(path, each)]


def held_out(count: int) -> list[np.ndarray]:
    """Pictures that training never saw and everybody has: the test card, and drawings."""
    scene = Scene(Size(ROWS, ROWS), 30)
    cards = [scene.draw(number) for number in (3, 200)]
    drawn = [*draw_pictures(count - 2, HELD_OUT, ROWS)] if count > 2 else []
    return [*cards, *drawn][:count]


def with_faces(
    paths: Sequence[Path], mesh: FaceMesh, each: int = 4
) -> list[tuple[np.ndarray, Face]]:
    """Whole frames of films in which a face is large enough to be measured, with that face."""
    found = []
    for path in paths:
        for frame in spread(path, each):
            picture = whole(frame)
            face = mesh.face(picture)
            if face is not None and face.width >= LARGE:
                found.append((picture, face))
    return found


def empty_room(path: Path, count: int = STILL) -> list[np.ndarray]:
    """Successive frames of a fixed camera's film in which nobody is."""
    small = [cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA) for frame in film(path)]
    start, worst = measures.empty_stretch(small, count)
    if worst > 0.15:
        raise ValueError(f"{path}: no {count} successive frames without anybody ({worst:.2f})")
    wanted = range(start, start + count)
    return [square(frame) for number, frame in enumerate(film(path)) if number in wanted]


# --- figures --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and the gate it has to reach, or not to pass."""

    name: str
    value: float
    gate: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.value <= self.gate if self.at_most else self.value >= self.gate

    def row(self) -> str:
        missed = "" if self.reached else " **missed**"
        bound = "at most" if self.at_most else "at least"
        return f"| {self.name} | {self.value:.3g}{missed} | {bound} {self.gate:g} |"


@dataclass(slots=True)
class Row:
    """One technique, each figure with its drawn target's."""

    name: str
    right: float = 1.0
    near: float = 100.0
    """dB to the target."""
    energy: float = 1.0
    """Of its target's."""
    target_energy: float = 0.0
    """Of the input's."""
    along: tuple[float, float] = (1.0, 1.0)
    faces: tuple[float, float] | None = None
    """Shares of frames in which the face is that face."""
    apart: tuple[float, float] | None = None
    """Median distance of the face's points, in widths of the face."""
    known: tuple[float, float] | None = None
    """Shares of frames in which the mesh takes it for a face at all."""
    flicker: tuple[float, float] | None = None

    def misses(self) -> list[str]:
        """Which gates it misses."""
        found = []
        if not 0.75 <= self.energy <= 1.25:
            found.append("energy")
        free = self.name in CELLS
        if self.along[0] < (self.along[1] - FREE if free else ALONG):
            found.append("form")
        if self.faces and self.faces[0] < FACE_SHARE <= self.faces[1]:
            found.append("faces")
        if self.flicker and self.flicker[0] > 2:
            found.append("flicker")
        return found


@dataclass(slots=True)
class Report:
    """All that was measured."""

    figures: list[Figure] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    confusion: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int))

    @property
    def reached(self) -> bool:
        return all(figure.reached for figure in self.figures) and not any(
            row.misses() for row in self.rows
        )

    def markdown(self) -> str:
        lines = ["| figure | measured | gate |", "|---|---|---|"]
        lines += [figure.row() for figure in self.figures]
        lines += ["", *self._techniques(), "", *self._mistakes()]
        return "\n".join(lines) + "\n"

    def _techniques(self) -> list[str]:
        head = "| technique | right | dB to the target | energy of the target's (the target's of"
        head += " the input's) | edges along"
        head += f" the input's (target) | faces within {FACE_NEAR:.0%} (target), median distance"
        head += " (target), taken for a face (target) | flicker (target) | misses |"
        lines = [head, "|---|---|---|---|---|---|---|---|"]

        def pair(both: tuple[float, float] | None, form: str = ".2f") -> str:
            return "–" if both is None else f"{both[0]:{form}} ({both[1]:{form}})"

        for row in self.rows:
            cells = [
                row.name,
                f"{row.right:.2f}",
                f"{row.near:.1f}",
                f"{row.energy:.2f} ({row.target_energy:.1f})",
                pair(row.along),
                f"{pair(row.faces)}, {pair(row.apart, '.3f')}, {pair(row.known)}",
                pair(row.flicker),
                ", ".join(row.misses()),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        return lines

    def _mistakes(self) -> list[str]:
        names = list(TECHNIQUES)
        if not self.confusion.size:
            return []
        asked_for = self.confusion.sum(1)
        lines = ["| asked | taken for | of |", "|---|---|---|"]
        for name, other, count in measures.mistakes(self.confusion, names):
            lines.append(f"| {name} | {other} | {count} of {asked_for[names.index(name)]} |")
        return lines if len(lines) > 2 else ["Every technique was told apart in every picture."]


def on_pictures(
    easel: Easel, pictures: Sequence[np.ndarray]
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Every technique on every picture, in the picture's own colours: its energy and edges, means
    over the pictures, and (asked, seen), which target the painting lies nearest to."""
    names, pairs = list(TECHNIQUES), []
    figures = np.zeros((len(names), 5))
    for picture in pictures:
        targets = [easel.target(picture, asked(name)) for name in names]
        paintings = [easel.repaint(picture, asked(name)) for name in names]
        seen = measures.nearest_of_each(paintings, targets, FINE)
        pairs += [(name, names[index]) for name, index in zip(names, seen, strict=True)]
        energy, bare = [measures.energy(target) for target in targets], measures.energy(picture)
        for row, (painting, target) in enumerate(zip(paintings, targets, strict=True)):
            figures[row] += (
                measures.psnr(painting, target),
                measures.energy(painting) / energy[row],
                energy[row] / bare,
                measures.agreement(painting, picture),
                measures.agreement(target, picture),
            )
    rows = []
    for name, (near, energy_, drawn, along, target_along) in zip(
        names, (figures / len(pictures)).tolist(), strict=True
    ):
        right = measures.share_right([pair for pair in pairs if pair[0] == name])
        rows.append(Row(name, right, near, energy_, drawn, (along, target_along)))
    return rows, pairs


def palettes_told_apart(easel: Easel, pictures: Sequence[np.ndarray]) -> float:
    """Share of paintings that lie nearest to the target in the palette that was asked for; every
    palette, with one technique after another."""
    names = list(PALETTES)
    techniques = [one for one in TECHNIQUES if all(_called(one, palette) for palette in names)]
    right = []
    for number, name in enumerate(names):
        picture = square(pictures[number % len(pictures)], ROWS // 2)
        technique = techniques[number % len(techniques)]
        targets = [easel.target(picture, asked(technique, other)) for other in names]
        painting = easel.repaint(picture, asked(technique, name))
        right.append(names[measures.nearest(painting, targets)] == name)
    return float(np.mean(right))


def faces_of(
    easel: Easel,
    rows: Sequence[Row],
    frames: Sequence[tuple[np.ndarray, Face]],
    mesh: FaceMesh,
) -> None:
    """Puts the techniques' faces into their rows."""
    apart = np.zeros((len(frames), len(rows), 2))
    sure = np.zeros_like(apart)
    for number, (picture, face) in enumerate(frames):
        for place, row in enumerate(rows):
            for which, paint in enumerate((easel.repaint, easel.target)):
                laid = mesh.lay(paint(picture, asked(row.name), FACE_STRENGTH), face.crop)
                apart[number, place, which] = measures.points_apart(face.points, laid.points)
                sure[number, place, which] = laid.sure > 0.5
    for place, row in enumerate(rows):
        near = (apart[:, place] <= FACE_NEAR).mean(0)
        middle, known = np.median(apart[:, place], 0), sure[:, place].mean(0)
        row.faces = (float(near[0]), float(near[1]))
        row.apart = (float(middle[0]), float(middle[1]))
        row.known = (float(known[0]), float(known[1]))


def flicker_of(easel: Easel, rows: Sequence[Row], frames: Sequence[np.ndarray]) -> None:
    """Puts the techniques' flicker on successive frames into their rows."""
    for row in rows:
        row.flicker = (0.0, 0.0)
    last: list[tuple[np.ndarray, np.ndarray]] = []
    camera = measures.change(frames)
    for frame in frames:
        now = [
            (easel.repaint(frame, asked(r.name)), easel.target(frame, asked(r.name))) for r in rows
        ]
        for row, old, new in zip(rows, last, now, strict=False):
            assert row.flicker is not None
            ours, theirs = (measures.change(both) for both in zip(old, new, strict=True))
            share = camera * (len(frames) - 1)
            row.flicker = (row.flicker[0] + ours / share, row.flicker[1] + theirs / share)
        last = now


def distances(easel: Easel, pictures: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
    """Mean distance to the input at strengths 0, .1 ... 1, (11,)."""
    apart = [
        [measures.distance(easel.repaint(picture, text, step / 10), picture) for step in range(11)]
        for picture in pictures
        for text in texts
    ]
    return np.asarray(apart).mean(0)


def seeds_agree(
    easel: Easel, pictures: Sequence[np.ndarray], texts: Sequence[str]
) -> tuple[float, float]:
    """Mean correlation of the edges painted with two seeds, and how far the paintings are apart."""
    alike, apart = [], []
    for picture in pictures:
        for text in texts:
            first, second = (easel.repaint(picture, text, 0.5, seed) for seed in (2, 77))
            maps = [measures.edge_map(one) for one in (first, second)]
            alike.append(np.corrcoef(np.stack(maps))[0, 1])
            apart.append(measures.distance(first, second))
    return float(np.mean(alike)), float(np.mean(apart))


def mix_steps(
    easel: Easel, pictures: Sequence[np.ndarray], ends: Sequence[tuple[str, str]], count: int = 9
) -> float:
    """The smallest step of the mean colour towards the other prompt, as a share of an even step,
    while prompt/mix goes from 0 to 1."""
    smallest = np.inf
    for first, second in ends:
        colours = np.zeros((count, 3))
        for picture in pictures:
            for index, share in enumerate(np.linspace(0, 1, count)):
                colours[index] += easel.mixed(picture, first, second, float(share)).mean((0, 1))
        smallest = min(smallest, measures.one_way(measures.way_of(colours).tolist()))
    return float(smallest)


def identical(easel: Easel, pictures: Sequence[np.ndarray], texts: Sequence[str]) -> float:
    """Share of pictures that are painted twice the same, bit for bit."""
    same = [
        np.array_equal(easel.repaint(picture, text), easel.repaint(picture.copy(), text))
        for picture in pictures
        for text in texts
    ]
    return float(np.mean(same))


def evaluate(
    easel: Easel,
    pictures: Sequence[np.ndarray],
    faces: Sequence[tuple[np.ndarray, Face]] = (),
    mesh: FaceMesh | None = None,
    still: Sequence[np.ndarray] = (),
) -> Report:
    """All figures. pictures: (256, 256, 3) uint8, never trained on. faces: whole frames with the
    face found in each, and the mesh that found them. still: successive frames of an empty room."""
    names, few = list(TECHNIQUES), list(pictures[:: max(1, len(pictures) // 4)])[:4]
    texts = (asked("metal", "molten gold"), asked("neon"), asked("woodcut", "blueprint"))
    rows, pairs = on_pictures(easel, pictures)
    report = Report(rows=rows, confusion=measures.confusion(pairs, names))
    apart = distances(easel, few, texts)
    steps = measures.one_way(apart[1:10].tolist())
    alike, differ = seeds_agree(easel, few, texts)
    ends = (
        (asked("metal", "molten gold"), asked("metal", "deep ocean")),
        (asked("oil", "fire"), asked("ice", "ice")),
        (asked("woodcut", "forest"), asked("mosaic", "candy")),
    )
    report.figures = [
        Figure("right technique (twins as one)", measures.share_right(pairs), 0.93),
        Figure("right palette", palettes_told_apart(easel, few), 0.97),
        Figure("distance to the input at strength 0", float(apart[0]), 1e-3, at_most=True),
        Figure("smallest step of strength, .1 to .9 (1 is even)", steps, 1e-6),
        Figure("edges alike between seeds", alike, 0.8),
        Figure("paintings apart between seeds", differ, 0.005),
        Figure("smallest step of prompt/mix (1 is even)", mix_steps(easel, few[:2], ends), 1e-6),
        Figure("identical pictures of identical frames", identical(easel, few, texts), 1),
        Figure(
            "dB to the target, median of techniques", float(np.median([r.near for r in rows])), 20
        ),
    ]
    if mesh is not None and faces:
        faces_of(easel, rows, faces, mesh)
    if still:
        flicker_of(easel, rows, still)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("footage", nargs="*", type=Path, help="video files to take frames of")
    parser.add_argument("--faces", type=Path, help="the folder of MediaPipe's two .tflite files")
    parser.add_argument("--still", type=Path, help="a fixed camera's film with an empty stretch")
    parser.add_argument(
        "--weights", type=Path, help="a file of vj.pocket.train; default: the targets"
    )
    parser.add_argument("--each", type=int, default=2, metavar="N", help="frames of each film")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    easel = Painter(load_network(options.weights) if options.weights else None)
    pictures = [*footage(options.footage, options.each), *held_out(0 if options.footage else 8)]
    mesh = load_mesh(options.faces) if options.faces else None
    faces = with_faces(options.footage, mesh) if mesh else []
    still = empty_room(options.still) if options.still else []
    report = evaluate(easel, pictures, faces, mesh, still)
    seen = (
        f"{len(pictures)} pictures, {len(faces)} frames with a face, {len(still)} of an empty room"
    )
    print(f"{seen}.\n")
    print(report.markdown(), end="")
    sys.exit(not report.reached)


if __name__ == "__main__":
    main()
