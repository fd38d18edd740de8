"""What the lines of a history can be, and what is said of those that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from bot.history import FORMATS, HistoryUnreadable, Rejection, Row

GOOD: dict[str, Any] = {
    "group": "一群",
    "member": "小鱼",
    "text": "云絮霜好用",
    "at": "2026-11-05T20:13:00+08:00",
}


def jsonl(folder: Path, *lines: bytes) -> list[Row | Rejection]:
    file = folder / "history.jsonl"
    file.write_bytes(b"\n".join(lines))
    return list(FORMATS["jsonl"](file))


def line(**changes: Any) -> bytes:
    document = {**GOOD, **changes}
    return json.dumps({key: value for key, value in document.items() if value != ...}).encode()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "it is not JSON: Expecting property name enclosed in double quotes at character 2"),
        (b"good morning", "it is not JSON: Expecting value at character 1"),
        (b'"text"', "it is not an object"),
        (b"[]", "it is not an object"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"\x00\x00\x00", "it is not JSON: Expecting value at character 1"),
        (line(group=...), "group is missing"),
        (line(member=None), "member is missing"),
        (line(text=...), "text is missing"),
        (line(at=...), "at is missing"),
        (line(text=7), "text must be a text"),
        (line(member=["小鱼"]), "member must be a text"),
        (line(at=1762344780), "at must be a text"),
        (line(text=" \n"), "text is empty"),
        (line(group=""), "group is empty"),
        (line(at="yesterday"), "at is no time: 'yesterday'; write 2026-11-05T20:13:00+08:00"),
        (line(at="2026-02-30T10:00:00Z"), "at is no time: '2026-02-30T10:00:00Z'"),
        (line(at="0001-01-01T00:00:00+14:00"), "at is in the year 1"),
        (line(at="9999-12-31T23:59:59-12:00"), "at is in the year 9999"),
        (line(text="长" * 20_001), "text is longer than 20,000 characters"),
        (line(text="长" * 5_000_000), "text is longer than 20,000 characters"),
        (b"9" * 5_000, "it cannot be read: "),
        (b"[" * 200_000, "it cannot be read: "),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_its_neighbours_are_kept(
    tmp_path: Path, bad: bytes, reason: str
) -> None:
    first, second, third = jsonl(tmp_path, line(), bad, line())
    assert isinstance(first, Row)
    assert isinstance(second, Rejection)
    assert (second.line, second.reason[: len(reason)]) == (2, reason)
    assert isinstance(third, Row)
    assert third.line == 3


@pytest.mark.parametrize(
    ("at", "meant"),
    [
        ("2026-11-05T20:13:00+08:00", datetime(2026, 11, 5, 12, 13, tzinfo=UTC)),
        ("2026-11-05T12:13:00Z", datetime(2026, 11, 5, 12, 13, tzinfo=UTC)),
        ("2026-11-05 20:13", datetime(2026, 11, 5, 20, 13)),  # noqa: DTZ001 (by the shop's clock)
        ("2026-11-05", datetime(2026, 11, 5)),  # noqa: DTZ001 (the same)
    ],
)
def test_a_time_may_have_a_zone_or_be_the_shop_s(tmp_path: Path, at: str, meant: datetime) -> None:
    (row,) = jsonl(tmp_path, line(at=at))
    assert isinstance(row, Row)
    assert row.at == meant


def test_what_is_around_the_lines_does_not_matter(tmp_path: Path) -> None:
    rows = jsonl(tmp_path, b"\xef\xbb\xbf" + line() + b"\r", b"", b"  \r", line(extra=1) + b"\r")
    expected = Row(1, "一群", "小鱼", "云絮霜好用", datetime.fromisoformat(GOOD["at"]))
    assert rows[0] == expected
    assert [one.line for one in rows] == [1, 4]
    assert jsonl(tmp_path) == []


def test_a_text_is_kept_as_it_was_said(tmp_path: Path) -> None:
    text = " 两行\n第二行\x00\ud83d "
    (row,) = jsonl(tmp_path, line(text=text))
    assert isinstance(row, Row)
    assert row.text == text


def telegram(folder: Path, document: Any) -> list[Row | Rejection]:
    file = folder / "result.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return list(FORMATS["telegram"](file))


SAID = {
    "type": "message",
    "from": "小鱼",
    "from_id": "user42",
    "date_unixtime": "1793880780",
    "text": "云絮霜好用",
}
EAST = timezone(timedelta(hours=8))


def test_telegram_s_messages_become_rows(tmp_path: Path) -> None:
    parts = ["看这个 ", {"type": "link", "text": "a.cn"}, " 好用"]
    rows = telegram(
        tmp_path,
        {
            "name": "福利群",
            "messages": [
                {"type": "service", "action": "create_group"},
                SAID,
                {**SAID, "text": parts},
                {**SAID, "text": "", "photo": "photos/1.jpg"},
                {**SAID, "text": "店里的话", "forwarded_from": "暖群小店"},
            ],
        },
    )
    at = datetime(2026, 11, 5, 20, 13, tzinfo=EAST)
    assert rows == [
        Row(2, "福利群", "小鱼", "云絮霜好用", at, "42"),
        Row(3, "福利群", "小鱼", "看这个 a.cn 好用", at, "42"),
        Row(5, "福利群", "小鱼", "店里的话", at, "42", forwarded=True),
    ]


@pytest.mark.parametrize(
    ("kind", "chat"),
    [
        ("private_group", "-77"),
        ("private_supergroup", "-10077"),
        ("public_supergroup", "-10077"),
        ("personal_chat", None),
        (None, None),
    ],
)
def test_telegram_s_ids_are_those_that_a_bot_hears(
    tmp_path: Path, kind: str | None, chat: str | None
) -> None:
    messages = [
        {**SAID, "id": 5, "reply_to_message_id": 4},
        {**SAID, "id": 6, "reply_to_message_id": -999_999_994},
        {**SAID, "id": -999_999_994},
        SAID,
    ]
    rows = telegram(tmp_path, {"name": "福利群", "type": kind, "id": 77, "messages": messages})
    assert [(row.chat, row.message, row.reply_to) for row in rows if isinstance(row, Row)] == [
        (chat, chat and f"{chat}/5", chat and f"{chat}/4"),
        (chat, chat and f"{chat}/6", None),  # from before the group became a supergroup
        (chat, None, None),
        (chat, None, None),
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (7, "it is not an object"),
        ({**SAID, "from": None}, "from is missing"),
        ({**SAID, "date_unixtime": None}, "date_unixtime is no time"),
        ({**SAID, "date_unixtime": "9" * 30}, "date_unixtime is no time"),
        ({**SAID, "text": {"a": 1}}, "text must be a text or a list of parts"),
        ({**SAID, "text": [{"type": "bold"}]}, "text must be a text or a list of parts"),
        ({**SAID, "text": "长" * 20_001}, "text is longer than 20,000 characters"),
    ],
)
def test_a_bad_message_of_telegram_s_is_named_and_its_neighbours_are_kept(
    tmp_path: Path, bad: Any, reason: str
) -> None:
    rows = telegram(tmp_path, {"name": "福利群", "messages": [SAID, bad, SAID]})
    assert rows[1] == Rejection(2, reason)
    assert isinstance(rows[0], Row)
    assert isinstance(rows[2], Row)


@pytest.mark.parametrize(
    "document", [[], "text", {"messages": []}, {"name": "群"}, {"chats": {"list": []}}]
)
def test_another_json_is_no_history_of_telegram_s(tmp_path: Path, document: Any) -> None:
    with pytest.raises(HistoryUnreadable, match="Telegram Desktop's export of one chat"):
        telegram(tmp_path, document)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 200_000])
def test_what_is_no_json_is_no_history_of_telegram_s(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "result.json"
    file.write_bytes(content)
    with pytest.raises(HistoryUnreadable, match="it is not JSON"):
        next(FORMATS["telegram"](file))
