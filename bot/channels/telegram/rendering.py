"""An action as the one method of the Bot API that carries it out. Pure.

Text goes out plain, with entities beside it for the members it calls by name, so that nothing in
it need be escaped. Telegram counts an entity's place in UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

from aiogram.methods import (
    ApproveChatJoinRequest,
    CreateChatInviteLink,
    DeclineChatJoinRequest,
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageText,
    PinChatMessage,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MessageEntity,
    User,
)

from bot.channels.telegram.button_signs import sign_of
from bot.channels.telegram.pictures import Upload
from scheduler.content import Button, Content, Mention
from scheduler.courier import Action, Address, Admit, Befriend, Delete, Edit, Invite, Pin, Post

_NUMBER = re.compile(r"-?[0-9]+")
_GENERAL = "1"  # a forum's first topic: posts go there by naming none (with 1 they are refused)
_LINK_NAME = 32  # characters that the name of an invite link may have
_ROW = 32  # columns of a keyboard on a phone; a Chinese character takes two
_BESIDE = 2  # columns around a label
_MOST_IN_ROW = 8  # buttons: aiogram's InlineKeyboardBuilder knows Telegram's limit


def method_of(action: Action, pictures: Sequence[Upload] = ()) -> TelegramMethod[Any]:
    """The method that carries an action out.

    Args:
        action: what to do.
        pictures: the pictures of its content, as they are handed to Telegram.

    Raises:
        ValueError: Telegram has no method for this; the text says why.
    """
    chat = chat_id(action.address)
    match action:
        case Post():
            return _saying(action, pictures)
        case Edit():
            return _changing(action, pictures)
        case Delete():
            return _taking_back(chat, message_ids(action.receipt))
        case Pin():
            return PinChatMessage(chat_id=chat, message_id=message_ids(action.receipt)[0])
        case Invite():
            return CreateChatInviteLink(chat_id=chat, name=action.name[:_LINK_NAME])
        case Admit():
            person = _number(action.person, "a person")
            method = DeclineChatJoinRequest if action.refuse else ApproveChatJoinRequest
            return method(chat_id=chat, user_id=person)
        case Befriend():
            raise ValueError("Telegram's bots have no friends")


def words_changed(action: Edit) -> EditMessageCaption:
    """The method that changes the words below a picture, where the picture itself stays."""
    return EditMessageCaption(
        chat_id=chat_id(action.address),
        message_id=message_ids(action.receipt)[0],
        caption=_words(action.content),
        caption_entities=_entities(action.content),
        reply_markup=_keyboard(action.content.buttons),
    )


def chat_id(address: Address) -> int | str:
    """Telegram's id of the chat at an address; a private chat has the person's."""
    identity = address.group or address.person or ""
    return int(identity) if _NUMBER.fullmatch(identity) else identity


def receipt_of(messages: Sequence[int]) -> str:
    """The receipt of what was posted as one message, or as an album of several."""
    return ",".join(str(message) for message in messages)


def message_ids(receipt: str) -> list[int]:
    """The messages that a receipt names, at least one.

    Raises:
        ValueError: it is no receipt of Telegram's.
    """
    return [_number(one, "a message") for one in receipt.split(",")]


def _saying(action: Post, pictures: Sequence[Upload]) -> TelegramMethod[Any]:
    content, address = action.content, action.address
    words, entities, keyboard = _words(content), _entities(content), _keyboard(content.buttons)
    chat, topic = chat_id(address), _thread(address)
    if not pictures:
        return SendMessage(
            chat_id=chat,
            message_thread_id=topic,
            text=words,
            entities=entities,
            reply_markup=keyboard,
        )
    if len(pictures) == 1:
        return SendPhoto(
            chat_id=chat,
            message_thread_id=topic,
            photo=pictures[0],
            caption=words or None,
            caption_entities=entities,
            reply_markup=keyboard,
        )
    if keyboard is not None:
        raise ValueError("no buttons can stand below several pictures")
    first = InputMediaPhoto(
        media=pictures[0], caption=words or None, caption_entities=entities
    )  # the only caption of an album is shown below all of it
    others = [InputMediaPhoto(media=picture) for picture in pictures[1:]]
    return SendMediaGroup(chat_id=chat, message_thread_id=topic, media=[first, *others])


def _changing(action: Edit, pictures: Sequence[Upload]) -> TelegramMethod[Any]:
    """How a post is changed; of an album only its words can be, and they stand below the first."""
    content, messages = action.content, message_ids(action.receipt)
    chat, keyboard = chat_id(action.address), _keyboard(content.buttons)
    if len(messages) > 1:
        return words_changed(action)
    if not pictures:
        return EditMessageText(
            chat_id=chat,
            message_id=messages[0],
            text=_words(content),
            entities=_entities(content),
            reply_markup=keyboard,
        )
    if len(pictures) > 1:
        raise ValueError("one message cannot be changed into several pictures")
    media = InputMediaPhoto(
        media=pictures[0], caption=_words(content) or None, caption_entities=_entities(content)
    )
    return EditMessageMedia(
        chat_id=chat, message_id=messages[0], media=media, reply_markup=keyboard
    )


def _taking_back(chat: int | str, messages: list[int]) -> DeleteMessage | DeleteMessages:
    if len(messages) == 1:
        return DeleteMessage(chat_id=chat, message_id=messages[0])
    return DeleteMessages(chat_id=chat, message_ids=messages)


def _words(content: Content) -> str:
    """The text, and below it what is said of its pictures: Telegram shows one caption."""
    captions = (picture.caption for picture in content.pictures)
    return "\n".join(part for part in (content.text, *captions) if part)


def _entities(content: Content) -> list[MessageEntity] | None:
    """The places where the text calls a member by name, each tied to the member."""
    called = {
        f"@{mention.name}": mention
        for mention in content.mentions
        if _NUMBER.fullmatch(mention.person)
    }
    if not called:
        return None
    # Of two names that fit, the longer is meant.
    longest_first = sorted(called, key=len, reverse=True)
    calls = re.compile("|".join(re.escape(name) for name in longest_first))
    return list(_tied(content.text, calls, called)) or None


def _tied(text: str, calls: re.Pattern[str], called: dict[str, Mention]) -> Iterator[MessageEntity]:
    for call in calls.finditer(text):
        mention = called[call.group()]
        yield MessageEntity(
            type="text_mention",
            offset=_units(text[: call.start()]),
            length=_units(call.group()),
            user=User(id=int(mention.person), is_bot=False, first_name=mention.name),
        )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """The buttons in rows: beside each other where their labels have room, for all are as wide."""
    if not buttons:
        return None
    rows: list[list[Button]] = []
    for button in buttons:
        if rows and _fits([*rows[-1], button]):
            rows[-1].append(button)
        else:
            rows.append([button])
    return InlineKeyboardMarkup(inline_keyboard=[[_key(one) for one in row] for row in rows])


def _fits(row: Sequence[Button]) -> bool:
    widest = max(_columns(button.label) for button in row)
    return len(row) <= _MOST_IN_ROW and len(row) * (widest + _BESIDE) <= _ROW


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _key(button: Button) -> InlineKeyboardButton:
    if button.link:
        return InlineKeyboardButton(text=button.label, url=button.link)
    return InlineKeyboardButton(text=button.label, callback_data=sign_of(button.says))


def _thread(address: Address) -> int | None:
    if address.topic is None or address.topic == _GENERAL:
        return None
    return _number(address.topic, "a topic")


def _number(text: str, what: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no id of {what} on Telegram")
    return int(text)
