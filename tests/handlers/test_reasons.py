"""Every reason that may be stored has its words, and what a platform said is shown as it is."""

from __future__ import annotations

import pytest

from handlers import approvals, reasons, running
from handlers.acceptance import GIVEN_UP
from handlers.commands.staffing import STAFF_CHAT
from handlers.reasons import WORDS, why_offline, words_for
from handlers.wording import wording
from scheduler.decide import Reason
from storage import attempts, deliveries, merging, moving, single_posts, steering
from storage.approvals import REJECTED

CODES = [
    *Reason,
    "too_fast",
    "no_answer",
    "ended",
    "interrupted",
    "looked_up",
    "looked_up_absent",
    "late_receipt",
    "resent",
    "pace",
    deliveries.UNSERVED,
    "lane_elsewhere",
    "permanent_errors",
    "demo_over",
    "logged out",
    "restricted",
    attempts.HELD_BACK,
    attempts.INTERRUPTED,
    REJECTED,
    steering.AUDIENCE_CHANGED,
    steering.LEFT_SEGMENT,
    STAFF_CHAT,
    GIVEN_UP,
    moving.GROUP_MOVED,
    merging.SAME_PERSON,
    steering.RETRIED,
    steering.RESOLVED_SENT,
    steering.RESOLVED_NOT_SENT,
    approvals.REPLACED,
    single_posts.LEFT_OUT,
    running.CANCELLED,
    running.PAUSED,
]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("unreachable", "网关连不上"),
        ("token", "网关不认令牌"),
        ("taken", "别的程序正连着网关"),
        ("logged out", "没有登录"),
        ("在手机上退出了", "在手机上退出了"),
        ("", "没有说明原因"),
    ],
)
def test_why_an_account_is_offline_is_said_in_its_own_words(code: str, why: str) -> None:
    assert why_offline(wording("zh"), code) == why
    assert set(reasons.WHY_OFFLINE) == {"unreachable", "token", "taken"}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_code_has_words(code: str, language: str) -> None:
    words = words_for(wording(language), code)
    assert words != code
    assert "_" not in words


def test_no_words_are_kept_that_nothing_asks_for() -> None:
    assert set(reasons.WORDS) == set(CODES)


def test_what_a_platform_said_is_shown_as_it_was_said() -> None:
    say = wording("zh")
    assert words_for(say, "Forbidden: bot was kicked {from} the group") == (
        "Forbidden: bot was kicked {from} the group"
    )
    assert len(words_for(say, "x" * 5_000)) == 100
    assert words_for(say, None) == words_for(say, "") == "没有说明原因"
    assert all(len(words) <= 16 for words in WORDS.values())
