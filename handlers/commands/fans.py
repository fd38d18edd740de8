"""What everybody may ask: what is known of oneself, and to be left in peace."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.acceptance import question
from handlers.appointing import appoint_by_code
from handlers.arguments import Rest
from handlers.desk import Asked, Desk
from handlers.known_names import brought_lines, other_names
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from storage import audit, coupons, customers, profiles, tags, wishes
from storage.acceptance import waiting
from storage.steering import cancel_for_who_left
from storage.wishes import Wish


@command("start", "打招呼", Role.FAN, "和我打个招呼，以后就能私下说话", "/start")
async def start(desk: Desk, asked: Asked, payload: Rest | None = None) -> Replies:
    """Greet who opens the private chat, as some platforms ask for before a bot may write.

    The link that opened it may carry a word: a code makes a manager, any other is nothing to us.
    """
    if (
        payload is not None
        and asked.group is None
        and await appoint_by_code(desk, asked, payload.text)
    ):
        yield await _greet_manager(desk, asked)
        return
    text = desk.say(
        "你好，{name}！我是{shop}的群助手，以后可以私下回答你了。想知道我会做什么，发 /help。",
        name=asked.member.name,
        shop=desk.shop.name,
    )
    yield reply(text, private=True)


async def _greet_manager(desk: Desk, asked: Asked) -> Reply:
    """Greet the first manager, with the groups that have waited for one."""
    text = desk.say(
        "你好，{name}！你现在是{shop}的管理员了。把我拉进你们的群，我就在那里帮忙；"
        "想知道我会做什么，发 /help。",
        name=asked.member.name,
        shop=desk.shop.name,
    )
    async with desk.database.reading() as connection:
        groups = await waiting(connection, desk.shop_id)
    if not groups:
        return reply(text, private=True)
    asking = question(desk, groups)
    return reply(f"{text}\n{asking.text}", *asking.buttons, private=True)


@command("me", "我的信息", Role.FAN, "看我记住了你什么", "/me")
async def me(desk: Desk, asked: Asked) -> Replies:
    """Tell the asker everything that is kept about them."""
    say, member = desk.say, asked.member
    async with desk.database.reading() as connection:
        known = await profiles.profile(connection, member)
        theirs = await tags.tags_of(connection, member.id, desk.clock.now())
        wished = await wishes.wishes_of(connection, member.customer_id)
        given = await coupons.coupons_of(connection, member.customer_id)
    yield reply(
        "\n".join(
            [
                say("{name}，我记得你这些：", name=member.name),
                *other_names(say, known),
                say("所在群：{groups}", groups=desk.listed(known.groups)),
                *brought_lines(say, known),
                say("说过的话：{count} 条", count=known.messages),
                say("标签：{tags}", tags=desk.listed(tag.tag for tag in theirs)),
                *([_wished(desk, wished)] if wished else []),
                *([say("优惠券：{count} 张，发 /claim 看", count=len(given))] if given else []),
                say("营销消息：{state}", state=say("不收") if member.opted_out else say("收")),
                say("聊天记录：{state}", state=say("不记") if member.no_record else say("记录")),
            ]
        ),
        private=True,
    )


def _wished(desk: Desk, wished: Sequence[Wish]) -> str:
    things = dict.fromkeys(one.written for one in wished)
    return desk.say("愿望和收藏：{things}", things=desk.listed(things))


@command("optout", "退订", Role.FAN, "不再收营销消息", "/optout", guessed=False)
async def optout(desk: Desk, asked: Asked) -> Replies:
    """Keep marketing in private away from this person."""
    async with desk.database.writing() as connection:
        await customers.set_opt_out(connection, asked.member.customer_id, desk.clock.now())
        await _note(connection, desk, asked, "optout")
    yield _done(
        desk,
        "好的，以后不再私下给你发营销消息，也不会为营销在群里点名叫你。"
        "发给整个群的消息，你在群里还是会看到。想恢复就发 /optin。",
    )


@command("optin", "订阅", Role.FAN, "恢复收营销消息", "/optin", guessed=False)
async def optin(desk: Desk, asked: Asked) -> Replies:
    """Allow marketing again."""
    async with desk.database.writing() as connection:
        await customers.set_opt_out(connection, asked.member.customer_id, None)
        await _note(connection, desk, asked, "optin")
    yield _done(desk, "好的，有新品和活动会告诉你。")


@command("norecord", "不记录", Role.FAN, "不要记录我的聊天", "/norecord", guessed=False)
async def norecord(desk: Desk, asked: Asked) -> Replies:
    """Neither store nor analyse what this person says, and empty what was stored or found in it."""
    async with desk.database.writing() as connection:
        await customers.set_no_record(connection, asked.member.customer_id, no_record=True)
        await tags.forget_rule_tags(connection, asked.member.customer_id)
        await cancel_for_who_left(connection, asked.member.customer_id, desk.clock.now())
        await _note(connection, desk, asked, "norecord")
    yield _done(
        desk, "好的，从现在起不再记录你的聊天，以前记下的文字也清掉了。想恢复就发 /record。"
    )


@command("record", "恢复记录", Role.FAN, "恢复记录我的聊天", "/record", guessed=False)
async def record(desk: Desk, asked: Asked) -> Replies:
    """Store and analyse what this person says again."""
    async with desk.database.writing() as connection:
        await customers.set_no_record(connection, asked.member.customer_id, no_record=False)
        await _note(connection, desk, asked, "record")
    yield _done(desk, "好的，以后又会认真听你说话了。")


async def _note(connection: AsyncConnection, desk: Desk, asked: Asked, wish: str) -> None:
    """What a fan wished is kept, so that nobody need take our word for it."""
    await audit.note(
        connection, audit.Entry(desk.clock.now(), asked.actor, wish, asked.member.person, {})
    )


def _done(desk: Desk, sentence: str) -> Reply:
    """The answer to a wish that is carried out whether or not the fan can be told in private."""
    return reply(desk.say(sentence), private=True, instead=desk.say("好的，照办了。"))
