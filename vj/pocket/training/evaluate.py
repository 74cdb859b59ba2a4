"""Does the built-in model keep its promises? `python -m vj.pocket.training.evaluate FOOTAGE ...`
measures it.

Everything is measured on pictures it never saw: frames of the footage that is named, the test card,
drawings of another seed. Every figure of a technique stands beside the same figure of its drawn
target, which is the best that could have been learned. Exits 1 when a figure misses its gate.

    python -m vj.pocket.training.evaluate CLIP ... --faces MODELS --still CLIP > evaluation.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from vj.diffusion.texture_noise import NoiseGate
from vj.pocket import FILE, WEIGHTS
from vj.pocket.lexicon import PALETTES
from vj.pocket.network import load_network
from vj.pocket.techniques import TECHNIQUES
from vj.pocket.training.evaluate_faces import Face, FaceMesh, load_mesh
from vj.pocket.training.evaluate_report import FACE_NEAR, Report, ReportRow
from vj.pocket.training.footage import ROWS, empty_room, footage, held_out, with_faces
from vj.pocket.training.subjects import (
    PaintingModel,
    TechniquePainter,
    can_prompt,
    planes,
    prompt_for,
)
from vj.training import measures
from vj.training.measurement import Measurement
from vj.training.square import square

FACE_STRENGTH = 0.5
FINE = 2.0
"""How much the 2-8 px band counts beside the colours when techniques are told apart."""


def on_pictures(
    model: PaintingModel, pictures: Sequence[np.ndarray]
) -> tuple[list[ReportRow], list[tuple[str, str]]]:
    """Every technique on every picture, in the picture's own colours: its energy and edges, means
    over the pictures, and (asked, seen), which target the painting lies nearest to."""
    names, pairs = list(TECHNIQUES), []
    figures = np.zeros((len(names), 5))
    for picture in pictures:
        targets = [model.target(picture, prompt_for(name)) for name in names]
        paintings = [model.repaint(picture, prompt_for(name)) for name in names]
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
        rows.append(ReportRow(name, right, near, energy_, drawn, (along, target_along)))
    return rows, pairs


def palettes_told_apart(model: PaintingModel, pictures: Sequence[np.ndarray]) -> float:
    """Share of paintings that lie nearest to the target in the palette that was asked for; every
    palette, with one technique after another."""
    names = list(PALETTES)
    techniques = [one for one in TECHNIQUES if all(can_prompt(one, palette) for palette in names)]
    right = []
    for number, name in enumerate(names):
        picture = square(pictures[number % len(pictures)], ROWS // 2)
        technique = techniques[number % len(techniques)]
        targets = [model.target(picture, prompt_for(technique, other)) for other in names]
        painting = model.repaint(picture, prompt_for(technique, name))
        right.append(names[measures.nearest(painting, targets)] == name)
    return float(np.mean(right))


def faces_of(
    model: PaintingModel,
    rows: Sequence[ReportRow],
    frames: Sequence[tuple[np.ndarray, Face]],
    mesh: FaceMesh,
) -> None:
    """Puts the techniques' faces into their rows."""
    apart = np.zeros((len(frames), len(rows), 2))
    confidence = np.zeros_like(apart)
    for number, (picture, face) in enumerate(frames):
        for place, row in enumerate(rows):
            for which, paint in enumerate((model.repaint, model.target)):
                laid = mesh.lay(paint(picture, prompt_for(row.name), FACE_STRENGTH), face.crop)
                apart[number, place, which] = measures.points_apart(face.points, laid.points)
                confidence[number, place, which] = laid.confidence > 0.5
    for place, row in enumerate(rows):
        near = (apart[:, place] <= FACE_NEAR).mean(0)
        middle, known = np.median(apart[:, place], 0), confidence[:, place].mean(0)
        row.faces = (float(near[0]), float(near[1]))
        row.apart = (float(middle[0]), float(middle[1]))
        row.known = (float(known[0]), float(known[1]))


def flicker_of(
    model: PaintingModel, rows: Sequence[ReportRow], frames: Sequence[np.ndarray]
) -> None:
    """Puts the techniques' flicker on successive frames into their rows: the model's as it is
    played, behind `NoiseGate`, the targets' bare."""
    for row in rows:
        row.flicker = (0.0, 0.0)
    last: list[tuple[np.ndarray, np.ndarray]] = []
    camera, steady = measures.change(frames), NoiseGate()
    for frame in frames:
        held = steady.of(planes(frame.astype(np.float32) / 127.5 - 1))
        seen = (held[0].permute(1, 2, 0).numpy() * 127.5 + 127.5).round().astype(np.uint8)
        now = [
            (model.repaint(seen, prompt_for(r.name)), model.target(frame, prompt_for(r.name)))
            for r in rows
        ]
        for row, old, new in zip(rows, last, now, strict=False):
            assert row.flicker is not None
            ours, theirs = (measures.change(both) for both in zip(old, new, strict=True))
            share = camera * (len(frames) - 1)
            row.flicker = (row.flicker[0] + ours / share, row.flicker[1] + theirs / share)
        last = now


def distances(
    model: PaintingModel, pictures: Sequence[np.ndarray], texts: Sequence[str]
) -> np.ndarray:
    """Mean distance to the input at strengths 0, .1 ... 1, (11,)."""
    apart = [
        [measures.distance(model.repaint(picture, text, step / 10), picture) for step in range(11)]
        for picture in pictures
        for text in texts
    ]
    return np.asarray(apart).mean(0)


