"""The audit log in words: the last changes that people made."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Asked, Desk
from handlers.previews import in_one_message
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from handlers.staff import name_of
from storage import audit, campaigns
from storage.audit import Entry

_SHOWN = 20

_TO_CAMPAIGNS = {
    "approve": "{who} 批准了「{what}」",
    "submit": "{who} 提交了「{what}」，等批准",
    "reject": "{who} 退回了「{what}」",
    "edit": "{who} 修改了「{what}」",
    "pause": "{who} 暂停了「{what}」",
    "resume": "{who} 恢复了「{what}」",
    "cancel": "{who} 取消了「{what}」",
    "retry": "{who} 让「{what}」失败的再发一次",
    "recall": "{who} 撤回了「{what}」",
}
_TO_PEOPLE = {
    "tag": "{who} 给 {what} 贴了「{detail}」",
    "untag": "{who} 去掉了 {what} 的「{detail}」",
    "timezone_of": "{who} 把 {what} 的时区设为 {detail}",
    "optout": "{who} 退订了营销消息",
    "optin": "{who} 恢复了营销消息",
    "norecord": "{who} 不让记录聊天",
    "record": "{who} 恢复了聊天记录",
}
_OTHERS = {
    "halt": "{who} 急停了所有发送",
    "lift_halt": "{who} 解除了急停",
    "resolve": "{who} 核实了一条存疑的消息",
    "watch": "{who} 关注了「{what}」，贴「{detail}」",
    "unwatch": "{who} 不再关注「{what}」",
    "grouptag": "{who} 给 {what} 的群标签：{detail}",
    "timezone": "{who} 把 {what} 的时区设为 {detail}",
}
SENTENCES = _TO_CAMPAIGNS | _TO_PEOPLE | _OTHERS
"""Action → a key of the wording: who did it, to whom or what, and the detail that matters."""


@command("audit", "记录", Role.MANAGER, "看最近谁改过什么", "/audit")
async def audit_(desk: Desk, asked: Asked) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """The last changes by people, the newest first."""
    async with desk.database.reading() as connection:
        entries = await audit.latest(connection, _SHOWN)
        lines = [
            f"· {desk.show_time(one.at)} {await _in_words(desk, connection, one)}"
            for one in entries
        ]
    title = desk.say("最近的 {count} 次改动：", count=len(lines))
    text = in_one_message(desk, [title, *lines], []) if lines else desk.say("还没有改动。")
    yield reply(text, private=True)


async def _in_words(desk: Desk, connection: AsyncConnection, entry: Entry) -> str:
    """One change; one of a kind that has no sentence is shown as it is kept."""
    who = await name_of(connection, entry.actor)
    if entry.action not in SENTENCES:
        return f"{who} {entry.action} {entry.subject}"
    what = entry.subject
    if entry.action == "recall":  # its subject is the message that asked for it
        found = await campaigns.by_id(connection, entry.details["campaign"])
        what = entry.subject if found is None else found.name
    elif entry.action in _TO_CAMPAIGNS:
        found = await campaigns.by_key(connection, entry.subject)
        what = entry.subject if found is None else found.name
    elif entry.action in _TO_PEOPLE:
        platform = entry.actor.partition(":")[0]
        what = await name_of(connection, f"{platform}:{entry.subject}")
    details = entry.details.get("tag") or entry.details.get("zone") or entry.details.get("tags")
    detail = desk.listed(details) if isinstance(details, list) else details or ""
    return desk.say(SENTENCES[entry.action], who=who, what=what, detail=detail)
