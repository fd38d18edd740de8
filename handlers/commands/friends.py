"""Who becomes a friend of an account: its rule, who waits, and a manager's word about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.account_names import AccountName, no_such_account
from handlers.admission import own_words, who_decided
from handlers.arguments import Groups, Number, PageNumber, Unreadable, Word, one_of
from handlers.audiences import chosen_groups
from handlers.befriending import rule_on, ruling_buttons
from handlers.desk import Asked, Desk
from handlers.friendship import set_rule
from handlers.paging import page_of, page_reply
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from storage import audit, friendships
from storage.accounts import states
from storage.friendships import Admits, FriendRequest, FriendRule
from storage.groups import Group, groups_by_id
from storage.join_requests import Verdict
from storage.shops import halted_at

_AT_ONCE = 4
"""Requests on a page: each has two buttons."""

_BEFRIENDING_WORDS = {
    "所有人": Admits.EVERYONE,
    "everyone": Admits.EVERYONE,
    "暗号": Admits.WHO_SAYS,
    "words": Admits.WHO_SAYS,
    "人工": Admits.NOBODY,
    "manual": Admits.NOBODY,
}
_RULES = {
    Admits.EVERYONE: "账号 {account}：谁加好友都通过。",
    Admits.WHO_SAYS: "账号 {account}：留言里写了「{words}」的直接通过，其他人问管理员。",
    Admits.NOBODY: "账号 {account}：谁加好友都问管理员。",
}


@dataclass(frozen=True, slots=True)
class Befriending:
    """Who becomes a friend: `everyone`, who says the `words`, or whom a manager takes (`manual`).

    `words` are None where none are to be said.
    """

    label: ClassVar[str] = "所有人|暗号 词|人工"
    admits: Admits
    words: str | None = None

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word, in English or Chinese; behind 暗号 the words, in quotes if they have blanks."""
        otherwise = "要说清楚谁能加好友：所有人、暗号（后面写上暗号），还是人工"
        admits, left = one_of(_BEFRIENDING_WORDS, rest, otherwise)
        if admits is not Admits.WHO_SAYS:
            return cls(admits), left
        if left.lstrip()[:1] in ("@", "＠", ""):
            raise Unreadable("还没写暗号是什么")
        words, left = Word.read(left)
        return cls(admits, words.text), left


@command(
    "befriend",
    "好友规则",
    Role.MANAGER,
    "定谁加好友就直接通过：所有人、说对暗号的，或都问管理员；写上群，就请新朋友进群",
    "/befriend 暗号 暖暖 @一群",
)
async def befriend(
    desk: Desk,
    asked: Asked,
    befriending: Befriending,
    account: AccountName | None = None,
    groups: Groups | None = None,
) -> Replies:
    """Say by which rule an account makes friends, and into which group they are brought."""
    group: Group | None = None
    if groups is not None:
        found = await chosen_groups(desk, asked, groups)
        if isinstance(found, Reply):
            yield found
            return
        if len(found.whole) != 1:
            yield reply(desk.say("新朋友只能请进一个群，请写一个群的名字。"), private=True)
            return
        group = found.whole[0]
    meant = await _account_meant(desk, asked, account, group)
    if isinstance(meant, Reply):
        yield meant
        return
    name = meant
    if group is not None and group.account != name:
        sentence = "账号 {account} 不在「{group}」里，请不了人进去。"
        yield reply(desk.say(sentence, account=name, group=group.name), private=True)
        return
    words = befriending.words
    rule = FriendRule(befriending.admits, words, None if group is None else group.id)
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        before = (await friendships.rule_of(connection, name)).group_id if group is None else None
        left = await groups_by_id(connection, [] if before is None else [before])
        admitted = await set_rule(connection, name, rule, now)
        details = {} if group is None else {"group": group.name}
        deed = f"befriend_{rule.admits}"
        await audit.note(connection, audit.Entry(now, asked.actor, deed, name, details))
    text = desk.say("好的，{rule}", rule=_in_words(desk, name, rule, group))
    if admitted:
        text += desk.say("等着的 {count} 位这就通过。", count=len(admitted))
    for one in left.values():
        sentence = "新朋友不再请进「{group}」；还要请的话，把群也写上。"
        text += desk.say(sentence, group=one.name)
    yield reply(text, private=True)


