"""What may be set of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SERVED_KINDS = ("classifier", "embeddings", "idf")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class ServiceSettings:
    """store: whose artifacts are served, may be missing or empty; artifacts: names that are loaded before it is ready
    host, port: where it listens, port 0 for any; hosts: further names that a request may have in `Host`
    token: what a request must show (`Authorization: Bearer …`), None for nothing; workers: processes
    device: of classifiers, None for the best; threads: of a worker's pool, for texts that are not worked on inline
    max_body: bytes of a request; max_text: code points of a text; max_texts: of a request
    inline: code points of texts that are worked on in the event loop; more go to the pool
    max_batch: texts that a network predicts at once; max_wait_ms: how long a text waits for others
    max_queue_ms: estimated waiting time from which on requests are refused (503); a quarter of it where it stays so
    long, a twenty-fifth as long as more comes than can be done
    max_artifacts: that a worker keeps in memory, besides those of `artifacts`
    max_connections: of a worker; header_seconds, body_seconds: from the first byte on, until all of it must be there
    idle_seconds: how long a connection is kept between requests
    drain_seconds: until what is in flight must be answered after SIGTERM; log_texts: whether texts stand in the log
    """

    store: Path = Path(".textpipe")
    artifacts: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    token: str | None = None
    workers: int = 1
    device: str | None = None
    threads: int = 2
    max_body: int = 1 << 20
    max_text: int = 20_000
    max_texts: int = 256
    inline: int = 4_000
    max_batch: int = 64
    max_wait_ms: float = 2.0
    max_queue_ms: float = 200.0
    max_artifacts: int = 8
    max_connections: int = 512
    header_seconds: float = 10.0
    body_seconds: float = 20.0
    idle_seconds: float = 75.0
    drain_seconds: float = 8.0
    log_texts: bool = False


def settings_to_json(settings: ServiceSettings) -> dict[str, Any]:
    """For a worker process."""
    return asdict(settings) | {"store": str(settings.store)}


def settings_from_json(content: Mapping[str, Any]) -> ServiceSettings:
    """What `settings_to_json` gave."""
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in content.items()}
    return ServiceSettings(**values | {"store": Path(content["store"])})
