"""Wishes and favourites: what fans would like to have, and like, by a word or by a button.

A post may carry a button that says `/wish 面霜`. What fans wish for is theirs: it is shown to them,
let go when they ask, and counted for the managers without names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import PageNumber, Unreadable
from handlers.desk import Asked, Desk, shortened
from handlers.fans_only import kept_out
from handlers.paging import page_read, page_reply, slice_of
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from insights.normalise import normalise
from scheduler.content import Button
from storage import wishes
from storage.wishes import Wish, WishKind

MOST_THINGS = 50
"""So many wishes, and as many favourites, are kept of one person."""

_LONGEST = 40  # characters
_BUTTONS = 5


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to be had, as a fan calls it; `normal` is how it is compared."""

    label: ClassVar[str] = "商品"
    written: str
    normal: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """All that is left, on one line."""
        written = " ".join(rest.split())
        normal = normalise(written)
        if not normal:
            raise Unreadable("还没写想要什么")
        if len(written) > _LONGEST:
            raise Unreadable("写得太长了，最多 40 个字")
        return cls(written, normal), ""


@command("wish", "许愿", Role.FAN, "许一个愿望：想要的商品；不写内容就看我的愿望", "/wish 云絮面霜")
async def wish(desk: Desk, asked: Asked, thing: Thing | None = None) -> Replies:
    """Keep something that the asker would like to have."""
    yield await _kept(desk, asked, WishKind.WISH, thing)


@command("favourite", "收藏", Role.FAN, "收藏一件商品；不写内容就看我的收藏", "/favourite 云絮面霜")
async def favourite(desk: Desk, asked: Asked, thing: Thing | None = None) -> Replies:
    """Keep something that the asker likes."""
    yield await _kept(desk, asked, WishKind.FAVOURITE, thing)


@command("unwish", "取消许愿", Role.FAN, "去掉一个愿望或收藏", "/unwish 云絮面霜")
async def unwish(desk: Desk, asked: Asked, thing: Thing) -> Replies:
    """Let go of something that the asker wished for or liked."""
    async with desk.database.writing() as connection:
        gone = [
            await wishes.drop_wish(connection, asked.member.customer_id, kind, thing.normal)
            for kind in WishKind
        ]
    sentence = "好的，「{thing}」去掉了。" if any(gone) else "「{thing}」本来就没有记。"
    yield reply(desk.say(sentence, thing=thing.written), private=True, quiet=True)


async def _kept(desk: Desk, asked: Asked, kind: WishKind, thing: Thing | None) -> Reply:
    if thing is None:
        return await _theirs(desk, asked, kind)
    refused = await kept_out(desk, asked)
    if refused is not None:
        return refused
    one = Wish(kind, thing.normal, thing.written, asked.at)
    async with desk.database.writing() as connection:
        kept = await wishes.keep_wish(
            connection, desk.shop_id, asked.member.customer_id, one, most=MOST_THINGS
        )
    if kept is None:
        sentence = "已经记了 {count} 件，先去掉几件吧。"
    elif not kept:
        sentence = "「{thing}」早就记着啦。"
    elif kind is WishKind.WISH:
        sentence = "记下了，你想要「{thing}」，店里会看到。"
    else:
        sentence = "收藏好了：「{thing}」。"
    text = desk.say(sentence, thing=thing.written, count=MOST_THINGS)
    drop = Button(desk.say("去掉"), f"/unwish {thing.written}")
    return reply(text, *([drop] if kept else []), private=True, quiet=True)


async def _theirs(desk: Desk, asked: Asked, kind: WishKind) -> Reply:
    async with desk.database.reading() as connection:
        every = await wishes.wishes_of(connection, asked.member.customer_id)
    theirs = [one for one in every if one.kind is kind]
    if not theirs:
        sentence = (
            "你还没有许愿。想要什么，发 {example}。"
            if kind is WishKind.WISH
            else "你还没有收藏。喜欢什么，发 {example}。"
        )
        example = "/wish 云絮面霜" if kind is WishKind.WISH else "/favourite 云絮面霜"
        text = desk.say(sentence, example=desk.say(example))
        return reply(text, private=True, quiet=True)
    title = desk.say("你的愿望：" if kind is WishKind.WISH else "你的收藏：")
    lines = [f"· {one.written}" for one in theirs]
    drops = [
        Button(desk.say("去掉 {thing}", thing=shortened(one.written)), f"/unwish {one.written}")
        for one in theirs[:_BUTTONS]
    ]
    return reply("\n".join([title, *lines]), *drops, private=True, quiet=True)


@command("wishes", "愿望单", Role.MANAGER, "看粉丝最想要什么、收藏什么", "/wishes")
async def wishes_(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """What most fans wish for, with how many keep it as a favourite as well."""
    part = slice_of(page)
    async with desk.database.reading() as connection:
        wished = await wishes.most_wished(
            connection, desk.shop_id, WishKind.WISH, skip=part.skip, most=part.most
        )
        liked = await wishes.most_wished(
            connection, desk.shop_id, WishKind.FAVOURITE, skip=part.skip, most=part.most
        )
    found = page_read(wished, page)
    also = page_read(liked, page)
    lines = [
        *([desk.say("最想要的：")] if found.rows else []),
        *(
            desk.say("· {thing}：{count} 位", thing=one.written, count=one.people)
            for one in found.rows
        ),
        *([desk.say("收藏最多的：")] if also.rows else []),
        *(
            desk.say("· {thing}：{count} 位", thing=one.written, count=one.people)
            for one in also.rows
        ),
    ]
    longer = found if found.rows and (found.more or not also.more) else also
    empty = desk.say(
        "粉丝还没有许愿。群发时带上许愿的按钮，或请大家发 {example}。",
        example=desk.say("/wish 云絮面霜"),
    )
    yield page_reply(desk, longer, lines, opening="/wishes", empty=empty, wanted=page)
