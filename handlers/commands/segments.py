"""Segments: how many people an expression finds and who some of them are, before it is used."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.arguments import PageNumber, quoted, token
from handlers.desk import Asked, Desk
from handlers.paging import page_of, page_reply
from handlers.people_meant import people_meant, spared_lines, unreadable_reply
from handlers.previews import missed_lines
from handlers.private_reach import reach_of
from handlers.quoting import sees_names
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.segment_deeds import SegmentDeed
from insights.masking import mask_name
from scheduler.content import Button
from storage import audit
from storage.saved_segments import (
    SavedSegment,
    all_segments,
    delete_segment,
    pinned,
    save_segment,
)
from storage.segment_language.trouble import SegmentUnreadable
from storage.segments import Match, Segment, counted_in, matches, segment_named, size_of

_SAMPLE = 5
_ON_A_PAGE = 8


@command(
    "segment",
    "分组",
    Role.MANAGER,
    "按条件找粉丝，看有多少人，存成分组",
    "/segment 常客 = tag:老客 and last_active < 30d",
)
async def segment(
    desk: Desk, asked: Asked, page: PageNumber | None = None, deed: SegmentDeed | None = None
) -> Replies:
    """The saved segments with their sizes; or the people of one, or of an expression."""
    if deed is None:
        yield await _listed(desk, page)
    elif deed.name is None:
        yield await _looked_at(desk, asked, deed.expression)
    elif deed.expression:
        yield await _saved(desk, asked, deed.name, deed.expression)
    else:
        yield await _deleted(desk, asked, deed.name)


async def _listed(desk: Desk, page: PageNumber | None) -> Reply:
    """A page of the saved segments, each with how many people it finds now."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        part = page_of(await all_segments(connection, desk.shop_id), page, _ON_A_PAGE)
        sizes = [
            await size_of(connection, await pinned(connection, desk.shop_id, one.segment), now)
            for one in part.rows
        ]
    lines = [_line(desk, one, size) for one, size in zip(part.rows, sizes, strict=True)]
    example = desk.say("/segment 常客 = tag:老客 and last_active < 30d")
    empty = desk.say("还没有保存过分组。先存一个：{example}", example=example)
    return page_reply(desk, part, lines, opening="/segment", empty=empty, wanted=page)


def _line(desk: Desk, one: SavedSegment, size: int) -> str:
    return desk.say(
        "{name}：{count} 位 · {expression}",
        name=one.name,
        count=size,
        expression=one.segment.expression,
    )


async def _looked_at(desk: Desk, asked: Asked, text: str) -> Reply:
    """How many people an expression, or a saved segment by its name alone, finds; some of them."""
    word, behind = token(text)
    name = text if behind.strip() else word  # in quotes, as it was saved
    async with desk.database.reading() as connection:
        saved = await segment_named(connection, desk.shop_id, name)
    try:
        wanted = saved or Segment.parse(text)
    except SegmentUnreadable as unreadable:
        return unreadable_reply(desk, unreadable)
    found = await _found(desk, asked, wanted)
    if isinstance(found, Reply):
        return found
    aimed = _aimed(desk, name) if saved else f"({wanted.expression})"
    return _shown(desk, [wanted.expression, *found], aimed)


async def _saved(desk: Desk, asked: Asked, name: str, text: str) -> Reply:
    """Save an expression, and show whom it finds."""
    now = desk.clock.now()
    try:
        wanted = Segment.parse(text)
    except SegmentUnreadable as unreadable:
        return unreadable_reply(desk, unreadable)
    found = await _found(desk, asked, wanted)
    if isinstance(found, Reply):
        return found
    async with desk.database.writing() as connection:
        await save_segment(connection, desk.shop_id, name, wanted, by=asked.actor, at=now)
        details = {"expression": wanted.expression}
        await audit.note(connection, audit.Entry(now, asked.actor, "segment", name, details))
    title = desk.say("已存成分组「{name}」：{expression}", name=name, expression=wanted.expression)
    return _shown(desk, [title, *found], _aimed(desk, name))


def _aimed(desk: Desk, name: str) -> str:
    """A saved segment as it stands in a command, in the shop's language: `分组:新朋友`."""
    return desk.say("分组:{name}", name=quoted(name))


async def _found(desk: Desk, asked: Asked, wanted: Segment) -> list[str] | Reply:
    """How many people a segment finds, how many of them a private word reaches, and some names.

    The names are masked but for who may see them, whose look is noted.
    """
    say, now = desk.say, desk.clock.now()
    async with desk.database.reading() as connection:
        meant = await people_meant(connection, desk, wanted)
        if isinstance(meant, Reply):
            return meant
        customers = await counted_in(connection, meant, now)
        some = await matches(connection, meant, now, _SAMPLE)
        reached = await reach_of(desk, connection, customers)
        spared = await spared_lines(connection, desk, meant)
    lines = [say("一共 {count} 位", count=len(customers))]
    if not customers:
        return lines
    lines.append(say("私信能发到 {count} 位", count=reached.fans))
    lines += [*missed_lines(desk, reached), *spared]
    names = [one.name for one in some]
    if sees_names(desk, asked):
        await _note_look(desk, asked, wanted, some)
    else:
        names = [mask_name(name) for name in names]
    return [*lines, say("比如：{names}", names=desk.listed(names))]


async def _note_look(desk: Desk, asked: Asked, wanted: Segment, some: Sequence[Match]) -> None:
    """Keep in the audit log whose names were looked at."""
    details = {"members": sorted(one.member_id for one in some)}
    entry = audit.Entry(desk.clock.now(), asked.actor, "segment_names", wanted.expression, details)
    async with desk.database.writing() as connection:
        await audit.note(connection, entry)


def _shown(desk: Desk, lines: Sequence[str], aimed: str) -> Reply:
    """What was found, and what can be done with these people."""
    example = desk.say("/broadcast @{people} 新品到了，先给你留一份", people=aimed)
    lines = [*lines, desk.say("要私下发给他们，写：{example}", example=example)]
    talk = Button(desk.say("看他们在说什么"), f"/insights {aimed}")
    return reply("\n".join(lines), talk, private=True)


async def _deleted(desk: Desk, asked: Asked, name: str) -> Reply:
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        gone = await delete_segment(connection, desk.shop_id, name)
        if gone:
            await audit.note(connection, audit.Entry(now, asked.actor, "unsegment", name, {}))
        known = [one.name for one in await all_segments(connection, desk.shop_id)]
    if gone:
        text = desk.say("分组「{name}」删掉了。已经用它定好的活动照旧。", name=name)
    else:
        listed = desk.listed(known)
        text = desk.say("没有叫「{name}」的分组。现有的分组：{known}", name=name, known=listed)
    return reply(text, private=True)
