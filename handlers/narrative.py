"""A report in a few sentences, worded by a model and held against the figures; off by default.

The report itself goes out first and never waits. What the model is told are the report's figures
and some masked quotes (`narrative_figures`), under the rules of `narrative.LANGUAGE.txt`; what it
says is taken sentence by sentence, and only where it rests on those figures (`narrative_claims`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import structlog
from prometheus_client import Counter

from handlers.chat_endpoint import NoAnswer
from handlers.desk import Desk
from handlers.narrative_claims import believed
from handlers.narrative_figures import Figure, figures_of
from handlers.wording import Say
from insights.report import DemandReport

_log = structlog.get_logger(__name__)

_NARRATIVES = Counter("nuanqun_narratives_total", "Narratives asked for", ["outcome"])


async def narrate(desk: Desk, found: DemandReport) -> str | None:
    """The report in a few sentences; to be asked for after the report has gone out.

    None where no model is configured, where it fails or is too slow (logged and counted), and where
    nothing that it says rests on the report.
    """
    if desk.narrator is None or not found.messages:
        return None
    figures = figures_of(desk.say, found)
    try:
        answer = await desk.narrator.ask(
            _rules(desk.shop.language), question_about(desk.say, figures)
        )
    except NoAnswer as trouble:
        _NARRATIVES.labels("failed").inc()
        _log.warning("narrative_failed", reason=str(trouble))
        return None
    sentences = believed(answer, figures)
    _NARRATIVES.labels("told" if sentences else "unfounded").inc()
    if not sentences:
        _log.warning("narrative_unfounded", characters=len(answer))
        return None
    title = desk.say("小结（模型写的，数字都和报告核对过）：")
    return "\n".join([title, *sentences])


def question_about(say: Say, figures: Sequence[Figure]) -> str:
    """What the model is told: a line for each figure, its quotes below it."""
    lines = []
    for figure in figures:
        lines.append(f"{figure.id} {figure.told}")
        lines += [say("“{quote}”", quote=quote) for quote in figure.quotes]
    return "\n".join(lines)


@lru_cache(maxsize=2)
def _rules(language: str) -> str:
    return Path(__file__).with_name(f"narrative.{language}.txt").read_text(encoding="utf-8")
