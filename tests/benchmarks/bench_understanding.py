"""Prints how fast texts are read, by one core's own time, over the labelled sentences of the tests.

Run it with: python -m tests.benchmarks.bench_understanding
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import rjieba

from insights.background import Background
from insights.counted import spoken
from insights.days import AnalysedDay, Utterance, analyse_day, merge_days
from insights.lexicon import standard_lexicon
from insights.report import demand_report
from insights.understanding import understand
from insights.words import RjiebaSegmenter
from tests.insights.sentences import read_sentences

_MESSAGES = 20_000
_MEMBERS = 400


def _per_second(count: int, work: Callable[[], object]) -> float:
    """The best of three runs."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return count / best


def main() -> None:
    """Measure, and print one line a figure."""
    sentences = [
        text
        for name in ("sentences.tsv", "sentences_unseen.tsv")
        for text, *_ in read_sentences(name)
    ]
    texts = [sentences[place % len(sentences)] for place in range(_MESSAGES)]
    segmenter, lexicon = RjiebaSegmenter(), standard_lexicon()
    day = [
        Utterance(place, place % _MEMBERS, datetime(2026, 11, 1, tzinfo=UTC), text)
        for place, text in enumerate(texts)
    ]
    bare = _per_second(_MESSAGES, lambda: [rjieba.cut(text) for text in texts])
    cut = _per_second(_MESSAGES, lambda: [segmenter.cut(text) for text in texts])
    tagged = _per_second(_MESSAGES, lambda: [segmenter.tag(text) for text in texts])
    read = _per_second(_MESSAGES, lambda: [understand(t, segmenter, lexicon) for t in texts])
    analysed = _per_second(_MESSAGES, lambda: analyse_day(day, segmenter, lexicon))
    days = [analyse_day(day, segmenter, lexicon)] * 30
    stored = json.dumps(days[0].to_json(), ensure_ascii=False)
    background = Background()
    first = 1 / _per_second(1, lambda: demand_report(days[0], (), Background(), lexicon))
    before = [spoken(merge_days(days))] * 4
    month = 1 / _per_second(1, lambda: demand_report(merge_days(days), before, background, lexicon))
    loaded = 1 / _per_second(1, lambda: AnalysedDay.from_json(json.loads(stored)))
    merged = 1 / _per_second(1, lambda: merge_days(days))
    length = sum(map(len, texts)) / _MESSAGES
    print(f"messages of {length:.1f} characters on average, {_MESSAGES} of them")
    print(f"rjieba.cut, bare         {bare:10,.0f} messages/s")
    print(f"Segmenter.cut            {cut:10,.0f} messages/s  {cut / bare:.0%} of bare")
    print(f"Segmenter.tag            {tagged:10,.0f} messages/s  {tagged / bare:.0%} of bare")
    print(f"understand               {read:10,.0f} messages/s")
    print(f"analyse_day              {analysed:10,.0f} messages/s")
    print(f"report of a day          {first:10.3f} s, the dictionary read anew")
    print(f"report of 30 days        {month:10.3f} s")
    print(f"merging 30 days          {merged:10.3f} s")
    print(
        f"a day as JSON            {len(stored.encode()) / 1024:10.0f} KiB, read in {loaded:.4f} s"
    )


if __name__ == "__main__":
    main()
