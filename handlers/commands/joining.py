"""What fans do in a round by a button or a command: vote, take part, step back, check a draw.

The answers are the fan's own and come in private; a crowd that presses at once never floods the
group.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from handlers.arguments import Number
from handlers.desk import Asked, Desk, shortened
from handlers.fans_only import kept_out
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.round_text import options_of
from handlers.round_words import Amount, Choice, choice_in
from storage import round_posts, rounds
from storage.rounds import Round, RoundKind

_LISTED = 8
_JOINED_BY_A_WORD = (RoundKind.CHAIN, RoundKind.DRAW)


@command("vote", "投一票", Role.FAN, "给投票里的一项投票，可以改", "/vote 3 1")
async def vote(
    desk: Desk, asked: Asked, number: Number | None = None, choice: Choice | None = None
) -> Replies:
    """Count the asker's vote, instead of the one they gave before.

    An option is meant by its place or its words; in one poll alone by its words without a number.
    """
    one = await _open(desk, asked, number, (RoundKind.POLL,), everywhere=True)
    if isinstance(one, Reply):
        yield one
        return
    place = None if choice is None else choice_in(choice.text, one.options)
    if place is None:
        yield _which_option(desk, one, choice)
        return
    async with desk.database.writing() as connection:
        customer = asked.member.customer_id
        counted = await rounds.enter(connection, one.id, customer, {"choice": place}, asked.at)
    if counted is None:
        yield _over(desk, one)
    else:
        yield _quiet(desk, "记下了，你投的是「{option}」。", option=one.options[place])


def _which_option(desk: Desk, one: Round, choice: Choice | None) -> Reply:
    if choice is None:
        text = desk.say("「{title}」投哪一项？", title=one.title)
    else:
        text = desk.say(
            "「{title}」没有「{choice}」这一项，只有 {count} 项。可以这样写：{example}",
            title=one.title,
            choice=shortened(choice.text),
            count=len(one.options),
            example=f"/vote {one.id} {len(one.options)}",
        )
    return reply(text, *options_of(one), private=True, quiet=True)


@command("join", "参加", Role.FAN, "参加接龙或抽奖；不写编号就是群里最新的", "/join 3")
async def join(
    desk: Desk, asked: Asked, number: Number | None = None, amount: Amount | None = None
) -> Replies:
    """Put the asker into a chain, or give them their number in a draw."""
    one = await _open(desk, asked, number, _JOINED_BY_A_WORD)
    if isinstance(one, Reply):
        yield one
        return
    wanted = amount.number if amount is not None else 1
    body = {"lines": {asked.member.name: wanted}} if one.kind is RoundKind.CHAIN else {}
    async with desk.database.writing() as connection:
        await rounds.hold_round(connection, one.id)
        known = await rounds.entry_of(connection, one.id, asked.member.customer_id)
        if known is not None and amount is None and one.kind is RoundKind.CHAIN:
            # A press adds nothing where lines stand, and takes none away.
            body = dict(known.body)
            wanted = sum(body["lines"].values())
        place = await rounds.enter(connection, one.id, asked.member.customer_id, body, asked.at)
    if place is None:
        yield _over(desk, one)
    elif one.kind is RoundKind.CHAIN:
        yield _quiet(desk, "「{title}」记下了：{count} 份。", title=one.title, count=wanted)
    else:
        yield _quiet(
            desk,
            "「{title}」你的号码是 {number}，{closes} 开奖。",
            title=one.title,
            number=place,
            closes=desk.show_time(one.closes_at),
        )


@command("quit", "不参加", Role.FAN, "退出接龙或抽奖", "/quit 3")
async def quit_(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Take the asker out of a chain or a draw; a number is never given to somebody else."""
    one = await _open(desk, asked, number, _JOINED_BY_A_WORD)
    if isinstance(one, Reply):
        yield one
        return
    async with desk.database.writing() as connection:
        left = await rounds.leave(connection, one.id, asked.member.customer_id, asked.at)
    if left is None:
        yield _over(desk, one)
    else:
        sentence = "「{title}」已经退出了。" if left else "「{title}」你本来就没有参加。"
        yield _quiet(desk, sentence, title=one.title)