def seeds_agree(
    model: PaintingModel, pictures: Sequence[np.ndarray], texts: Sequence[str]
) -> tuple[float, float]:
    """Mean correlation of the edges painted with two seeds, and how far the paintings are apart."""
    alike, apart = [], []
    for picture in pictures:
        for text in texts:
            first, second = (model.repaint(picture, text, 0.5, seed) for seed in (2, 77))
            maps = [measures.edge_map(one) for one in (first, second)]
            alike.append(np.corrcoef(np.stack(maps))[0, 1])
            apart.append(measures.distance(first, second))
    return float(np.mean(alike)), float(np.mean(apart))


def mix_steps(
    model: PaintingModel,
    pictures: Sequence[np.ndarray],
    ends: Sequence[tuple[str, str]],
    count: int = 9,
) -> float:
    """The smallest step of the mean colour towards the other prompt, as a share of an even step,
    while prompt/mix goes from 0 to 1."""
    smallest = np.inf
    for first, second in ends:
        colours = np.zeros((count, 3))
        for picture in pictures:
            for index, share in enumerate(np.linspace(0, 1, count)):
                colours[index] += model.mixed(picture, first, second, float(share)).mean((0, 1))
        smallest = min(smallest, measures.one_way(measures.way_of(colours).tolist()))
    return float(smallest)


def identical(model: PaintingModel, pictures: Sequence[np.ndarray], texts: Sequence[str]) -> float:
    """Share of pictures that are painted twice the same, bit for bit."""
    same = [
        np.array_equal(model.repaint(picture, text), model.repaint(picture.copy(), text))
        for picture in pictures
        for text in texts
    ]
    return float(np.mean(same))


def evaluate(
    model: PaintingModel,
    pictures: Sequence[np.ndarray],
    faces: Sequence[tuple[np.ndarray, Face]] = (),
    mesh: FaceMesh | None = None,
    still: Sequence[np.ndarray] = (),
) -> Report:
    """All figures. pictures: (256, 256, 3) uint8, never trained on. faces: whole frames with the
    face found in each, and the mesh that found them. still: successive frames of an empty room."""
    names, few = list(TECHNIQUES), list(pictures[:: max(1, len(pictures) // 4)])[:4]
    texts = (
        prompt_for("metal", "molten gold"),
        prompt_for("neon"),
        prompt_for("woodcut", "blueprint"),
    )
    rows, pairs = on_pictures(model, pictures)
    report = Report(rows=rows, confusion=measures.confusion(pairs, names))
    apart = distances(model, few, texts)
    steps = measures.one_way(apart[1:10].tolist())
    alike, differ = seeds_agree(model, few, texts)
    ends = (
        (prompt_for("metal", "molten gold"), prompt_for("metal", "deep ocean")),
        (prompt_for("oil", "fire"), prompt_for("ice", "ice")),
        (prompt_for("woodcut", "forest"), prompt_for("mosaic", "candy")),
    )
    report.figures = [
        Measurement("right technique (twins as one)", measures.share_right(pairs), 0.93),
        Measurement("right palette", palettes_told_apart(model, few), 0.97),
        Measurement("distance to the input at strength 0", float(apart[0]), 1e-3, at_most=True),
        Measurement("smallest step of strength, .1 to .9 (1 is even)", steps, 1e-6),
        Measurement("edges alike between seeds", alike, 0.8),
        Measurement("paintings apart between seeds", differ, 0.005),
        Measurement(
            "smallest step of prompt/mix (1 is even)", mix_steps(model, few[:2], ends), 1e-6
        ),
        Measurement("identical pictures of identical frames", identical(model, few, texts), 1),
        Measurement(
            "dB to the target, median of techniques", float(np.median([r.near for r in rows])), 20
        ),
    ]
    if mesh is not None and faces:
        faces_of(model, rows, faces, mesh)
    if still:
        flicker_of(model, rows, still)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("footage", nargs="*", type=Path, help="video files to take frames of")
    parser.add_argument("--faces", type=Path, help="the folder of MediaPipe's two .tflite files")
    parser.add_argument("--still", type=Path, help="a fixed camera's film with an empty stretch")
    parser.add_argument(
        "--weights", type=Path, default=WEIGHTS / FILE, help="of vj.pocket.training.train"
    )
    parser.add_argument("--targets", action="store_true", help="measure the targets themselves")
    parser.add_argument("--each", type=int, default=2, metavar="N", help="frames of each film")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model = TechniquePainter(None if options.targets else load_network(options.weights))
    pictures = [*footage(options.footage, options.each), *held_out(0 if options.footage else 8)]
    mesh = load_mesh(options.faces) if options.faces else None
    faces = with_faces(options.footage, mesh) if mesh else []
    still = empty_room(options.still) if options.still else []
    report = evaluate(model, pictures, faces, mesh, still)
    seen = (
        f"{len(pictures)} pictures, {len(faces)} frames with a face, {len(still)} of an empty room"
    )
    print(f"{seen}.\n")
    print(report.markdown(), end="")
    sys.exit(not report.reached)


if __name__ == "__main__":
    main()
