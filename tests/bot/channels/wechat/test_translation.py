from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat.gateway import GatewayMessage, MessageType
from bot.channels.wechat.translation import Scene, is_person, taken_back, translate
from handlers.events import Chat, MessageEdited, MessageHeard, Person

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
FAN = Person("wxid_fan", "小雨")
GROUP = Chat("room@chatroom", "一群")
SCENE = Scene("wechat:shop", NOW, "wxid_shop", FAN, GROUP, names=frozenset({"暖暖"}))
DASHES = "- - - - - - - - - - - - - - -"


def message(text: str = "", kind: int = MessageType.TEXT, **other: object) -> GatewayMessage:
    said = GatewayMessage(
        id="m1",
        type=int(kind),
        text=text,
        talker=FAN.id,
        room=GROUP.id,
        listener="",
        mentions=(),
        at=NOW - timedelta(seconds=2),
        file_name="",
    )
    return replace(said, **other)  # type: ignore[arg-type]  # a test names the fields it is about


def heard(said: GatewayMessage, scene: Scene = SCENE) -> MessageHeard:
    told = translate(said, scene)
    assert isinstance(told, MessageHeard)
    return told


def test_what_a_fan_says_is_heard_with_when_and_where() -> None:
    assert heard(message("油皮能用吗")) == MessageHeard(
        "wechat:shop", "", NOW - timedelta(seconds=2), "m1", GROUP, FAN, "油皮能用吗"
    )


def test_nothing_is_heard_in_the_future() -> None:
    assert heard(message("好", at=NOW + timedelta(hours=1))).at == NOW


@pytest.mark.parametrize(
    ("text", "mentions", "words", "called"),
    [
        ("@暖暖\u2005/help", ("wxid_shop",), "/help", True),
        ("@暖暖\u2005/help", (), "/help", True),
        ("@小雨\u2005 在吗", ("wxid_fan",), "@小雨\u2005 在吗", False),
        (f"「暖暖：上新」\n{DASHES}\n1", (), "1", True),
        (f"「阿杰：上新」\n{DASHES}\n1", (), "1", False),
        (f"「阿杰：上新」\n{DASHES}\n@暖暖\u2005 /help", ("wxid_shop",), "/help", True),
    ],
)
def test_calling_and_quoting_the_account_is_meant_for_the_bot(
    text: str,
    mentions: tuple[str, ...],
    words: str,
    called: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    told = heard(message(text, mentions=mentions))
    assert (told.text, told.mentions_bot) == (words, called)


def test_whom_a_message_calls_is_told_each_once() -> None:
    said = message("@暖暖\u2005 @小雨\u2005 好", mentions=("wxid_fan", "wxid_shop", "wxid_fan"))
    assert heard(said).mentions == ("wxid_fan", "wxid_shop")
    assert heard(message("@暖暖\u2005 好")).mentions == ("wxid_shop",)


@pytest.mark.parametrize(
    "kind",
    [
        MessageType.ATTACHMENT,
        MessageType.AUDIO,
        MessageType.CONTACT,
        MessageType.EMOTICON,
        MessageType.IMAGE,
        MessageType.LOCATION,
        MessageType.MINI_PROGRAM,
        MessageType.RED_ENVELOPE,
        MessageType.TRANSFER,
        MessageType.VIDEO,
    ],
)
def test_what_is_no_words_shows_only_that_somebody_is_there(kind: MessageType) -> None:
    told = heard(message("<msg>恭喜发财</msg>", kind))
    assert (told.text, told.forwarded) == ("", False)


@pytest.mark.parametrize(
    "kind", [MessageType.UNKNOWN, MessageType.GROUP_NOTE, MessageType.POST, 99]
)
def test_notices_and_unknown_kinds_are_nothing(kind: int) -> None:
    assert translate(message('"小雨"邀请你加入了群聊', kind), SCENE) is None


@pytest.mark.parametrize(
    "markup",
    [
        '<?xml version="1.0"?><msg/>',
        "<msg><appmsg/></msg>",
        "\n<sysmsg type='pat'>",
        "<img a='1'/>",
    ],
)
def test_markup_never_becomes_a_text(markup: str) -> None:
    assert heard(message(markup)).text == ""
    assert heard(message(kind=MessageType.URL), replace(SCENE, title=markup)).text == ""


@pytest.mark.parametrize("words", ["<3 这个面霜", "a < b", "<msgr>"])
def test_words_with_angles_are_words(words: str) -> None:
    assert heard(message(words)).text == words


def test_what_is_shared_is_another_s_words() -> None:
    told = heard(message("<msg/>", MessageType.URL), replace(SCENE, title="双11攻略"))
    assert (told.text, told.forwarded) == ("双11攻略", True)
    history = heard(message("小雨和阿杰的聊天记录", MessageType.CHAT_HISTORY))
    assert (history.text, history.forwarded) == ("", True)


@pytest.mark.parametrize(
    "text",
    [
        "8467",
        "<sysmsg type='revokemsg'><revokemsg><msgid>1</msgid><newmsgid>8467</newmsgid></revokemsg>",
    ],
)
def test_a_message_that_is_taken_back_says_nothing_any_more(text: str) -> None:
    told = translate(message(text, MessageType.RECALLED), SCENE)
    assert isinstance(told, MessageEdited)
    assert (told.message, told.text, told.sender) == ("8467", "", FAN)


def test_what_was_taken_back_is_not_guessed() -> None:
    notice = message("小雨 撤回了一条消息", MessageType.RECALLED)
    assert taken_back(notice) is None
    assert translate(notice, SCENE) is None
    assert taken_back(message("8467")) is None


def test_what_somebody_types_on_the_account_s_phone_is_its_own() -> None:
    me = Person("wxid_shop", "暖暖", staff=True)
    told = heard(message("我来回", talker="wxid_shop"), replace(SCENE, sender=me))
    assert told.own
    assert not heard(message("好")).own


@pytest.mark.parametrize(
    ("talker", "expected"),
    [("wxid_fan", True), ("@abc", True), ("gh_123", False), ("weixin", False), ("", False)],
)
def test_only_people_say_something(
    talker: str,
    expected: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    assert is_person(talker) is expected
    assert (translate(message("好", talker=talker), SCENE) is not None) is expected


def test_what_a_message_quotes_is_told_beside_its_words() -> None:
    told = heard(message(f"「小雨：油皮能用吗」\n{DASHES}\n可以的"))
    assert (told.text, told.quoted, told.reply_to) == ("可以的", "油皮能用吗", None)
    assert heard(message("可以的")).quoted == ""
