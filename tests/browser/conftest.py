"""Chromium, the real counterpart of every test in this folder."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.room_process import RoomProcess
from tests.peers import absent

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


expect.set_options(timeout=20_000)  # milliseconds: a busy machine answers late, not never


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        absent("Chromium", "Install it with: apt-get install chromium fonts-noto-cjk")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        await started.close()


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[RoomProcess]:
    """A room that a test starts, and that ends with it."""
    running = RoomProcess(tmp_path)
    yield running
    await running.stop()
