from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.wechat import staff_pictures
from bot.channels.wechat.gateway import Failure
from bot.channels.wechat.staff_pictures import LARGEST, StaffPictures, ending_of
from tests.bot.channels.wechat.fake_gateway import FakeGateway
from tests.bot.channels.wechat.heard import Stops

PNG = b"\x89PNG\r\n\x1a\nand more"


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0 and more", "jpg"),
        (b"GIF89a and more", "gif"),
        (b"GIF87a and more", "gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(data: bytes, ending: str | None) -> None:
    assert ending_of(data) == ending


async def test_a_picture_is_kept_below_the_account_s_own_folder(tmp_path: Path) -> None:
    gateway = FakeGateway()
    pictures = StaffPictures(gateway, tmp_path, "shop", Stops())
    kept = [await pictures.keep(gateway.shows_picture("owner", PNG)) for _ in range(2)]
    assert len(set(kept)) == 2
    for path in kept:
        assert path is not None
        assert path.startswith("wechat/shop/")
        assert path.endswith(".png")
        assert (tmp_path / path).read_bytes() == PNG


@pytest.mark.parametrize("data", [b"#!/bin/sh", PNG + bytes(LARGEST)])
async def test_what_is_no_picture_or_too_large_is_not_kept(data: bytes, tmp_path: Path) -> None:
    gateway = FakeGateway()
    message = gateway.shows_picture("owner", data)
    assert await StaffPictures(gateway, tmp_path, "shop", Stops()).keep(message) is None
    assert not (tmp_path / "wechat").exists()


@pytest.mark.parametrize("call", ["picture", "download"])
async def test_what_the_gateway_does_not_give_is_not_kept(call: str, tmp_path: Path) -> None:
    gateway = FakeGateway()
    message = gateway.shows_picture("owner", PNG)
    gateway.fails(call, Failure.REFUSED)
    assert await StaffPictures(gateway, tmp_path, "shop", Stops()).keep(message) is None


async def test_a_picture_that_takes_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_pictures, "DEADLINE", timedelta(seconds=0.01))
    gateway = FakeGateway()
    message = gateway.shows_picture("owner", PNG)
    gateway.holds("download")
    assert await StaffPictures(gateway, tmp_path, "shop", Stops()).keep(message) is None


async def test_a_folder_that_cannot_be_written_loses_the_picture_and_no_more(
    tmp_path: Path,
) -> None:
    (tmp_path / "wechat").write_text("in the way")
    gateway = FakeGateway()
    message = gateway.shows_picture("owner", PNG)
    assert await StaffPictures(gateway, tmp_path, "shop", Stops()).keep(message) is None
