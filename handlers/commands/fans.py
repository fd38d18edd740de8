"""What everybody may ask: help, what is known of oneself, and to be left in peace."""

from __future__ import annotations

from handlers.arguments import Rest
from handlers.desk import Asked, Desk
from handlers.registry import REGISTRY, command
from handlers.replies import Replies, reply
from handlers.roles import Role
from storage import analysis, groups, members, tags


@command("help", "帮助", Role.FAN, "看我会做什么", "/help 我的信息")
async def help_(desk: Desk, asked: Asked, about: Rest | None = None) -> Replies:
    """List the commands the asker may use, or explain one."""
    say = desk.say
    if about is not None:
        found = REGISTRY.find(about.text)
        if found is not None and asked.role >= found.role:
            yield reply(
                say(
                    "{usage}（{alias}）：{summary}\n例如：{example}",
                    usage=found.usage,
                    alias=found.alias,
                    summary=say(found.summary),
                    example=found.example,
                )
            )
            return
    lines = [
        f"/{one.name} {one.alias}：{say(one.summary)}" for one in REGISTRY.for_role(asked.role)
    ]
    title = say("我是{shop}的群助手，会做这些：", shop=desk.shop.name)
    hint = say("想看怎么用，发 /help 加命令名。")
    yield reply("\n".join([title, *lines, hint]), private=asked.role is Role.MANAGER)


@command("me", "我的信息", Role.FAN, "看我记住了你什么", "/me")
async def me(desk: Desk, asked: Asked) -> Replies:
    """Tell the asker everything that is kept about them."""
    say, member = desk.say, asked.member
    async with desk.database.reading() as connection:
        known = await members.profile(connection, member)
        theirs = await tags.tags_of(connection, member.id, desk.clock.now())
    none = say("还没有")
    yield reply(
        "\n".join(
            [
                say("{name}，我记得你这些：", name=member.name),
                say("所在群：{groups}", groups="、".join(known.groups) or none),
                say("说过的话：{count} 条", count=known.messages),
                say("标签：{tags}", tags="、".join(tag.tag for tag in theirs) or none),
                say("营销消息：{state}", state=say("不收") if member.opted_out else say("收")),
                say("聊天记录：{state}", state=say("不记") if member.no_record else say("记录")),
            ]
        ),
        private=True,
    )


@command("optout", "退订", Role.FAN, "不再收营销消息", "/optout")
async def optout(desk: Desk, asked: Asked) -> Replies:
    """Keep marketing in private away from this person."""
    async with desk.database.writing() as connection:
        await members.set_opt_out(connection, asked.member.customer_id, desk.clock.now())
    yield reply(
        desk.say(
            "好的，以后不会再私下给你发营销消息，也不会在群里点名叫你。"
            "群里发给大家的消息你还会看到，那是发给整个群的。想恢复发 /optin。"
        ),
        private=True,
    )


@command("optin", "订阅", Role.FAN, "恢复收营销消息", "/optin")
async def optin(desk: Desk, asked: Asked) -> Replies:
    """Allow marketing again."""
    async with desk.database.writing() as connection:
        await members.set_opt_out(connection, asked.member.customer_id, None)
    yield reply(desk.say("欢迎回来！有新品和活动会告诉你。"), private=True)


@command("norecord", "不记录", Role.FAN, "不要记录我的聊天", "/norecord")
async def norecord(desk: Desk, asked: Asked) -> Replies:
    """Neither store nor analyse what this person says, and empty what was stored."""
    async with desk.database.writing() as connection:
        await members.set_no_record(connection, asked.member.customer_id, no_record=True)
        await analysis.mark_groups_dirty(
            connection, [group.id for group in await groups.all_groups(connection, desk.shop_id)]
        )
    yield reply(
        desk.say("好的，从现在起不记录你的聊天，以前记下的文字也清掉了。想恢复发 /record。"),
        private=True,
    )


@command("record", "恢复记录", Role.FAN, "恢复记录我的聊天", "/record")
async def record(desk: Desk, asked: Asked) -> Replies:
    """Store and analyse what this person says again."""
    async with desk.database.writing() as connection:
        await members.set_no_record(connection, asked.member.customer_id, no_record=False)
    yield reply(desk.say("好的，又会认真听你说话了。"), private=True)
