"""What managers know about fans: tags, profiles, and the words that set tags.

Answers about fans go to the manager in private, where the channel can.
"""

from __future__ import annotations

import asyncio
import re
from difflib import get_close_matches

from handlers.arguments import (
    Binding,
    Groups,
    Nickname,
    PageNumber,
    Rest,
    Word,
    ZoneName,
    quoted,
)
from handlers.audiences import chosen_groups, groups_here
from handlers.desk import Asked, Desk
from handlers.known_names import brought_lines, other_names
from handlers.paging import page_of, page_reply
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.taggers import is_private_matter, why_text
from scheduler.wall_time import zone_named
from storage import audit, customers, groups, members, profiles, tags
from storage.members import Member
from storage.steering import cancel_for_who_left
from storage.tags import BY_MANAGER, BY_RULE, Tag


async def _find(desk: Desk, asked: Asked, name: str) -> Member | Reply:
    """The member meant; or what to answer instead.

    Looked for in the asker's group first, or in those that the asker's staff chat looks after.
    """
    tied = await groups_here(desk, asked)
    here = [] if asked.group is None else [asked.group]
    async with desk.database.reading() as connection:
        near = [group.id for group in (here if tied is None else tied.whole)]
        found = await members.members_named(connection, name, near) if near else []
        found = found or await members.members_named(connection, name)
        everybody = [] if found else await members.names(connection)
    if len(found) == 1:
        return found[0]
    if found:
        return reply(
            desk.say(
                "有几位都叫「{name}」，请用编号再说一次：{numbers}",
                name=name,
                numbers=desk.listed(one.person for one in found),
            ),
            private=True,
        )
    close = await asyncio.to_thread(get_close_matches, name, everybody, n=3, cutoff=0.4)
    if close:
        return reply(
            desk.say(
                "没有找到「{name}」。是不是：{names}？",
                name=name,
                names=desk.listed(f"@{quoted(one)}" for one in close),
            ),
            private=True,
        )
    return reply(
        desk.say(
            "没有找到「{name}」。名字要和群里显示的一样，例如：{example}",
            name=name,
            example=desk.say("/who @小鱼"),
        ),
        private=True,
    )


@command("tag", "标签", Role.MANAGER, "给一位成员贴标签", "/tag @小鱼 敏感肌 常问成分")
async def tag(
    desk: Desk, asked: Asked, member: Nickname, tag: Word, why: Rest | None = None
) -> Replies:
    """Set a tag by hand; it stays until somebody takes it away."""
    found = await _find(desk, asked, member.name)
    if isinstance(found, Reply):
        yield found
        return
    reason = why.text if why is not None else ""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        await tags.set_tags(
            connection,
            [Tag(found.id, tag.text, f"{BY_MANAGER}{asked.member.name}", reason, now)],
        )
        await audit.note(
            connection, audit.Entry(now, asked.actor, "tag", found.person, {"tag": tag.text})
        )
    yield reply(
        desk.say("已给 {name} 贴上「{tag}」。", name=found.name, tag=tag.text), private=True
    )


@command(
    "untag", "去标签", Role.MANAGER, "去掉一位成员的标签", "/untag @小鱼 敏感肌", in_menu=False
)
async def untag(desk: Desk, asked: Asked, member: Nickname, tag: Word) -> Replies:
    """Take a tag away, whoever set it."""
    found = await _find(desk, asked, member.name)
    if isinstance(found, Reply):
        yield found
        return
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        gone = await tags.remove_tag(connection, found.id, tag.text)
        if gone:
            await cancel_for_who_left(connection, found.customer_id, now)
            await audit.note(
                connection, audit.Entry(now, asked.actor, "untag", found.person, {"tag": tag.text})
            )
    sentence = "已去掉 {name} 的「{tag}」。" if gone else "{name} 没有「{tag}」这个标签。"
    yield reply(desk.say(sentence, name=found.name, tag=tag.text), private=True)


