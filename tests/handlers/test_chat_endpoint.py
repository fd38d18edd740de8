"""The endpoint is asked as all of its kind want to be, and whatever it does, that ends."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from handlers import chat_endpoint
from handlers.chat_endpoint import ChatEndpoint, NoAnswer
from tests.handlers.model_server import ModelServer, answered, completion, model_server

KEY = "sk-geheim-1"


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    """A model on this machine."""
    async with model_server() as server:
        yield server


async def test_it_asks_with_the_model_the_rules_and_the_key(model: ModelServer) -> None:
    model.answer = "好的。"
    endpoint = ChatEndpoint(model.url, "small-1", SecretStr(KEY))
    assert await endpoint.ask("规矩", "数字") == "好的。"
    assert model.asked == [
        {
            "model": "small-1",
            "messages": [
                {"role": "system", "content": "规矩"},
                {"role": "user", "content": "数字"},
            ],
        }
    ]
    assert model.heads[0].startswith("POST /v1/chat/completions HTTP/1.1")
    assert f"authorization: bearer {KEY}" in model.heads[0].lower()


async def test_without_a_key_none_is_sent(model: ModelServer) -> None:
    model.answer = "好的。"
    await ChatEndpoint(model.url, "small-1").ask("", "")
    assert "authorization" not in model.heads[0].lower()


async def test_what_a_model_thinks_aloud_is_left_out(model: ModelServer) -> None:
    model.answer = "<think>26 人……\n对吗？</think>\n26 人。"
    assert await ChatEndpoint(model.url, "small-1").ask("", "") == "26 人。"


def test_the_key_is_in_no_repr() -> None:
    assert KEY not in repr(ChatEndpoint("http://127.0.0.1:1/v1", "small-1", SecretStr(KEY)))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(answered(b"{}", "401 Unauthorized"), "status 401", id="refused"),
        pytest.param(answered(b"{}", "429 Too Many Requests"), "status 429", id="too fast"),
        pytest.param(answered(b"oops", "502 Bad Gateway"), "status 502", id="gateway"),
        pytest.param(
            answered(b"", "302 Found\r\nLocation: http://127.0.0.1:1/"),
            "status 302",
            id="elsewhere",
        ),
        pytest.param(answered(b"<html>"), "no chat completion", id="no JSON"),
        pytest.param(answered(b'{"choices": []}'), "no chat completion", id="no choice"),
        pytest.param(answered(b"[" * 100_000), "no chat completion", id="endlessly deep"),
        pytest.param(answered(b"[]"), "no chat completion", id="a list"),
        pytest.param(answered(b'"words"'), "no chat completion", id="a text"),
        pytest.param(answered(b"\xff\xfe{"), "no chat completion", id="no text"),
        pytest.param(answered(completion(None)), "empty", id="no content"),
        pytest.param(answered(completion("  ")), "empty", id="blank content"),
        pytest.param(answered(completion("好"), length=9999), "RemoteProtocol", id="cut off"),
        pytest.param(answered(b" " * 300_000), "more than 200000 bytes", id="endless"),
        pytest.param(b"garbage\r\n\r\n", "RemoteProtocolError", id="no HTTP"),
        pytest.param(b"", "RemoteProtocolError", id="hung up"),
    ],
)
async def test_a_fault_is_no_answer(model: ModelServer, raw: bytes, why: str) -> None:
    model.raw = raw
    with pytest.raises(NoAnswer, match=why) as trouble:
        await ChatEndpoint(model.url, "small-1", SecretStr(KEY)).ask("规矩", "数字")
    assert KEY not in str(trouble.value)
    assert model.url not in str(trouble.value)


@pytest.mark.parametrize("slow", [True, False])
async def test_it_waits_no_longer_than_its_deadline(model: ModelServer, slow: bool) -> None:  # noqa: FBT001 (a table's column)
    model.answer, model.slow, model.pause = "好" * 200, slow, 0.0 if slow else 1.0
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no answer within 0\.5 s"):
        await ChatEndpoint(model.url, "small-1", deadline=0.5).ask("", "")
    assert time.monotonic() - began < 5


async def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="ConnectError"):
        await ChatEndpoint("http://127.0.0.1:1/v1", "small-1").ask("", "")


@pytest.mark.parametrize("url", ["https://exa mple.com", "http://a..b/v1", "http://xn--/v1"])
async def test_an_address_that_cannot_be_one_is_no_answer(url: str) -> None:
    with pytest.raises(NoAnswer):
        await ChatEndpoint(url, "small-1").ask("", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "foo://x"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
    ],
)
async def test_a_proxy_or_certificates_that_cannot_be_used_are_no_answer(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(NoAnswer):
        await ChatEndpoint("https://127.0.0.1:9/v1", "small-1").ask("", "")


async def test_one_that_failed_is_left_alone_for_a_while(
    model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.raw = answered(b"", "503 Service Unavailable")
    endpoint = ChatEndpoint(model.url, "small-1")
    with pytest.raises(NoAnswer, match="503"):
        await endpoint.ask("", "")
    model.raw, model.answer = None, "好了。"
    with pytest.raises(NoAnswer, match="a short while ago"):
        await endpoint.ask("", "")
    assert len(model.asked) == 1
    later = time.monotonic() + chat_endpoint._REST
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert await endpoint.ask("", "") == "好了。"