@command("drawcheck", "验奖", Role.FAN, "看一次抽奖的全部依据，自己验一验", "/drawcheck 3")
async def drawcheck(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Give everything that the winners of a draw follow from, as `nuanqun draw-check` reads it."""
    say = desk.say
    async with desk.database.reading() as connection:
        one = await rounds.round_numbered(connection, desk.shop_id, number.number)
        mine = None
        if one is not None:
            mine = await rounds.entry_of(connection, one.id, asked.member.customer_id)
    if one is None or one.kind is not RoundKind.DRAW:
        yield _quiet(desk, "没有编号 {number} 的抽奖。", number=number.number)
        return
    own = [say("你的号码是 {number}。", number=mine.number)] if mine is not None else []
    if one.called_off:
        yield _quiet(desk, "「{title}」取消了，没有开奖。", title=one.title)
        return
    if one.result is None:
        closes = desk.show_time(one.closes_at)
        when = say("「{title}」还没开奖，{closes} 开。", title=one.title, closes=closes)
        yield reply("\n".join([*own, when]), private=True, quiet=True)
        return
    record = json.dumps(one.result, ensure_ascii=False)
    how = say(
        "下面是开奖的全部依据，谁照着算，中的都是这几个号。"
        "会用程序的话，存成文件，用 nuanqun draw-check 验一验。"
    )
    yield reply("\n".join([*own, how, record]), private=True, quiet=True)


async def _open(
    desk: Desk,
    asked: Asked,
    number: Number | None,
    kinds: tuple[RoundKind, ...],
    *,
    everywhere: bool = False,
) -> Round | Reply:
    """The round that somebody means and may take part in; else what is to be said.

    Without a number the newest in the group is meant; alone with the bot, or `everywhere`, the only
    one that is open to them.
    """
    refused = await kept_out(desk, asked)
    if refused is not None:
        return refused
    customer = asked.member.customer_id
    async with desk.database.reading() as connection:
        one = None
        if number is not None:
            one = await rounds.round_numbered(connection, desk.shop_id, number.number)
        elif asked.group is not None and not everywhere:
            posts = await round_posts.open_posts(connection, [asked.group.id], asked.at)
            one = next((post.round for post in posts if post.round.kind in kinds), None)
        if (
            one is not None
            and one.kind in kinds
            and await round_posts.is_open_to(connection, one.id, customer)
        ):
            return one if one.takes(asked.at) else _over(desk, one)
        theirs = await round_posts.rounds_open_to(connection, customer, asked.at)
    may = [one for one in theirs if one.kind in kinds]
    if number is None and len(may) == 1:
        return may[0]
    return _which(desk, number, may)


def _which(desk: Desk, number: Number | None, may: Sequence[Round]) -> Reply:
    """What somebody may take part in, who has named none of it."""
    if not may:
        return _quiet(desk, "现在没有可以参加的活动。")
    listed = "\n".join(f"· {one.id}. {one.title}" for one in may[:_LISTED])
    if number is None:
        return _quiet(desk, "想参加哪一个？写上编号：\n{listed}", listed=listed)
    sentence = "没有编号 {number} 的。你现在能参加：\n{listed}"
    return _quiet(desk, sentence, number=number.number, listed=listed)


def _over(desk: Desk, one: Round) -> Reply:
    if one.called_off:
        return _quiet(desk, "「{title}」取消了。", title=one.title)
    closed = desk.show_time(one.over_at)
    return _quiet(desk, "「{title}」{closes} 已经截止了。", title=one.title, closes=closed)


def _quiet(desk: Desk, sentence: str, **facts: object) -> Reply:
    return reply(desk.say(sentence, **facts), private=True, quiet=True)
