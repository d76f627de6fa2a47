"""Short forms of decoding, and sentences to decode, for tests."""

from __future__ import annotations

import io
from typing import Any

from textpipe.text import decode_stream

CHINESE = "湖边的小镇在春天最热闹，游客从各地赶来看樱花。当地人说，这里的鱼汤和米酒都值得一尝！"
TRADITIONAL = "湖邊的小鎮在春天最熱鬧，遊客從各地趕來看櫻花。當地人說，這裡的魚湯和米酒都值得一嚐！"


def decoded(data: bytes, **options: Any) -> str:
    return "".join(decode_stream(io.BytesIO(data), where="x", **options))
