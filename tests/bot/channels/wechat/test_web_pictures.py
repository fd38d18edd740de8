"""What a post shows from the web is a picture, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.wechat.gateway import GatewayCallFailed
from bot.channels.wechat.pictures import files_of
from scheduler.content import Picture
from tests.bot.channels.wechat.fake_gateway import FakeGateway

THERE = "https://shop.example/a.png"


async def test_only_a_picture_is_posted(tmp_path: Path) -> None:
    gateway = FakeGateway()
    gateway.web[THERE] = b"root:x:0:0"
    with pytest.raises(GatewayCallFailed, match="no picture"):
        await files_of([Picture(THERE)], gateway, tmp_path)