@command("tags", "标签表", Role.MANAGER, "看所有标签，或一位成员的标签", "/tags @小鱼")
async def tags_(
    desk: Desk, asked: Asked, page: PageNumber | None = None, member: Nickname | None = None
) -> Replies:
    """Every tag with its number of members, or one member's tags with where they come from."""
    if member is None:
        async with desk.database.reading() as connection:
            counted = await tags.tag_counts(connection, desk.clock.now())
        part = page_of(counted, page)
        lines = [desk.say("{tag}：{count} 人", tag=name, count=count) for name, count in part.rows]
        empty = desk.say("还没有标签。")
        yield page_reply(desk, part, lines, opening="/tags", empty=empty, wanted=page)
        return
    found = await _find(desk, asked, member.name)
    if isinstance(found, Reply):
        yield found
        return
    async with desk.database.reading() as connection:
        theirs = await tags.tags_of(connection, found.id, desk.clock.now())
    lines = [_tag_line(desk, one) for one in theirs]
    title = desk.say("{name} 的标签：", name=found.name)
    yield reply("\n".join([title, *(lines or [desk.say("还没有标签。")])]), private=True)


def _tag_line(desk: Desk, one: Tag) -> str:
    """A tag with who set it, why, when, and until when."""
    by = desk.say("自动") if one.set_by.startswith(BY_RULE) else one.set_by.removeprefix(BY_MANAGER)
    parts = [f"{by} {desk.show_time(one.set_at)}", why_text(desk.say, one)]
    if one.until is not None:
        parts.append(desk.say("到 {time}", time=desk.show_time(one.until)))
    return desk.say("「{tag}」{facts}", tag=one.tag, facts=" · ".join(filter(None, parts)))


@command("who", "是谁", Role.MANAGER, "看一位成员的情况", "/who @小鱼")
async def who(desk: Desk, asked: Asked, member: Nickname) -> Replies:
    """A member's profile: groups, words, tags."""
    found = await _find(desk, asked, member.name)
    if isinstance(found, Reply):
        yield found
        return
    async with desk.database.reading() as connection:
        known = await profiles.profile(connection, found)
        theirs = await tags.tags_of(connection, found.id, desk.clock.now())
    say, none = desk.say, desk.say("还没有")
    spoke = desk.show_time(known.last_spoke_at) if known.last_spoke_at else none
    lines = [
        say("{name}（编号 {person}）", name=found.name, person=found.person),
        *other_names(say, known, to_staff=True),
        say("所在群：{groups}", groups=desk.listed(known.groups)),
        *brought_lines(say, known),
        say("第一次见：{time}", time=desk.show_time(found.first_seen_at)),
        say("说过的话：{count} 条，最近一次：{time}", count=known.messages, time=spoke),
        *(_tag_line(desk, one) for one in theirs),
    ]
    if found.opted_out:
        lines.append(say("已退订营销消息"))
    yield reply("\n".join(lines), private=True)


_NAMES = 50  # on a page


@command("members", "成员", Role.MANAGER, "看带某个标签的成员", "/members 敏感肌")
async def members_(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    tag: Word,
    page: PageNumber | None = None,
) -> Replies:
    """Who carries a tag."""
    async with desk.database.reading() as connection:
        names = await tags.members_tagged(connection, tag.text, desk.clock.now())
        known = (
            []
            if names
            else [name for name, _ in await tags.tag_counts(connection, desk.clock.now())]
        )
    part = page_of(names, page, _NAMES)
    if names:
        listed = desk.listed(part.rows)
        text = desk.say(
            "「{tag}」{count} 人：{names}", tag=tag.text, count=len(names), names=listed
        )
    elif close := get_close_matches(tag.text, known, n=3, cutoff=0.3):
        text = desk.say(
            "没有人带「{tag}」。是不是：{tags}？", tag=tag.text, tags=desk.listed(close)
        )
    else:
        text = desk.say("没有人带「{tag}」。发 /tags 看所有标签。", tag=tag.text)
    opening = f"/members {quoted(tag.text)}"
    yield page_reply(desk, part, [text], opening=opening, empty=text, wanted=page)


