"""The way into the page: forms, cookie, language, pictures; no browser needed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from bot.room.entrance import SESSION_COOKIE, Entrance
from bot.room.guard import Guard
from bot.room.page_text import LANGUAGES, choose_language
from bot.room.room import Room
from bot.room.values import RoomGroup
from tests.bot.room.test_room import PNG

TRICKS = (
    "<script>tricked=1</script>",
    "<img src=x onerror=tricked=1>",
    "<svg/onload=tricked=1>",
    "{{tricked=1}}",
    "'\"></div><b>&lt;",
)
BASE = "http://127.0.0.1:8000"


@pytest.fixture
async def client(room: Room) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(Entrance(room).router)
    transport = httpx.ASGITransport(app=Guard(app))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as opened:
        yield opened


async def test_a_nickname_gets_a_cookie_that_scripts_and_other_sites_cannot_use(
    client: httpx.AsyncClient, room: Room
) -> None:
    answer = await client.post("/enter", data={"nickname": "小雨"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    owner = room.people.owner(client.cookies[SESSION_COOKIE])
    assert owner is not None
    assert owner.name == "小雨"


@pytest.mark.parametrize("trick", TRICKS)
async def test_a_nickname_that_is_refused_is_shown_back_as_text(
    client: httpx.AsyncClient, trick: str
) -> None:
    answer = await client.post("/enter", data={"nickname": trick + "长" * 30})
    assert answer.status_code == 400
    assert trick not in answer.text or "<" not in trick
    assert LANGUAGES["zh"]("bad_name") in answer.text


async def test_a_managers_link_is_spent_by_the_form_and_not_by_looking_at_it(
    client: httpx.AsyncClient, room: Room, group: RoomGroup
) -> None:
    link = room.people.new_link()
    for _ in range(2):
        assert (await client.get("/sign-in", params={"link": link})).status_code == 200
    answer = await client.post("/sign-in", data={"link": link, "nickname": "阿敏"})
    assert answer.status_code == 303
    manager = room.people.named("阿敏")
    assert manager is not None
    assert room.is_member(manager, group.id)
    again = await client.post("/sign-in", data={"link": link, "nickname": "小偷"})
    assert again.status_code == 400
    assert room.people.named("小偷") is None


async def test_signing_out_withdraws_the_token(client: httpx.AsyncClient, room: Room) -> None:
    await client.post("/enter", data={"nickname": "小雨"})
    token = client.cookies[SESSION_COOKIE]
    await client.post("/sign-out")
    assert room.people.owner(token) is None


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9"])
async def test_a_form_from_another_site_is_refused(
    client: httpx.AsyncClient, room: Room, origin: str
) -> None:
    answer = await client.post("/enter", data={"nickname": "小雨"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert room.people.named("小雨") is None


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_choosing_a_language_leads_nowhere_else(client: httpx.AsyncClient, back: str) -> None:
    answer = await client.post("/language", data={"to": "en", "back": back})
    assert answer.headers["location"] == "/"
    assert LANGUAGES["en"]("enter_title") in (await client.get("/enter")).text


async def test_pictures_come_from_and_go_to_people_of_the_room_only(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.post("/pictures", content=PNG)).status_code == 401
    await client.post("/enter", data={"nickname": "小雨"})
    answer = await client.post("/pictures", content=PNG)
    source = answer.json()["source"]
    shown = await client.get(f"/{source}")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    for content, reason in ((b"<svg/>", "not_a_picture"), (PNG + b"0" * 6_000_000, "too_big")):
        refused = await client.post("/pictures", content=content)
        assert (refused.status_code, refused.json()) == (400, {"reason": reason})
    for name in ("..%2fbot-token", "%2e%2e%2froom.sqlite3", "x.png"):
        assert (await client.get(f"/pictures/{name}")).status_code == 404
    client.cookies.clear()
    assert (await client.get(f"/{source}")).status_code == 404


@pytest.mark.parametrize(
    ("cookie", "accepted", "chosen"),
    [
        (None, None, "zh"),
        (None, "en-US,en;q=0.9", "en"),
        (None, "zh-CN,en;q=0.5", "zh"),
        (None, "fr", "zh"),
        ("en", "zh-CN", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers_or_chinese(
    cookie: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose_language(cookie, accepted) == chosen


def test_both_languages_have_the_same_words() -> None:
    assert LANGUAGES["zh"]._words.keys() == LANGUAGES["en"]._words.keys()
