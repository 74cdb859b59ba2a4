"""Models and what they make of a frame."""