@command("watch", "关注词", Role.MANAGER, "说到某个词就自动贴标签", "/watch 补水 = 兴趣:补水")
async def watch(desk: Desk, asked: Asked, binding: Binding) -> Replies:
    """Bind a word to a tag; private matters are refused."""
    if is_private_matter(binding.word) or is_private_matter(binding.tag):
        yield reply(
            desk.say("健康、怀孕、孩子这类事不能自动贴标签。本人同意的话，请用 /tag 手动贴。"),
            private=True,
        )
        return
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        await tags.set_watch(
            connection, desk.shop_id, binding.word, binding.tag, set_by=asked.actor, at=now
        )
        await audit.note(
            connection, audit.Entry(now, asked.actor, "watch", binding.word, {"tag": binding.tag})
        )
    yield reply(
        desk.say(
            "好的，谁说到「{word}」就贴上「{tag}」，{days} 天没再提就去掉。",
            word=binding.word,
            tag=binding.tag,
            days=desk.shop.interest_for.days,
        ),
        private=True,
    )


@command("unwatch", "不关注", Role.MANAGER, "不再因为某个词贴标签", "/unwatch 补水", in_menu=False)
async def unwatch(desk: Desk, asked: Asked, word: Word) -> Replies:
    """Unbind a word; the tags it set stay until they expire."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        gone = await tags.remove_watch(connection, desk.shop_id, word.text)
        watched = await tags.all_watches(connection, desk.shop_id)
        if gone:
            await audit.note(connection, audit.Entry(now, asked.actor, "unwatch", word.text, {}))
    if gone:
        yield reply(desk.say("好的，不再关注「{word}」。", word=word.text), private=True)
    else:
        text = desk.say(
            "本来就没有关注「{word}」。正在关注：{words}",
            word=word.text,
            words=desk.listed(watched),
        )
        yield reply(text, private=True)


@command("grouptag", "群标签", Role.MANAGER, "给群贴标签，发消息时好选群", "/grouptag @二群 福利群")
async def grouptag(desk: Desk, asked: Asked, groups_: Groups, tags_: Rest | None = None) -> Replies:
    """Give groups exactly these tags; without tags, take them away."""
    found = await chosen_groups(desk, asked, groups_)
    if isinstance(found, Reply):
        yield found
        return
    wanted = re.split(r"[\s,，、]+", tags_.text.strip(",，、 ")) if tags_ is not None else []
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        for group in found.whole:
            await groups.set_group_tags(connection, group.id, wanted)
            await audit.note(
                connection,
                audit.Entry(now, asked.actor, "grouptag", group.name, {"tags": wanted}),
            )
    names = desk.listed(found.names)
    if wanted:
        text = desk.say("好的，{groups} 的标签是：{tags}", groups=names, tags=desk.listed(wanted))
    else:
        text = desk.say("好的，{groups} 现在没有标签了。", groups=names)
    yield reply(text, private=True)


@command(
    "timezone",
    "时区",
    Role.MANAGER,
    "设一个群或一位成员的时区，免打扰按当地时间算",
    "/timezone @海外群 America/New_York",
)
async def timezone(desk: Desk, asked: Asked, whose: Nickname, zone: ZoneName) -> Replies:
    """Say where a group's fans, or one person, live: a group or group tag by name goes first."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        tagged = await groups.tags_of_groups(connection, desk.shop_id)
        meant = [
            group
            for group in await groups.all_groups(connection, desk.shop_id)
            if group.name == whose.name or whose.name in tagged[group.id]
        ]
        for group in meant:
            await groups.set_zone(connection, group.id, zone.name)
            await audit.note(
                connection,
                audit.Entry(now, asked.actor, "timezone", group.name, {"zone": zone.name}),
            )
    if meant:
        yield _zone_set(desk, desk.listed(group.name for group in meant), zone)
        return
    found = await _find(desk, asked, whose.name)
    if isinstance(found, Reply):
        yield found
        return
    async with desk.database.writing() as connection:
        await customers.set_zone(connection, found.customer_id, zone.name)
        await audit.note(
            connection,
            audit.Entry(now, asked.actor, "timezone_of", found.person, {"zone": zone.name}),
        )
    yield _zone_set(desk, found.name, zone)


def _zone_set(desk: Desk, whose: str, zone: ZoneName) -> Reply:
    """That it is set, and what the clock shows there, so that a slip is seen."""
    there = desk.clock.now().astimezone(zone_named(zone.name))
    return reply(
        desk.say(
            "好的，{whose} 的时区是 {zone}，那边现在 {time:%m-%d %H:%M}。",
            whose=whose,
            zone=zone.name,
            time=there,
        ),
        private=True,
    )
