"""Coupons: batches of codes that managers keep, and fans who are given one each in private."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.arguments import Groups
from handlers.audiences import ask_for_groups, chosen_or_here
from handlers.coupon_words import CouponCode, CouponName, CouponOrder
from handlers.day_arguments import Day
from handlers.desk import Asked, Desk
from handlers.fans_only import kept_out
from handlers.proposing import broadcast_proposal, offered
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.wording_check import complaint_about
from insights.masking import mask_name
from scheduler.content import Button, Content
from storage import audit, coupons
from storage.coupons import Batch, Coupon

_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is mistaken for another
_LENGTH = 10
_LATELY = timedelta(days=90)
_SHOWN = 10
_LONG_CODE = 8  # characters: of a shorter one only the first is shown


@command(
    "coupon",
    "优惠券",
    Role.MANAGER,
    "备好优惠券：一人一张，券码私下发；不写内容就看发了多少",
    "/coupon 双11券 | 满199减30 | 11-30 | 100",
)
async def coupon(desk: Desk, asked: Asked, order: CouponOrder | None = None) -> Replies:
    """Show the batches, one of them, or put codes into one."""
    if order is None:
        yield await _all(desk)
    elif not order.gives:
        yield await _shown(desk, order.name)
    elif order.codes and asked.group is not None and not asked.group.is_staff:
        text = desk.say("券码别发在粉丝群里，大家都看得到。这次我没有收下，请私下发给我。")
        yield reply(text, private=True)
    else:
        complaint = complaint_about(desk, f"{order.name} {order.gives}")
        yield complaint or await _kept(desk, asked, order)


async def _all(desk: Desk) -> Reply:
    async with desk.database.reading() as connection:
        found = await coupons.batches(connection, desk.shop_id)
    if not found:
        example = desk.say("/coupon 双11券 | 满199减30 | 11-30 | 100")
        text = desk.say("还没有优惠券。可以这样备：{example}", example=example)
        return reply(text, private=True)
    lines = [f"· {_counted(desk, one)}" for one in found[:_SHOWN]]
    return reply("\n".join([desk.say("优惠券："), *lines]), private=True)


async def _shown(desk: Desk, name: str) -> Reply:
    """A batch with the last of its coupons that were handed out, masked."""
    say = desk.say
    async with desk.database.reading() as connection:
        found = await coupons.batch_named(connection, desk.shop_id, name)
        if found is None:
            return reply(
                say("没有叫「{name}」的券。发 /coupon 看有哪些。", name=name), private=True
            )
        last = await coupons.last_handed_out(connection, found.id, _SHOWN)
    lines = [
        say(
            "· {time} {name} {code}{used}",
            time=desk.show_time(one.handed_at),
            name=mask_name(one.name or ""),
            code=masked_code(one.code),
            used=say("，用掉了") if one.redeemed_at is not None else "",
        )
        for one in last
    ]
    how = say("粉丝发 /claim {name} 就能领。要在群里发领券的按钮，用 /offer。", name=name)
    return reply("\n".join([_counted(desk, found), *lines, how]), private=True)


def _counted(desk: Desk, one: Batch) -> str:
    return desk.say(
        "{name}：{gives}，{until}；共 {codes} 张，发了 {handed}，用了 {redeemed}",
        name=one.name,
        gives=one.gives,
        until=_until(desk, one.until),
        codes=one.codes,
        handed=one.handed,
        redeemed=one.redeemed,
    )


def _until(desk: Desk, until: datetime | None) -> str:
    if until is None:
        return desk.say("长期有效")
    return desk.say("有效到 {day}", day=f"{desk.shop.local(until):%Y-%m-%d}")


async def _kept(desk: Desk, asked: Asked, order: CouponOrder) -> Reply:
    """Put codes into a batch, which is made where there is none of this name."""
    say = desk.say
    until = None if order.until is None else _end_of(desk, asked, order.until)
    if isinstance(until, Reply):
        return until
    codes = order.codes or [_new_code() for _ in range(order.make)]
    async with desk.database.writing() as connection:
        before = await coupons.batch_named(connection, desk.shop_id, order.name)
        if not codes and (before is None or not before.codes):
            return _without_codes(desk, order)
        batch = await coupons.make_batch(
            connection,
            desk.shop_id,
            order.name,
            order.gives,
            until,
            by=asked.actor,
            at=asked.at,
        )
        new = await coupons.add_codes(connection, batch, codes, asked.key)
        if new is not None:
            details = {"codes": new}
            entry = audit.Entry(desk.clock.now(), asked.actor, "coupon", order.name, details)
            await audit.note(connection, entry)
        found = await coupons.batch_named(connection, desk.shop_id, order.name)
    lines = [say("好的，备好了。"), *([_counted(desk, found)] if found is not None else [])]
    known = len(codes) - new if new is not None else 0
    if known:
        lines.append(say("{count} 个券码原来就有，或者写重了，没有再收。", count=known))
    return reply("\n".join(lines), private=True)


def _end_of(desk: Desk, asked: Asked, until: Day) -> datetime | Reply:
    """The last second of a day by the shop's clock; or why it cannot be the last one of a batch.

    A day without its year that went by lately is a slip, and not meant for next year.
    """
    say, today = desk.say, desk.shop.day_of(asked.at)
    try:
        day = until.after(today)
    except ValueError:
        sentence = "日历里没有「{day}」这一天。可以这样写：{example}"
        return reply(say(sentence, day=until.written, example="12-12"), private=True)
    if day < today:
        return reply(say("「{day}」已经过了，券要到以后的一天。", day=until.written), private=True)
    if (
        until.meant.year is None
        and today - until.meant.in_year(today.year) <= _LATELY < day - today
    ):
        sentence = "「{day}」刚过。要到明年这天，就写 {next}。"
        return reply(say(sentence, day=until.written, next=day), private=True)
    midnight = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(desk.shop.zone))
    return midnight - timedelta(seconds=1)


def _without_codes(desk: Desk, order: CouponOrder) -> Reply:
    """That a batch needs codes, or how many are to be made up, with how it would be written."""
    day = desk.say("不限") if order.until is None else order.until.written
    example = f"/coupon {order.name} | {order.gives} | {day} | 100"
    sentence = "还没写要几张，或者券码。可以这样写：{example}"
    return reply(desk.say(sentence, example=example), private=True)


def _new_code() -> str:
    """A code that nobody can guess."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


