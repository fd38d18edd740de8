"""Who comes into a group: its rule, who waits at the door, and a manager's word about them."""

from __future__ import annotations

from handlers.admission import (
    Ruled,
    own_words,
    rule_on,
    ruling_buttons,
    set_rule,
    who_decided,
)
from handlers.arguments import Admission, Groups, Number, PageNumber
from handlers.audiences import chosen_groups, groups_here
from handlers.desk import Asked, Desk
from handlers.paging import page_of, page_reply
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.courier import Done, NothingSent, TooFast, Unclear
from storage import audit
from storage.join_requests import JoinRequest, Rule, Verdict, waiting

_AT_ONCE = 4
"""Requests on a page: each has two buttons."""

_SAID = {
    Rule.EVERYONE: "好的，{groups}：谁申请都放进来。",
    Rule.REGULARS: "好的，{groups}：别的群里的熟人、贴了「老客」标签的直接放进来，其他人问管理员。",
    None: "好的，{groups}：每一位都问管理员。",
}


@command(
    "admit",
    "入群规则",
    Role.MANAGER,
    "定一个群谁申请就放进来：所有人、老客或人工",
    "/admit @一群 老客",
)
async def admit(desk: Desk, asked: Asked, groups: Groups, admission: Admission) -> Replies:
    """Say by which rule those who ask are let into groups; who waits there already, too."""
    found = await chosen_groups(desk, asked, groups)
    if isinstance(found, Reply):
        yield found
        return
    rule, now = admission.rule, desk.clock.now()
    async with desk.database.writing() as connection:
        let_in = await set_rule(connection, desk, [one.id for one in found.whole], rule)
        deed = f"admit_{'manual' if rule is None else rule.value}"
        for name in found.names:
            await audit.note(connection, audit.Entry(now, asked.actor, deed, name, {}))
    text = desk.say(_SAID[rule], groups=desk.listed(found.names))
    if let_in:
        text += desk.say("等着的 {count} 位这就进来。", count=let_in)
    yield reply(text, private=True)


@command("requests", "入群申请", Role.MANAGER, "看谁在申请入群", "/requests")
async def requests(desk: Desk, asked: Asked, page: PageNumber | None = None) -> Replies:
    """Who waits to be let in, with buttons; in a staff chat, those of its groups."""
    here = await groups_here(desk, asked)
    group_ids = None if here is None else [one.id for one in here.groups]
    async with desk.database.reading() as connection:
        found = await waiting(connection, desk.shop_id, group_ids=group_ids)
    shown = page_of(found, page, _AT_ONCE)
    yield page_reply(
        desk,
        shown,
        [
            desk.say("有 {count} 位在等入群：", count=len(found)),
            *(_line(desk, one) for one in shown.rows),
        ],
        *(button for one in shown.rows for button in ruling_buttons(desk, one, named=True)),
        opening="/requests",
        empty=desk.say("现在没有人在等入群。"),
        wanted=page,
    )


def _line(desk: Desk, one: JoinRequest) -> str:
    words = own_words(desk, one.words)
    line = desk.say(
        "{number}. {name} → {group}，{time}",
        number=one.id,
        name=one.name,
        group=one.group_name,
        time=desk.show_time(one.asked_at),
    )
    return f"{line} {words}".rstrip()


@command("letin", "同意入群", Role.MANAGER, "放一位申请的人进群", "/letin 12")
async def letin(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Let somebody in who asked."""
    yield await _ruled(desk, asked, number.number, Verdict.ADMITTED)


@command("turnaway", "拒绝入群", Role.MANAGER, "不让一位申请的人进群", "/turnaway 12")
async def turnaway(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Do not let somebody in who asked."""
    yield await _ruled(desk, asked, number.number, Verdict.REFUSED)


async def _ruled(desk: Desk, asked: Asked, number: int, verdict: Verdict) -> Reply:
    done = await rule_on(desk, asked.actor, number, verdict)
    if done is None:
        sentence = "没有编号 {number} 的入群申请。发 /requests 看谁在等。"
        return reply(desk.say(sentence, number=number), private=True)
    text = await _answer(desk, done)
    return reply(text, private=True)


async def _answer(desk: Desk, done: Ruled) -> str:
    request, say = done.request, desk.say
    admitted = request.decided is Verdict.ADMITTED
    facts = {"name": request.name, "group": request.group_name}
    if not done.changed:
        sentence = (
            "{name} 进 {group} 的申请已经通过了（{who}）。"
            if admitted
            else "{name} 进 {group} 的申请已经拒绝了（{who}）。"
        )
        return say(sentence, who=await who_decided(desk, request.decided_by), **facts)
    match done.outcome:
        case Done():
            sentence = (
                "好的，{name} 可以进 {group} 了。" if admitted else "好的，没让 {name} 进 {group}。"
            )
            return say(sentence, **facts)
        case None | NothingSent() | TooFast() | Unclear():
            return say("好的，记下了，平台那边稍后就办：{name}，{group}。", **facts)
        case refused:
            sentence = (
                "平台没有照办：{why}。可能 {name} 撤回了申请，或者我在 {group} 没有邀请成员的权限。"
            )
            return say(sentence, why=refused.reason, **facts)
