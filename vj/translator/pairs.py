"""Training examples of a translator: conditions, and the frames that they are to become.

A clip's own drawings are not what it will be played with, and a network learns no more than it was
shown. The first trial painted other people in one colour of skin: in its clip paper without lines
had only ever been skin, since the room behind had lines everywhere. So an example is varied in all
that another scene has otherwise, while its target stays the clip's:

- Lines are finer and broader, fuller and emptier than those that will be played; lines and whole
  regions of them are missing, and there are strokes that mean nothing. What is to be painted there
  is what was there.
- The subject stands before another place, where it can be told from its own (`subjects`). Before an
  empty wall there are no lines around it: paper without lines means the colours around the subject,
  evenly, as often as it means skin, and what is inside an outline and what is outside has to be
  told by the outline. Before other things, their lines become shades of those same colours: the
  clip's material, and not the other scene's. Their true background cannot be asked for there, as
  nothing in the drawing says what it is; what the network would learn is an average. The texture
  field paints its strokes there instead, so that another seed is another painting.
- Light, contrast, colours and noise of the picture that is drawn are another camera's. The colours
  of `small` and the tones of `grey` thereby become the clip's, whatever they are.
- Points of a face or a body are off by a little, as another's are after `face_place`.
- Pictures that were given with what they are to become (`pairs`) keep their colours, which may mean
  something; they are only moved.

At strengths below 1 the picture itself is seen, softened, in its other light and before its other
place. The less the strength, the more of that the target keeps: so a scene in other colours comes
through at low strengths, and becomes the clip's at high ones.

A quarter of the examples has only its place changed: the clip itself is to be painted well, too.

The same seed and step give the same examples, wherever OpenCV is the same.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.smoothstep import smoothstep
from vj.core.spread import spread
from vj.translator import augment
from vj.translator.batch import Example, TranslatorBatch, stacked
from vj.translator.conditions import (
    LARGEST_UNIT,
    LEAST_STRENGTH,
    PAIRS,
    PLAIN,
    SMALLEST_UNIT,
    TRACKED,
    Conditioner,
    ConditionSettings,
    luma_of,
    softened,
    style_numbers,
)
from vj.translator.footage import Footage, frames_of, pairs_of
from vj.translator.people import people_in, with_people
from vj.translator.preparing import Preparing
from vj.translator.sized_footage import SizedFootage, at_sizes
from vj.translator.subjects import Subjects, surroundings
from vj.translator.trackers import Found

__all__ = ["Footage", "Pairs", "TranslatorBatch", "frames_of", "pairs_of"]

GRAIN, STROKES = 0.007, 0.06
"""How much lighter and darker the texture field makes everything, so that a seed is seen; and what
no line says anything about."""
AS_IT_IS = 0.25
"""Share of the examples that are drawn as the clip itself would be when it is played."""
WALL, ELSEWHERE = 0.35, 0.3
"""Shares of the others before an empty wall, and before other things."""
FARTHER = 0.5
"""Share of these in which the subject is farther away, too."""
COMPOSED = ("lines", "edges", "grey", "small")
"""Kinds that show what lies around the subject."""
LEAST_INK = 0.008
"""Share of the paper that a drawing covers at least."""
LIT = 0.6
"""Share of the others in another light."""
SHOWN = 8
"""Frames to judge by."""


class Pairs:
    """Belongs to one thread."""

    def __init__(
        self,
        footage: Footage,
        kind: str,
        settings: ConditionSettings,
        size: int,
        seed: int,
        preparing: Preparing | None = None,
    ) -> None:
        """footage: of frames of `size`. kind: of `conditions.CHANNELS`, but for `next`
        (`film_pairs`). settings: what the clip
        decides is measured, see `settings`. preparing: is told what takes a while, and what could
        be better.

        Raises Fault where what the kind needs is not installed, or is found in too few frames, and
        Stopped.
        """
        preparing = preparing or Preparing()
        if footage.frames.shape[1:3] != (size, size):
            raise ValueError(f"frames of {footage.frames.shape[1:3]}, not {size}x{size}")
        self.footage, self.kind, self.size, self.seed = footage, kind, size, seed
        if kind == PAIRS and footage.inputs is None:
            raise Fault("pairs: needs two folders: of pictures, and of what they are to become")
        self._inputs = footage.frames if footage.inputs is None else footage.inputs
        self._train, self._held = footage.trained(), footage.held_out()
        self._found: dict[int, Found] = {}
        # The clip's own faces and bodies are drawn where they are.
        self._conditioner = Conditioner(kind, replace(settings, face=[], body=[]))
        if kind in TRACKED:
            preparing.say(f"finding the {'person' if kind == 'mask' else kind} in every frame")
            self._found = people_in(footage, self._conditioner, preparing)
            self._train = [number for number in self._train if number in self._found]
            self._held = [number for number in self._held if number in self._found]
        if not self._held:  # of single pictures, or where nobody was found in the end of the clip
            last = max(1, len(self._train) // 7)
            self._train, self._held = self._train[:-last], self._train[-last:]
        trained = [self._found[number] for number in self._train if number in self._found]
        rest = footage.drawn.rest if footage.drawn is not None else None
        self.settings = with_people(settings, trained, size, preparing.say, rest)
        """With what was measured: to be kept in the model's card."""
        self._conditioner.settings = self.settings
        composed = kind in COMPOSED and footage.inputs is None
        self._subjects = Subjects(footage) if composed else None
        self._sizes = at_sizes(footage)

    @property
    def subjects(self) -> str:
        """How the subject is told from its place: drawn, person, motion or none; empty for kinds
        that show nothing of its place."""
        return "" if self._subjects is None else self._subjects.how

    def batch(self, step: int, count: int) -> TranslatorBatch:
        """The examples of a step of the training: every second one at half the size, where what
        belongs together lies nearer, and a step takes a third of the time."""
        rng = np.random.default_rng((self.seed, 20, step))
        of = self._sizes[step % len(self._sizes)]
        return stacked([self._example(rng, of) for _ in range(count)])

    def held_out(self, most: int = SHOWN) -> list[TranslatorBatch]:
        """Of frames that are not trained on, spread over them, one example each, as they are: at
        strength 1, nothing left out."""
        places = spread(len(self._held), most)
        return [stacked([self._plain(self._held[place])]) for place in places]

    def _plain(self, number: int) -> Example:
        seen, frames = self._inputs[number], self.footage.frames
        condition = self._conditioner.of(seen, found=self._found.get(number))
        white = np.random.default_rng((self.seed, 21)).standard_normal(
            (self.size, self.size), np.float32
        )
        shown, target = (one.astype(np.float32) / 255 for one in (seen, frames[number]))
        return self._finished(self._sizes[0], shown, condition, target, white, 1.0, 0.0, 1.0)

    def _example(self, rng: np.random.Generator, of: SizedFootage) -> Example:
        number = self._train[int(rng.integers(len(self._train)))]
        geometry = augment.geometry(rng, of.side)
        seen = geometry.picture(of.seen[number])
        target = geometry.picture(of.targets[number]).astype(np.float32) / 255
        strokes: np.ndarray | float = GRAIN
        as_it_is = rng.random() < AS_IT_IS
        if self._subjects is not None and not as_it_is:
            seen, target, strokes = self._elsewhere(seen, target, number, geometry, rng)
        if self.kind != PAIRS and not as_it_is and rng.random() < LIT:
            seen = augment.other_light(seen, rng)
        simplicity = 0.0 if as_it_is or rng.random() < 0.4 else float(rng.uniform(0, 1))
        condition = self._conditioner.of(
            seen,
            simplicity,
            found=self._moved(number, geometry, None if as_it_is else rng),
            style=PLAIN if as_it_is else augment.line_style(rng),
        )
        drawn = self.footage.inputs is not None  # by hands that leave lines out themselves
        if self.kind in ("lines", "edges", "face", "body") and not as_it_is and not drawn:
            condition = augment.disturbed(condition[..., 0], rng)[..., None]
            if self.kind in COMPOSED and float(condition.mean()) > 1 - LEAST_INK:
                # All at once may leave nothing that says what to paint.
                simplicity = 0.0
                condition = self._conditioner.of(seen)
        strength = 1.0 if rng.random() < 0.5 else float(rng.uniform(LEAST_STRENGTH, 1))
        stroke = 1.0 if rng.random() < 0.7 else float(np.exp(rng.uniform(-0.4, 0.4)))
        white = rng.standard_normal((of.side, of.side), np.float32)
        shown = seen.astype(np.float32) / 255
        return self._finished(
            of, shown, condition, target, white, strength, simplicity, stroke, strokes
        )

    def _elsewhere(
        self,
        seen: np.ndarray,
        target: np.ndarray,
        number: int,
        geometry: augment.Geometry,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | float]:
        """Some of the pictures before another place, what is to be painted then, and how
        strong the seed's strokes are there."""
        chance = rng.random()
        assert self._subjects is not None
        if chance > WALL + ELSEWHERE or (mask := self._subjects.mask(number)) is None:
            return seen, target, GRAIN
        side = geometry.side
        whole = cv2.resize(mask, (side, side), interpolation=cv2.INTER_LINEAR)
        subject = (geometry.picture(whole).astype(np.float32) / 255)[..., None]
        even = surroundings(target, subject[..., 0])
        if rng.random() < FARTHER:
            seen, subject = augment.farther(seen, subject, rng)
            target = seen.astype(np.float32) / 255
        if chance < WALL:
            place = augment.plain(rng, side)
        else:
            place = augment.shapes(rng, side)
            light = cv2.cvtColor(place, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
            even = even * (1 + 0.7 * (light - light.mean()))[..., None]
        together = place + subject * (seen - place.astype(np.float32))
        return (
            np.clip(np.rint(together), 0, 255).astype(np.uint8),
            np.clip(even + subject * (target - even), 0, 1).astype(np.float32),
            GRAIN + STROKES * (1 - subject) * even,
        )

    def _moved(
        self, number: int, geometry: augment.Geometry, rng: np.random.Generator | None
    ) -> Found | None:
        """Who was found in a frame, where they are in the example; with None exactly there."""
        found = self._found.get(number)
        if found is None:
            return None
        if found.mask is not None:
            side = geometry.side
            whole = cv2.resize(found.mask, (side, side), interpolation=cv2.INTER_LINEAR)
            return Found(mask=geometry.picture(whole))
        raw = found.face if found.body is None else found.body.points
        assert raw is not None
        points = geometry.points(raw * (geometry.side / self.size))
        if rng is not None:
            points = augment.unsteady(points, rng)
        return (
            Found(points) if found.body is None else Found(None, found.body._replace(points=points))
        )

    def _finished(
        self,
        of: SizedFootage,
        shown: np.ndarray,
        condition: np.ndarray,
        target: np.ndarray,
        white: np.ndarray,
        strength: float,
        simplicity: float,
        stroke: float,
        strokes: np.ndarray | float = 0.0,
    ) -> Example:
        """shown: what the picture itself looks like, which a target at a lower strength keeps.
        strokes: how much lighter and darker the texture field makes the target."""
        unit = min(LARGEST_UNIT, max(SMALLEST_UNIT, of.unit * stroke))
        field = of.field.make(luma_of(condition), white, unit / of.unit)
        target = np.clip(target + strokes * field.texture[..., None], 0, 1)
        share = smoothstep(strength)
        return Example(
            softened(shown, strength),
            condition,
            np.stack([field.texture, field.along_x, field.along_y], -1),
            style_numbers(strength, simplicity, unit),
            shown + np.float32(share) * (target - shown),
        )