def masked_code(code: str) -> str:
    """A code as lists show it: `AB**9F`."""
    return f"{code[:2]}**{code[-2:]}" if len(code) >= _LONG_CODE else f"{code[:1]}**"


@command("offer", "发券", Role.MANAGER, "在群里发一条领券的消息，带按钮", "/offer @福利群 双11券")
async def offer(
    desk: Desk, asked: Asked, groups: Groups | None = None, name: CouponName | None = None
) -> Replies:
    """Preview a post with a button below it by which fans get their coupon of a batch."""
    say = desk.say
    batch = None
    if name is not None:
        async with desk.database.reading() as connection:
            batch = await coupons.batch_named(connection, desk.shop_id, name.text)
    if batch is None:
        none = say(
            "没有叫「{name}」的券。发 /coupon 看有哪些。", name="" if name is None else name.text
        )
        yield reply(none, private=True)
        return
    if batch.is_over(desk.clock.now()) or not batch.left:
        sentence = "「{name}」过期了，不发了。" if batch.left else "「{name}」没有券可发，先备券。"
        yield reply(say(sentence, name=batch.name), private=True)
        return
    chosen = await chosen_or_here(desk, asked, groups)
    if chosen is None:
        yield await ask_for_groups(desk, asked, "/offer", batch.name)
        return
    if isinstance(chosen, Reply):
        yield chosen
        return
    text = say(
        "【领券】{name}：{gives}，{until}。每人一张，发完为止；点按钮，券码私下给你。",
        name=batch.name,
        gives=batch.gives,
        until=_until(desk, batch.until),
    )
    content = Content(text, buttons=(Button(say("领券"), f"/claim {batch.name}"),))
    called = say("发券：{name}", name=batch.name)
    proposal = broadcast_proposal(desk, asked, chosen, content, name=called)
    yield await offered(desk, asked, chosen, proposal)


