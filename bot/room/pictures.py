"""The pictures of the room: files with random names in one folder, of known kinds and sizes.

What a picture is gets read from its first bytes, never from a name or a header that a stranger
wrote; so nothing but a raster picture can ever be served from here.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path

from bot.room.errors import Reason, Refused

PICTURE_BYTES = 5 * 1024 * 1024  # the biggest picture taken
MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
_SOURCE = re.compile(r"pictures/([0-9a-f]{32}\.(?:png|jpg|gif|webp))")


def kind_of(data: bytes) -> str | None:
    """The kind of a picture by its first bytes: png, jpg, gif, webp, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


class Pictures:
    """The folder of pictures. A picture's source is `pictures/NAME`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def add(self, data: bytes) -> str:
        """Keep a picture; its source is the answer.

        Raises:
            Refused: it is bigger than 5 MB, or no PNG, JPEG, GIF or WebP.
        """
        if len(data) > PICTURE_BYTES:
            raise Refused(Reason.TOO_BIG, f"a picture has at most {PICTURE_BYTES} bytes")
        kind = kind_of(data)
        if kind is None:
            raise Refused(Reason.NOT_A_PICTURE, "a picture is a PNG, JPEG, GIF or WebP file")
        name = f"{secrets.token_hex(16)}.{kind}"
        await asyncio.to_thread(self._write, name, data)
        return f"pictures/{name}"

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / name).write_bytes(data)

    def path(self, source: str) -> Path | None:
        """The file behind a source; None if it is not one of ours."""
        match = _SOURCE.fullmatch(source)
        path = self._folder / match[1] if match else None
        return path if path is not None and path.is_file() else None

    def has(self, source: str) -> bool:
        """Whether this is the source of a picture kept here."""
        return self.path(source) is not None
