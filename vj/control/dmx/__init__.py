"""Levels of lighting desks, by Art-Net and sACN: received, merged, and sent."""