@command("redeem", "核销", Role.MANAGER, "核销一张优惠券", "/redeem AB2C4D6E8F")
async def redeem(desk: Desk, asked: Asked, code: CouponCode) -> Replies:
    """Let a coupon count as used, once."""
    say, now = desk.say, desk.clock.now()
    async with desk.database.writing() as connection:
        found = await coupons.coupon_of_code(connection, code.text)
        if found is None:
            found = await coupons.coupon_of_code(connection, code.text.upper())
        done = (
            found is not None
            and (found.redeemed_at is not None or not found.is_over(now))
            and await coupons.redeem(connection, found.code, asked.actor, asked.at)
        )
        if done and found is not None and found.redeemed_at is None:
            masked = masked_code(found.code)
            entry = audit.Entry(now, asked.actor, "redeem", masked, {"batch": found.batch})
            await audit.note(connection, entry)
    if found is None:
        text = say("没有这个券码，核对一下再发一次。")
    elif done:
        text = say("核销好了：「{name}」{gives}。", name=found.batch, gives=found.gives)
    elif found.redeemed_at is not None:
        text = say("这张券 {time} 已经核销过了。", time=desk.show_time(found.redeemed_at))
    elif found.handed_at is None:
        text = say("这张券还没有发给谁，没有核销。")
    else:
        text = say("这张券过期了（{until}），没有核销。", until=_until(desk, found.until))
    yield reply(text, private=True)


@command("claim", "领券", Role.FAN, "领一张优惠券；不写名称就看我领过的", "/claim 双11券")
async def claim(desk: Desk, asked: Asked, name: CouponName | None = None) -> Replies:
    """Give the asker their coupon of a batch, the same one each time, or show all of theirs."""
    say = desk.say
    if name is None:
        async with desk.database.reading() as connection:
            theirs = await coupons.coupons_of(connection, asked.member.customer_id)
        lines = [f"· {_theirs(desk, one)}" for one in theirs]
        text = "\n".join([say("你的优惠券："), *lines]) if lines else say("你还没有优惠券。")
        yield reply(text, private=True, quiet=True)
        return
    refused = await kept_out(desk, asked)
    if refused is not None:
        yield refused
        return
    given: Coupon | None = None
    async with desk.database.writing() as connection:
        batch = await coupons.batch_named(connection, desk.shop_id, name.text)
        if batch is not None and not batch.is_over(desk.clock.now()):
            customer = asked.member.customer_id
            given = await coupons.hand_out(connection, batch.id, customer, desk.clock.now())
    if given is not None:
        text = say("这是你的券：{coupon}。一人一张，请收好。", coupon=_theirs(desk, given))
        yield reply(text, Button(say("我的券"), "/claim"), private=True, quiet=True)
        return
    if batch is None:
        sentence = "没有叫「{name}」的券。"
    elif batch.is_over(desk.clock.now()):
        sentence = "「{name}」已经过期了。"
    else:
        sentence = "「{name}」已经领完了，下次早点来。"
    yield reply(say(sentence, name=name.text), private=True, quiet=True)


def _theirs(desk: Desk, one: Coupon) -> str:
    used = desk.say("，用掉了") if one.redeemed_at is not None else ""
    return desk.say(
        "「{name}」{gives}，券码 {code}，{until}{used}",
        name=one.batch,
        gives=one.gives,
        code=one.code,
        until=_until(desk, one.until),
        used=used,
    )
