"""The pictures of a content as files that a gateway takes, read before anything is said.

A picture that cannot be had must not be found missing in the middle of a post. One that was sent in
a chat (`wechat:` and the message's id) is fetched from the gateway, which remembers it for a while,
one with an address from there; and large ones lie at the gateway before the first word is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from bot.channels.wechat.gateway import Failure, FileBox, Gateway, GatewayCallFailed
from bot.channels.wechat.staff_pictures import ending_of
from bot.channels.wechat.translation import PICTURE
from scheduler.content import Picture

# By its name's ending a puppet tells a picture from another file.
_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
_DRAWN = "picture.png"
_ANY = "picture.jpg"


async def files_of(pictures: Sequence[Picture], gateway: Gateway, data: Path) -> list[FileBox]:
    """Each picture as a file that travels fast.

    Args:
        pictures: those of a content.
        gateway: remembers what was sent in its account's chats.
        data: the folder below which the bot's own lie.

    Raises:
        OSError: one of the bot's own cannot be read.
        GatewayCallFailed: one cannot be had, or not be brought to the gateway.
    """
    files = [await _file(picture, gateway, data) for picture in pictures]
    return [await gateway.upload(file) for file in files]


async def _file(picture: Picture, gateway: Gateway, data: Path) -> FileBox:
    drawn = picture.bytes_drawn
    if drawn is not None:
        return FileBox(_DRAWN, data=drawn)
    source = picture.source
    if source.startswith(PICTURE):
        kept = await gateway.picture(source.removeprefix(PICTURE))
        # What lies at the gateway under an id may be taken from there once.
        return FileBox(_named(kept.name), data=await gateway.download(kept))
    if source.startswith(("http://", "https://")):
        name = _named(urlsplit(source).path)
        data_there = await gateway.download(FileBox(name, url=source))
        if ending_of(data_there) is None:  # whatever else lies there is nobody's business
            raise GatewayCallFailed(Failure.REFUSED, "there is no picture at its address")
        return FileBox(name, data=data_there)
    return FileBox(_named(source), data=await asyncio.to_thread((data / source).read_bytes))


def _named(path: str) -> str:
    """The name of a file, with an ending that says that it is a picture."""
    name = PurePosixPath(path).name
    return name if PurePosixPath(name).suffix.lower() in _ENDINGS else _ANY
