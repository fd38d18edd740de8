from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest
from aiogram import Bot as Client
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)
from aiohttp import web

from tests.peers.telegram.limits import Allowed, Limits, Window
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.world import Bot, Chat, Kind, User

EVERYTHING = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]


@dataclass
class Shop:
    """A group with its owner, a fan who is not in it yet, and a bot that runs it with them."""

    double: TelegramDouble
    owner: User
    fan: User
    bot: Bot
    group: Chat
    client: Client

    @property
    def kinds(self) -> list[str]:
        """What the bot has not heard yet, by kind."""
        return [next(iter(set(one) - {"update_id"})) for one in self.bot.inbox.waiting]


def client_of(double: TelegramDouble, token: str) -> Client:
    return Client(token, session=AiohttpSession(api=TelegramAPIServer.from_base(double.url)))


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with TelegramDouble(allowed=None) as double:
        owner, fan = double.world.add_user("群主"), double.world.add_user("小雨")
        bot = double.world.add_bot("暖群", "warm_bot")
        bot.inbox.asked_for = EVERYTHING
        group = double.world.add_group("福利群", owner)
        double.people.add_bot(bot, group, owner)
        bot.inbox.forget_all()
        client = client_of(double, bot.token)
        yield Shop(double, owner, fan, bot, group, client)
        await client.session.close()
        assert double.wrong == []


async def test_a_bot_hears_until_it_confirms(shop: Shop) -> None:
    shop.double.people.say(shop.owner, shop.group, "大家好 @warm_bot")
    first = await shop.client.get_updates()
    again = await shop.client.get_updates()
    assert [one.update_id for one in first] == [one.update_id for one in again]
    message = first[0].message
    assert message is not None
    assert (message.text, message.chat.title) == ("大家好 @warm_bot", "福利群")
    assert message.entities is not None
    assert message.entities[0].extract_from(message.text or "") == "@warm_bot"
    assert await shop.client.get_updates(offset=first[0].update_id + 1) == []


async def test_an_admin_who_hides_speaks_as_the_group(shop: Shop) -> None:
    asked = shop.double.people.say(shop.owner, shop.group, "谁在")
    shop.double.people.hide(shop.owner, shop.group)
    shop.double.people.say(shop.owner, shop.group, "我在", answers=asked)
    message = (await shop.client.get_updates())[-1].message
    assert message is not None
    assert message.sender_chat is not None
    assert message.from_user is not None
    assert message.reply_to_message is not None
    assert (message.sender_chat.id, message.from_user.is_bot) == (shop.group.id, True)
    assert message.reply_to_message.text == "谁在"


async def test_a_long_poll_ends_with_the_first_word(shop: Shop) -> None:
    polling = asyncio.create_task(shop.client.get_updates(timeout=10))
    await asyncio.sleep(0.05)
    shop.double.people.whisper(shop.fan, shop.bot, "在吗")
    (update,) = await asyncio.wait_for(polling, 2)
    assert update.message is not None
    assert update.message.chat.id == shop.fan.id


async def test_a_second_poll_ends_the_first(shop: Shop) -> None:
    polling = asyncio.create_task(shop.client.get_updates(timeout=10))
    await asyncio.sleep(0.05)
    assert await shop.client.get_updates() == []
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await polling


async def test_updates_come_only_in_the_kinds_that_were_asked_for(shop: Shop) -> None:
    await shop.client.get_updates(allowed_updates=["message"])
    shop.double.people.join(shop.fan, shop.group)
    assert shop.kinds == ["message"]
    await shop.client.get_updates(allowed_updates=[])
    shop.double.people.leave(shop.fan, shop.group)
    assert shop.kinds == ["message", "message"], "chat_member is told only to who names it"


async def test_members_are_told_only_to_administrators(shop: Shop) -> None:
    shop.double.people.join(shop.fan, shop.group)
    assert shop.kinds == ["chat_member", "message"]
    shop.bot.inbox.forget_all()
    shop.double.people.demote(shop.bot.user, shop.group, shop.owner)
    shop.double.people.leave(shop.fan, shop.group)
    assert shop.kinds == ["my_chat_member", "message"]


async def test_a_bot_hears_neither_itself_nor_groups_it_is_not_in(shop: Shop) -> None:
    elsewhere = shop.double.world.add_group("别的群", shop.owner)
    shop.double.people.say(shop.owner, elsewhere, "这里没有机器人")
    await shop.client.send_message(shop.group.id, "上新啦")
    assert shop.kinds == []


async def test_a_message_is_changed_pinned_and_taken_back(shop: Shop) -> None:
    keys = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="要", callback_data="=要")]]
    )
    sent = await shop.client.send_message(shop.group.id, "还有 3 天", reply_markup=keys)
    edited = await shop.client.edit_message_text(
        "还有 2 天", chat_id=shop.group.id, message_id=sent.message_id
    )
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup) == ("还有 2 天", None)
    await shop.client.pin_chat_message(shop.group.id, sent.message_id)
    assert shop.group.messages[sent.message_id].pinned
    await shop.client.delete_message(shop.group.id, sent.message_id)
    assert shop.group.standing() == []


