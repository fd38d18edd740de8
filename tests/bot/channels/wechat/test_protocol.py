"""What goes over the wire to a gateway, and what its events mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from betterproto import Message
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.channels.wechat.gateway import (
    Alive,
    Complaint,
    Dong,
    FriendshipArrived,
    GatewayEvent,
    LoggedIn,
    LoggedOut,
    MessageArrived,
    PayloadKind,
    Ready,
    RoomInvited,
    RoomJoined,
    RoomLeft,
    RoomRenamed,
    ScanNeeded,
    ScanStatus,
    Stale,
)
from bot.channels.wechat.protocol import (
    EventType,
    Instant,
    MessagePayloadResponse,
    MessageSentResponse,
    MessageUrlResponse,
    Nonsense,
    RoomAnnounceRequest,
    RoomAnnounceResponse,
    StringValue,
    UploadRequest,
    UrlLinkPayload,
    event_of,
    instant,
    shared_link,
    told_at,
    written,
)

AT = datetime(2026, 11, 5, 12, 30, 0, 250_000, tzinfo=UTC)
MILLISECONDS = 1_793_881_800_250

MEANT: list[tuple[EventType, object, GatewayEvent]] = [
    (EventType.HEARTBEAT, {"data": "connected"}, Alive()),
    (EventType.READY, {"data": "ready"}, Ready()),
    (EventType.DONG, {"data": "17"}, Dong("17")),
    (EventType.DONG, {}, Dong("")),
    (EventType.MESSAGE, {"messageId": "m1"}, MessageArrived("m1")),
    (EventType.LOGIN, {"contactId": "wxid_me"}, LoggedIn("wxid_me")),
    (EventType.LOGOUT, {"contactId": "wxid_me", "data": "kicked"}, LoggedOut("wxid_me", "kicked")),
    (EventType.LOGOUT, {}, LoggedOut("", "")),
    (EventType.FRIENDSHIP, {"friendshipId": "f1"}, FriendshipArrived("f1")),
    (EventType.ROOM_INVITE, {"roomInvitationId": "i1"}, RoomInvited("i1")),
    (EventType.DIRTY, {"payloadType": 2, "payloadId": "p1"}, Stale(PayloadKind.CONTACT, "p1")),
    (EventType.DIRTY, {"payloadType": 99, "payloadId": "x"}, Stale(PayloadKind.UNKNOWN, "x")),
    (EventType.SCAN, {"status": 2, "qrcode": "code"}, ScanNeeded("code", ScanStatus.WAITING)),
    (EventType.SCAN, {"status": 5, "qrcode": "next"}, ScanNeeded("next", ScanStatus.TIMEOUT)),
    (EventType.SCAN, {"status": 3, "qrcode": "code"}, ScanNeeded("", ScanStatus.SCANNED)),
    (EventType.SCAN, {"status": 4}, ScanNeeded("", ScanStatus.CONFIRMED)),
    (EventType.SCAN, {"status": 77, "qrcode": "code"}, ScanNeeded("code", ScanStatus.UNKNOWN)),
    (
        EventType.ROOM_JOIN,
        {"roomId": "r", "inviteeIdList": ["a", "b"], "inviterId": "c", "timestamp": MILLISECONDS},
        RoomJoined("r", ("a", "b"), "c", AT),
    ),
    (
        EventType.ROOM_LEAVE,
        {"roomId": "r", "removeeIdList": ["a"], "removerId": None, "timestamp": 1793881800},
        RoomLeft("r", ("a",), "", AT.replace(microsecond=0)),
    ),
    (
        EventType.ROOM_TOPIC,
        {"roomId": "r", "newTopic": "双11", "oldTopic": "老群", "changerId": "a", "timestamp": 0},
        RoomRenamed("r", "双11", "老群", "a", None),
    ),
    (EventType.ERROR, {"data": "it hurts"}, Complaint("it hurts")),
    (EventType.ERROR, {"gerror": '{"message": "it hurts"}'}, Complaint("it hurts")),
    (EventType.ERROR, {"gerror": "it hurts"}, Complaint("it hurts")),
    (EventType.ERROR, {}, Complaint("the gateway does not say what is wrong")),
    (EventType.ERROR, {"data": "x" * 1000}, Complaint("x" * 300)),
]


@pytest.mark.parametrize(("kind", "payload", "meant"), MEANT)
def test_each_event_becomes_the_value_it_means(
    kind: EventType, payload: object, meant: GatewayEvent
) -> None:
    assert event_of(kind, json.dumps(payload)) == meant


NONSENSE = [
    (EventType.MESSAGE, "{", "no JSON"),
    (EventType.MESSAGE, "", "no JSON"),
    (EventType.MESSAGE, "[" * 100_000, "no JSON"),
    (EventType.MESSAGE, "[]", "no JSON object"),
    (EventType.MESSAGE, "{}", "messageId is missing"),
    (EventType.MESSAGE, '{"messageId": 5}', "messageId is no text"),
    (EventType.LOGIN, '{"contactId": ""}', "contactId is missing"),
    (EventType.ROOM_JOIN, '{"roomId": "r", "inviteeIdList": []}', "inviteeIdList is no list"),
    (EventType.ROOM_JOIN, '{"roomId": "r", "inviteeIdList": "ab"}', "inviteeIdList is no list"),
    (EventType.ROOM_LEAVE, '{"roomId": "r", "removeeIdList": ["a", 5]}', "what is no id"),
    (
        EventType.ROOM_LEAVE,
        '{"roomId": "r", "removeeIdList": ["a"], "timestamp": "soon"}',
        "timestamp is no number",
    ),
    (EventType.SCAN, '{"status": true}', "status is no number"),
    (EventType.DIRTY, '{"payloadType": "2"}', "payloadType is no number"),
]


@pytest.mark.parametrize(("kind", "payload", "why"), NONSENSE)
def test_a_payload_that_makes_no_sense_is_the_gateways_complaint(
    kind: EventType, payload: str, why: str
) -> None:
    event = event_of(kind, payload)
    assert isinstance(event, Complaint)
    assert kind.name.lower() in event.reason
    assert why in event.reason


def test_a_complaint_quotes_nothing_of_what_cannot_be_read() -> None:
    event = event_of(EventType.ROOM_TOPIC, '{"newTopic": "悄悄话')
    assert isinstance(event, Complaint)
    assert "悄悄话" not in event.reason


def test_an_unknown_event_is_passed_over_with_a_line_in_the_log() -> None:
    with capture_logs() as logs:
        assert event_of(99, "{}") is None
    assert [(line["event"], line["kind"]) for line in logs] == [("gateway_event_unknown", 99)]


@pytest.mark.parametrize("kind", [EventType.POST, EventType.RESET])
def test_what_the_bot_has_no_use_for_is_passed_over_in_silence(kind: EventType) -> None:
    with capture_logs() as logs:
        assert event_of(kind, "{}") is None
    assert logs == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FIELDS = st.sampled_from(
    sorted({field for _, payload, _ in MEANT if isinstance(payload, dict) for field in payload})
)


@given(
    kind=st.integers() | st.sampled_from(sorted(EventType)),
    payload=st.text() | st.dictionaries(FIELDS, JSON).map(json.dumps),
)
def test_no_payload_whatever_ends_the_stream(kind: int, payload: str) -> None:
    event = event_of(kind, payload)
    assert event is None or isinstance(event, GatewayEvent)
    # What is told can be stored.
    repr(event).encode()


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (MILLISECONDS, AT),
        (MILLISECONDS / 1000, AT),
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e20, None),  # the C library says this otherwise than the next one
        (9e21, None),
        (1e300, None),
    ],
)
def test_an_instant_is_told_in_seconds_or_milliseconds(
    number: float, meant: datetime | None
) -> None:
    assert instant(number) == meant


@pytest.mark.parametrize(
    "told",
    [
        MessagePayloadResponse(timestamp=MILLISECONDS),
        MessagePayloadResponse(receive_time=Instant(seconds=1793881800, nanos=250_000_000)),
        MessagePayloadResponse(timestamp=MILLISECONDS, receive_time=Instant(seconds=5)),
        # What a gateway makes of seconds, which it takes for milliseconds.
        MessagePayloadResponse(receive_time=Instant(seconds=1793881, nanos=800_000_000)),
    ],
)
def test_a_message_tells_when_it_was_said_in_the_new_field_or_the_old(
    told: MessagePayloadResponse,
) -> None:
    read = told_at(MessagePayloadResponse().parse(bytes(told)))
    assert read is not None
    assert read.replace(microsecond=0) == AT.replace(microsecond=0)


def test_a_message_that_tells_no_instant_has_none() -> None:
    assert told_at(MessagePayloadResponse()) is None


@given(st.text() | st.text(st.characters(categories=["Cs"])))
def test_a_text_can_be_stored_once_it_is_written(text: str) -> None:
    stored = written(text)
    stored.encode()
    assert "\0" not in stored
    assert written(stored) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [("暖暖 🎉", "暖暖 🎉"), ("cut \ud83c", "cut \N{REPLACEMENT CHARACTER}"), ("a\0b", "ab")],
)
def test_half_a_character_is_replaced_and_the_rest_kept(text: str, stored: str) -> None:
    assert written(text) == stored


# The bytes are those that `protoc` makes of the .proto files: number of the field times 8, and 2
# for what has a length; then the length.


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (MessageSentResponse(id="m1"), b"\x12\x02m1"),
        (MessageSentResponse(wrapped_id=StringValue(value="m1")), b"\x0a\x04\x0a\x02m1"),
        (
            MessageUrlResponse(url_link=UrlLinkPayload(title="t", url="u")),
            b"\x12\x06\x1a\x01t\x22\x01u",
        ),
        (RoomAnnounceRequest(id="r"), b"\x0a\x01r"),
        (RoomAnnounceRequest(id="r", text="hi"), b"\x0a\x01r\x1a\x02hi"),
        (RoomAnnounceResponse(text="hi"), b"\x12\x02hi"),
        (UploadRequest(chunk=b"ab"), b"\x0a\x02ab"),
    ],
)
def test_a_message_is_written_by_the_numbers_of_its_fields(message: Message, wire: bytes) -> None:
    assert bytes(message) == wire


@pytest.mark.parametrize(
    ("told", "title", "url"),
    [
        (
            MessageUrlResponse(url_link=UrlLinkPayload(title="新品", url="https://a")),
            "新品",
            "https://a",
        ),
        (MessageUrlResponse(json='{"title": "新品", "url": "https://a"}'), "新品", "https://a"),
        (MessageUrlResponse(json='{"title": "旧"}', url_link=UrlLinkPayload(title="新")), "新", ""),
        (MessageUrlResponse(), "", ""),
    ],
)
def test_a_shared_page_is_read_from_the_new_field_or_the_old(
    told: MessageUrlResponse, title: str, url: str
) -> None:
    assert shared_link(told) == (title, url)


def test_a_shared_page_that_is_no_json_is_refused() -> None:
    with pytest.raises(Nonsense):
        shared_link(MessageUrlResponse(json="<xml>"))
