"""The channel: actions become calls, answers outcomes; a group that moved is followed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.port import Channel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.connection import TelegramConnection, TelegramUnreachable
from bot.channels.telegram.menu import Menus
from handlers.events import Chat, Event, GroupMoved, MemberLeft, Person
from handlers.roles import Role
from scheduler.clock import SimulatedClock
from scheduler.content import Button, Content, Mention, Picture
from scheduler.courier import (
    Action,
    Address,
    AddressGone,
    Admit,
    Delete,
    Done,
    Edit,
    Invite,
    NothingSent,
    Outcome,
    Pin,
    Post,
    Presence,
    TooFast,
    Unable,
    Unclear,
)
from storage import button_words
from storage.database import Database
from storage.errors import RunningError
from tests.bot.channels.telegram.scripted import ScriptedTelegram, cuts, does, page, refuses

NOON = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
GROUP = Address(group="-7")
PERSON = Address(person="42")
NEW = -1007
MOVES = refuses(
    400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=NEW
)
NO_TEXT = refuses(400, "Bad Request: there is no text in the message to edit")


@dataclass
class HeardBefore:
    """A hearing that tells what it was given, and then waits until it is closed."""

    told: list[Event] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    refusal: RunningError | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        self.log.append("open")
        self.over.clear()
        if self.refusal is not None:
            raise self.refusal

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        for event in self.told:
            if after is None or int(event.cursor) > int(after):
                yield event
        await self.over.wait()

    async def confirm(self, cursor: str) -> None:
        self.confirmed.append(cursor)

    async def close(self) -> None:
        self.log.append("close")
        self.over.set()


class WatchedMenus(Menus):
    """Menus that offer nothing, and keep what they are told."""

    def __init__(self, connection: TelegramConnection) -> None:
        super().__init__(connection, self._of_a_fan)
        self.log: list[Event | str] = []

    def open(self) -> None:
        self.log.append("open")

    async def close(self) -> None:
        self.log.append("close")

    def notice(self, event: Event) -> None:
        self.log.append(event)

    def stored(self) -> None:
        self.log.append("stored")

    @staticmethod
    async def _of_a_fan(_: str) -> Role:
        return Role.FAN


def left(cursor: str) -> MemberLeft:
    return MemberLeft("telegram:shop", cursor, NOON, Chat("-7", "一群"), Person("42", "小雨"))


@pytest.fixture
async def database(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    file = tmp_path / "nuanqun.db"
    shutil.copy(migrated_sqlite, file)
    opened = await Database.open(f"sqlite+aiosqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
def hearing() -> HeardBefore:
    return HeardBefore()


@pytest.fixture
def menus(connection: TelegramConnection) -> WatchedMenus:
    return WatchedMenus(connection)


@pytest.fixture
async def channel(
    connection: TelegramConnection,
    hearing: HeardBefore,
    menus: WatchedMenus,
    database: Database,
    tmp_path: Path,
) -> AsyncIterator[TelegramChannel]:
    (tmp_path / "offer.png").write_bytes(b"png")
    made = TelegramChannel(
        name="shop",
        connection=connection,
        hearing=hearing,
        menus=menus,
        database=database,
        clock=SimulatedClock(NOON),
        data=tmp_path,
    )
    await made.open()
    yield made
    await made.close()


def post(address: Address = GROUP, text: str = "大家好", **more: object) -> Post:
    return Post("k", address, Content(text, **more))  # type: ignore[arg-type]  # parts of a content


async def test_it_says_what_it_is(channel: TelegramChannel) -> None:
    as_port: Channel = channel
    assert (as_port.platform, as_port.account) == ("telegram", "telegram:shop")
    assert as_port.start_link == "https://t.me/nuanqun_bot?start=hello"
    assert as_port.limits.text_length == 4096
    assert (await as_port.lookup("k")).presence is Presence.UNKNOWN


async def test_before_it_was_opened_nobody_knows_where_to_start_it(
    channel: TelegramChannel, connection: TelegramConnection
) -> None:
    connection.me = None
    assert channel.start_link is None


@pytest.mark.parametrize(
    ("message", "link"),
    [
        ("-1001234/17", "https://t.me/c/1234/17"),
        ("-55/17", None),  # a small group
        ("42/17", None),  # in private
        ("import:00ff", None),
        ("-100/17", None),
        ("press", None),
    ],
)
def test_a_message_of_a_supergroup_has_an_address(
    channel: TelegramChannel, message: str, link: str | None
) -> None:
    assert channel.link_to(message) == link


PRESSABLE = Content("要提醒吗？", buttons=(Button("要", "/remind"),))

DONE: list[tuple[Action, str, Done]] = [
    (post(), "sendMessage", Done("1")),
    (post(PERSON), "sendMessage", Done("1")),
    (post(pictures=(Picture("offer.png"),)), "sendPhoto", Done("1")),
    (post(pictures=(Picture("offer.png"), Picture("telegram:f2"))), "sendMediaGroup", Done("1,2")),
    (Edit("k", GROUP, "12", PRESSABLE), "editMessageText", Done("12")),
    (Edit("k", GROUP, "12,13", Content("改")), "editMessageCaption", Done("12,13")),
    (Delete("k", GROUP, "12"), "deleteMessage", Done("12")),
    (Delete("k", GROUP, "12,13"), "deleteMessages", Done("12,13")),
    (Pin("k", GROUP, "12"), "pinChatMessage", Done("12")),
    (Invite("k", GROUP, "小雨的邀请"), "createChatInviteLink", Done("https://t.me/+fan")),
    (Admit("k", GROUP, "42"), "approveChatJoinRequest", Done("42")),
    (Admit("k", GROUP, "42", refuse=True), "declineChatJoinRequest", Done("42")),
]


@pytest.mark.parametrize(("action", "method", "outcome"), DONE)
async def test_an_action_is_carried_out_by_one_call_and_has_its_receipt(
    channel: TelegramChannel, telegram: ScriptedTelegram, action: Action, method: str, outcome: Done
) -> None:
    before = len(telegram.asked)
    assert await channel.perform(action) == outcome
    assert [asked.method for asked in telegram.asked[before:]] == [method]


async def test_what_is_sent_is_what_the_bot_api_takes(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    mentions = (Mention("42", "小雨"),)
    await channel.perform(post(text="@小雨 好", mentions=mentions, buttons=PRESSABLE.buttons))
    user = {"id": 42, "is_bot": False, "first_name": "小雨"}
    assert telegram.calls("sendMessage") == [
        {
            "chat_id": -7,
            "text": "@小雨 好",
            "entities": [{"type": "text_mention", "offset": 0, "length": 3, "user": user}],
            "reply_markup": {"inline_keyboard": [[{"text": "要", "callback_data": "=/remind"}]]},
        }
    ]


async def test_a_picture_of_the_bot_s_own_is_uploaded(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    pictures = (Picture("offer.png"), Picture("https://example.com/a.png"))
    await channel.perform(post(pictures=pictures))
    asked = telegram.asked[-1]
    uploaded, fetched = (one["media"] for one in asked.given["media"])
    assert asked.files == {uploaded.removeprefix("attach://"): b"png"}
    assert fetched == "https://example.com/a.png"


async def test_a_picture_that_the_bot_has_drawn_is_uploaded(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    await channel.perform(post(pictures=(Picture.drawn(b"drawn"),)))
    assert list(telegram.asked[-1].files.values()) == [b"drawn"]


OFFER = post(pictures=(Picture("offer.png"),))


async def test_a_picture_goes_up_once_and_then_by_its_id(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    for _ in range(2):
        await channel.perform(OFFER)
    await channel.perform(post(pictures=(Picture("offer.png"), Picture("telegram:f2"))))
    first, second, album = telegram.asked[-3:]
    assert list(first.files.values()) == [b"png"]
    assert (second.files, second.given["photo"]) == ({}, "large-1")
    assert [one["media"] for one in album.given["media"]] == ["large-1", "f2"]


async def test_a_picture_that_was_changed_goes_up_again(
    channel: TelegramChannel, telegram: ScriptedTelegram, tmp_path: Path
) -> None:
    await channel.perform(OFFER)
    (tmp_path / "offer.png").write_bytes(b"another")
    await channel.perform(OFFER)
    assert list(telegram.asked[-1].files.values()) == [b"another"]


async def test_a_picture_whose_id_is_refused_goes_up_again(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    await channel.perform(OFFER)
    telegram.answers("sendPhoto", refuses(400, "Bad Request: wrong file identifier/HTTP URL"))
    assert isinstance(await channel.perform(OFFER), Unable)
    assert isinstance(await channel.perform(OFFER), Done)
    assert list(telegram.asked[-1].files.values()) == [b"png"]


async def test_a_picture_that_cannot_be_read_is_not_sent_at_all(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    before = len(telegram.asked)
    outcome = await channel.perform(post(pictures=(Picture("gone.png"),)))
    assert isinstance(outcome, Unable)
    assert "gone.png" in outcome.reason
    assert len(telegram.asked) == before


async def test_words_without_room_in_the_button_are_kept_before_it_is_posted(
    channel: TelegramChannel, telegram: ScriptedTelegram, database: Database
) -> None:
    says = "/broadcast @北京老客群 @上海老客群 双十一最后一天，错过等一年"
    await channel.perform(post(buttons=(Button("发", says),)))
    ((button,),) = telegram.calls("sendMessage")[0]["reply_markup"]["inline_keyboard"]
    digest = button["callback_data"].removeprefix("#")
    async with database.reading() as connection:
        assert await button_words.words_of(connection, [digest]) == {digest: says}


async def test_what_telegram_has_no_such_thing_for_is_not_tried(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    before = len(telegram.asked)
    assert isinstance(await channel.perform(Delete("k", GROUP, "room-3")), Unable)
    assert len(telegram.asked) == before


async def test_a_changed_text_goes_below_the_picture_where_the_post_is_one(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    telegram.answers("editMessageText", NO_TEXT)
    assert await channel.perform(Edit("k", GROUP, "12", Content("改"))) == Done("12")
    assert telegram.calls("editMessageCaption") == [
        {"chat_id": -7, "message_id": 12, "caption": "改"}
    ]


@pytest.mark.parametrize(
    ("action", "description"),
    [
        (Edit("k", GROUP, "12", Content("一样")), "Bad Request: message is not modified: ..."),
        (Delete("k", GROUP, "12"), "Bad Request: message to delete not found"),
    ],
)
async def test_what_is_so_already_is_done(
    channel: TelegramChannel, telegram: ScriptedTelegram, action: Action, description: str
) -> None:
    method = "editMessageText" if isinstance(action, Edit) else "deleteMessage"
    telegram.answers(method, refuses(400, description))
    assert await channel.perform(action) == Done("12")


async def test_trouble_is_an_outcome(channel: TelegramChannel, telegram: ScriptedTelegram) -> None:
    telegram.answers(
        "sendMessage",
        refuses(403, "Forbidden: bot was kicked from the group chat"),
        page(502, "<html>"),
        cuts,
    )
    outcomes = [await channel.perform(post()) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [AddressGone, Unclear, Unclear]
    await channel.close()
    assert isinstance(await channel.perform(post()), NothingSent)


async def test_the_account_is_meant_when_two_chats_are_to_wait_until_the_same_moment(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    too_fast = refuses(429, "Too Many Requests: retry after 30", retry_after=30)
    telegram.answers("sendMessage", too_fast, too_fast, too_fast)
    wait = timedelta(seconds=30)
    assert await channel.perform(post()) == TooFast(wait)
    topic = Address(group="-7", topic="9")
    assert await channel.perform(post(topic)) == TooFast(wait)
    assert await channel.perform(post(PERSON)) == TooFast(wait, account_wide=True)


async def test_a_group_that_moved_is_followed_at_once_and_from_then_on(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    telegram.answers("sendMessage", MOVES)
    assert await channel.perform(post()) == Done("1")
    assert await channel.perform(post()) == Done("2")
    assert [given["chat_id"] for given in telegram.calls("sendMessage")] == [-7, NEW, NEW]


@pytest.mark.parametrize(
    ("action", "method"),
    [
        (Edit("e", GROUP, "12", Content("改")), "editMessageText"),
        (Delete("d", GROUP, "12"), "deleteMessage"),
        (Pin("p", GROUP, "12"), "pinChatMessage"),
    ],
)
async def test_an_earlier_post_is_not_looked_for_where_its_group_moved_to(
    channel: TelegramChannel, telegram: ScriptedTelegram, action: Action, method: str
) -> None:
    telegram.answers(method, MOVES, MOVES)
    for _ in range(2):
        outcome = await channel.perform(action)
        assert outcome == Unable("the post stayed behind when its group moved")
    assert [given["chat_id"] for given in telegram.calls(method)] == [-7, -7]
    assert await channel.perform(post()) == Done("1")
    assert telegram.calls("sendMessage")[0]["chat_id"] == NEW


async def test_calls_that_were_under_way_follow_the_move_as_well(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    telegram.answers("sendMessage", MOVES, MOVES, MOVES)
    outcomes = await asyncio.gather(*(channel.perform(post()) for _ in range(3)))
    assert all(isinstance(outcome, Done) for outcome in outcomes)


async def test_a_group_that_moves_and_moves_is_not_followed_for_ever(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    telegram.answers("sendMessage", *[MOVES] * 5)
    assert await channel.perform(post()) == NothingSent(f"the group is now {NEW}")
    assert len(telegram.calls("sendMessage")) == 2


async def next_events(channel: Channel, after: str | None, count: int) -> list[Event]:
    async with asyncio.timeout(5), aclosing(channel.events(after)) as events:
        return [await anext(events) for _ in range(count)]


def moved(cursor: str, name: str = "一群") -> GroupMoved:
    return GroupMoved("telegram:shop", cursor, NOON, Chat(str(NEW), name), "-7")


CHAT = {
    "id": NEW,
    "type": "supergroup",
    "title": "一群",
    "accent_color_id": 0,
    "max_reaction_count": 11,
    "accepted_gift_types": {
        "unlimited_gifts": False,
        "limited_gifts": False,
        "unique_gifts": False,
        "premium_subscription": False,
        "gifts_from_channels": False,
    },
}


async def test_a_move_is_told_behind_what_was_heard(
    channel: TelegramChannel, telegram: ScriptedTelegram, hearing: HeardBefore
) -> None:
    telegram.answers("sendMessage", MOVES)
    telegram.answers("getChat", does(CHAT))
    hearing.told = [left("5"), left("6")]
    async with asyncio.timeout(5), aclosing(channel.events(None)) as events:
        assert [await anext(events), await anext(events)] == hearing.told
        following = asyncio.create_task(events.__anext__())
        await channel.perform(post())
        assert await following == moved("6")


async def test_a_move_is_told_again_to_whoever_listens_anew(
    channel: TelegramChannel, telegram: ScriptedTelegram, hearing: HeardBefore
) -> None:
    telegram.answers("sendMessage", MOVES)
    telegram.answers("getChat", does(CHAT), refuses(400, "Bad Request: chat not found"))
    hearing.told = [left("5")]
    await channel.perform(post())
    assert set(await next_events(channel, None, 2)) == {moved("0"), left("5")}
    assert await next_events(channel, "5", 1) == [moved("5", name="")]


async def test_events_end_when_the_channel_is_closed(
    channel: TelegramChannel, hearing: HeardBefore
) -> None:
    hearing.told = [left("5")]
    heard: list[Event] = []

    async def listen() -> None:
        heard.extend([event async for event in channel.events(None)])

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    await channel.close()
    await asyncio.wait_for(listening, 5)
    assert heard == [left("5")]
    assert await next_events(channel, None, 1) == [left("5")]


async def test_what_is_stored_is_confirmed_to_the_hearing(
    channel: TelegramChannel, hearing: HeardBefore
) -> None:
    await channel.confirm("5")
    assert hearing.confirmed == ["5"]


async def test_hearing_opens_behind_the_connection_and_closes_before_it(
    channel: TelegramChannel, hearing: HeardBefore
) -> None:
    await channel.close()
    await channel.open()
    assert hearing.log == ["open", "close", "open"]
    assert isinstance(await channel.perform(post()), Done)


async def test_the_menus_see_what_is_heard_and_when_it_is_stored(
    channel: TelegramChannel, hearing: HeardBefore, menus: WatchedMenus
) -> None:
    hearing.told = [left("5")]
    await next_events(channel, None, 1)
    await channel.confirm("5")
    await channel.close()
    assert menus.log == ["open", left("5"), "stored", "close"]


async def test_a_hearing_that_cannot_begin_leaves_nothing_open(
    channel: TelegramChannel, hearing: HeardBefore
) -> None:
    await channel.close()
    hearing.refusal = TelegramUnreachable(api="http://here", reason="no webhook")
    with pytest.raises(TelegramUnreachable):
        await channel.open()
    assert isinstance(await channel.perform(post()), NothingSent)


async def test_no_outcome_tells_the_token(
    channel: TelegramChannel, telegram: ScriptedTelegram
) -> None:
    secret = "very-secret-half"
    telegram.answers("sendMessage", page(404, "<html>"), cuts)
    outcomes: list[Outcome] = [await channel.perform(post()) for _ in range(2)]
    await telegram.__aexit__()
    outcomes.append(await channel.perform(post()))
    assert secret not in repr(outcomes)
