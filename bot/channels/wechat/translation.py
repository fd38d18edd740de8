"""From a message of WeChat's to the bot's events: pure, and asks nobody anything.

What a message does not say itself (who its sender is, what the account is called where it was
said) is handed in as a `Scene`. The events' cursors are set where they are put in order, in
`hearing.py`.

Decisions that WeChat leaves open:

- Only what people type is text. Emoticons, voice, files and the like are heard without words: they
  show that somebody is there. WeChat's own notices, and kinds nobody knows yet, are nothing.
- Some gateways hand on the XML of what they cannot read. It never becomes a text.
- What is shared (a link, a chat's history) is another's words: its title is kept as forwarded.
- A message that was taken back says nothing any more; the one that tells of it holds its id.
- What comes from the account and was not posted by the bot, somebody typed on its phone: `own`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.channels.wechat.gateway import GatewayMessage, MessageType
from bot.channels.wechat.quotes import quotes_one_of, take_apart, take_out_name
from handlers.events import Chat, MessageEdited, MessageHeard, Person

PICTURE = "wechat:"
"""What a picture's source begins with that lies at the gateway; its message's id follows. Only the
account that was sent the picture can show it again, for as long as its gateway remembers it."""

_WITHOUT_WORDS = frozenset(
    {
        MessageType.ATTACHMENT,
        MessageType.AUDIO,
        MessageType.CONTACT,
        MessageType.EMOTICON,
        MessageType.IMAGE,
        MessageType.LOCATION,
        MessageType.MINI_PROGRAM,
        MessageType.TRANSFER,
        MessageType.RED_ENVELOPE,
        MessageType.VIDEO,
    }
)
_PASSED_ON = frozenset({MessageType.URL, MessageType.CHAT_HISTORY})
_MARKUP = re.compile(r"\s*<(?:\?xml|!\[CDATA\[|(?:msg|sysmsg|appmsg|img|emoji|voipmsg)\b)")
_TAKEN_BACK = re.compile(r"<newmsgid>\s*(\d+)\s*</newmsgid>")
_ID = re.compile(r"[^\s<>]+")

# WeChat's own accounts, and those that publish articles. Sources: the list of special users that
# clients of WeChat's web protocol pass around, and `is-type.ts` of the puppet PadLocal (`gh_`).
_NOBODY = frozenset(
    {
        "brandsessionholder",
        "filehelper",
        "floatbottle",
        "fmessage",
        "medianote",
        "newsapp",
        "notification_messages",
        "officialaccounts",
        "qmessage",
        "qqmail",
        "tmessage",
        "weixin",
        "weixinreminder",
        "wxid_novlwrv3lqwv11",
    }
)
_PUBLISHER = "gh_"


def is_markup(text: str) -> bool:
    """Whether a text is the XML of something that a gateway could not read."""
    return _MARKUP.match(text) is not None


_NOT_YET_KNOWN = Person("", "")


@dataclass(frozen=True, slots=True)
class Scene:
    """What must be known besides a message to say what it tells.

    `names` are what the account is called where it was said, `pictures` the sources of the picture
    that it is, `title` what it shares is called, and `at` when it was told of.
    """

    account: str
    at: datetime
    me: str
    sender: Person = _NOT_YET_KNOWN
    chat: Chat | None = None
    names: frozenset[str] = frozenset()
    pictures: tuple[str, ...] = ()
    title: str = ""


def is_person(talker: str) -> bool:
    """Whether somebody is a person, and none of WeChat's own accounts."""
    return talker != "" and talker not in _NOBODY and not talker.startswith(_PUBLISHER)


def tells_something(message: GatewayMessage) -> bool:
    """Whether a message is anything to the bot: said by a person, of a kind that it knows."""
    known = message.type in _WITHOUT_WORDS | _PASSED_ON | {MessageType.TEXT, MessageType.RECALLED}
    return known and is_person(message.talker)


def taken_back(message: GatewayMessage) -> str | None:
    """The id of the message that this one says was taken back; None where it does not say.

    Source of where it stands: `toRecalled` of wechaty 1.20.2 reads the text as the id.
    """
    if message.type != MessageType.RECALLED:
        return None
    found = _TAKEN_BACK.search(message.text)
    if found is not None:
        return found[1]
    text = message.text.strip()
    return text if _ID.fullmatch(text) else None


def translate(message: GatewayMessage, scene: Scene) -> MessageHeard | MessageEdited | None:
    """What a message tells; None where it is nothing to the bot."""
    if not tells_something(message):
        return None
    at = min(message.at, scene.at)  # of a clock that is ahead, nothing is heard in the future
    if message.type == MessageType.RECALLED:
        return _unsaid(message, scene, at)
    answer = take_apart(message.text if message.type == MessageType.TEXT else "")
    called = take_out_name(answer.own, scene.names, mentioned=scene.me in message.mentions)
    mentions = dict.fromkeys([*message.mentions, *([scene.me] if called.called else [])])
    forwarded = message.type in _PASSED_ON
    text = scene.title if forwarded else called.text
    return MessageHeard(
        scene.account,
        cursor="",
        at=at,
        message=message.id,
        chat=scene.chat,
        sender=scene.sender,
        text="" if _MARKUP.match(text) else text,
        pictures=scene.pictures,
        mentions=tuple(mentions),
        mentions_bot=called.called or quotes_one_of(answer, scene.names),
        forwarded=forwarded,
        own=message.talker == scene.me,
        quoted=answer.quoted,
    )


def _unsaid(message: GatewayMessage, scene: Scene, at: datetime) -> MessageEdited | None:
    before = taken_back(message)
    if before is None:
        return None
    return MessageEdited(
        scene.account,
        cursor="",
        at=at,
        message=before,
        chat=scene.chat,
        sender=scene.sender,
        text="",
    )
