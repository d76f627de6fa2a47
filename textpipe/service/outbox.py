"""Answers on their way: sent one after the other at the end of a turn of the event loop, or before longer work.

Sent alone, an answer may have to wake a processor that went to sleep after the one before, which on a virtual machine
takes longer than to make most answers.
"""

from __future__ import annotations

import asyncio


class Outbox:
    """Of one worker."""

    def __init__(self) -> None:
        self._unsent: list[tuple[asyncio.Transport, bytes]] = []

    def add(self, transport: asyncio.Transport, data: bytes) -> None:
        """To be sent on a connection, after what was added for it before."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self.send)
        self._unsent.append((transport, data))

    def send(self) -> None:
        """All that there is."""
        unsent, self._unsent = self._unsent, []
        for transport, data in unsent:
            if not transport.is_closing():
                transport.write(data)
