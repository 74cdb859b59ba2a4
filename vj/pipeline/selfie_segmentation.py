"""The person mask that comes with `python3 launch.py add person`: MediaPipe's selfie segmentation
(Apache-2.0), one network for square pictures and one for wide ones.

Both see the whole picture, pressed into their size, as MediaPipe itself feeds them.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.fetched import fetched, lacking
from vj.pipeline.tflite import TfliteNetwork

SQUARE, WIDE = "selfie_segmentation.tflite", "selfie_segmentation_landscape.tflite"
WIDE_FROM = 1.4
"""Width by height from which the wide network is the better one. Overlap with a careful mask of
24 real frames, their mean and the worst, square against wide network: 1:1 .992 .988 against .992
.986, 3:2 .977 .891 against .982 .927, 16:9 .966 .844 against .983 .929. At 4:3 they are even: the
wide one is better with people who fill the picture, the square one with small ones."""


def missing() -> str:
    """What to tell where its files have not been fetched; else nothing."""
    why = lacking("person", (SQUARE, WIDE))
    return f"mask/mode person: {why}; the clean plate stands in (mask/learn)" if why else ""


class SelfieSegmentation:
    """Finds people. Nothing is loaded before it is asked. It belongs to one thread."""

    def __init__(self) -> None:
        self._networks: dict[str, TfliteNetwork | Fault] = {}

    @staticmethod
    def there() -> bool:
        """Whether its files have been fetched."""
        return not missing()

    def find(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (h, w) float32 0..1, the confidence that a place belongs to a person;
        256x256, or 256x144 for wide pictures. Raises Fault for a network that cannot be loaded,
        each time the same without trying again."""
        height, width = image.shape[:2]
        network = self._network(WIDE if width >= WIDE_FROM * height else SQUARE)
        small = cv2.resize(image, network.input_size, interpolation=cv2.INTER_AREA)
        (mask,) = network.run(small[None].astype(np.float32) / np.float32(255)).values()
        found: np.ndarray = mask[0, :, :, 0]
        return found

    def _network(self, name: str) -> TfliteNetwork:
        network = self._networks.get(name)
        if network is None:
            try:
                path = fetched(name)
                if path is None:
                    raise Fault(lacking("person", (name,)))
                network = TfliteNetwork(path)
            except Fault as fault:
                network = fault
            self._networks[name] = network
        if isinstance(network, Fault):
            raise network
        return network
