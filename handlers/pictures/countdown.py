"""The picture of a countdown: the days left, a product and a moment, on the shop's colour.

`sheet_to_draw` says what is shown; `countdown_pictures` has all of a programme drawn at once, when
it is switched on: a picture is kept with the words that it goes out with. A picture is an extra:
where it cannot be drawn, or where the wording rules hold back what would stand in it, the post goes
out without, and the log says why.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from handlers.desk import Desk
from handlers.pictures.drawing import NotDrawn, all_drawn
from handlers.pictures.sheet import CountdownSheet
from handlers.settings import ShopSettings
from handlers.wording import Say
from handlers.wording_check import complaint_about
from scheduler.content import Picture

_log = structlog.get_logger(__name__)


def sheet_to_draw(
    desk: Desk, *, days: int | None, title: str, product: str = "", node: str = ""
) -> CountdownSheet | None:
    """What a countdown's picture is drawn from; None where the wording rules hold it back.

    Args:
        desk: whose shop it is; its name and colour are in the picture.
        days: how many days are left: 0 is today, 1 tomorrow; None leaves the figure out.
        title: what is counted down to, as fans call it: `双11 尾款`.
        product: what it is about, where it is about one thing.
        node: the moment in words, as fans read it: `10 月 31 日 20:00 开始`.

    Raises:
        ValueError: `days` is below 0.
    """
    # What is written in a picture is read like any text, and no rule can be let pass in it.
    if complaint_about(desk, f"{title}\n{product}\n{node}") is not None:
        _log.warning("countdown not drawn", title=title, days=days, reason="its wording")
        return None
    return countdown_sheet(desk.say, desk.shop, days=days, title=title, product=product, node=node)


async def countdown_pictures(sheets: Sequence[CountdownSheet]) -> list[Picture | None]:
    """Each sheet as a picture 1,080 pixels wide; None in its place where none could be drawn."""
    try:
        return [Picture.drawn(png) for png in await all_drawn(sheets)]
    except NotDrawn as trouble:
        _log.warning("countdown not drawn", pictures=len(sheets), reason=str(trouble))
        return [None] * len(sheets)


def countdown_sheet(
    say: Say, shop: ShopSettings, *, days: int | None, title: str, product: str, node: str
) -> CountdownSheet:
    """What the picture of a countdown shows, in words; the arguments are `sheet_to_draw`'s.

    Raises:
        ValueError: `days` lie behind the moment that it counts to.
    """
    if days is not None and days < 0:
        raise ValueError(f"a countdown ends at 0, not at {days}")
    before, figure, after = "", "", ""
    match days:
        case None:
            pass
        case 0:
            figure = say("就是今天")
        case 1:
            figure = say("就在明天")
        case _:
            before, figure, after = say("还有"), str(days), say("天")
    return CountdownSheet(
        colour=shop.colour,
        title=title,
        before=before,
        figure=figure,
        after=after,
        product=product,
        node=node,
        shop=shop.name,
    )
