"""The accounts, how each stands and what is to be done; and letting a stopped one speak again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.account_names import AccountName, no_such_account
from handlers.account_states import scan_content
from handlers.desk import Asked, Desk
from handlers.events import AccountState
from handlers.hearing_gaps import gap_text, gaps_of
from handlers.reasons import why_offline, words_for
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button
from storage import audit
from storage.account_stops import lift_stop
from storage.accounts import Account, State, states
from storage.hearing_gaps import Gap
from storage.lanes import Rest, leased, rest_of

_GAPS_OF = timedelta(days=7)
_GAPS = 3

_STANDS = {
    AccountState.ONLINE: "在线，{time} 起",
    AccountState.SCAN: "等着扫码登录，{time} 起",
    AccountState.OFFLINE: "不在线，{time} 起：{why}",
}


@command("accounts", "账号", Role.MANAGER, "看每个账号在不在线；要登录的给出二维码", "/accounts")
async def accounts(desk: Desk, asked: Asked) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """How every account stands, and the code of each that has to be logged in."""
    now = desk.clock.now()
    names = list(desk.senders)
    async with desk.database.reading() as connection:
        known = await states(connection, names)
        rests = [await rest_of(connection, name) for name in names]
        served = await leased(connection)
    gaps = await gaps_of(desk, names, now - _GAPS_OF, now)
    lines: list[str] = []
    for name, rest in zip(names, rests, strict=True):
        over = [one for one in gaps if one.account == name and one.until is not None]
        resting = rest if rest is not None and rest.until > now else None
        lines += _lines(desk, name, known.get(name), over, resting, served=name in served)
    buttons = [
        Button(desk.say("解除停发 {account}", account=name), f"/lift {name}")
        for name, one in known.items()
        if one.stopped_at is not None
    ]
    yield reply("\n".join(lines), *buttons, private=True)
    for name, one in known.items():
        if one.state is not None and one.state.state == AccountState.SCAN and name in served:
            yield Reply(await scan_content(desk, name, one.state), private=True)


def _lines(
    desk: Desk,
    name: str,
    one: Account | None,
    gaps: Sequence[Gap],
    rest: Rest | None,
    *,
    served: bool,
) -> list[str]:
    """An account in a few lines: what it is, what holds it up, and when it heard nothing."""
    say, state = desk.say, None if one is None else one.state
    who = name
    if state is not None and state.me_name:
        who = say("{account}（{name}）", account=name, name=state.me_name)
    stands = _stands(desk, state) if served else say("没有程序在用它")
    lines = [say("{account}：{stands}", account=who, stands=stands)]
    if one is not None and one.stopped_at is not None:
        text = "停发了，{time} 起：{why}。没事了再发 /lift {account}"
        why = words_for(say, one.stop_reason)
        lines.append(say(text, time=desk.show_time(one.stopped_at), why=why, account=name))
    elif rest is not None:
        why = words_for(say, rest.reason)
        lines.append(say("歇到 {time} 再发：{why}", time=desk.show_time(rest.until), why=why))
    if gaps:
        times = desk.listed(gap_text(desk, gap) for gap in gaps[-_GAPS:])
        lines.append(say("最近没听到：{times}", times=times))
    return lines


def _stands(desk: Desk, state: State | None) -> str:
    if state is None:
        return desk.say("在用")
    time, why = desk.show_time(state.since), why_offline(desk.say, state.reason)
    return desk.say(_STANDS[AccountState(state.state)], time=time, why=why)


@command("lift", "解除停发", Role.MANAGER, "让一个停发了的账号接着发", "/lift wechat:shop")
async def lift(desk: Desk, asked: Asked, account: AccountName) -> Replies:
    """Let an account speak again that was stopped at the first sign of a restriction."""
    name = account.name
    if name not in desk.senders:
        yield no_such_account(desk, name)
        return
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        lifted = await lift_stop(connection, name)
        if lifted:
            await audit.note(connection, audit.Entry(now, asked.actor, "lift", name, {}))
    desk.senders[name].end_rest()
    sentence = (
        "好的，账号 {account} 接着发，过了时间的不补发。平台再有限制的样子，我会马上停下。"
        if lifted
        else "账号 {account} 没有停发。"
    )
    yield reply(desk.say(sentence, account=name), private=True)
