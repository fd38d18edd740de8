"""Each way a call can fail is the one outcome that says what is certain."""

from __future__ import annotations

import pytest

from bot.channels.wechat.gateway import Failure, GatewayCallFailed
from bot.channels.wechat.outcomes import REFUSALS, outcome_of
from scheduler.content import Content
from scheduler.courier import (
    AccountDown,
    Action,
    Address,
    AddressGone,
    Admit,
    Befriend,
    Delete,
    NothingSent,
    Outcome,
    Pin,
    Post,
    Unable,
    Unclear,
)

ROOM = Address(group="1@chatroom")
FAN = Address(person="wxid_fan")
POST = Post("k", ROOM, Content("早"))
ADMIT = Admit("k", ROOM, "wxid_fan")


@pytest.mark.parametrize("action", [POST, ADMIT])
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Failure.NOT_SENT, NothingSent),
        (Failure.LOST, Unclear),
        (Failure.TOKEN, AccountDown),
        (Failure.TAKEN, AccountDown),
        (Failure.UNKNOWN_CALL, Unable),
    ],
)
def test_what_the_wire_says_is_certain_whatever_the_words(
    failure: Failure, expected: type[Outcome], action: Action
) -> None:
    assert isinstance(outcome_of(GatewayCallFailed(failure, "not in this room"), action), expected)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Error: not logged in", AccountDown),
        ("Error: no payload for room id 1@chatroom", AddressGone),
        ("contact(x) is not in the Room(y)", AddressGone),
        ("小鱼开启了朋友验证，你还不是他（她）朋友。", AddressGone),
        ("消息已发出，但被对方拒收了。", AddressGone),
        ("Wechaty Puppet Unsupported API Error. Learn More At ...", Unable),
        ("TIMEOUT: RequestId: MT_ROOM_ADD_MEMBERS_MSG-R", Unclear),
        ("no payload for contact wxid_somebody_called", Unclear),
        ("FileBox 7f0a does not exist", Unclear),
        ("no payload for room id 21@chatroom", Unclear),
        ("ApiType: 50 request timeout, not in this room", Unclear),
    ],
)
def test_a_refusal_is_known_by_its_words(reason: str, expected: type[Outcome]) -> None:
    assert isinstance(outcome_of(GatewayCallFailed(Failure.REFUSED, reason), POST), expected)


@pytest.mark.parametrize(
    ("action", "expected"),
    [(POST, Unclear), (ADMIT, Unable), (Delete("k", ROOM, "m1"), Unable)],
)
def test_a_refusal_that_nobody_knows_leaves_a_post_in_doubt_and_ends_the_rest(
    action: Action, expected: type[Outcome]
) -> None:
    failed = GatewayCallFailed(Failure.REFUSED, "ERR_SEND_MSG")
    assert isinstance(outcome_of(failed, action), expected)


@pytest.mark.parametrize(
    "action", [ADMIT, Delete("k", ROOM, "m1"), Pin("k", ROOM, "m1"), Befriend("k", FAN, "f1")]
)
def test_a_message_that_is_not_there_makes_no_group_gone(action: Action) -> None:
    failed = GatewayCallFailed(Failure.REFUSED, "no payload found for id m1")
    assert isinstance(outcome_of(failed, action), Unable)


def test_the_words_are_written_as_they_are_compared() -> None:
    assert [row.words for row in REFUSALS] == [row.words.casefold() for row in REFUSALS]