async def _account_meant(
    desk: Desk, asked: Asked, account: AccountName | None, group: Group | None
) -> str | Reply:
    """The account that was named; else the one in the group, spoken to, or the only one it can be.

    Friends are made by accounts that somebody logs in, and by no others.
    """
    if account is not None and account.name not in desk.senders:
        return no_such_account(desk, account.name)
    async with desk.database.reading() as connection:
        known = await states(connection, list(desk.senders))
    befriend = [name for name, one in known.items() if one.state is not None]
    if account is not None:
        meant = account.name
    else:
        meant = asked.account if group is None else group.account
        if group is None and meant not in befriend and len(befriend) == 1:
            return befriend[0]
    if meant in befriend:
        return meant
    if not befriend:
        return reply(desk.say("现在没有能加好友的账号：微信账号登录过一次才有。"), private=True)
    sentence = "账号 {account} 没有加好友这回事。写上是哪个账号：{names}"
    text = desk.say(sentence, account=meant, names=desk.listed(befriend))
    return reply(text, private=True)


def _in_words(desk: Desk, account: str, rule: FriendRule, group: Group | None) -> str:
    text = desk.say(_RULES[rule.admits], account=account, words=rule.words)
    if group is not None:
        text += desk.say("成了好友就请进「{group}」。", group=group.name)
    return text


@command("friends", "好友申请", Role.MANAGER, "看谁在申请加好友，和各账号的好友规则", "/friends")
async def friends(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """Who waits to be a friend, with buttons, and by which rules."""
    async with desk.database.reading() as connection:
        found = await friendships.waiting(connection)
        rules = await friendships.rules(connection)
        wanted = {rule.group_id for rule in rules.values() if rule.group_id is not None}
        groups = await groups_by_id(connection, wanted)
    ruled = [
        _in_words(desk, account, rule, groups.get(rule.group_id or 0))
        for account, rule in rules.items()
    ]
    shown = page_of(found, page, _AT_ONCE)
    yield page_reply(
        desk,
        shown,
        [
            desk.say("有 {count} 位想加好友：", count=len(found)),
            *(_line(desk, one) for one in shown.rows),
            *ruled,
        ],
        *(button for one in shown.rows for button in ruling_buttons(desk, one, named=True)),
        opening="/friends",
        empty="\n".join((desk.say("现在没有人在等着加好友。"), *ruled)),
        wanted=page,
    )


def _line(desk: Desk, one: FriendRequest) -> str:
    line = desk.say(
        "{number}. {name} 加账号 {account}，{time}",
        number=one.id,
        name=one.name,
        account=one.account,
        time=desk.show_time(one.asked_at),
    )
    return f"{line} {own_words(desk, one.words)}".rstrip()


@command("makefriend", "同意好友", Role.MANAGER, "同意加一位为好友", "/makefriend 12")
async def makefriend(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Grant somebody's request to be friends."""
    yield await _ruled(desk, asked, number.number, Verdict.ADMITTED)


@command("nofriend", "拒绝好友", Role.MANAGER, "不加一位为好友，对方不会收到通知", "/nofriend 12")
async def nofriend(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Refuse somebody's request to be friends."""
    yield await _ruled(desk, asked, number.number, Verdict.REFUSED)


async def _ruled(desk: Desk, asked: Asked, number: int, verdict: Verdict) -> Reply:
    done = await rule_on(desk, asked.actor, number, verdict)
    if done is None:
        sentence = "没有编号 {number} 的好友申请。发 /friends 看谁在等。"
        return reply(desk.say(sentence, number=number), private=True)
    request = done.request
    admitted = request.decided is Verdict.ADMITTED
    if not done.changed:
        sentence = (
            "{name} 的好友申请已经通过了（{who}）。"
            if admitted
            else "{name} 的好友申请已经拒绝了（{who}）。"
        )
        who = await who_decided(desk, request.decided_by)
        return reply(desk.say(sentence, name=request.name, who=who), private=True)
    if not admitted:
        return reply(desk.say("好的，不加 {name} 为好友。", name=request.name), private=True)
    async with desk.database.reading() as connection:
        halted = await halted_at(connection, desk.shop_id) is not None
    sentence = (
        "好的，记下了。现在急停中，解除后就加 {name} 为好友。"
        if halted
        else "好的，这就加 {name} 为好友。"
    )
    return reply(desk.say(sentence, name=request.name), private=True)
