"""Which points are joined by lines.

The numbers of the points are MediaPipe's: face_mesh_connections.py and pose_connections.py of
mediapipe 0.10.21, Copyright 2021 The MediaPipe Authors, Apache License 2.0. Put in order here, so
that each contour is one line.
"""

from __future__ import annotations

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
FACE_CLOSED: tuple[tuple[int, ...], ...] = (
    OVAL,
    # the lips, outside and inside
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
    # the eyes, left and right
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
)
FACE_OPEN: tuple[tuple[int, ...], ...] = (
    # the brows, left and right
    (276, 283, 282, 295, 285),
    (300, 293, 334, 296, 336),
    (46, 53, 52, 65, 55),
    (70, 63, 105, 66, 107),
    # the nose: its bridge, and its wings
    (168, 6, 197, 195, 5, 4),
    (64, 98, 97, 2, 326, 327, 294),
)
EYES = ((263, 362, 386, 374), (33, 133, 159, 145))
"""Of each eye the corners, then the middle of the upper and of the lower lid."""

BODY: tuple[tuple[tuple[int, ...], bool], ...] = (
    # the trunk
    ((11, 12, 24, 23), True),
    # the arms, left and right, and the hands
    ((11, 13, 15), False),
    ((12, 14, 16), False),
    ((15, 21), False),
    ((15, 17, 19), True),
    ((16, 22), False),
    ((16, 18, 20), True),
    # the legs, and the feet
    ((23, 25, 27), False),
    ((24, 26, 28), False),
    ((27, 29, 31), True),
    ((28, 30, 32), True),
)
"""Lines of a body, each with whether it is closed."""
SHOULDERS, EARS, EYES_OF_BODY, MOUTH = (11, 12), (7, 8), (2, 5), (9, 10)
"""Points of a body that the head and the neck are drawn from."""
