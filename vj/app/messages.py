"""Messages of a live show: in the terminal, on the page, and to the senders of messages."""

from __future__ import annotations

from collections.abc import Callable

from vj.control.replies import Notices


class Messages:
    """All methods may be called from any thread, and none of them waits."""

    def __init__(self, terminal: Callable[[str], None]) -> None:
        """terminal: prints a line; must not block, see `vj.app.log.Writer`."""
        self.terminal = terminal
        """Prints in the terminal alone."""
        self._page: Callable[[str], None] | None = None
        self._senders: Callable[[str], None] | None = None
        self._notices = Notices(self.log, self._reply)

    def connect(self, page: Callable[[str], None], senders: Callable[[str], None]) -> None:
        """page: shows a line on the page. senders: sends a line to all recent senders. Until
        this is called everything goes to the terminal alone."""
        self._page, self._senders = page, senders

    def log(self, text: str) -> None:
        """A line in the terminal and on the page."""
        self.terminal(text)
        if self._page is not None:
            self._page(text)

    def remark(self, text: str) -> None:
        """What turned out about a value after it was set: to the terminal, the page and the
        senders, at a limited rate."""
        self._notices(text)

    def _reply(self, text: str) -> None:
        if self._senders is not None:
            self._senders(text)
