"""What a program may ask of the room: one frame's `do`, carried out, answered with plain JSON.

Each deed is one function below, found by its name in `DEEDS`. The room itself checks who may do
it; here only the frame's shape is checked, so that a broken one is refused with a sentence.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from bot.room.errors import Reason, Refused
from bot.room.frames import Json, group_json, message_json, person_json
from bot.room.room import Room
from bot.room.values import Person
from scheduler.content import Content, Picture
from scheduler.courier import Address

BIGGEST_NUMBER = 2**53  # what every JSON reader can hold exactly

Deed = Callable[[Room, Person, Json], Awaitable[Json]]


async def carry_out(room: Room, person: Person, frame: Json) -> Json:
    """Do what a frame asks, in somebody's name.

    Raises:
        Refused: the frame is not one, or the room does not allow it.
    """
    deed = DEEDS.get(str(frame.get("do")))
    if deed is None:
        raise Refused(Reason.BAD_FRAME, f"there is nothing to do called {frame.get('do')!r}")
    return await deed(room, person, frame)


def part(frame: Json, name: str, kind: type[Any], *, default: Any = ...) -> Any:
    """One part of a frame, of the kind it must have.

    Raises:
        Refused: it is missing and has no default, or has another kind.
    """
    value = frame.get(name, default)
    if value is ...:
        raise Refused(Reason.BAD_FRAME, f"the part {name!r} is missing")
    if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
        raise Refused(Reason.BAD_FRAME, f"the part {name!r} must be {kind.__name__}")
    if kind is int and value is not None and abs(value) > BIGGEST_NUMBER:
        raise Refused(Reason.BAD_FRAME, f"the part {name!r} is too big a number")
    return value


def address_in(frame: Json) -> Address:
    """The frame's address: `group:ID` or `person:ID`.

    Raises:
        Refused: it is neither.
    """
    try:
        return Address.parse(part(frame, "address", str))
    except ValueError as error:
        raise Refused(Reason.BAD_FRAME, str(error)) from error


def content_in(frame: Json) -> Content:
    """The frame's content, as `Content.to_json` writes it.

    Raises:
        Refused: a part is missing or has another shape.
    """
    try:
        content = Content.from_json(part(frame, "content", dict))
    except (KeyError, TypeError) as error:
        raise Refused(Reason.BAD_FRAME, f"the content is not one: {error}") from error
    texts = [content.text]
    texts += [text for one in content.pictures for text in (one.source, one.caption)]
    texts += [text for one in content.buttons for text in (one.label, one.says)]
    texts += [text for one in content.mentions for text in (one.person, one.name)]
    if not all(isinstance(text, str) for text in texts):
        raise Refused(Reason.BAD_FRAME, "the content holds something that is not text")
    return content


async def _groups(room: Room, person: Person, _: Json) -> Json:
    return {
        "groups": [
            group_json(group) | {"member": room.is_member(person, group.id)}
            for group in room.groups()
        ]
    }


async def _members(room: Room, person: Person, frame: Json) -> Json:
    members = room.members(person, part(frame, "group", str))
    return {"members": [person_json(member) for member in members]}


async def _create_group(room: Room, person: Person, frame: Json) -> Json:
    return {"group": group_json(await room.create_group(person, part(frame, "name", str)))}


async def _rename_group(room: Room, person: Person, frame: Json) -> Json:
    group, name = part(frame, "group", str), part(frame, "name", str)
    return {"group": group_json(await room.rename_group(person, group, name))}


async def _join(room: Room, person: Person, frame: Json) -> Json:
    await room.join(person, part(frame, "group", str))
    return {}


async def _leave(room: Room, person: Person, frame: Json) -> Json:
    group = part(frame, "group", str)
    other = part(frame, "person", str, default=person.id)
    leaver = room.people.person(other)
    if leaver is None:
        raise Refused(Reason.NO_SUCH_PERSON, f"there is no person {other}")
    await room.leave(leaver, group, by=person)
    return {}


async def _say(room: Room, person: Person, frame: Json) -> Json:
    sources = part(frame, "pictures", list, default=[])
    if not all(isinstance(source, str) for source in sources):
        raise Refused(Reason.BAD_FRAME, "'pictures' must be a list of sources")
    text = part(frame, "text", str)
    pictures = tuple(Picture(source) for source in sources)
    message = await room.say(person, address_in(frame), text, pictures)
    return {"message": message_json(message, person)}


async def _press(room: Room, person: Person, frame: Json) -> Json:
    event = await room.press(person, part(frame, "seq", int), part(frame, "button", int))
    return {"seq": event.seq}


async def _post(room: Room, person: Person, frame: Json) -> Json:
    key = part(frame, "key", str, default=None)
    message = await room.post(person, address_in(frame), content_in(frame), key)
    return {"message": message_json(message, person)}


async def _edit(room: Room, person: Person, frame: Json) -> Json:
    message = await room.edit(person, part(frame, "seq", int), content_in(frame))
    return {"message": message_json(message, person)}


async def _delete(room: Room, person: Person, frame: Json) -> Json:
    message = await room.delete(person, part(frame, "seq", int))
    return {"message": message_json(message, person)}


async def _pin(room: Room, person: Person, frame: Json) -> Json:
    message = await room.pin(person, part(frame, "seq", int))
    return {"message": message_json(message, person)}


async def _lookup(room: Room, person: Person, frame: Json) -> Json:
    message = await room.lookup(person, part(frame, "key", str))
    return {"message": None if message is None else message_json(message, person)}


async def _history(room: Room, person: Person, frame: Json) -> Json:
    messages = await room.history(
        person,
        address_in(frame),
        before=part(frame, "before", int, default=None),
        limit=part(frame, "limit", int, default=50),
    )
    return {"messages": [message_json(message, person) for message in messages]}


async def _picture(room: Room, _: Person, frame: Json) -> Json:
    try:
        data = base64.b64decode(part(frame, "data", str), validate=True)
    except binascii.Error as error:
        raise Refused(Reason.BAD_FRAME, "'data' must be base64") from error
    return {"source": await room.pictures.add(data)}


DEEDS: dict[str, Deed] = {
    "groups": _groups,
    "members": _members,
    "create_group": _create_group,
    "rename_group": _rename_group,
    "join": _join,
    "leave": _leave,
    "say": _say,
    "press": _press,
    "post": _post,
    "edit": _edit,
    "delete": _delete,
    "pin": _pin,
    "lookup": _lookup,
    "history": _history,
    "picture": _picture,
}
