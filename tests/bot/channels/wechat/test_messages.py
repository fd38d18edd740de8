from __future__ import annotations

import pytest

from bot.channels.wechat.gateway import Failure, MessageType
from bot.channels.wechat.hearing import WeChatHearing
from handlers.events import ButtonPressed, Chat, MessageEdited, MessageHeard, Person
from handlers.roles import Role
from tests.bot.channels.wechat.fake_gateway import ME
from tests.bot.channels.wechat.heard import FAN, GROUP, OWNER, Heard, hear_one, settled

PNG = b"\x89PNG\r\n\x1a\n"


async def test_what_a_fan_says_in_a_group_is_heard(shop: Heard, hearing: WeChatHearing) -> None:
    shop.gateway.call_themselves(FAN, GROUP, "小雨（油皮）")
    shop.gateway.arrives(FAN, "油皮能用吗", room=GROUP)
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.text, heard.chat, heard.own) == ("油皮能用吗", Chat(GROUP, "一群"), False)
    assert heard.sender == Person(FAN, "小雨", alias="爱买面霜的", nickname="小雨（油皮）")


async def test_a_private_word_has_no_chat(shop: Heard, hearing: WeChatHearing) -> None:
    shop.gateway.arrives(FAN, "/me")
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.chat, heard.text, heard.sender.nickname) == (None, "/me", None)


async def test_a_room_s_owner_is_staff_by_it(shop: Heard, hearing: WeChatHearing) -> None:
    for room in (GROUP, ""):
        shop.gateway.arrives(OWNER, "/plan", room=room)
        heard = await hear_one(hearing, MessageHeard)
        assert (heard.sender.staff, heard.sender.staff_in) == (True, frozenset({GROUP}))


async def test_the_account_is_called_by_its_name_in_the_group(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.call_themselves(ME, GROUP, "一群的暖暖")
    shop.gateway.arrives(FAN, "@一群的暖暖\u2005/help", room=GROUP)
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.text, heard.mentions_bot, heard.mentions) == ("/help", True, (ME,))


async def test_the_bot_s_own_posts_are_no_event_and_what_the_phone_types_is(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.own.texts = {"上新啦"}
    posted = shop.gateway.arrives(ME, "上新啦", room=GROUP)
    typed = shop.gateway.arrives(ME, "我来回大家", room=GROUP)
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.text, heard.own) == ("我来回大家", True)
    assert heard.sender == Person(ME, "暖暖", staff=True, alias="", nickname="")
    assert shop.own.heard_of == [posted, typed]


