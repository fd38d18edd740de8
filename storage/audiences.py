"""The choice of groups that a post is meant for, or of the people in them.

An `Audience` names groups by their name or by a group tag, and may leave some out:
`@福利群 -二群` is every group named or tagged 福利群 but not 二群 (a part of a name will do where
only one group has it); `@一群#上新` is the topic 上新 of 一群. The name of a staff chat stands
for the groups that it looks after. An audience is stored as it was said and resolved when it is
needed, so a group that joins later belongs to it too.

With a `segment`, an audience is no groups at all but the people of that segment who sit in these
groups, each in private: nothing of it is ever posted to a group. Who comes into the segment later
belongs to it too, until a slot is planned.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.groups import ACCEPTED, Group, all_groups, tags_of_groups
from storage.segments import Segment, customers_in
from storage.staff_chats import staff_chats
from storage.tables import groups
from storage.topics import Topic, topics_of

Aim = tuple[int, str | None]
"""A group by its id, and the platform's id of the topic that is meant; None: the group itself."""

_TOPIC = re.compile(r"(?P<group>.+)[#＃](?P<topic>[^#＃]+)")


@dataclass(frozen=True, slots=True)
class Audience:
    """Which groups: those wanted (nothing wanted: every group), without those left out.

    `wanted` and `unwanted` are words: names of groups or group tags, those wanted perhaps with a
    topic. `taken` and `kept_out` are ids of groups, and `topics` of groups with the platform's id
    of a topic: they mean the same whatever it is called later. `written` is how the manager wrote
    it, for showing. With a `segment` it is the people of it in these groups, but for the customers
    `without` (their ids).
    """

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    taken: tuple[int, ...] = ()
    kept_out: tuple[int, ...] = ()
    topics: tuple[tuple[int, str], ...] = ()
    written: str = ""
    segment: Segment | None = None
    without: tuple[int, ...] = ()

    @property
    def everybody(self) -> bool:
        """Whether it is every group but those left out."""
        return not (self.wanted or self.taken or self.topics)

    def to_json(self) -> dict[str, Any]:
        """The audience as plain JSON."""
        people = {} if self.segment is None else {"segment": self.segment.to_json()}
        return people | {
            "wanted": list(self.wanted),
            "unwanted": list(self.unwanted),
            "taken": list(self.taken),
            "kept_out": list(self.kept_out),
            "topics": [list(one) for one in self.topics],
            "written": self.written,
            "without": list(self.without),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Audience:
        """The audience that `to_json` wrote; one from before there were topics has none."""
        people = document.get("segment")
        return cls(
            wanted=tuple(document["wanted"]),
            unwanted=tuple(document["unwanted"]),
            taken=tuple(document["taken"]),
            kept_out=tuple(document["kept_out"]),
            topics=tuple((group, topic) for group, topic in document.get("topics", ())),
            written=document["written"],
            segment=None if people is None else Segment.from_json(people),
            without=tuple(document.get("without", ())),
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an audience comes to: its groups by name, and the words that name none.

    A group of which several topics are meant stands there for each. `pinned` is the audience as it
    is approved: groups and topics that were named are held by their ids, so that a new name or a
    new group never changes who was left out; tags stay open to groups that are given them later.
    """

    groups: tuple[Group, ...]
    unknown: tuple[str, ...]
    pinned: Audience


async def resolve(connection: AsyncConnection, shop_id: int, audience: Audience) -> Resolved:
    """The groups that an audience means; words that mean none are listed as unknown."""
    everywhere = await all_groups(connection, shop_id)
    names = _Names(
        everywhere,
        await tags_of_groups(connection, shop_id),
        await topics_of(connection, [group.id for group in everywhere]),
        await staff_chats(connection, shop_id),
    )
    wanted = {word: names.meant(word) or names.topic_meant(word) for word in audience.wanted}
    unwanted = {word: names.meant(word) for word in audience.unwanted}
    named: set[Aim] = {(group, None) for group in audience.taken} | {*audience.topics}
    named = named.union(*(one.named for one in wanted.values()))
    aims = named.union(*(one.tagged for one in wanted.values()))
    kept_out = {*audience.kept_out, *(group for one in unwanted.values() for group in one.groups)}
    return Resolved(
        groups=tuple(
            aimed
            for group in everywhere
            if group.id not in kept_out
            for aimed in names.aimed(group, aims, whole=audience.everybody)
        ),
        unknown=tuple(word for word, one in (*wanted.items(), *unwanted.items()) if not one),
        pinned=replace(
            audience,
            wanted=tuple(word for word, one in wanted.items() if one.tagged),
            unwanted=tuple(word for word, one in unwanted.items() if one.tagged),
            taken=tuple(sorted(group for group, topic in named if topic is None)),
            kept_out=tuple(sorted(kept_out)),
            topics=tuple(sorted((group, topic) for group, topic in named if topic is not None)),
        ),
    )


@dataclass(frozen=True, slots=True)
class Whom:
    """Everyone whom one post is for: groups and topics, or customers by their ids in private."""

    aims: Sequence[Aim] = ()
    customers: Sequence[int] = ()
    in_private: bool = False

    def __len__(self) -> int:
        return len(self.aims) + len(self.customers)

    def part(self, first: int, most: int) -> Whom:
        """At most so many of them, from the one at place `first` on."""
        end = first + most
        return replace(self, aims=self.aims[first:end], customers=self.customers[first:end])


async def whom(
    connection: AsyncConnection, shop_id: int, audience: Audience, now: datetime
) -> Whom:
    """Whom a post to an audience is for, at a moment."""
    aims = await aims_of(connection, shop_id, audience)
    if audience.segment is None:
        return Whom(aims)
    groups_meant = {group for group, _ in aims}
    kept_out = await _kept_out(connection, shop_id, audience)
    found = await customers_in(connection, audience.segment, groups_meant, kept_out, now)
    if audience.without:
        spared = {*audience.without}
        found = [one for one in found if one not in spared]
    return Whom(customers=found, in_private=True)


async def _kept_out(connection: AsyncConnection, shop_id: int, audience: Audience) -> set[int]:
    """The groups whose people are left out, whichever others they sit in."""
    if not audience.unwanted:
        return {*audience.kept_out}
    return {*(await resolve(connection, shop_id, audience)).pinned.kept_out}


async def aims_of(connection: AsyncConnection, shop_id: int, audience: Audience) -> list[Aim]:
    """The groups that an audience names, by their ids; quick where it is made of ids alone.

    Of one with a segment they are those whose people are meant: ask `whom` what a post is for.
    """
    if audience.wanted or audience.unwanted:
        found = await resolve(connection, shop_id, audience)
        return [(group.id, group.topic) for group in found.groups]
    present = await connection.scalars(
        select(groups.c.id)
        .where(groups.c.shop_id == shop_id, groups.c.present, ~groups.c.is_staff, ACCEPTED)
        .order_by(groups.c.id)
    )
    taken, kept_out = {*audience.taken}, {*audience.kept_out}
    topics: defaultdict[int, list[Aim]] = defaultdict(list)
    for group, topic in audience.topics:
        topics[group].append((group, topic))
    return [
        aim
        for group in present
        if group not in kept_out
        for aim in (
            *([(group, None)] if audience.everybody or group in taken else ()),
            *topics.get(group, ()),
        )
    ]


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a word means: what has this name, and what is tagged so."""

    named: frozenset[Aim] = frozenset()
    tagged: frozenset[Aim] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.named or self.tagged)

    @property
    def groups(self) -> list[int]:
        """The ids of the groups."""
        return [group for group, _ in self.named | self.tagged]


@dataclass(frozen=True, slots=True)
class _Names:
    """Everything in a shop that a word may mean."""

    everywhere: Sequence[Group]
    tags: Mapping[int, Collection[str]]
    topics: Mapping[int, Sequence[Topic]]
    staff: Sequence[Group]

    def meant(self, word: str) -> _Meant:
        """The groups of this name or tag."""
        tagged = {group for group, tags in self.tags.items() if word in tags}
        named = {group.id for group in self.everywhere if word == group.name}
        if not (named or tagged):
            named = self._looked_after(word) or self._part_of_one(word)
        return _Meant(
            frozenset((group, None) for group in named - tagged),
            frozenset((group, None) for group in tagged),
        )

    def topic_meant(self, word: str) -> _Meant:
        """The open topics of a word like 一群#上新."""
        divided = _TOPIC.fullmatch(word)
        if divided is None:
            return _Meant()
        inside = self.meant(divided["group"])
        return _Meant(
            frozenset(self._open_topics(inside.named, divided["topic"])),
            frozenset(self._open_topics(inside.tagged, divided["topic"])),
        )

    def aimed(self, group: Group, aims: Collection[Aim], *, whole: bool) -> Iterator[Group]:
        """A group itself, where it or every one (`whole`) is meant, and its topics that are."""
        if whole or (group.id, None) in aims:
            yield group
        here = sorted(topic for each, topic in aims if each == group.id and topic is not None)
        if here:
            names = {one.topic: one.name for one in self.topics.get(group.id, ())}
            for topic in here:
                yield replace(group, topic=topic, topic_name=names.get(topic, topic))

    def _open_topics(self, inside: Collection[Aim], name: str) -> Iterator[Aim]:
        for group, _ in inside:
            for one in self.topics.get(group, ()):
                if one.open and one.name == name:
                    yield group, one.topic

    def _looked_after(self, word: str) -> set[int]:
        chats = {chat.id for chat in self.staff if chat.name == word}
        return {group.id for group in self.everywhere if group.staff_group_id in chats}

    def _part_of_one(self, word: str) -> set[int]:
        """The one group whose name has the word in it."""
        parts = {group.id for group in self.everywhere if word in group.name}
        return parts if len(parts) == 1 else set()
