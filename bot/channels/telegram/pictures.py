"""The pictures of a content, as Telegram takes them: a file's bytes, an address, or an id.

Telegram gives a picture an id when it is first posted, by which the same account can post it again:
so one of the bot's own goes up once, and not with each post of a broadcast. Bytes are read before
the call: a file that cannot be read while it is being sent would leave it unclear what was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiogram.types import BufferedInputFile, Message

from scheduler.content import Picture

FILE_ID = "telegram:"
"""What a picture's source begins with that lies at Telegram already; its file id follows. Only
the account that was sent the picture can send it on."""

_DRAWN = "picture.png"  # the name of a picture that the bot has drawn
_REMEMBERED = 1_000  # ids of pictures; each is some 100 letters

_File = tuple[str, int, int]  # a file as it is now: its source, when it was changed, how long it is
Upload = BufferedInputFile | str


class OwnPicture(BufferedInputFile):
    """One of the bot's own pictures, to be uploaded."""

    def __init__(self, data: bytes, name: str, file: _File) -> None:
        super().__init__(data, name)
        self.file = file


class Pictures:
    """The pictures of one account; `data` is the folder below which the bot's own lie."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ids: dict[_File, str] = {}

    async def uploads(self, pictures: Sequence[Picture]) -> list[Upload]:
        """What to hand to Telegram for each picture; it fetches those with an address by itself.

        Raises:
            OSError: one of the bot's own pictures cannot be read.
        """
        return [await self._upload(picture) for picture in pictures]

    async def _upload(self, picture: Picture) -> Upload:
        drawn, source = picture.bytes_drawn, picture.source
        if drawn is not None:
            return BufferedInputFile(drawn, _DRAWN)
        if source.startswith(("http://", "https://")):
            return source
        if source.startswith(FILE_ID):
            return source.removeprefix(FILE_ID)
        return await asyncio.to_thread(self._own, source)

    def _own(self, source: str) -> Upload:
        path = self._data / source
        found = path.stat()
        file = source, found.st_mtime_ns, found.st_size
        return self._ids.get(file) or OwnPicture(path.read_bytes(), path.name, file)

    def posted(self, uploads: Sequence[Upload], messages: Sequence[Message]) -> None:
        """Remember the ids of what was uploaded; the messages stand in the uploads' order."""
        for upload, message in zip(uploads, messages, strict=False):
            if isinstance(upload, OwnPicture) and message.photo:
                self._ids[upload.file] = message.photo[-1].file_id
        while len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]

    def refused(self, uploads: Sequence[Upload]) -> None:
        """Forget the ids that Telegram may not know any more: the next post uploads anew."""
        self._ids = {file: known for file, known in self._ids.items() if known not in uploads}
