"""What keeps strong feedback from fading to grey, or running away to neon: one gain on what is fed
back, and nothing else.

Mixing pictures that are not alike lowers contrast, .707 at one half; a model that paints more
contrast than it is shown raises it, turn by turn. The gain is led slowly to where the mixture has
the input's contrast. Its figures are those of the frame before, from small copies, so nothing waits
for them.
"""

from __future__ import annotations

LEAST, MOST = 0.75, 1.4
"""Bounds of the gain: what is lost beyond them is lost."""
STANDING = 1.1
"""What stands still goes round and round: a gain g makes (1 - a) / (1 - a g) of it. More than this
would turn colours to neon."""
PACE = 0.15
"""How much of the way it goes in a frame, in the logarithm."""
ALONE = 0.45, 0.2
"""Mean and deviation of brightness that a picture without an input is led to."""
GENTLE = 0.9, 1.03
"""Bounds of the gain on a journey."""
FLAT = 0.02
"""An input of less contrast (0..1) says nothing: a wall must not be turned into noise."""


class FeedbackGain:
    """The gain of one compositor."""

    def __init__(self) -> None:
        self.gain, self.middle = 1.0, 0.5

    def observe(self, wanted: float, found: float, middle: float, amount: float) -> None:
        """wanted, found: standard deviations (0..1) of the input's brightness and of the mixture's.
        middle: the mixture's mean. amount: how much is fed back."""
        self.middle += 0.2 * (middle - self.middle)
        if amount <= 0 or wanted < FLAT or found <= 0:
            self.gain += 0.2 * (1 - self.gain)
            return
        most = min(MOST, (1 - (1 - amount) / STANDING) / amount)
        self.gain = min(most, max(LEAST, self.gain * (wanted / found) ** PACE))

    def observe_alone(
        self, found: float, mean: float, light: tuple[float, float] | None = None
    ) -> None:
        """Without an input there is nothing to be like: contrast and brightness are led a part of
        the way to those of an ordinary picture. found, mean: deviation and mean (0..1) of what was
        fed back. light: mean and deviation of the moment that a journey began with, to which it is
        led gently: a wall that is flown into is flat."""
        wanted, (least, most) = light or ALONE, GENTLE if light else (0.85, 1.25)
        gain = min(most, max(least, (wanted[1] / max(found, FLAT)) ** (2 * PACE)))
        if light and abs(gain - 1) < 0.01 and abs(mean - wanted[0]) < 0.02:
            self.reset()  # it is as light as it was: nothing is to be led
            return
        # What is fed back becomes gain * x + (1 - gain) * middle, so a lift needs a gain that is
        # not quite 1.
        self.gain = gain if abs(gain - 1) > 0.01 else 1.01
        self.middle = mean + 2 * PACE * (wanted[0] - mean) / (1 - self.gain)

    def reset(self) -> None:
        self.gain, self.middle = 1.0, 0.5
