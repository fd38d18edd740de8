"""Pictures that staff send, kept below the data folder: a campaign may show them months later.

A gateway remembers pictures for a while only, and an account that logs in anew cannot ask for
those from before. So the bytes are fetched at once, where they are a picture's.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

import structlog

from bot.channels.wechat.gateway import Gateway, GatewayCallFailed
from bot.channels.wechat.heeding import Caution, heed

_log = structlog.get_logger(__name__)

LARGEST = 10 * 1024 * 1024  # bytes
DEADLINE = timedelta(seconds=10)

# What files of each kind begin with, by the ending of their names. A WebP's length comes between.
_BEGINNINGS = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
}
_RIFF, _WEBP = b"RIFF", b"WEBP"


class StaffPictures:
    """Keeps pictures of one account's staff.

    Args:
        gateway: where they are.
        data: the data folder.
        name: the account's, without its platform.
        caution: stops the account where a refusal says that it is restricted.
    """

    def __init__(self, gateway: Gateway, data: Path, name: str, caution: Caution) -> None:
        self._caution = caution
        self._gateway = gateway
        self._data = data
        self._folder = Path("wechat", name)

    async def keep(self, message: str) -> str | None:
        """Keep the picture that a message is; its path below the data folder, or None.

        None where it cannot be had in time, is too large, or is no picture.
        """
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                data = await self._gateway.download(await self._gateway.picture(message))
        except (GatewayCallFailed, TimeoutError) as trouble:
            _log.warning("picture_not_kept", message=message, reason=str(trouble) or "too slow")
            await heed(self._caution, str(trouble))
            return None
        ending = ending_of(data)
        if ending is None or len(data) > LARGEST:
            _log.warning("picture_not_kept", message=message, bytes=len(data), kind=ending)
            return None
        path = self._folder / f"{secrets.token_hex(16)}.{ending}"
        try:
            await asyncio.to_thread(_write, self._data / path, data)
        except OSError as trouble:
            _log.warning("picture_not_kept", message=message, reason=str(trouble))
            return None
        return path.as_posix()


def ending_of(data: bytes) -> str | None:
    """The ending of a picture's name, by its first bytes: png, jpg, gif or webp; None of others."""
    for ending, beginnings in _BEGINNINGS.items():
        if data.startswith(beginnings):
            return ending
    return "webp" if data[:4] == _RIFF and data[8:12] == _WEBP else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
