"""Each action is one method of the Bot API, and a text's mentions stand where Telegram counts."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.rendering import message_ids, method_of, receipt_of, words_changed
from scheduler.content import Button, Content, Mention, Picture
from scheduler.courier import Action, Address, Admit, Delete, Edit, Invite, Pin, Post

GROUP = Address(group="-1007")
PERSON = Address(person="42")
XIAOYU = Mention("42", "小雨")


def shown(method: TelegramMethod[Any]) -> dict[str, Any]:
    """The method's name and what it is given, as it would be sent."""
    given = method.model_dump(exclude_none=True, exclude_unset=True, warnings=False)
    return {"method": method.__api_method__} | given


def said(address: Address, content: Content, *pictures: str) -> dict[str, Any]:
    return shown(method_of(Post("k", address, content), pictures))


CALLED = {"id": 42, "is_bot": False, "first_name": "小雨"}

ACTIONS: list[tuple[Action, dict[str, Any]]] = [
    (
        Post("k", PERSON, Content("悄悄说")),
        {"method": "sendMessage", "chat_id": 42, "text": "悄悄说"},
    ),
    (
        Post("k", Address(group="-1007", topic="9"), Content("上新")),
        {"method": "sendMessage", "chat_id": -1007, "message_thread_id": 9, "text": "上新"},
    ),
    (
        Post("k", Address(group="-1007", topic="1"), Content("在第一个话题")),
        {"method": "sendMessage", "chat_id": -1007, "text": "在第一个话题"},
    ),
    (
        Post("k", Address(group="nowhere"), Content("喂")),
        {"method": "sendMessage", "chat_id": "nowhere", "text": "喂"},
    ),
    (
        Edit("k", GROUP, "12", Content("还有 2 天")),
        {"method": "editMessageText", "chat_id": -1007, "message_id": 12, "text": "还有 2 天"},
    ),
    (
        Edit("k", GROUP, "12,13", Content("改了")),
        {"method": "editMessageCaption", "chat_id": -1007, "message_id": 12, "caption": "改了"},
    ),
    (
        Delete("k", GROUP, "12"),
        {"method": "deleteMessage", "chat_id": -1007, "message_id": 12},
    ),
    (
        Delete("k", GROUP, "12,13"),
        {"method": "deleteMessages", "chat_id": -1007, "message_ids": [12, 13]},
    ),
    (
        Pin("k", GROUP, "12,13"),
        {"method": "pinChatMessage", "chat_id": -1007, "message_id": 12},
    ),
    (
        Invite("k", GROUP, "小雨的邀请" * 10),
        {"method": "createChatInviteLink", "chat_id": -1007, "name": ("小雨的邀请" * 10)[:32]},
    ),
    (
        Admit("k", GROUP, "42"),
        {"method": "approveChatJoinRequest", "chat_id": -1007, "user_id": 42},
    ),
    (
        Admit("k", GROUP, "42", refuse=True),
        {"method": "declineChatJoinRequest", "chat_id": -1007, "user_id": 42},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("action", "expected"), ACTIONS)
def test_an_action_is_one_method(action: Action, expected: dict[str, Any]) -> None:
    given = {name: value for name, value in shown(method_of(action)).items() if value is not None}
    assert given == expected


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (Post("k", Address(group="-7", topic="新品"), Content("喂")), "'新品' is no id of a topic"),
        (Edit("k", GROUP, "room-3", Content("喂")), "'room-3' is no id of a message"),
        (Delete("k", GROUP, ""), "'' is no id of a message"),
        (Admit("k", GROUP, "chat:-7"), "'chat:-7' is no id of a person"),
    ],
)
def test_what_telegram_has_no_id_for_cannot_be_done(action: Action, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        method_of(action)


def test_one_picture_carries_the_words_below_it() -> None:
    content = Content("看 @小雨", pictures=(Picture("a.png", "第一张"),), mentions=(XIAOYU,))
    given = said(PERSON, content, "file-1")
    assert given["method"] == "sendPhoto"
    assert (given["photo"], given["caption"]) == ("file-1", "看 @小雨\n第一张")
    (entity,) = given["caption_entities"]
    assert (entity["offset"], entity["length"]) == (2, 3)


def test_a_picture_s_own_bytes_are_uploaded() -> None:
    picture = BufferedInputFile(b"png", "a.png")
    method = method_of(Post("k", GROUP, Content("", pictures=(Picture("a.png"),))), [picture])
    assert shown(method)["photo"] is picture
    assert "caption" not in shown(method)


def test_an_album_shows_its_words_once() -> None:
    content = Content("三款新品", pictures=(Picture("a"), Picture("b", "都有赠品")))
    given = said(GROUP, content, "file-1", "file-2")
    assert given["method"] == "sendMediaGroup"
    assert [one["media"] for one in given["media"]] == ["file-1", "file-2"]
    assert [one.get("caption") for one in given["media"]] == ["三款新品\n都有赠品", None]


def test_no_buttons_stand_below_several_pictures() -> None:
    content = Content("选", (Picture("a"), Picture("b")), (Button("好", "/yes"),))
    with pytest.raises(ValueError, match="no buttons"):
        said(GROUP, content, "file-1", "file-2")


def test_a_picture_replaces_a_post_or_joins_it() -> None:
    content = Content("换一张", pictures=(Picture("a"),), buttons=(Button("好", "/yes"),))
    given = shown(method_of(Edit("k", GROUP, "12", content), ["file-1"]))
    assert given["method"] == "editMessageMedia"
    assert (given["media"]["media"], given["media"]["caption"]) == ("file-1", "换一张")
    assert given["reply_markup"]["inline_keyboard"][0][0]["text"] == "好"
    with pytest.raises(ValueError, match="several pictures"):
        method_of(Edit("k", GROUP, "12", content), ["file-1", "file-2"])


def test_words_below_a_picture_change_with_their_buttons() -> None:
    content = Content("还有 2 天", buttons=(Button("提醒我", "/remind"),))
    given = shown(words_changed(Edit("k", GROUP, "12", content)))
    assert given["caption"] == "还有 2 天"
    assert given["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "=/remind"


def entities(content: Content) -> list[tuple[int, int, int]]:
    found = said(GROUP, content).get("entities") or []
    return [(one["offset"], one["length"], one["user"]["id"]) for one in found]


@pytest.mark.parametrize(
    ("text", "mentions", "expected"),
    [
        ("欢迎 @小雨 来", (XIAOYU,), [(3, 3, 42)]),
        ("😀😀 @小雨", (XIAOYU,), [(5, 3, 42)]),
        ("@小雨 和 @小雨", (XIAOYU,), [(0, 3, 42), (6, 3, 42)]),
        ("@小雨 @小雨点", (XIAOYU, Mention("43", "小雨点")), [(0, 3, 42), (4, 4, 43)]),
        ("@a.b (c)", (Mention("44", "a.b (c)"),), [(0, 8, 44)]),
        ("@🌸小美🌸 好", (Mention("45", "🌸小美🌸"),), [(0, 7, 45)]),
        ("没有叫谁", (XIAOYU,), []),
        ("@店长", (Mention("chat:-7", "店长"),), []),
    ],
)
def test_names_are_tied_to_people_where_telegram_counts_them(
    text: str, mentions: tuple[Mention, ...], expected: list[tuple[int, int, int]]
) -> None:
    assert entities(Content(text, mentions=mentions)) == expected


@given(
    before=st.text(max_size=20), name=st.text(min_size=1, max_size=10), after=st.text(max_size=9)
)
def test_an_entity_covers_exactly_the_call(before: str, name: str, after: str) -> None:
    text = f"{before}@{name}{after}"
    units = text.encode("utf-16-le")
    found = entities(Content(text, mentions=(Mention("42", name),)))
    assert found
    for offset, length, _ in found:
        assert units[2 * offset : 2 * (offset + length)].decode("utf-16-le") == f"@{name}"


def test_who_is_called_is_named_as_the_schema_asks() -> None:
    given = said(GROUP, Content("@小雨", mentions=(XIAOYU,)))
    assert given["entities"][0]["type"] == "text_mention"
    user = given["entities"][0]["user"]
    assert {name: value for name, value in user.items() if value is not None} == CALLED


def rows(*labels: str) -> list[list[str]]:
    buttons = tuple(Button(label, "/help") for label in labels)
    keyboard = said(GROUP, Content("选", buttons=buttons))["reply_markup"]["inline_keyboard"]
    return [[one["text"] for one in row] for row in keyboard]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["确认", "取消"], [["确认", "取消"]]),
        (["上一页", "下一页", "关闭"], [["上一页", "下一页", "关闭"]]),
        (["双十一福利一群", "双十一福利二群"], [["双十一福利一群", "双十一福利二群"]]),
        (
            ["北京朝阳区老客户专享群", "一群", "二群"],
            [["北京朝阳区老客户专享群"], ["一群", "二群"]],
        ),
        (["比一行还要长很多很多很多的按钮", "好"], [["比一行还要长很多很多很多的按钮"], ["好"]]),
        (list("123456789"), [list("12345678"), ["9"]]),
    ],
)  # fmt: skip
def test_buttons_stand_beside_each_other_where_their_labels_have_room(
    labels: list[str], expected: list[list[str]]
) -> None:
    assert rows(*labels) == expected


def test_a_button_says_something_or_opens_a_link() -> None:
    buttons = (Button("好", "/yes"), Button("看", "", link="https://t.me/nuanqun_bot?start=hello"))
    ((yes, look),) = said(GROUP, Content("选", buttons=buttons))["reply_markup"]["inline_keyboard"]
    assert (yes["callback_data"], yes.get("url")) == ("=/yes", None)
    assert (look.get("callback_data"), look["url"]) == (
        None,
        "https://t.me/nuanqun_bot?start=hello",
    )


@given(st.lists(st.integers(min_value=1), min_size=1, max_size=10))
def test_a_receipt_names_its_messages(messages: list[int]) -> None:
    assert message_ids(receipt_of(messages)) == messages
