from __future__ import annotations

import asyncio

import pytest

from bot.channels.wechat.gateway import Failure, GatewayCallFailed, PayloadKind
from bot.channels.wechat.known import Known, Remembered
from tests.bot.channels.wechat.fake_gateway import FakeGateway
from tests.bot.channels.wechat.heard import Stops

ROOM = "room@chatroom"


@pytest.fixture
def gateway() -> FakeGateway:
    made = FakeGateway()
    made.add_person("fan", "小雨")
    made.add_room(ROOM, "一群", ["fan"])
    return made


async def test_what_was_said_once_is_not_asked_again(gateway: FakeGateway) -> None:
    known = Known(gateway, Stops())
    for _ in range(2):
        assert await known.contact("fan") == gateway.people["fan"]
        assert await known.room(ROOM) == gateway.groups[ROOM]
        assert await known.member(ROOM, "fan") == gateway.members[(ROOM, "fan")]
    assert [one.call for one in gateway.asked] == ["contact", "room", "room_member"]


async def test_whoever_asks_for_the_same_waits_for_one_answer(gateway: FakeGateway) -> None:
    known = Known(gateway, Stops())
    going_on = gateway.holds("contact")
    asking = [asyncio.create_task(known.contact("fan")) for _ in range(3)]
    await asyncio.sleep(0)
    going_on.set()
    assert len(set(await asyncio.gather(*asking))) == 1
    assert gateway.calls("contact") == [("fan",)]


async def test_whose_asker_gave_up_is_asked_for_by_the_next(gateway: FakeGateway) -> None:
    known = Known(gateway, Stops())
    going_on = gateway.holds("contact")
    first, second = (asyncio.create_task(known.contact("fan")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    going_on.set()
    assert await second is not None


async def test_what_nobody_knows_is_none_and_asked_for_again(gateway: FakeGateway) -> None:
    known = Known(gateway, Stops())
    assert await known.contact("nobody") is None
    gateway.fails("contact", Failure.UNKNOWN_CALL)
    assert await known.contact("fan") is None
    assert await known.contact("fan") is not None


async def test_a_gateway_that_cannot_be_reached_is_no_answer(gateway: FakeGateway) -> None:
    gateway.fails("contact", *[Failure.LOST] * 3)
    with pytest.raises(GatewayCallFailed):
        await Known(gateway, Stops()).contact("fan")


@pytest.mark.parametrize(
    ("kind", "identity", "asked"),
    [
        (PayloadKind.CONTACT, "fan", ["contact", "room_member"]),
        (PayloadKind.ROOM, ROOM, ["room"]),
        (PayloadKind.ROOM_MEMBER, ROOM, ["room_member"]),
        (PayloadKind.MESSAGE, ROOM, []),
        (PayloadKind.CONTACT, "else", []),
    ],
)
async def test_what_is_stale_is_asked_for_again(
    gateway: FakeGateway, kind: PayloadKind, identity: str, asked: list[str]
) -> None:
    known = Known(gateway, Stops())

    async def ask() -> None:
        await known.contact("fan")
        await known.room(ROOM)
        await known.member(ROOM, "fan")

    await ask()
    gateway.asked.clear()
    known.forget(kind, identity)
    await ask()
    assert [one.call for one in gateway.asked] == asked


async def test_after_an_absence_everything_is_asked_for_again(gateway: FakeGateway) -> None:
    known = Known(gateway, Stops())
    await known.contact("fan")
    known.forget_all()
    gateway.add_person("fan", "雨")
    assert await known.contact("fan") == gateway.people["fan"]


async def test_an_answer_that_is_stale_before_it_comes_is_not_kept(gateway: FakeGateway) -> None:
    known = Known(gateway, Stops())
    going_on = gateway.holds("contact")
    asking = asyncio.create_task(known.contact("fan"))
    await asyncio.sleep(0)
    known.forget(PayloadKind.CONTACT, "fan")
    going_on.set()
    await asking
    await known.contact("fan")
    assert len(gateway.calls("contact")) == 2


async def test_the_least_used_is_forgotten_first() -> None:
    asked: list[int] = []

    async def ask(key: int) -> int:
        asked.append(key)
        return key

    remembered = Remembered(ask, 2)
    for key in (1, 2, 1, 3, 1, 2):
        assert await remembered.get(key) == key
    assert asked == [1, 2, 3, 2]


async def test_who_is_not_shown_at_once_is_asked_for_again(gateway: FakeGateway) -> None:
    stops = Stops()
    known = Known(gateway, stops)
    for call in ("contact", "room", "room_member"):
        gateway.fails(call, Failure.REFUSED, Failure.LOST, reason="Error: timeout")
    assert await known.contact("fan") == gateway.people["fan"]
    assert await known.room(ROOM) == gateway.groups[ROOM]
    assert await known.member(ROOM, "fan") == gateway.members[(ROOM, "fan")]
    assert stops.said == []


async def test_a_room_that_the_gateway_will_not_show_is_not_called_absent(
    gateway: FakeGateway,
) -> None:
    known = Known(gateway, Stops())
    gateway.fails("room", *[Failure.REFUSED] * 3, reason="Error: timeout")
    with pytest.raises(GatewayCallFailed):
        await known.room(ROOM)
    assert await known.room("nowhere@chatroom") is None


async def test_a_restricted_account_asks_no_second_time(gateway: FakeGateway) -> None:
    stops = Stops()
    gateway.fails("contact", *[Failure.REFUSED] * 3, reason="操作过于频繁")
    assert await Known(gateway, stops).contact("fan") is None
    assert (stops.said, len(gateway.calls("contact"))) == (["操作过于频繁"], 1)
