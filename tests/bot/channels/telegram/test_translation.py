from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiogram.types import Update

from bot.channels.telegram.reading import Me
from bot.channels.telegram.translation import Scene, translate
from bot.channels.telegram.updates import ALLOWED_UPDATES, told_at
from handlers.events import (
    ButtonPressed,
    Chat,
    Event,
    GroupChanged,
    GroupMoved,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageHeard,
    Person,
    ReachChanged,
    StaffChanged,
    TopicChanged,
)
from tests.bot.channels.telegram.updates import (
    ANONYMOUS,
    AT,
    BOSS,
    CHANNEL,
    CHANNEL_BOT,
    DATE,
    GROUP,
    ME,
    NUMBER,
    OTHER_BOT,
    PHOTO,
    PRIVATE,
    RAIN,
    SERVICE,
    SMALL,
    body,
    change,
    mark,
    message,
    standing,
    update,
)

ACCOUNT = "telegram:shop"
STAMP = (ACCOUNT, str(NUMBER), AT)
FIRST = (ACCOUNT, str(NUMBER - 1), AT)  # of an event that others of its update follow
PRESSED = datetime(2026, 11, 11, 12, tzinfo=UTC)

SCENE = Scene(account=ACCOUNT, me=Me(123456, "Nuanqun_bot"), staff={5002})
HERE = Chat("-1001234", "一群")
FAN = Person("5001", "小雨 Rain")
MANAGER = Person("5002", "店长", staff=True)
LINK = {
    "invite_link": "https://t.me/+rain",
    "creator": ME,
    "creates_join_request": False,
    "is_primary": False,
    "is_revoked": False,
}


def heard(text: str = "", **more: Any) -> MessageHeard:
    said = MessageHeard(*STAMP, message="-1001234/17", chat=HERE, sender=FAN, text=text)
    return replace(said, **more)


