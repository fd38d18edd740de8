"""What may be said at every step, instead of an answer: 返回, 跳过, 先放着, 不做了, and so on."""

from __future__ import annotations

from enum import StrEnum


class Move(StrEnum):
    """A way to go on that is no answer; its value is what a button says."""

    BACK = "back"  # to the step before, whose answer may be given anew
    SKIP = "skip"  # this step has no answer
    KEEP = "keep"  # the answer that this step has stays
    LEAVE = "later"  # put the form aside
    DROP = "drop"  # throw the form away
    RESTART = "restart"  # throw the answers away


_EMPHASIS = "!！。.~～"
_MOVE_WORDS = {
    "返回": Move.BACK,
    "上一步": Move.BACK,
    "改一改": Move.BACK,
    "跳过": Move.SKIP,
    "不用": Move.SKIP,
    "不要": Move.SKIP,
    "不改": Move.KEEP,
    "先放着": Move.LEAVE,
    "放着": Move.LEAVE,
    "不做了": Move.DROP,
    "算了": Move.DROP,
    "取消": Move.DROP,
    "从头来": Move.RESTART,
    "重来": Move.RESTART,
} | {move.value: move for move in Move}


def move_of(text: str) -> Move | None:
    """The move that a text asks for, and nothing else; None where it is something else."""
    return _MOVE_WORDS.get(text.strip().lower().rstrip(_EMPHASIS))
