"""The commands that open rounds, show them, close them and call them off: polls, chains, draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.closing_rounds import call_off, close
from handlers.desk import Asked, Desk
from handlers.opening_rounds import opened
from handlers.previews import in_one_message
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.round_text import outcome, standing, winners_of
from handlers.round_words import ChainOrder, DrawOrder, PollOrder, RoundOrder
from storage import audit, rounds
from storage.rounds import Entry, Round, RoundKind

_LISTED = 8
_POLL = "/poll @福利群 下次先上哪个香味 | 栀子 | 白茶 | 截止 今晚8点"
_CHAIN = "/chain @福利群 桂花面膜拼单 | 截止 今晚10点"
_DRAW = "/draw @福利群 双11抽奖 | 面霜正装 x1 | 小样 x5 | 截止 明晚8点"


@command("poll", "投票", Role.MANAGER, "在群里开一个投票；不写内容就看开过的", _POLL)
async def poll(desk: Desk, asked: Asked, order: PollOrder | None = None) -> Replies:
    """Preview a poll, list the last ones, show one, or close it before its time."""
    yield await _answer(desk, asked, RoundKind.POLL, order, _POLL)


@command("chain", "接龙", Role.MANAGER, "在群里开一个接龙，自动点数；不写内容就看开过的", _CHAIN)
async def chain(desk: Desk, asked: Asked, order: ChainOrder | None = None) -> Replies:
    """Preview a chain, list the last ones, show one with its list, or close it before its time."""
    yield await _answer(desk, asked, RoundKind.CHAIN, order, _CHAIN)


@command("draw", "抽奖", Role.MANAGER, "在群里开一个谁都能验的抽奖；不写内容就看开过的", _DRAW)
async def draw(desk: Desk, asked: Asked, order: DrawOrder | None = None) -> Replies:
    """Preview a draw, list the last ones, or show one. It is drawn at its deadline, by itself."""
    yield await _answer(desk, asked, RoundKind.DRAW, order, _DRAW)


async def _answer(
    desk: Desk, asked: Asked, kind: RoundKind, order: RoundOrder | None, example: str
) -> Reply:
    if order is None:
        return await _last(desk, kind, example)
    if order.number is None:
        return await opened(desk, asked, kind, order, _written(desk, order))
    async with desk.database.writing() as connection:
        one = await rounds.round_numbered(connection, desk.shop_id, order.number)
        if one is None or one.kind is not kind:
            return reply(
                desk.say("没有编号 {number} 的投票、接龙或抽奖。", number=order.number),
                private=True,
            )
        if order.close and await close(connection, desk, one.id):
            now = desk.clock.now()
            entry = audit.Entry(now, asked.actor, "close_round", one.title, {"round": one.id})
            await audit.note(connection, entry)
            one = await rounds.hold_round(connection, one.id)
        if order.call_off and await call_off(connection, desk, one.id, asked.actor):
            now = desk.clock.now()
            entry = audit.Entry(now, asked.actor, "call_off", one.title, {"round": one.id})
            await audit.note(connection, entry)
            one = await rounds.hold_round(connection, one.id)
        return await _shown(connection, desk, one)


def _written(desk: Desk, order: RoundOrder) -> str:
    """An order as it is written, to be given again."""
    prizes = (f"{each.name} x{each.count}" for each in order.prizes)
    until = desk.say("截止 {when}", when=order.deadline) if order.deadline else ""
    return " | ".join(filter(None, [order.title, *order.options, *prizes, until]))


async def _last(desk: Desk, kind: RoundKind, example: str) -> Reply:
    say = desk.say
    async with desk.database.reading() as connection:
        last = await rounds.latest_rounds(connection, desk.shop_id, kind, _LISTED)
        lines = [
            say(
                "· {number}. {title}：{state}",
                number=one.id,
                title=one.title,
                state=say("已经取消")
                if one.called_off
                else say("已经截止")
                if one.closed_at is not None
                else standing(desk, one, await rounds.tally(connection, one.id)),
            )
            for one in last
        ]
    if not lines:
        return reply(say("还没有开过。例如：{example}", example=say(example)), private=True)
    how = say("看某一个，发 /{kind} {number}。", kind=str(kind), number=last[0].id)
    return reply("\n".join([*lines, how]), private=True)


async def _shown(connection: AsyncConnection, desk: Desk, one: Round) -> Reply:
    """A round as managers see it; of a chain with everybody's lines, of a draw with the winners."""
    say, result = desk.say, one.result or {}
    counted = await rounds.tally(connection, one.id)
    names = await rounds.names_of(connection, one.id, winners_of(result))
    early = not one.called_off and one.over_at < one.closes_at
    title = say(
        "{number}. {title}（{closed} 提前截止，原定 {closes}）"
        if early
        else "{number}. {title}（{closes} 截止）",
        number=one.id,
        title=one.title,
        closed=desk.show_time(one.over_at),
        closes=desk.show_time(one.closes_at),
    )
    now = (
        say("已经取消，什么都不算。")
        if one.called_off
        else standing(desk, one, counted)
        if one.result is None
        else outcome(desk, one, result, counted.people, names)
    )
    tail = [] if one.closed_at is not None else [_how_to_close(desk, one)]
    entries = await rounds.entries(connection, one.id) if one.kind is RoundKind.CHAIN else []
    told = [*_lines(desk, entries), *_winners(desk, one, names)]
    text = in_one_message(desk, [title, now, *told], tail)
    return reply(text, private=True)


def _how_to_close(desk: Desk, one: Round) -> str:
    if one.kind is RoundKind.DRAW:
        return desk.say("到点自动开奖。不办了，发 /draw {number} cancel。", number=one.id)
    return desk.say("提前结束，发 /{kind} {number} close。", kind=str(one.kind), number=one.id)


def _lines(desk: Desk, entries: Sequence[Entry]) -> list[str]:
    """What everybody has in a chain, as only managers are told."""
    return [
        desk.say("{number}. {name} {amount} 份", number=entry.number, name=name, amount=amount)
        for entry in entries
        for name, amount in entry.body.get("lines", {}).items()
    ]


def _winners(desk: Desk, one: Round, names: Mapping[int, str]) -> list[str]:
    """Who is to be sent which prize of a draw, as only managers are told."""
    return [
        desk.say(
            "中了{prize}：{number} 号 {name}",
            prize=prize,
            number=number,
            name=names.get(number) or desk.say("（不在了）"),
        )
        for (prize, _), won in zip(one.options, (one.result or {}).get("winners", ()), strict=False)
        for number in won
    ]