async def test_pictures_are_kept(shop: Shop) -> None:
    upload = BufferedInputFile(b"PNG", "offer.png")
    photo = await shop.client.send_photo(shop.group.id, upload, caption="看图")
    assert photo.photo is not None
    file = photo.photo[-1].file_id
    again = await shop.client.send_media_group(
        shop.group.id, [InputMediaPhoto(media=file, caption="两张"), InputMediaPhoto(media=file)]
    )
    assert [one.caption for one in again] == ["两张", None]
    fetched = await shop.client.download(file)
    assert fetched is not None
    assert fetched.read() == b"PNG"


async def test_a_press_is_answered_once(shop: Shop) -> None:
    keys = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="要", callback_data="=要")]]
    )
    sent = await shop.client.send_message(shop.group.id, "要吗", reply_markup=keys)
    press = shop.double.people.press(
        shop.fan, shop.bot, shop.group.messages[sent.message_id], number=0
    )
    (update,) = await shop.client.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.id, update.callback_query.data) == (press, "=要")
    assert await shop.client.answer_callback_query(press)
    with pytest.raises(TelegramAPIError, match="query is too old"):
        await shop.client.answer_callback_query(press)


async def test_who_asks_at_the_door_is_let_in_once(shop: Shop) -> None:
    made = await shop.client.create_chat_invite_link(
        shop.group.id, name="小雨的链接", creates_join_request=True
    )
    link = shop.group.links[made.invite_link]
    shop.bot.inbox.asked_for = ["chat_join_request", "chat_member"]
    shop.double.people.ask(shop.fan, shop.group, link, "老客")
    (update,) = await shop.client.get_updates()
    assert update.chat_join_request is not None
    assert update.chat_join_request.bio == "老客"
    await shop.client.approve_chat_join_request(shop.group.id, shop.fan.id)
    assert shop.group.member(shop.fan).is_in
    with pytest.raises(TelegramAPIError, match="HIDE_REQUESTER_MISSING"):
        await shop.client.approve_chat_join_request(shop.group.id, shop.fan.id)


Deed = Callable[[Shop], Awaitable[object]]


async def _say(shop: Shop, text: str = "喂", **more: int) -> object:
    return await shop.client.send_message(shop.group.id, text, **more)  # type: ignore[arg-type]  # the table's own words


async def _put_out(shop: Shop) -> object:
    shop.double.people.put_out(shop.bot.user, shop.group, shop.owner)
    return await _say(shop)


async def _muted(shop: Shop) -> object:
    shop.double.people.mute(shop.bot.user, shop.group, shop.owner)
    return await _say(shop)


async def _closed_topic(shop: Shop) -> object:
    topic = shop.double.people.open_topic(shop.group, "上新", shop.owner)
    shop.double.people.close_topic(shop.group, topic, shop.owner)
    return await _say(shop, message_thread_id=topic)


async def _blocked(shop: Shop) -> object:
    shop.double.people.start(shop.fan, shop.bot)
    shop.double.people.block(shop.fan, shop.bot)
    return await shop.client.send_message(shop.fan.id, "喂")


async def _unchanged(shop: Shop) -> object:
    sent = await shop.client.send_message(shop.group.id, "一样")
    return await shop.client.edit_message_text(
        "一样", chat_id=shop.group.id, message_id=sent.message_id
    )


async def _not_its_own(shop: Shop) -> object:
    message = shop.double.people.say(shop.owner, shop.group, "我的")
    return await shop.client.edit_message_text("你的", chat_id=shop.group.id, message_id=message.id)


REFUSALS: dict[str, tuple[Deed, str]] = {
    "nowhere": (lambda s: s.client.send_message("nowhere", "喂"), "chat not found"),
    "nobody": (lambda s: s.client.send_message(1, "喂"), "chat not found"),
    "not started": (
        lambda s: s.client.send_message(s.fan.id, "喂"),
        "Forbidden: bot can't initiate conversation with a user",
    ),
    "blocked": (_blocked, "Forbidden: bot was blocked by the user"),
    "put out": (_put_out, "Forbidden: bot was kicked from the supergroup chat"),
    "muted": (_muted, "not enough rights to send text messages to the chat"),
    "no such topic": (lambda s: _say(s, message_thread_id=99), "message thread not found"),
    "closed topic": (_closed_topic, "TOPIC_CLOSED"),
    "empty": (lambda s: _say(s, " "), "message text is empty"),
    "too long": (lambda s: _say(s, "长" * 4097), "message is too long"),
    "unchanged": (_unchanged, "message is not modified"),
    "not its own": (_not_its_own, "message can't be edited"),
    "gone": (lambda s: s.client.delete_message(s.group.id, 99), "message to delete not found"),
    "no such file": (
        lambda s: s.client.send_photo(s.group.id, "file-x"),
        "wrong file identifier",
    ),
    "an album of one": (
        lambda s: s.client.send_media_group(s.group.id, [InputMediaPhoto(media="http://a/b")]),
        "the album must have from 2 to 10 items",
    ),
}


