"""What makes pictures of a video stream's packets: FFmpeg's own decoder, or for VP8 and VP9 with
transparency that of libvpx, since FFmpeg's leaves it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Decoders of FFmpeg -> those that give the alpha of the same stream."""

WITH_DISPENSABLE = ("h264", "mpeg2video", "mpeg1video")
"""Decoders that know of a picture that none needs, so that the others are the same without it. The
layers of HEVC and the packed pictures of DivX make that harder to say."""

THREADS = 2

PACKED = ("rgba", "bgra", "argb", "abgr")
"""Pixel formats of 32 bits."""


class Decoder:
    """Of one open stream. For one thread."""

    def __init__(self, stream: Any) -> None:
        stream.thread_type = "AUTO"
        self.context = stream.codec_context
        self._own = False
        """The context is not the stream's."""
        other = WITH_ALPHA.get(self.context.name)
        if other is not None and ("alpha_mode", "1") in _tags(stream):
            self.context = _another(other, self.context)
            self._own = self.context is not stream.codec_context
        self.context.thread_count = THREADS
        self._doubtful = self.context.name == "rawvideo"

    @property
    def knows_dispensable(self) -> bool:
        """It may be told to leave out pictures that no other one needs."""
        return self.context.name in WITH_DISPENSABLE

    def decode(self, packet: Any) -> Sequence[Any]:
        """The pictures, `av.VideoFrame`, that came with a packet. Raises `av.FFmpegError`."""
        if not self._own:
            pictures: Sequence[Any] = packet.decode()
            if self._doubtful:
                return [_without_empty_alpha(picture) for picture in pictures]
            return pictures
        pictures = self.context.decode(packet)
        for picture in pictures:  # of each packet it gives one at once, and does not say of which
            picture.key_frame = packet.is_keyframe
        return pictures

    def forget(self) -> None:
        """The file is read from elsewhere: a stream's own decoder has been told."""
        if self._own and self.context.is_open:
            self.context.flush_buffers()

    def close(self) -> None:
        """Its own pictures go at once, the largest part of it."""
        if self.context.is_open:
            self.context.flush_buffers()


def _tags(stream: Any) -> set[tuple[str, str]]:
    """Names, in small letters, and values: `alpha_mode` is ALPHA_MODE where it was asked for as
    `-metadata:s:v alpha_mode=1`."""
    return {(name.lower(), value) for name, value in stream.metadata.items()}


def _without_empty_alpha(picture: Any) -> Any:
    """What is not compressed may have a byte beside its colours that nobody has written, 0 in all
    of a picture: an AVI of 32 bits does not say whether it is an alpha."""
    if picture.format.name in PACKED:
        pixels = picture.to_ndarray(format="rgba")
        if not pixels[..., 3].any() and pixels.any():
            opaque = picture.reformat(format="rgb24")
            opaque.key_frame = picture.key_frame
            return opaque
    return picture


def last_packet(stream: Any) -> Any:
    """What has a decoder give the pictures that it still holds, as at the end of a file."""
    import av

    packet = av.Packet()
    packet.stream, packet.time_base = stream, stream.time_base
    return packet


def _another(name: str, context: Any) -> Any:
    """A decoder of this name for the same stream; its own where this FFmpeg has not that one."""
    import av

    try:
        other = av.CodecContext.create(name, "r")
    except (av.FFmpegError, ValueError):
        return context
    other.extradata = context.extradata
    return other
