"""The picture of a report in the docs shows what the code makes of its figures now."""

from __future__ import annotations

import re

from docs.generate import TOP
from docs.report_picture import DIGEST, PLACE, digest_of, sample_sheet


def test_the_picture_is_fresh_and_shown() -> None:
    png = (TOP / PLACE).read_bytes()
    held = re.search(rb"tEXt" + DIGEST.encode() + rb"\x00(\w+)", png)
    assert held is not None
    assert held[1].decode() == digest_of(sample_sheet()), f"{PLACE} is stale: run `make docs`"
    page = (TOP / "docs/discussions/insights.md").read_text(encoding="utf-8")
    assert "(../images/report.png)" in page
