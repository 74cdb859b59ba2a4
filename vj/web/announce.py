"""Announces vj in the network by zeroconf: `_oscjson._tcp` for OSCQuery, `_osc._udp` for OSC. Only
addresses at which a server is bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

from vj.control.osc.network import ANY_HOST, advertised_address, is_loopback, strip_brackets

JSON, OSC = "_oscjson._tcp.local.", "_osc._udp.local."


class Announcement:
    """Both services, each at the address and on the interfaces its server is bound to. Runs on one
    event loop."""

    def __init__(self, name: str, log: Callable[[str], None]) -> None:
        self.osc: tuple[str, int] = ("127.0.0.1", 9000)
        self._name, self._log = name, log
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: dict[str, tuple[tuple[str, int], Any]] = {}
        """The announced services: address, and its Zeroconf instance."""
        self._busy = asyncio.Lock()

    def set_osc_address(self, address: tuple[str, int]) -> None:
        """OSC is received there; an announcement is updated. From any thread."""
        self.osc = address
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the page has just ended
                asyncio.run_coroutine_threadsafe(self._place(OSC, address), self._loop)

    async def announce(self, page: tuple[str, int]) -> None:
        """Begin. page: where the page is bound."""
        self._loop = asyncio.get_running_loop()
        await self._place(JSON, page)
        await self._place(OSC, self.osc)

    async def _place(self, kind: str, where: tuple[str, int]) -> None:
        """Announce a service at this address only. A failure is logged: the address can be typed
        instead."""
        async with self._busy:
            if kind in self._open and self._open[kind][0] == where:
                return
            await self._close(kind)
            try:
                await self._register(kind, where)
            except Exception as error:  # no zeroconf, or a network without multicast
                what = "OSCQuery" if kind == JSON else "OSC"
                self._log(
                    f"{what} at {where[0]}:{where[1]} is not announced in the network "
                    f"({type(error).__name__}: {error})"
                )

    async def _register(self, kind: str, where: tuple[str, int]) -> None:
        from zeroconf import InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        host, port = where
        address = advertised_address(host)
        if not address:
            return
        wide = strip_brackets(host) in ANY_HOST and not is_loopback(address)
        version = IPVersion.V6Only if ":" in address else IPVersion.V4Only
        opened = AsyncZeroconf(
            interfaces=InterfaceChoice.All if wide else [address], ip_version=version
        )
        self._open[kind] = where, opened
        raw = socket.inet_pton(
            socket.AF_INET6 if ":" in address else socket.AF_INET, address.partition("%")[0]
        )
        # a host name of its own: this machine's name must not be announced with two addresses
        server = f"{self._name}-{kind.split('.')[0].strip('_')}-{port}.local."
        service = AsyncServiceInfo(
            kind, f"{self._name}.{kind}", port=port, addresses=[raw], server=server
        )
        await opened.async_register_service(service, allow_name_change=True)

    async def _close(self, kind: str) -> None:
        if kind in self._open:
            _, opened = self._open.pop(kind)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(opened.async_close(), 0.3)

    async def withdraw(self) -> None:
        """Withdraw all announcements."""
        self._loop = None
        for kind in list(self._open):
            await self._close(kind)