@pytest.mark.parametrize(
    ("of", "text", "kind", "stops"),
    [
        ((ME, GROUP), "操作过于频繁", MessageType.GROUP_NOTE, True),
        ((FAN, ""), "操作过于频繁", MessageType.UNKNOWN, True),
        ((FAN, ""), "<msg>违规</msg>", MessageType.UNKNOWN, False),
        ((FAN, ""), "操作过于频繁", MessageType.TEXT, False),
        ((FAN, GROUP), "“小雨”修改群名为“封号”", MessageType.GROUP_NOTE, False),
    ],
)
async def test_a_note_that_the_account_is_restricted_stops_it_whoever_it_comes_from(
    shop: Heard,
    of: tuple[str, str],
    text: str,
    kind: MessageType,
    stops: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    async with shop.open() as hearing:
        shop.gateway.arrives(of[0], text, room=of[1], kind=kind)
        await settled(hearing)
    assert shop.stops.said == ([text] if stops else [])


async def test_a_number_chooses_in_private_and_in_a_group_only_for_the_bot(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.offered.says = {(f"person:{FAN}", "1"): "/remind yes", (f"group:{GROUP}", "1"): "/join"}
    message = shop.gateway.arrives(FAN, "1")
    shop.gateway.arrives(FAN, "1", room=GROUP)
    shop.gateway.arrives(FAN, "@暖暖\u20051", room=GROUP)
    shop.gateway.arrives(FAN, "2")
    said = [one for one in await settled(hearing) if isinstance(one, ButtonPressed | MessageHeard)]
    private, shouted, chosen, other = said
    assert isinstance(private, ButtonPressed)
    assert (private.says, private.chat, private.press) == ("/remind yes", None, message)
    assert (private.on, private.sender.id) == (None, FAN)
    assert isinstance(shouted, MessageHeard)
    assert isinstance(chosen, ButtonPressed)
    assert (chosen.says, chosen.chat) == ("/join", Chat(GROUP, "一群"))
    assert isinstance(other, MessageHeard)


async def test_what_the_account_itself_types_chooses_nothing(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.offered.says = {(f"person:{ME}", "1"): "/remind yes"}
    shop.gateway.arrives(ME, "1")
    assert (await hear_one(hearing, MessageHeard)).text == "1"


async def test_a_fan_s_picture_stays_at_the_gateway(shop: Heard, hearing: WeChatHearing) -> None:
    message = shop.gateway.shows_picture(FAN, PNG, room=GROUP)
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.pictures, heard.text) == ((f"wechat:{message}",), "")
    assert not shop.gateway.calls("picture")


@pytest.mark.parametrize("sender", [OWNER, ME])
async def test_a_picture_of_staff_is_kept(shop: Heard, hearing: WeChatHearing, sender: str) -> None:
    shop.roles = {OWNER: Role.MANAGER}
    shop.gateway.shows_picture(sender, PNG, room=GROUP)
    (kept,) = (await hear_one(hearing, MessageHeard)).pictures
    assert (shop.data / kept).read_bytes() == PNG


async def test_a_picture_of_staff_that_cannot_be_kept_is_shown_from_the_gateway(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.roles = {OWNER: Role.MANAGER}
    shop.gateway.fails("picture", Failure.REFUSED)
    message = shop.gateway.shows_picture(OWNER, PNG)
    assert (await hear_one(hearing, MessageHeard)).pictures == (f"wechat:{message}",)


async def test_a_shared_link_is_heard_by_its_title(shop: Heard, hearing: WeChatHearing) -> None:
    shop.gateway.shares_link(FAN, "双11攻略", "https://example.com/", room=GROUP)
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.text, heard.forwarded) == ("双11攻略", True)


async def test_a_link_that_nobody_can_read_is_heard_without_words(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.fails("link", *[Failure.REFUSED] * 3)
    shop.gateway.shares_link(FAN, "双11攻略", "https://example.com/", room=GROUP)
    heard = await hear_one(hearing, MessageHeard)
    assert (heard.text, heard.forwarded) == ("", True)


async def test_what_an_admin_takes_back_is_unsaid_by_who_said_it(
    shop: Heard, hearing: WeChatHearing
) -> None:
    said = shop.gateway.arrives(FAN, "加我微信", room=GROUP)
    shop.gateway.arrives(OWNER, said, room=GROUP, kind=MessageType.RECALLED)
    edited = await hear_one(hearing, MessageEdited)
    assert (edited.message, edited.text, edited.sender.id) == (said, "", FAN)


async def test_what_was_taken_back_and_nobody_remembers_is_its_teller_s(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.arrives(FAN, "long-ago", room=GROUP, kind=MessageType.RECALLED)
    edited = await hear_one(hearing, MessageEdited)
    assert (edited.message, edited.sender.id) == ("long-ago", FAN)


async def test_articles_and_notices_are_no_event(shop: Heard, hearing: WeChatHearing) -> None:
    shop.gateway.add_person("gh_123", "某公众号")
    shop.gateway.arrives("gh_123", "今日头条")
    shop.gateway.arrives(FAN, "加入了群聊", room=GROUP, kind=MessageType.GROUP_NOTE)
    shop.gateway.arrives(FAN, "好", room=GROUP)
    assert (await hear_one(hearing, MessageHeard)).text == "好"
