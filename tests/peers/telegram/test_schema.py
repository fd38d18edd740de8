from __future__ import annotations

from typing import Any

import pytest

from tests.peers.telegram import calls, schema

REQUESTS: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "all that is needed": ("sendMessage", {"chat_id": -1, "text": "你好"}, None),
    "a name for the chat": ("sendMessage", {"chat_id": "@shop", "text": "你好"}, None),
    "a part that is missing": ("sendMessage", {"chat_id": 1}, "sendMessage: text is missing"),
    "a part nobody knows": (
        "sendMessage",
        {"chat_id": 1, "text": "你好", "colour": "red"},
        "sendMessage: colour is not known",
    ),
    "a word that is none of those": (
        "sendMessage",
        {"chat_id": 1, "text": "你好", "parse_mode": "html"},
        "sendMessage.parse_mode: 'html' is none of",
    ),
    "a number for a yes": (
        "sendMessage",
        {"chat_id": 1, "text": "你好", "protect_content": 1},
        "sendMessage.protect_content: 1 is no boolean",
    ),
    "deep inside one of several shapes": (
        "sendMessage",
        {"chat_id": 1, "text": "a", "reply_markup": {"inline_keyboard": [[{"text": 5}]]}},
        "sendMessage.reply_markup.inline_keyboard.0.0.text: 5 is no string",
    ),
    "a type that holds itself": (
        "sendMessage",
        {"chat_id": 1, "text": "a", "reply_parameters": {"message_id": 1, "quote": 3}},
        "sendMessage.reply_parameters.quote: 3 is no string",
    ),
    "another method": ("sendLove", {}, "there is no method sendLove"),
}


@pytest.mark.parametrize(("method", "given", "wrong"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_held_against_the_schema(
    method: str, given: dict[str, Any], wrong: str | None
) -> None:
    found = schema.wrong_with_request(method, given)
    assert found is None if wrong is None else (found or "").startswith(wrong), found


def test_a_result_is_held_against_the_schema() -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
    assert schema.wrong_with_result("sendMessage", message) is None
    assert schema.wrong_with_result("deleteMessage", 1) is not None
    assert schema.wrong_with("Update", {"update_id": 1, "message": message | {"text": 1}}) == (
        "Update.message.text: 1 is no string"
    )


def test_the_schema_is_that_of_bot_api_10_3() -> None:
    assert "@gramio/types@10.3" in schema.SOURCE
    # What 10.3 brought, and nothing that a later one might.
    assert schema.kinds("sendMessage", "ephemeral_message_parameters") == {"object"}


FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=xx"
PICTURE = (
    b'--xx\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n-100\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="photo"\r\n\r\nattach://one\r\n'
    b'--xx\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name="one";'
    b' filename="offer.png"\r\n\r\n\x89PNG\r\n\x1a\n\x00\r\r\n--xx--\r\n'
)


def test_a_form_s_text_means_what_the_schema_says() -> None:
    body = b"chat_id=-100&text=42&protect_content=true&entities=%5B%5D"
    call = calls.read("/bot1:a/sendMessage", FORM, body)
    assert call is not None
    assert call.parameters == {
        "chat_id": -100,
        "text": "42",
        "protect_content": True,
        "entities": [],
    }
    assert (call.token, call.method, call.wrong) == ("1:a", "sendMessage", None)


def test_a_file_comes_whole() -> None:
    call = calls.read("/bot1:a/sendPhoto", PARTS, PICTURE)
    assert call is not None
    assert call.wrong is None
    assert call.uploads["one"].data == b"\x89PNG\r\n\x1a\n\x00\r"


def test_a_file_under_its_parameter_s_own_name_is_that_parameter() -> None:
    body = PICTURE.replace(b'name="one"', b'name="photo"').replace(b"attach://one", b"")
    body = body.replace(b'--xx\r\nContent-Disposition: form-data; name="photo"\r\n\r\n\r\n', b"")
    call = calls.read("/bot1:a/sendPhoto", PARTS, body)
    assert call is not None
    assert (call.wrong, call.parameters["photo"]) == (None, "attach://photo")


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (b"attach://one", b"attach://two", "one: is a file nobody speaks of"),
        (b' filename="offer.png"', b"", "one: did not come"),
    ],
)
def test_files_and_what_speaks_of_them_fit(before: bytes, after: bytes, wrong: str) -> None:
    body = PICTURE.replace(before, after).replace(b"\x89", b"P")
    call = calls.read("/bot1:a/sendPhoto", PARTS, body)
    assert call is not None
    assert call.wrong in (wrong, "sendPhoto: one is not known")


def test_what_leads_to_no_method_is_no_call() -> None:
    assert calls.read("/", FORM, b"") is None
