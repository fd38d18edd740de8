"""Which groups a manager means: their words, their last choice, their staff chat's, or a question.

A command that is given in a staff chat without naming groups acts on those that the chat looks
after. Where nobody can know which are meant, the groups are offered as buttons, a page at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import Groups, PageNumber, quoted
from handlers.desk import Asked, Desk, shortened
from handlers.paging import leafing, page_of
from handlers.people_meant import people_meant
from handlers.replies import Reply, reply
from scheduler.content import Button
from storage.audiences import Audience, resolve
from storage.confirmations import last_choice
from storage.groups import Group, all_groups, tags_of_groups
from storage.segment_language.questions import Every, Not
from storage.segments import Segment
from storage.staff_chats import looked_after
from storage.topics import topics_of

_EXAMPLE_LENGTH = 120
_OFFERED = 8  # groups that get buttons of their own, on a phone
_EXPRESSION = re.compile("@[(（]")
TO_PEOPLE_EXAMPLE = "/broadcast @标签:老客 新品到了，先给老朋友留一份"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Groups that were chosen: as written, as an audience, and what it comes to now.

    Of an audience with a segment they are where its people sit.
    """

    written: str
    audience: Audience
    groups: tuple[Group, ...]

    @property
    def names(self) -> list[str]:
        """The groups by name."""
        return [group.name for group in self.whole]

    @property
    def whole(self) -> list[Group]:
        """The groups, each once, whichever of their topics are meant."""
        once = {group.id: replace(group, topic=None, topic_name="") for group in self.groups}
        return list(once.values())


async def chosen_groups(
    desk: Desk, asked: Asked, groups: Groups, *, people: bool = False
) -> Chosen | Reply:
    """The groups meant, or one friendly line when a name means none.

    With `people`, fans among them may be asked for instead: by tags, a segment, an expression.
    """
    written, audience = groups.written, groups.audience
    async with desk.database.reading() as connection:
        if audience is None:
            before = await last_choice(connection, asked.member.id)
            if before is None:
                return reply(
                    desk.say(
                        "还没有上次的选择。写群名或群标签就行，例如：{example}",
                        example=desk.say("@福利群 -二群"),
                    ),
                    private=True,
                )
            added, _ = Groups.read(f"{before} {written}")
            written, audience = added.written, added.audience or Audience()
        if audience.segment is not None:
            if not people:
                return _groups_alone(desk)
            meant = await _people_meant(connection, desk, audience.segment, written)
            if isinstance(meant, Reply):
                return meant
            audience = replace(audience, segment=meant)
        found = await resolve(connection, desk.shop_id, audience)
        if not found.unknown and found.groups:
            pinned = replace(found.pinned, written=written)
            return Chosen(written, pinned, found.groups)
        known = await _known(connection, desk)
    return _not_found(desk, found.unknown, known)


async def groups_here(desk: Desk, asked: Asked) -> Chosen | None:
    """The groups that the staff chat looks after in which a command was given; None elsewhere."""
    if asked.group is None or not asked.group.is_staff:
        return None
    async with desk.database.reading() as connection:
        found = await looked_after(connection, asked.group.id)
    if not found:
        return None
    written = f"@{quoted(asked.group.name)}"
    audience = Audience(taken=tuple(sorted(group.id for group in found)), written=written)
    return Chosen(written, audience, tuple(found))


async def chosen_or_here(
    desk: Desk, asked: Asked, groups: Groups | None, *, people: bool = False
) -> Chosen | Reply | None:
    """The groups that were named, else those of the staff chat; None where nobody knows."""
    if groups is not None:
        return await chosen_groups(desk, asked, groups, people=people)
    return await groups_here(desk, asked)


async def _people_meant(
    connection: AsyncConnection, desk: Desk, segment: Segment, written: str
) -> Segment | Reply:
    """Whom a segment among groups means; or what is to be said where it cannot be meant."""
    question = segment.question
    parts = question.parts if isinstance(question, Every) else (question,)
    if all(isinstance(part, Not) for part in parts) and not _EXPRESSION.search(written):
        example = desk.say("@标签:老客 -标签:敏感肌")
        sentence = desk.say(
            "光写「-标签」不行：发到群里的消息，群里每个人都看得到。可以写：{example}",
            example=example,
        )
        return reply(sentence, private=True)
    return await people_meant(connection, desk, segment)


def _groups_alone(desk: Desk) -> Reply:
    """The answer where people are named and only groups can be meant."""
    example = desk.say(TO_PEOPLE_EXAMPLE)
    sentence = desk.say(
        "这里只能选群。要私下发给带某个标签的粉丝，可以写：{example}", example=example
    )
    return reply(sentence, private=True)


async def _known(connection: AsyncConnection, desk: Desk) -> list[str]:
    """Everything that names a group: names, group tags, and open topics."""
    everywhere = await all_groups(connection, desk.shop_id)
    known = [group.name for group in everywhere]
    for tags in (await tags_of_groups(connection, desk.shop_id)).values():
        known.extend(sorted(tags))
    topics = await topics_of(connection, [group.id for group in everywhere])
    for group in everywhere:
        known += [f"{group.name}#{one.name}" for one in topics.get(group.id, ()) if one.open]
    return list(dict.fromkeys(known))


def _not_found(desk: Desk, unknown: Sequence[str], known: Sequence[str]) -> Reply:
    listed = desk.listed(known)
    if not unknown:
        return reply(
            desk.say("这样选下来一个群也没有。现有的群和群标签：{known}", known=listed),
            private=True,
        )
    close = get_close_matches(unknown[0], known, n=1, cutoff=0.3)
    example = f"@{quoted(close[0])}" if close else desk.say("@福利群 -二群")
    return reply(
        desk.say(
            "没有叫「{name}」的群或群标签，可以写：{example}。现有：{known}",
            name=unknown[0],
            example=example,
            known=listed,
        ),
        private=True,
    )


async def ask_for_groups(
    desk: Desk, asked: Asked, opening: str, ending: str = "", *, page: PageNumber | None = None
) -> Reply:
    """Ask which groups are meant, offering the last choice, all of them, and each by itself.

    `opening` is the command before the groups; `ending` is its text, which gets a line of its own,
    because it may begin with @ or - itself. In a staff chat its groups are offered.
    """
    async with desk.database.reading() as connection:
        before = await last_choice(connection, asked.member.id)
        everywhere = await all_groups(connection, desk.shop_id)
    here = await groups_here(desk, asked)
    offered = everywhere if here is None else list(here.groups)
    every = desk.say("@所有群") if here is None else here.written
    tail = f"\n{ending}" if ending else ""
    shown = page_of(offered, page, _OFFERED)
    buttons = [
        Button(shortened(group.name), f"{opening} @{quoted(group.name)}{tail}")
        for group in (shown.rows if len(offered) > 1 else ())
    ]
    if shown.number == 1:
        all_of_them = desk.say("全部 {count} 个群", count=len(offered))
        buttons.insert(0, Button(all_of_them, f"{opening} {every}{tail}"))
        if before:
            label = desk.say("和上次一样：{groups}", groups=before)
            buttons.insert(0, Button(label, f"{opening} {before}{tail}"))
    first = f"@{quoted(offered[0].name)}" if offered else desk.say("@所有群")
    return reply(
        desk.say(
            "选哪些群？点下面的，或者写群名、群标签，例如：\n{example}",
            example=f"{opening} {first}{tail}"[:_EXAMPLE_LENGTH],
        ),
        *buttons,
        *leafing(desk, shown, "/choose", f" {opening}{tail}"),
        private=True,
        replaces=page is not None,
    )
