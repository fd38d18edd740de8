"""The audit log in words: the last changes that people made."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import PageNumber
from handlers.desk import Asked, Desk
from handlers.fact_words import name_of as fact_name
from handlers.fact_words import short
from handlers.paging import page_read, page_reply, slice_of
from handlers.programme_files import shelf, title_of
from handlers.registry import command
from handlers.replies import Replies
from handlers.roles import Role
from handlers.staff import name_of
from handlers.word_arguments import COUNTS_AS
from insights.lexicon import Taught
from storage import audit, campaigns
from storage.audit import Entry

_TO_CAMPAIGNS = {
    "override": "{who} 放行了「{what}」的措辞：{detail}",
    "approve": "{who} 批准了「{what}」",
    "submit": "{who} 提交了「{what}」，等批准",
    "reject": "{who} 退回了「{what}」",
    "edit": "{who} 修改了「{what}」",
    "pause": "{who} 暂停了「{what}」",
    "resume": "{who} 恢复了「{what}」",
    "cancel": "{who} 取消了「{what}」",
    "retry": "{who} 让「{what}」失败的再发一次",
    "recall": "{who} 撤回了「{what}」",
    "ask_recall": "{who} 要撤回「{what}」，等另一位同意",
    "pin": "{who} 置顶了「{what}」",
    "prepare": "{who} 备好了「{what}」",
    "skip_post": "{who} 跳过了「{what}」的一条",
    "keep_post": "{who} 恢复了「{what}」跳过的一条",
    "money": "{who} 记了「{what}」的花费和收入",
}
_TO_PROGRAMMES = {
    "programme_on": "{who} 开了「{what}」",
    "programme_off": "{who} 关了「{what}」",
    "programme_facts": "{who} 说了「{what}」的{detail}",
}
_TO_PEOPLE = {
    "tag": "{who} 给 {what} 贴了「{detail}」",
    "untag": "{who} 去掉了 {what} 的「{detail}」",
    "timezone_of": "{who} 把 {what} 的时区设为 {detail}",
    "letin": "{who} 让 {what} 进了「{detail}」",
    "turnaway": "{who} 没让 {what} 进「{detail}」",
    "makefriend": "{who} 同意加 {what} 为好友",
    "nofriend": "{who} 没同意加 {what} 为好友",
    "same_person": "{who} 认出 {what} 就是以前那位",
    "other_person": "{who} 说 {what} 不是以前那位",
    "optout": "{who} 退订了营销消息",
    "optin": "{who} 恢复了营销消息",
    "norecord": "{who} 不让记录聊天",
    "record": "{who} 恢复了聊天记录",
}
_TO_MANY = "{who} 给 {detail} 位粉丝贴了「{what}」"
_OTHERS = {
    "appoint": "{who} 成了管理员",
    "accept": "{who} 收下了群 {what}",
    "decline": "{who} 说群 {what} 不是店里的",
    "give_up": "{who} 不再管群 {what}",
    "halt": "{who} 急停了所有发送",
    "lift_halt": "{who} 解除了急停",
    "resolve": "{who} 核实了一条存疑的消息",
    "watch": "{who} 关注了「{what}」，贴「{detail}」",
    "unwatch": "{who} 不再关注「{what}」",
    "grouptag": "{who} 给 {what} 的群标签：{detail}",
    "timezone": "{who} 把 {what} 的时区设为 {detail}",
    "link": "{who} 让「{detail}」管 {what}",
    "unlink": "{who} 不再让「{detail}」管 {what}",
    "admit_everyone": "{who} 让申请进 {what} 的都直接进",
    "admit_regulars": "{who} 让申请进 {what} 的老客直接进",
    "admit_manual": "{who} 让申请进 {what} 的都问管理员",
    "opinion": "{who} 教我「{what}」= {detail}",
    "unopinion": "{who} 收回了「{what}」的看法",
    "learn": "{who} 让我学了「{what}」",
    "unlearn": "{who} 不让我学「{what}」",
    "names": "{who} 看了「{what}」的原话是谁说的",
    "segment": "{who} 存了分组「{what}」",
    "unsegment": "{who} 删了分组「{what}」",
    "segment_names": "{who} 看了「{what}」里有谁",
    "accept_feed": "{who} 照现在的样子收下了货源「{what}」",
    "lift": "{who} 让账号 {what} 接着发",
    "coupon": "{who} 备了优惠券「{what}」",
    "redeem": "{who} 核销了券码 {what}",
    "close_round": "{who} 提前结束了「{what}」",
    "call_off": "{who} 取消了「{what}」，什么都不算",
    "faq": "{who} 写了问答「{what}」",
    "unfaq": "{who} 删了问答「{what}」",
    "befriend_everyone": "{who} 让加账号 {what} 好友的都直接通过",
    "befriend_who_says": "{who} 让说对暗号的直接加账号 {what} 为好友",
    "befriend_nobody": "{who} 让加账号 {what} 好友的都问管理员",
}
_DETAILS = ("tag", "zone", "tags", "chat", "group", "words")
SENTENCES = _TO_CAMPAIGNS | _TO_PEOPLE | _TO_PROGRAMMES | _OTHERS
"""Action → a key of the wording: who did it, to whom or what, and the detail that matters."""


@command("audit", "记录", Role.MANAGER, "看最近谁改过什么", "/audit")
async def audit_(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """The last changes by people, the newest first."""
    part = slice_of(page)
    async with desk.database.reading() as connection:
        entries = await audit.latest(connection, part.most, skip=part.skip)
        found = page_read(entries, page)
        lines = [
            f"· {desk.show_time(one.at)} {await _in_words(desk, connection, one)}"
            for one in found.rows
        ]
    shown = [desk.say("改动，新的在前："), *lines]
    empty = desk.say("还没有改动。")
    yield page_reply(desk, found, shown, opening="/audit", empty=empty, wanted=page)


async def _in_words(desk: Desk, connection: AsyncConnection, entry: Entry) -> str:
    """One change; one of a kind that has no sentence is shown as it is kept."""
    who = await name_of(desk, connection, entry.actor)
    if entry.action not in SENTENCES:
        return f"{who} {entry.action} {entry.subject}"
    if "members" in entry.details and entry.action == "tag":
        return desk.say(_TO_MANY, who=who, what=entry.subject, detail=entry.details["members"])
    if entry.action in _TO_PROGRAMMES:
        what, detail = await _programme(desk, entry)
    else:
        what, detail = await _subject(desk, connection, entry), _detail(desk, entry)
    return desk.say(SENTENCES[entry.action], who=who, what=what, detail=detail)


async def _subject(desk: Desk, connection: AsyncConnection, entry: Entry) -> str:
    """What was changed, or whose it is, by name."""
    found = None
    if entry.action == "recall":  # its subject is the message that asked for it
        found = await campaigns.by_id(connection, entry.details["campaign"])
    elif entry.action in _TO_CAMPAIGNS:
        found = await campaigns.by_key(connection, entry.subject)
    elif entry.action in _TO_PEOPLE:
        # A manager may say something about somebody on another platform.
        platform = entry.details.get("platform") or entry.actor.partition(":")[0]
        return await name_of(desk, connection, f"{platform}:{entry.subject}")
    return entry.subject if found is None else found.name


def _detail(desk: Desk, entry: Entry) -> str:
    """The detail of a change that matters."""
    details = next((entry.details[part] for part in _DETAILS if entry.details.get(part)), "")
    if entry.action == "opinion":
        return desk.say(COUNTS_AS[Taught(entry.details["stance"])])
    return desk.listed(details) if isinstance(details, list) else details


async def _programme(desk: Desk, entry: Entry) -> tuple[str, str]:
    """A programme's year by name, and the facts that were said; by their keys if it is gone."""
    key, _, year = entry.subject.partition(":")
    programme = (await shelf(desk)).programmes.get(key)
    if programme is None:
        return entry.subject, desk.listed(entry.details)
    called = {fact.key: short(fact_name(desk, fact)) for fact in programme.facts}
    said = desk.listed(called.get(name, name) for name in entry.details)
    return title_of(programme, desk.shop, int(year)), said
