"""The real counterparts that tests talk to: a database server, a browser, a platform.

Each module starts one counterpart and gives it back stopped. A counterpart that this machine does
not have skips the test and says how to get it; in CI, where everything must be there, it fails.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(what: str, how_to_get: str) -> NoReturn:
    """End the running test because its counterpart is not on this machine.

    `what` names the counterpart and `how_to_get` is a full sentence, for example
    `absent("Chromium", "Install it with: apt-get install chromium")`. Skips, or fails when `CI`
    is set to `true`.
    """
    message = f"{what} is not on this machine. {how_to_get}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
