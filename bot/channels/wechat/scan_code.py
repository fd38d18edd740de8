"""The code that logs an account in, drawn in the terminal of whoever started the bot.

Each module is half a character, black on white whatever the terminal's own colours are: phones
read a code in reversed colours badly or not at all. Where stderr is no terminal, as under systemd,
a code that is worth nothing a minute later would only fill the log: there it is said where else
the code is shown.
"""

from __future__ import annotations

import sys
from itertools import zip_longest

import structlog

from handlers.qr_codes import modules_of

_log = structlog.get_logger(__name__)

_BLACK_ON_WHITE, _AS_BEFORE = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
_BORDER = 2  # modules: a terminal's margin adds to it
# What a character shows for the module above and the one below: true is black.
_HALVES = {
    (False, False): " ",
    (True, False): "▀",
    (False, True): "▄",
    (True, True): "█",
}


def show_scan(account: str, code: str) -> None:
    """Show the newest code of an account that waits to be scanned.

    Args:
        account: whose it is, `wechat:NAME`.
        code: what the picture is to hold.
    """
    _log.warning("scan_needed", account=account, shown_at="/accounts")
    if sys.stderr.isatty():
        sys.stderr.write(
            f"{account}: scan this with WeChat on the phone that holds the account.\n"
            f"{drawn(code) or f'It cannot be drawn, it is too long: {code}'}\n"
        )
        sys.stderr.flush()


def drawn(code: str) -> str | None:
    """A QR code as lines of text with the terminal's own signs; None where it is too long."""
    rows = modules_of(code, _BORDER)
    if rows is None:
        return None
    white = [False] * len(rows[0])
    lines = (
        "".join(_HALVES[pair] for pair in zip(above, below, strict=True))
        for above, below in zip_longest(rows[::2], rows[1::2], fillvalue=white)
    )
    return "\n".join(f"{_BLACK_ON_WHITE}{line}{_AS_BEFORE}" for line in lines)
