"""The people that a manager means, made certain: or the one friendly line that says why not.

Saved segments and groups are put in for their names, and a name that nobody knows is told rather
than finding nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import in_quotes, quoted
from handlers.desk import Desk
from handlers.people_words import why_unreadable
from handlers.replies import Reply, reply
from storage.groups import all_groups, tags_of_groups
from storage.saved_segments import (
    SavedSegmentUnknown,
    all_segments,
    nobody_knows,
    pinned,
    spares_nobody,
)
from storage.segment_language.questions import Condition, InGroup, InTaggedGroup, Tagged
from storage.segment_language.trouble import SegmentUnreadable
from storage.segments import Segment
from storage.tags import tag_counts

_SHOWN = 20


async def people_meant(
    connection: AsyncConnection, desk: Desk, segment: Segment
) -> Segment | Reply:
    """The segment as it can be kept and asked; or the answer to a name that nobody knows."""
    try:
        meant = await pinned(connection, desk.shop_id, segment)
    except SavedSegmentUnknown as unknown:
        return await _no_such_segment(connection, desk, str(unknown.facts["name"]))
    except SegmentUnreadable as unreadable:
        return unreadable_reply(desk, unreadable)
    missing = await nobody_knows(connection, desk.shop_id, meant, desk.clock.now())
    return await _nobody_knows(connection, desk, missing[0]) if missing else meant


async def spared_lines(connection: AsyncConnection, desk: Desk, segment: Segment) -> list[str]:
    """A line for each tag that is to leave somebody out and leaves out nobody: a slip, perhaps."""
    now, say = desk.clock.now(), desk.say
    missing = await spares_nobody(connection, segment, now)
    known = [tag for tag, _ in await tag_counts(connection, now)] if missing else []
    lines = []
    for one in missing:
        (tag,) = one.tags
        close = get_close_matches(tag, known, n=1, cutoff=0.5)
        line = say("请留意：还没有人带着标签「{tag}」，排除它没有避开谁", tag=tag)
        lines.append(say("{line}。是不是「{tag}」？", line=line, tag=close[0]) if close else line)
    return lines


async def unknown_lines(
    connection: AsyncConnection, desk: Desk, segment: Segment, whose: str
) -> list[str]:
    """A line for each name in the audience of a file (`whose`) that is not there, or not yet."""
    say = desk.say
    missing = await nobody_knows(connection, desk.shop_id, segment, desk.clock.now())
    lines = [
        say(
            "请留意：「{name}」的名单里写了「{part}」，店里现在还没有",
            name=whose,
            part=Segment.asking(one).expression,
        )
        for one in missing
    ]
    return [*lines, *await spared_lines(connection, desk, segment)]


def unreadable_reply(desk: Desk, unreadable: SegmentUnreadable) -> Reply:
    """What is wrong with an expression, and where."""
    sentence, facts = why_unreadable(unreadable.trouble)
    return reply(desk.say(sentence, **facts), private=True)


async def _no_such_segment(connection: AsyncConnection, desk: Desk, name: str) -> Reply:
    known = [one.name for one in await all_segments(connection, desk.shop_id)]
    if not known:
        text = desk.say(
            "还没有保存过分组。先存一个：{example}", example=desk.say("/segment 常客 = tag:老客")
        )
        return reply(text, private=True)
    example = desk.say("@分组:{name}", name=quoted(_closest(name, known)))
    text = desk.say(
        "没有叫「{name}」的分组，可以写：{example}。现有的分组：{known}",
        name=name,
        example=example,
        known=desk.listed(known, _SHOWN),
    )
    return reply(text, private=True)


async def _nobody_knows(connection: AsyncConnection, desk: Desk, missing: Condition) -> Reply:
    match missing:
        case Tagged((name, *_)):
            return await _no_such_tag(connection, desk, name)
        case InGroup((name, *_)):
            known = [group.name for group in await all_groups(connection, desk.shop_id)]
            sentence = "没有叫「{name}」的群，可以写：{example}。现有的群：{known}"
            field = "group"
        case InTaggedGroup((name, *_)):
            tags = await tags_of_groups(connection, desk.shop_id)
            known = sorted({tag for each in tags.values() for tag in each})
            sentence = "没有叫「{name}」的群标签，可以写：{example}。现有的群标签：{known}"
            field = "grouptag"
        case _:
            raise TypeError(missing)
    example = f"{field} = {in_quotes(_closest(name, known))}" if known else "tag:…"
    listed = desk.listed(known, _SHOWN)
    return reply(desk.say(sentence, name=name, example=example, known=listed), private=True)


async def _no_such_tag(connection: AsyncConnection, desk: Desk, name: str) -> Reply:
    known = [tag for tag, _ in await tag_counts(connection, desk.clock.now())]
    tag = _closest(name, known) if known else desk.say("老客")
    return reply(
        desk.say(
            "还没有人带着标签「{tag}」，可以写：{example}。现有的标签：{known}",
            tag=name,
            example=desk.say("@标签:{tag}", tag=tag),
            known=desk.listed(known, _SHOWN),
        ),
        private=True,
    )


def _closest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like one, or the first."""
    every = list(known)
    return (get_close_matches(name, every, n=1, cutoff=0.3) or every)[0]
