"""The picture of a countdown that the docs show: a shop's own colour, drawn by the bot's own code.

As with the picture of a report (`report_picture.py`), the file holds a digest of what it shows.
"""

from __future__ import annotations

from docs.report_picture import DIGEST, digest_of
from handlers.pictures.countdown import countdown_sheet
from handlers.pictures.countdown_page import countdown_page
from handlers.pictures.fonts import Fonts
from handlers.pictures.sheet import CountdownSheet
from handlers.settings import ShopSettings
from handlers.wording import wording

PLACE = "docs/images/countdown.png"


def sample_countdown() -> CountdownSheet:
    """What the picture shows: the third day before Double-11 at the shop of the how-to pages."""
    shop = ShopSettings(name="小暖家")
    return countdown_sheet(wording("zh"), shop, days=3, title="双11", product="云絮面霜", node="")


def countdown_image(fonts: Fonts) -> bytes:
    """The picture as a PNG file."""
    sheet = sample_countdown()
    return countdown_page(sheet, fonts).png({DIGEST: digest_of(sheet)})
