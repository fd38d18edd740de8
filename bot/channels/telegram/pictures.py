"""The pictures of a content, as Telegram takes them: a file's bytes, an address, or an id.

Bytes are read before the call: a file that cannot be read while it is being sent would leave it
unclear what was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiogram.types import BufferedInputFile

from scheduler.content import Picture

FILE_ID = "telegram:"
"""What a picture's source begins with that lies at Telegram already; its file id follows. Only
the account that was sent the picture can send it on."""

Upload = BufferedInputFile | str


async def uploads(pictures: Sequence[Picture], data: Path) -> list[Upload]:
    """What to hand to Telegram for each picture; it fetches those with an address by itself.

    Args:
        pictures: what a content shows.
        data: the folder below which the bot's own pictures lie.

    Raises:
        OSError: one of the bot's own pictures cannot be read.
    """
    return [await _upload(picture.source, data) for picture in pictures]


async def _upload(source: str, data: Path) -> Upload:
    if source.startswith(("http://", "https://")):
        return source
    if source.startswith(FILE_ID):
        return source.removeprefix(FILE_ID)
    path = data / source
    return BufferedInputFile(await asyncio.to_thread(path.read_bytes), path.name)
