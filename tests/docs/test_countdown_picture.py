"""The picture of a countdown in the docs shows what the code makes of it now."""

from __future__ import annotations

import re

from docs.countdown_picture import PLACE, sample_countdown
from docs.generate import TOP
from docs.report_picture import DIGEST, digest_of


def test_the_picture_is_fresh_and_shown() -> None:
    png = (TOP / PLACE).read_bytes()
    held = re.search(rb"tEXt" + DIGEST.encode() + rb"\x00(\w+)", png)
    assert held is not None
    assert held[1].decode() == digest_of(sample_countdown()), f"{PLACE} is stale: run `make docs`"
    page = (TOP / "docs/how-to/double11.md").read_text(encoding="utf-8")
    assert "(../images/countdown.png)" in page
