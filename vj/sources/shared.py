"""A device for several users: cameras and video streams are opened once, however many decks show
them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sound.sound_line import SoundLine
from vj.sources import Source, SourceSettings, make_source, split_uri

SHARED = ("camera", "screen", "stream", "ndi", "spout", "syphon")
"""Kinds that have one user, or whose pictures come over the network anew for each."""
PATIENCE = 0.25
"""Seconds that a user waits for the picture that another one is reading."""


Make = Callable[[str, SourceSettings], Source]
"""Makes the source of a URI, not yet open."""


class _Device:
    """One device. Whoever comes first reads it; others who want a picture meanwhile get the
    same."""

    def __init__(self, uri: str, source: Source) -> None:
        self.uri, self.source = uri, source
        self.opening = threading.Lock()
        """Held while it is opened or closed, which may take for ever."""
        self.changed = threading.Condition()
        self.users: set[SharedSource] = set()
        self.is_open = self.being_read = False
        self.newest: Frame | None = None
        self.count = 0
        """Pictures that have come."""


class SharedDevices:
    """Makes sources; those of one device share it. May be used from any thread."""

    def __init__(self, make: Make = make_source) -> None:
        self._make = make
        self._devices: dict[str, _Device] = {}
        self._lock = threading.Lock()

    def make(self, uri: str, settings: SourceSettings) -> Source:
        """As `make_source`, not yet open. What a device is made with are the settings of its first
        user."""
        if split_uri(uri)[0] not in SHARED:
            return self._make(uri, settings)
        with self._lock:
            device = self._devices.get(uri)
            if device is None:
                device = self._devices[uri] = _Device(uri, self._make(uri, settings))
            elif not device.users and not device.is_open:
                device.source = self._make(uri, settings)
            source = SharedSource(device)
            device.users.add(source)
            return source


class SharedSource:
    """One user's part of a device; see `Source`."""

    def __init__(self, device: _Device) -> None:
        self._device = device
        self.live = device.source.live
        self._seen = 0

    @property
    def source(self) -> Source:
        """The device."""
        return self._device.source

    @property
    def sound(self) -> SoundLine | None:
        """What the device sounds like, the same for all users; None for one without sound. From any
        thread."""
        line: SoundLine | None = getattr(self._device.source, "sound", None)
        return line

    def open(self) -> None:
        """Raises what the device's `open` does. Waits while another user opens it."""
        device = self._device
        with device.opening:
            if not device.is_open:
                device.source.open()
                with device.changed:
                    device.is_open, device.newest = True, None
            device.users.add(self)
            self._seen = device.count

    def read(self) -> Frame | None:
        """The next picture, None when there was none for about a quarter of a second. Raises Fault
        when the device was lost, which all its users are told."""
        device = self._device
        with device.changed:
            if device.being_read and device.count == self._seen:
                device.changed.wait_for(
                    lambda: not device.being_read or device.count != self._seen, PATIENCE
                )
            if not device.is_open:
                raise Fault(f"{device.uri} was lost")
            if device.count != self._seen:
                self._seen = device.count
                return device.newest
            if device.being_read:
                return None
            device.being_read = True
        return self._read_it()

    def _read_it(self) -> Frame | None:
        device, frame = self._device, None
        try:
            frame = device.source.read()
        except BaseException:
            with device.opening:
                device.is_open = False
                device.source.close()
            raise
        finally:
            with device.changed:
                device.being_read = False
                if frame is not None:
                    device.newest, device.count = frame, device.count + 1
                    self._seen = device.count
                device.changed.notify_all()
        return frame

    def close(self) -> None:
        """The last user closes the device."""
        device = self._device
        with device.opening:
            device.users.discard(self)
            if not device.users:
                device.is_open = False
                device.source.close()
