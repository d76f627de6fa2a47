"""The socket that the supervisor binds and all workers accept from; and how it is closed without losing a request."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

from textpipe.errors import OutputError, UsageError

if TYPE_CHECKING:
    from ctypes import Array, c_char

    from textpipe.service.settings import ServiceSettings

BACKLOG = 2048
SHORTEST_TOKEN = 16
_MAKE_TOKEN = 'python -c "import secrets; print(secrets.token_urlsafe())" > token; textpipe serve --token-file token …'
_SO_ATTACH_FILTER = 26  # of Linux


def listen(settings: ServiceSettings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises UsageError for a host that is none of this machine, or that others can reach while there is no token;
    OutputError for a port that is taken or not allowed.
    """
    family, address = _address(settings.host)
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        _check_token(settings)
    listener = socket.socket(family, socket.SOCK_STREAM)
    with contextlib.ExitStack() as undo:
        undo.callback(listener.close)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind((address, settings.port))
            listener.listen(BACKLOG)
        except OSError as error:
            raise _refused(error, settings) from None
        listener.setblocking(False)
        undo.pop_all()
    return listener


def _address(host: str) -> tuple[socket.AddressFamily, str]:
    """The first address that the host means."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        hint = "--host 127.0.0.1, or another address of this machine"
        raise UsageError(f"--host: no address {host[:100]!r}", hint=hint) from None
    family, _, _, _, place = found[0]
    return family, str(place[0])


def _check_token(settings: ServiceSettings) -> None:
    if settings.token is None:
        message = f"--host {settings.host}: others can reach this address, so requests must show a token"
        raise UsageError(message, hint=_MAKE_TOKEN)
    if len(settings.token) < SHORTEST_TOKEN:
        message = f"the token is too short for an address that others can reach: {SHORTEST_TOKEN} characters are needed"
        raise UsageError(message, hint=_MAKE_TOKEN)


def _refused(error: OSError, settings: ServiceSettings) -> UsageError | OutputError:
    where = f"{settings.host}:{settings.port}"
    match error.errno:
        case errno.EADDRINUSE:
            hint = f"textpipe serve --port {settings.port + 1 if settings.port < 65_535 else 0}, or --port 0 for any"
            return OutputError("the port is taken", where=where, hint=hint)
        case errno.EACCES | errno.EPERM:
            return OutputError("this port may not be listened on", where=where, hint="textpipe serve --port 8000")
        case errno.EADDRNOTAVAIL:
            hint = "--host 127.0.0.1, or another address of this machine"
            return UsageError(f"--host: {settings.host} is no address of this machine", hint=hint)
    return OutputError(f"cannot listen: {error.strerror}", where=where)


def address_of(listener: socket.socket, host: str) -> str:
    """http://HOST:PORT, the port as it came to be."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def turn_away(listener: socket.socket) -> bool:
    """Let no new connection begin, while those begun go on to be made and accepted; whether this system can.

    Closing a socket resets the connections that wait to be accepted, also one that came a moment before. A filter of
    the kernel's drops the packets that begin one (SYN without ACK), so that what waits can be accepted to the last; a
    client that comes later tries again within a second, and is refused by then.
    """
    import ctypes
    import sys

    if not sys.platform.startswith("linux"):
        return False
    code = _FILTER
    program: Array[c_char] = ctypes.create_string_buffer(code, len(code))
    value = struct.pack("@HP", len(code) // 8, ctypes.addressof(program))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, value)
        return True
    return False


_FILTER = b"".join(  # classic BPF, over a packet that begins with the header of TCP
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte of flags
        (0x54, 0, 0, 0x12),  # of it SYN and ACK
        (0x15, 0, 1, 0x02),  # SYN alone?
        (0x06, 0, 0, 0),  # drop it
        (0x06, 0, 0, 0xFFFF_FFFF),  # else take it whole
    )
)
