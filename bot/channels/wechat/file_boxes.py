"""Files as a gateway takes and gives them: the JSON of the npm package `file-box`, and addresses.

A file travels as its bytes in base64, as an address from which whoever wants it fetches it, or as
the id of bytes that lie at the gateway. `connection.py` sends and asks for those; here they are
written, read, and fetched from an address. Source: `src/file-box.type.ts` of file-box 1.5.5.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping

import httpx

from bot.channels.wechat.gateway import FileBox
from bot.channels.wechat.protocol import Nonsense, written
from handlers.arrivals.hosts import Place, machines
from handlers.arrivals.plain import address
from handlers.arrivals.troubles import FeedTrouble, Trouble

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes; no picture that people send is larger."""

LARGEST_INLINE = 20 * 1024
"""Bytes; more than that are uploaded first. Source: `file-box-helper/normalize-filebox.ts` of
wechaty-puppet-service 1.19.9."""

_BASE64, _URL, _UUID = 1, 2, 7
_REDIRECTS = 5
_HEADER_DEADLINE = 10  # seconds, for each of connecting and the next bytes


class FileTooLarge(ValueError):
    """A file has more bytes than `LARGEST_FILE`."""

    def __init__(self) -> None:
        super().__init__(f"the file has more than {LARGEST_FILE // 1024 // 1024} MB")


def text_of(file: FileBox) -> str:
    """The JSON of a file."""
    fields: dict[str, object] = {"name": file.name}
    if file.data is not None:
        fields |= {"type": _BASE64, "base64": base64.b64encode(file.data).decode()}
        fields["size"] = len(file.data)
    elif file.url is not None:
        fields |= {"type": _URL, "url": file.url}
    else:
        fields |= {"type": _UUID, "uuid": file.upload}
    # Gateways from before file-box 1.0 know the type by its old name.
    return json.dumps(fields | {"boxType": fields["type"]}, ensure_ascii=False)


def file_of(text: str) -> FileBox:
    """The file that a JSON text means.

    Raises:
        Nonsense: it means none that the bot can read; a code to be drawn is one of those.
        FileTooLarge: its bytes are too many.
    """
    try:
        fields: object = json.loads(text)
    except (ValueError, RecursionError):
        # What is wrong with it would quote it.
        raise Nonsense("a file is no JSON") from None
    if not isinstance(fields, dict):
        raise Nonsense("a file is no JSON object")
    name = written(_text(fields, "name", required=False))
    kind = fields.get("type") or fields.get("boxType")
    if kind == _BASE64:
        return FileBox(name, data=_bytes(_text(fields, "base64")))
    if kind == _URL:
        # The older name of it: `remoteUrl`.
        return FileBox(name, url=_text(fields, "url" if "url" in fields else "remoteUrl"))
    if kind == _UUID:
        return FileBox(name, upload=_text(fields, "uuid"))
    raise Nonsense(f"a file is of the type {kind!r:.20}, which the bot cannot read")


def _text(fields: Mapping[str, object], name: str, *, required: bool = True) -> str:
    value = fields.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise Nonsense(f"a file's {name} is no text, or missing")
    return value


def _bytes(text: str) -> bytes:
    if len(text) > LARGEST_FILE * 4 // 3 + 4:
        raise FileTooLarge
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Nonsense("a file's base64 cannot be read") from None


async def fetched(url: str, private: Collection[Place] = ()) -> bytes:
    """The bytes at an address; the caller bounds how long it may take.

    Whoever wrote the address (a feed, a fan) must not look into the network that the bot runs in:
    every name on the way is judged as `handlers/arrivals/hosts.py` does, and asked where it was
    judged. Only the places that the shop configured may be `private`.

    Raises:
        Nonsense: the address is none of the web, leads into a private network, or nowhere.
        FileTooLarge: they are too many.
        httpx.HTTPError: they could not be had.
        httpx.InvalidURL: the address cannot be read.
    """
    if not url.startswith(("http://", "https://")):
        raise Nonsense("a file's address is none of the web")
    async with httpx.AsyncClient(
        follow_redirects=False, timeout=_HEADER_DEADLINE, trust_env=False
    ) as client:
        for _ in range(_REDIRECTS):
            answer = await _asked(client, httpx.URL(url), private)
            try:
                if not answer.has_redirect_location:
                    answer.raise_for_status()
                    return await _body(answer)
                url = address(answer.headers["location"], url)
            finally:
                await answer.aclose()
            if not url:
                break
    raise Nonsense("a file's address leads on and on, or nowhere")


async def _asked(
    client: httpx.AsyncClient, url: httpx.URL, private: Collection[Place]
) -> httpx.Response:
    """What the machine answers that an address means now."""
    try:
        place = Place.of(str(url))
        meant = await machines(place, may_be_private=place in private)
    except FeedTrouble as trouble:
        inside = trouble.kind is Trouble.PRIVATE
        reason = "lies in a private network" if inside else "is nowhere"
        raise Nonsense(f"a file's address {reason}") from None
    except ValueError:
        raise Nonsense("a file's address cannot be read") from None
    for number, machine in enumerate(meant, start=1):
        request = client.build_request(
            "GET",
            url.copy_with(host=machine),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError:
            if number == len(meant):
                raise
    raise Nonsense("a file's address is nowhere")


async def _body(answer: httpx.Response) -> bytes:
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > LARGEST_FILE:
            raise FileTooLarge
    return bytes(data)
