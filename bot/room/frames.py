"""The room's values as plain JSON, the way they pass through the door, and back.

Moments are ISO 8601 in UTC. Parts that are empty or false are left out. The delivery key of a
post is the bot's own affair: only a bot is shown it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.room.values import EventKind, Person, Role, RoomEvent, RoomGroup, RoomMessage
from scheduler.content import Content
from scheduler.courier import Address

Json = dict[str, Any]


def person_json(person: Person) -> Json:
    """`{"id", "name", "role"}`."""
    return {"id": person.id, "name": person.name, "role": person.role.value}


def person_from(document: Json) -> Person:
    """The person that `person_json` wrote."""
    return Person(document["id"], document["name"], Role(document["role"]))


def group_json(group: RoomGroup) -> Json:
    """`{"id", "name"}`."""
    return {"id": group.id, "name": group.name}


def group_from(document: Json) -> RoomGroup:
    """The group that `group_json` wrote."""
    return RoomGroup(document["id"], document["name"])


def message_json(message: RoomMessage, viewer: Person) -> Json:
    """One message as `viewer` may see it."""
    document: Json = {
        "seq": message.seq,
        "at": message.at.isoformat(),
        "address": str(message.address),
        "sender": person_json(message.sender),
        "content": message.content.to_json(),
    }
    if message.key is not None and viewer.role is Role.BOT:
        document["key"] = message.key
    for mark in ("edited", "deleted", "pinned"):
        if getattr(message, mark):
            document[mark] = True
    return document


def message_from(document: Json) -> RoomMessage:
    """The message that `message_json` wrote."""
    return RoomMessage(
        seq=document["seq"],
        at=datetime.fromisoformat(document["at"]),
        address=Address.parse(document["address"]),
        sender=person_from(document["sender"]),
        content=Content.from_json(document["content"]),
        key=document.get("key"),
        edited=document.get("edited", False),
        deleted=document.get("deleted", False),
        pinned=document.get("pinned", False),
    )


def event_json(event: RoomEvent, viewer: Person) -> Json:
    """One event as `viewer` may see it."""
    document: Json = {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "person": person_json(event.person),
    }
    if event.group is not None:
        document["group"] = group_json(event.group)
    if event.message is not None:
        document["message"] = message_json(event.message, viewer)
    if event.says is not None:
        document["says"] = event.says
    return document


def event_from(document: Json) -> RoomEvent:
    """The event that `event_json` wrote."""
    return RoomEvent(
        seq=document["seq"],
        at=datetime.fromisoformat(document["at"]),
        kind=EventKind(document["kind"]),
        person=person_from(document["person"]),
        group=group_from(document["group"]) if "group" in document else None,
        message=message_from(document["message"]) if "message" in document else None,
        says=document.get("says"),
    )