SAID: list[tuple[str, Update, MessageHeard]] = [
    ("a text", message(text="油皮能用吗"), heard("油皮能用吗")),
    (
        "in a basic group",
        message(SMALL, text="在吗"),
        heard("在吗", message="-55/17", chat=Chat("-55", "小群")),
    ),
    ("a picture", message(photo=PHOTO), heard(pictures=("telegram:large",))),
    (
        "a picture with words",
        message(photo=PHOTO, caption="这个多少钱"),
        heard("这个多少钱", pictures=("telegram:large",)),
    ),
    (
        "one of an album",
        message(photo=PHOTO, media_group_id="9"),
        heard(pictures=("telegram:large",)),
    ),
    (
        "a sticker, without a word",
        message(
            sticker={
                "file_id": "s",
                "file_unique_id": "s",
                "type": "regular",
                "width": 1,
                "height": 1,
                "is_animated": False,
                "is_video": False,
                "emoji": "🥰",
            }
        ),
        heard(),
    ),
    (
        "a voice with a caption",
        message(voice={"file_id": "v", "file_unique_id": "v", "duration": 3}, caption="听"),
        heard("听"),
    ),
    ("by an admin", message(sender=BOSS, text="上新啦"), heard("上新啦", sender=MANAGER)),
    (
        "a reply to a fan",
        message(text="我也是", reply_to_message=body(sender=BOSS, text="好用", message_id=9)),
        heard("我也是", reply_to="-1001234/9"),
    ),
    (
        "a reply to the bot",
        message(text="几点", reply_to_message=body(sender=ME, text="今晚开抢", message_id=9)),
        heard("几点", mentions_bot=True, reply_to="-1001234/9"),
    ),
    (
        "a reply in a thread of a plain supergroup",
        message(text="嗯", message_thread_id=3),
        heard("嗯"),
    ),
    (
        "a reply to the first of a thread of a plain supergroup",
        message(text="嗯", message_thread_id=3, reply_to_message=body(message_id=3)),
        heard("嗯", reply_to="-1001234/3"),
    ),
    (
        "in a topic of a forum, where all replies to what opened it",
        message(
            text="嗯",
            message_thread_id=3,
            is_topic_message=True,
            reply_to_message=body(message_id=3),
        ),
        heard("嗯", topic="3"),
    ),
    (
        "a reply in a topic of a forum",
        message(
            text="嗯",
            message_thread_id=3,
            is_topic_message=True,
            reply_to_message=body(message_id=9),
        ),
        heard("嗯", topic="3", reply_to="-1001234/9"),
    ),
    (
        "in a topic of a forum",
        message(text="嗯", message_thread_id=3, is_topic_message=True),
        heard("嗯", topic="3"),
    ),
    (
        "calling a member who has no username, behind an emoji of two units",
        message(
            text="😀 小鱼 看",
            entities=[
                mark("text_mention", 3, 2, user={"id": 77, "is_bot": False, "first_name": "小鱼"})
            ],
        ),
        heard("😀 小鱼 看", mentions=("77",)),
    ),
    (
        "calling somebody by a username, whose id nobody tells",
        message(text="@rain 看", entities=[mark("mention", 0, 5)]),
        heard("@rain 看"),
    ),
    (
        "calling the bot at the end",
        message(text="问问 @nuanqun_bot", entities=[mark("mention", 3, 12)]),
        heard("问问 @nuanqun_bot", mentions=("123456",), mentions_bot=True),
    ),
    (
        "calling the bot first, whatever the case of its name",
        message(text="@NUANQUN_BOT 帮助", entities=[mark("mention", 0, 12)]),
        heard("帮助", mentions=("123456",), mentions_bot=True),
    ),
    (
        "calling the bot below a picture",
        message(photo=PHOTO, caption="@nuanqun_bot 看", caption_entities=[mark("mention", 0, 12)]),
        heard("看", pictures=("telegram:large",), mentions=("123456",), mentions_bot=True),
    ),
    (
        "a command",
        message(text="/help", entities=[mark("bot_command", 0, 5)]),
        heard("/help"),
    ),
    (
        "a command with our name",
        message(text="/help@nuanqun_bot 我", entities=[mark("bot_command", 0, 17)]),
        heard("/help@nuanqun_bot 我", mentions=("123456",), mentions_bot=True),
    ),
    (
        "another bot's command, in the middle of a sentence",
        message(text="发 /start@other_bot 就行", entities=[mark("bot_command", 2, 16)]),
        heard("发 /start@other_bot 就行"),
    ),
    (
        "forwarded from somebody",
        message(
            text="转",
            forward_origin={"type": "user", "date": 1, "sender_user": BOSS},
        ),
        heard("转", forwarded=True),
    ),
    (
        "made by an inline bot",
        message(text="图", via_bot=OTHER_BOT),
        heard("图", forwarded=True),
    ),
    (
        "the linked channel's post",
        message(
            sender=SERVICE,
            text="新品到店",
            sender_chat=CHANNEL,
            is_automatic_forward=True,
            forward_origin={"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 4},
        ),
        heard("新品到店", sender=Person("chat:-1009999", "暖店上新"), forwarded=True),
    ),
    (
        "by somebody who speaks as their channel",
        message(sender=CHANNEL_BOT, text="我也想要", sender_chat=CHANNEL),
        heard("我也想要", sender=Person("chat:-1009999", "暖店上新")),
    ),
    (
        "by an anonymous admin",
        message(sender=ANONYMOUS, text="/plan", sender_chat=GROUP),
        heard("/plan", sender=Person("chat:-1001234", "一群", staff=True)),
    ),
    (
        "by an anonymous admin with a title",
        message(sender=ANONYMOUS, text="大家好", sender_chat=GROUP, author_signature="店长"),
        heard("大家好", sender=Person("chat:-1001234", "店长", staff=True)),
    ),
    (
        "in private",
        message(PRIVATE, text="/me", message_thread_id=3, is_topic_message=True),
        heard("/me", message="5001/17", chat=None),
    ),
]

NOTHING: list[tuple[str, Update]] = [
    ("a kind that nobody asked for", update(channel_post=body(CHANNEL, SERVICE, text="x"))),
    ("a kind that this release does not know", update()),
    ("another bot's words", message(sender=OTHER_BOT, text="广告")),
    (
        "a command for another bot",
        message(text="/start@other_bot", entities=[mark("bot_command", 0, 16)]),
    ),
    ("a pinned message", message(pinned_message=body(text="看这里"))),
    ("a new picture of the group", message(new_chat_photo=PHOTO)),
    ("the group's own beginning", message(SMALL, group_chat_created=True)),
    ("a bot that came", message(new_chat_members=[OTHER_BOT])),
    ("the bot itself that came, of which my_chat_member tells", message(new_chat_members=[ME])),
    ("the bot itself that was put out", message(left_chat_member=ME)),
    (
        "another picture of a topic",
        message(message_thread_id=3, forum_topic_edited={"icon_custom_emoji_id": "e"}),
    ),
    ("a service message in private", message(PRIVATE, pinned_message=body(text="x"))),
    (
        "a live location that moves",
        update(edited_message=body(edit_date=DATE, location={"latitude": 1, "longitude": 2})),
    ),
    ("another bot's edit", update(edited_message=body(sender=OTHER_BOT, text="x", edit_date=DATE))),
    (
        "another bot that was promoted",
        update(
            chat_member=change(standing("member", OTHER_BOT), standing("administrator", OTHER_BOT))
        ),
    ),
    (
        "a member who was muted",
        update(chat_member=change(standing("member"), standing("restricted"))),
    ),
    (
        "an admin's new title",
        update(
            chat_member=change(
                standing("administrator"), standing("administrator", custom_title="掌柜")
            )
        ),
    ),
    (
        "the bot in a channel",
        update(my_chat_member=change(standing("left", ME), standing("administrator", ME), CHANNEL)),
    ),
    (
        "a press on an inline message",
        update(
            callback_query={
                "id": "p",
                "from": RAIN,
                "chat_instance": "c",
                "inline_message_id": "i",
                "data": "=/me",
            }
        ),
    ),
    (
        "a press whose words are forgotten",
        update(
            callback_query={
                "id": "p",
                "from": RAIN,
                "chat_instance": "c",
                "message": body(sender=ME, text="选"),
                "data": "#gone",
            }
        ),
    ),
    (
        "a press of no button of ours",
        update(
            callback_query={
                "id": "p",
                "from": RAIN,
                "chat_instance": "c",
                "message": body(sender=ME, text="选"),
            }
        ),
    ),
]


def press(data: str, message: dict[str, Any], sender: dict[str, Any] = RAIN) -> Update:
    query = {"id": "p9", "from": sender, "chat_instance": "c", "message": message, "data": data}
    return update(callback_query=query)


def pressed(says: str, **more: Any) -> ButtonPressed:
    stamp = ACCOUNT, str(NUMBER), PRESSED
    event = ButtonPressed(*stamp, press="p9", chat=HERE, sender=FAN, says=says, on="17")
    return replace(event, **more)


HAPPENED: list[tuple[str, Update, Scene, list[Event]]] = [
    (
        "a button",
        press("=/optout", body(sender=ME, text="选")),
        SCENE,
        [pressed("/optout")],
    ),
    (
        "a button with long words",
        press("#abc", body(sender=ME, text="选")),
        replace(SCENE, words={"abc": "/broadcast 很长"}),
        [pressed("/broadcast 很长")],
    ),
    (
        "a button in a topic",
        press("=好", body(sender=ME, text="选", message_thread_id=3, is_topic_message=True), BOSS),
        SCENE,
        [pressed("好", sender=MANAGER, topic="3")],
    ),
    (
        "a button in private",
        press("=好", body(PRIVATE, ME, text="选")),
        SCENE,
        [pressed("好", chat=None)],
    ),
    (
        "a button below a message too old to be shown",
        press("=好", {"chat": GROUP, "message_id": 17, "date": 0}),
        SCENE,
        [pressed("好")],
    ),
    (
        "an edited text",
        update(edited_message=body(text="油皮能用吗？", edit_date=DATE + 60)),
        SCENE,
        [
            MessageEdited(
                ACCOUNT,
                str(NUMBER),
                AT + timedelta(minutes=1),
                message="-1001234/17",
                chat=HERE,
                sender=FAN,
                text="油皮能用吗？",
            )
        ],
    ),
    (
        "an edited caption, in private",
        update(edited_message=body(PRIVATE, photo=PHOTO, caption="换", edit_date=DATE)),
        SCENE,
        [MessageEdited(*STAMP, message="5001/17", chat=None, sender=FAN, text="换")],
    ),
    (
        "who came, where the bot is no admin",
        message(new_chat_members=[RAIN, OTHER_BOT, BOSS]),
        SCENE,
        [
            MemberJoined(*FIRST, chat=HERE, member=FAN),
            MemberJoined(*STAMP, chat=HERE, member=MANAGER),
        ],
    ),
    (
        "who came, where chat_member tells as well",
        message(new_chat_members=[RAIN]),
        replace(SCENE, admin_since=AT),
        [],
    ),
    (
        "who came before the bot was an admin",
        message(new_chat_members=[RAIN]),
        replace(SCENE, admin_since=AT + timedelta(seconds=1)),
        [MemberJoined(*STAMP, chat=HERE, member=FAN)],
    ),
    (
        "who went, where the bot is no admin",
        message(sender=BOSS, left_chat_member=RAIN),
        SCENE,
        [MemberLeft(*STAMP, chat=HERE, member=FAN)],
    ),
    (
        "who went, where chat_member tells as well",
        message(sender=BOSS, left_chat_member=RAIN),
        replace(SCENE, admin_since=AT),
        [],
    ),
    (
        "a new name",
        message(sender=BOSS, new_chat_title="老粉群"),
        SCENE,
        [GroupChanged(*STAMP, chat=Chat("-1001234", "老粉群"), present=True)],
    ),
    (
        "a move, told by the old group",
        message(SMALL, migrate_to_chat_id=-1001234),
        SCENE,
        [GroupMoved(*STAMP, chat=Chat("-1001234", "小群"), before="-55")],
    ),
    (
        "a move, told by the new group",
        message(GROUP, migrate_from_chat_id=-55),
        SCENE,
        [GroupMoved(*STAMP, chat=HERE, before="-55")],
    ),
    (
        "a topic",
        message(
            message_thread_id=3,
            is_topic_message=True,
            forum_topic_created={"name": "上新", "icon_color": 7322096},
        ),
        SCENE,
        [TopicChanged(*STAMP, chat=HERE, topic="3", name="上新")],
    ),
    (
        "a topic's new name",
        message(message_thread_id=3, forum_topic_edited={"name": "清仓"}),
        SCENE,
        [TopicChanged(*STAMP, chat=HERE, topic="3", name="清仓")],
    ),
    (
        "a closed topic",
        message(message_thread_id=3, forum_topic_closed={}),
        SCENE,
        [TopicChanged(*STAMP, chat=HERE, topic="3", name=None, open=False)],
    ),
    (
        "a topic that is open again",
        message(message_thread_id=3, forum_topic_reopened={}),
        SCENE,
        [TopicChanged(*STAMP, chat=HERE, topic="3", name=None)],
    ),
    (
        "the first word in private",
        message(PRIVATE, text="/start hello", entities=[mark("bot_command", 0, 6)]),
        SCENE,
        [
            ReachChanged(*FIRST, member=FAN, reachable=True),
            heard("/start hello", message="5001/17", chat=None),
        ],
    ),
    (
        "leave to write, from a mini app",
        message(PRIVATE, write_access_allowed={"from_request": True}),
        SCENE,
        [ReachChanged(*STAMP, member=FAN, reachable=True)],
    ),
    (
        "somebody who blocked the bot",
        update(
            my_chat_member=change(standing("member", ME), standing("kicked", ME), PRIVATE, RAIN)
        ),
        SCENE,
        [ReachChanged(*STAMP, member=FAN, reachable=False)],
    ),
    (
        "somebody who let it write again",
        update(
            my_chat_member=change(standing("kicked", ME), standing("member", ME), PRIVATE, RAIN)
        ),
        SCENE,
        [ReachChanged(*STAMP, member=FAN, reachable=True)],
    ),
    (
        "the bot brought in",
        update(my_chat_member=change(standing("left", ME), standing("member", ME))),
        replace(SCENE, admins={5002: "店长", 5009: "客服"}),
        [
            GroupChanged(*FIRST, chat=HERE, present=True, may_speak=True, by=MANAGER),
            StaffChanged(*FIRST, chat=HERE, member=MANAGER),
            StaffChanged(*STAMP, chat=HERE, member=Person("5009", "客服", staff=True)),
        ],
    ),
    (
        "the bot made an admin",
        update(my_chat_member=change(standing("member", ME), standing("administrator", ME))),
        replace(SCENE, admins={5002: "店长"}),
        [GroupChanged(*STAMP, chat=HERE, present=True, may_speak=True)],
    ),
    (
        "the bot muted",
        update(my_chat_member=change(standing("member", ME), standing("restricted", ME))),
        SCENE,
        [GroupChanged(*STAMP, chat=HERE, present=True, may_speak=False)],
    ),
    (
        "the bot restricted in other things",
        update(
            my_chat_member=change(
                standing("member", ME), standing("restricted", ME, can_send_messages=True)
            )
        ),
        SCENE,
        [GroupChanged(*STAMP, chat=HERE, present=True, may_speak=True)],
    ),
    (
        "the bot unmuted",
        update(my_chat_member=change(standing("restricted", ME), standing("member", ME))),
        SCENE,
        [GroupChanged(*STAMP, chat=HERE, present=True, may_speak=True)],
    ),
    (
        "the bot put out",
        update(my_chat_member=change(standing("administrator", ME), standing("kicked", ME))),
        SCENE,
        [GroupChanged(*STAMP, chat=HERE, present=False)],
    ),
    (
        "the bot gone from a small group",
        update(my_chat_member=change(standing("member", ME), standing("left", ME), SMALL)),
        SCENE,
        [GroupChanged(*STAMP, chat=Chat("-55", "小群"), present=False)],
    ),
    (
        "a member who came by a link",
        update(chat_member=change(standing("left"), standing("member"), invite_link=LINK)),
        SCENE,
        [MemberJoined(*STAMP, chat=HERE, member=FAN, invite="https://t.me/+rain")],
    ),
    (
        "a member who came back muted",
        update(chat_member=change(standing("kicked"), standing("restricted"))),
        SCENE,
        [MemberJoined(*STAMP, chat=HERE, member=FAN)],
    ),
    (
        "a member who went",
        update(chat_member=change(standing("member"), standing("left"))),
        SCENE,
        [MemberLeft(*STAMP, chat=HERE, member=FAN)],
    ),
    (
        "a muted member who was put out",
        update(chat_member=change(standing("restricted"), standing("restricted", is_member=False))),
        SCENE,
        [MemberLeft(*STAMP, chat=HERE, member=FAN)],
    ),
    (
        "a member who became an admin",
        update(chat_member=change(standing("member", BOSS), standing("administrator", BOSS))),
        SCENE,
        [StaffChanged(*STAMP, chat=HERE, member=MANAGER)],
    ),
    (
        "an admin no more, and of no other group",
        update(chat_member=change(standing("administrator"), standing("member"))),
        SCENE,
        [StaffChanged(*STAMP, chat=HERE, member=FAN)],
    ),
    (
        "an owner who came back",
        update(chat_member=change(standing("left", BOSS), standing("creator", BOSS))),
        SCENE,
        [
            MemberJoined(*FIRST, chat=HERE, member=MANAGER),
            StaffChanged(*STAMP, chat=HERE, member=MANAGER),
        ],
    ),
    (
        "an admin who went",
        update(chat_member=change(standing("administrator"), standing("left"))),
        SCENE,
        [
            StaffChanged(*FIRST, chat=HERE, member=FAN),
            MemberLeft(*STAMP, chat=HERE, member=FAN),
        ],
    ),
    (
        "somebody who asks to come in",
        update(
            chat_join_request={
                "chat": GROUP,
                "from": RAIN,
                "user_chat_id": 5001,
                "date": DATE,
                "bio": "老客",
                "invite_link": LINK,
            }
        ),
        SCENE,
        [JoinAsked(*STAMP, chat=HERE, member=FAN, invite="https://t.me/+rain", words="老客")],
    ),
    (
        "somebody who asks without a link or a word",
        update(chat_join_request={"chat": GROUP, "from": RAIN, "user_chat_id": 5001, "date": DATE}),
        SCENE,
        [JoinAsked(*STAMP, chat=HERE, member=FAN)],
    ),
]


@pytest.mark.parametrize(("told", "event"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_words_are_heard(told: Update, event: MessageHeard) -> None:
    assert translate(told, SCENE, PRESSED) == [event]


@pytest.mark.parametrize("told", [row[1] for row in NOTHING], ids=[row[0] for row in NOTHING])
def test_what_is_nothing_to_the_bot_is_no_event(told: Update) -> None:
    assert translate(told, SCENE, PRESSED) == []


@pytest.mark.parametrize(
    ("told", "scene", "events"),
    [row[1:] for row in HAPPENED],
    ids=[row[0] for row in HAPPENED],
)
def test_what_happens_is_told(told: Update, scene: Scene, events: list[Event]) -> None:
    assert translate(told, scene, PRESSED) == events


def test_every_kind_that_is_asked_for_is_one_of_telegram_s() -> None:
    assert set(ALLOWED_UPDATES) <= Update.model_fields.keys()


def test_only_presses_carry_no_time() -> None:
    told_of = [row[1] for row in SAID] + [row[1] for row in HAPPENED]
    dated = [told for told in told_of if told.callback_query is None]
    assert all(told_at(told) is not None for told in dated)
    assert told_at(press("=好", body(sender=ME, text="选"))) is None