@pytest.mark.parametrize(("deed", "sentence"), REFUSALS.values(), ids=REFUSALS)
async def test_what_cannot_be_is_refused_in_the_platform_s_words(
    shop: Shop, deed: Deed, sentence: str
) -> None:
    with pytest.raises(TelegramAPIError, match=sentence):
        await deed(shop)


async def test_a_token_of_no_bot_is_refused(shop: Shop) -> None:
    stranger = client_of(shop.double, "1:nobody")
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()
    await stranger.session.close()


async def test_a_group_that_moved_says_where(shop: Shop) -> None:
    small = shop.double.world.add_group("小群", shop.owner, kind=Kind.GROUP)
    shop.double.people.add_bot(shop.bot, small, shop.owner)
    large = shop.double.people.migrate(small, shop.owner)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await shop.client.send_message(small.id, "喂")
    assert moved.value.migrate_to_chat_id == large.id
    await shop.client.send_message(large.id, "喂")


async def test_what_the_bot_api_does_not_know_is_refused_and_kept() -> None:
    async with TelegramDouble() as double, aiohttp.ClientSession() as session:
        bot = double.world.add_bot("暖群", "warm_bot")
        wrong = {"chat_id": 1, "text": "喂", "colour": "red"}
        async with session.post(f"{double.url}/bot{bot.token}/sendMessage", json=wrong) as answer:
            assert answer.status == 400
        assert double.wrong == ["sendMessage: colour is not known"]


WINDOWS = {
    "account": (Allowed(account=Window(2, 1.0)), [(1, 0.0), (2, 0.1), (3, 0.9)], 1),
    "chat": (Allowed(), [(1, 0.0), (2, 0.5), (1, 0.99)], 1),
    "group": (Allowed(group=Window(2, 60.0)), [(-1, 0.0), (-1, 30.0), (-1, 59.0)], 1),
    "group, early": (Allowed(group=Window(2, 60.0)), [(-1, 0.0), (-1, 5.0), (-1, 10.0)], 50),
}


@pytest.mark.parametrize(("allowed", "arrivals", "wait"), WINDOWS.values(), ids=WINDOWS)
def test_the_one_too_many_is_told_when_to_come_again(
    allowed: Allowed, arrivals: list[tuple[int, float]], wait: int
) -> None:
    now = 0.0
    limits = Limits(allowed, now=lambda: now)
    told = []
    for chat, at in [*arrivals, (arrivals[-1][0], arrivals[-1][1] + wait)]:
        now = at
        told.append(limits.arrive(7, chat, is_group=chat < 0))
    assert told == [None, None, wait, None]
    assert len(limits.refused) == 1


async def test_who_is_too_fast_is_told_so() -> None:
    async with TelegramDouble(allowed=Allowed()) as double:
        bot, owner = double.world.add_bot("暖群", "warm_bot"), double.world.add_user("群主")
        group = double.world.add_group("福利群", owner)
        double.people.add_bot(bot, group, owner)
        client = client_of(double, bot.token)
        await client.send_message(group.id, "一")
        with pytest.raises(TelegramRetryAfter) as wait:
            await client.send_message(group.id, "二")
        assert wait.value.retry_after == 1
        assert [one.text for one in group.standing()] == ["一"]
        await client.session.close()


async def test_a_webhook_is_called_until_it_takes_the_update(shop: Shop) -> None:
    brought: list[tuple[str | None, int]] = []
    all_taken = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        brought.append((secret, (await request.json())["update_id"]))
        if len(brought) == 4:
            all_taken.set()
        return web.Response(status=503 if len(brought) < 3 else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await shop.client.set_webhook(url, secret_token="s3cret", max_connections=1)
    with pytest.raises(TelegramConflictError, match="while webhook is active"):
        await shop.client.get_updates()
    shop.double.people.say(shop.owner, shop.group, "一")
    shop.double.people.say(shop.owner, shop.group, "二")
    await asyncio.wait_for(all_taken.wait(), 5)
    first = brought[0][1]
    assert brought == [("s3cret", first)] * 3 + [("s3cret", first + 1)]
    await shop.client.delete_webhook()
    shop.double.people.say(shop.owner, shop.group, "三")
    last = (await shop.client.get_updates())[-1]
    assert last.message is not None
    assert last.message.text == "三"
    await runner.cleanup()
