"""Prints how well and how fast messages are understood, beside other ways, on texts not trained on.

- Reviews: which way the whole reading of a review leans (`understand`), on shop reviews of ten
  categories; the model has seen none of them, and seven of the categories not at all.
- Aspects: which way a judged clause leans, each trade by a model that is trained here without it;
  the model by itself, and the reading of that clause, in which the lexicon decides first and which
  may be silent: then it has missed the clause, whichever way it speaks. And what is judged by
  mistake: statements of our own and chats that judge nothing (see `plain_talk`).
- Extraction: aspects and opinions in restaurant reviews (see `_extraction`).
- Keywords: five of each abstract against those of its authors (see `_keywords`).
- The project's own labelled sentences, and speed.

Whatever else decides between well and badly says well above its middle (0; SnowNLP 0.5) and badly
otherwise. jieba only ranks words and the lexicon ranks none, so each is where it can answer.

Run it with: python -m tests.benchmarks.bench_insights [FOLDER] [--reviews N]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

from insights.clauses import read_clauses
from insights.lexicon import standard_lexicon
from insights.normalise import normalise
from insights.opinions import Polarity, read_opinions
from insights.polarity import PolarityModel, standard_model
from insights.training import TRADES, Cues, Sets, f1_score, messages
from insights.understanding import Understanding, understand
from insights.unsaid import Model
from insights.words import RjiebaSegmenter
from tests.benchmarks import _keywords
from tests.benchmarks._extraction import (
    KINDS,
    Extract,
    f1_scores,
    from_reading,
    from_words,
    from_words_alone,
    read_marked,
)
from tests.benchmarks._other_readers import (
    WordsAlone,
    snownlp_balance,
    snownlp_feeling,
    snownlp_keywords,
    snownlp_speaks_well,
    snownlp_words,
    textrank_keywords,
    textrank_words,
    tfidf_keywords,
    tfidf_words,
)
from tests.benchmarks._reading_speed import in_process, of_analyse
from tests.insights.sentences import read_fan_sentences, read_sentences, score, score_fan_sentences

FOLDER = Path(__file__).parents[3] / "shared" / "data"
SETS = {
    "reviews": "online_shopping_10_cats/online_shopping_10_cats.csv.gz",
    "abstracts": "csl_keywords/kg_dev.tsv",
    "restaurants": "dianping_acos/train.txt.gz",
    "unseen restaurants": "dianping_acos/dev.txt",
    "chats": "lccc_toy/toy_data.json",
} | {trade: f"absa_digital/{trade}.train.txt" for trade in TRADES}
CATEGORIES = {
    "书籍": "books",
    "平板": "tablets",
    "手机": "phones",
    "水果": "fruit",
    "洗发水": "shampoo",
    "热水器": "water heaters",
    "蒙牛": "milk",
    "衣服": "clothes",
    "计算机": "computers",
    "酒店": "hotels",
}
SEEN = frozenset({"tablets", "phones", "computers"})
"""Trades of which the shipped model has read other reviews."""

REVIEWS, ASPECTS, NEGATIVE_ASPECTS, KEYWORDS, SPEED = 0.86, 0.80, 0.68, 0.20, 10_000
EXTRACTION = """\
A hit is exact where the place is the one that people marked, overlapping where both share a
character (pairs: aspect with aspect and opinion with opinion); each place is in one hit at most.
People marked whole phrases as opinions, and dishes as aspects, which no lexicon lists. Where words
are only ranked or tagged, nouns stand for aspects and adjectives for opinions."""

SEED = 1
MESSAGES, MESSAGES_OF_SNOWNLP = 100_000, 2_000

PLAIN_TALK = [
    normalise(line)
    for line in Path(__file__)
    .parents[1]
    .joinpath("insights/plain_talk.txt")
    .read_text("utf-8")
    .splitlines()
    if not line.startswith("#")
]
"""Statements of our own that judge nothing."""

SpeaksWell = Callable[[str], bool]

segmenter, lexicon = RjiebaSegmenter(), standard_lexicon()
words = WordsAlone(lexicon)
cues = Cues(segmenter, lexicon)


def read(text: str) -> Understanding:
    """The bot's whole reading of a text."""
    return understand(text, segmenter, lexicon)


def met(figure: float, target: float) -> str:
    """Whether a figure reaches its target."""
    return "met" if figure >= target else f"short by {_written(target - figure, target)}"


def verdict(figure: float, target: float) -> str:
    """A target, and whether a figure reaches it."""
    return f"target {_written(target, target)}: {met(figure, target)}"


def _written(number: float, target: float) -> str:
    return f"{number:,.{3 if target < 1 else 0}f}"


def row(name: str, number: int | str, figures: Iterable[float | str], *remarks: str) -> None:
    """Print one line of a table."""
    shown = (f"{one:.3f}" if isinstance(one, float) else one for one in figures)
    cells = "".join(f"{one:>15}" for one in shown)
    count = f"{number:,}" if isinstance(number, int) else number
    print(f"{name:24}{count:>10}{cells}  {'; '.join(remarks)}".rstrip(), flush=True)


def headline(title: str) -> None:
    """Print what follows."""
    print(f"\n{title}", flush=True)


def macro_and_negative(truth: Sequence[bool], said: Sequence[bool]) -> tuple[float, float]:
    """The mean of both classes' F1, and that of what speaks badly."""
    negative = f1_score([not one for one in truth], [not one for one in said])
    return (f1_score(truth, said) + negative) / 2, negative


def reviews(file: Path, most: int) -> None:
    """Polarity of whole reviews."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        every = [
            (CATEGORIES[r["cat"]], r["review"], r["label"] == "1") for r in csv.DictReader(lines)
        ]
    if 0 < most < len(every):
        every = random.Random(SEED).sample(every, most)  # noqa: S311 (it draws a sample)
    readers: Mapping[str, SpeaksWell] = {
        "Nuanqun": lambda text: read(text).sentiment > 0,
        "words alone": words.speaks_well,
        "SnowNLP": snownlp_speaks_well,
    }
    headline("Polarity of reviews, online_shopping_10_cats (macro-F1)")
    row("", "reviews", readers)
    said = [[speaks_well(text) for _, text, _ in every] for speaks_well in readers.values()]

    def figures(categories: Collection[str]) -> tuple[int, list[float]]:
        places = [place for place, (name, *_) in enumerate(every) if name in categories]
        truth = [every[place][2] for place in places]
        return len(truth), [
            macro_and_negative(truth, [one[place] for place in places])[0] for one in said
        ]

    each = {name: figures({name}) for name in CATEGORIES.values()}
    alike = [fmean(column) for column in zip(*(found for _, found in each.values()), strict=True)]
    for title, (number, found) in {
        "all": figures(CATEGORIES.values()),
        "of trades never read of": figures(set(CATEGORIES.values()) - SEEN),
        "mean of the categories": (len(every), alike),
    }.items():
        row(title, number, found, verdict(found[0], REVIEWS))
    for name, (number, found) in each.items():
        row(f"  {name}", number, found)


def aspects(sets: Sets) -> None:
    """Polarity of aspects: of the model by itself, and of the reading that asks it."""
    columns = ("model", "whole reading", "rules alone", "words alone", "SnowNLP")
    headline("Polarity of aspects, each trade by a model trained without it (macro-F1 / negative)")
    print(f"Targets: {ASPECTS:.3f} / {NEGATIVE_ASPECTS:.3f}")
    row("", "clauses", (*columns, "silent", "judges plainly"))
    all_truth: list[bool] = []
    all_said: list[list[int]] = [[] for _ in columns]
    for name, judged in sets.unseen.items():
        model = sets.model_without(name)
        readers = (
            partial(_model_says, model),
            partial(_reading_says, model),
            partial(_reading_says, None),
            partial(_says, words.speaks_well),
            partial(_says, snownlp_speaks_well),
        )
        truth = [one.well for one in judged]
        said = [[says(one.text) for one in judged] for says in readers]
        _aspect_row(f"  {name}", truth, said, f"{_judged(PLAIN_TALK, model):.1%}")
        all_truth += truth
        for so_far, one in zip(all_said, said, strict=True):
            so_far.extend(one)
    _aspect_row("all", all_truth, all_said, "")


def _model_says(model: PolarityModel, text: str) -> int:
    return 1 if model.lean(text, *cues(text)) > 0 else -1


def _reading_says(model: PolarityModel | None, text: str) -> int:
    tagged = segmenter.tag(text)
    clauses = read_clauses(text, tagged, lexicon)
    _, sentiment = read_opinions(text, tagged, clauses, lexicon, model)
    return (sentiment > 0) - (sentiment < 0)


def _says(speaks_well: SpeaksWell, text: str) -> int:
    return 1 if speaks_well(text) else -1


def _aspect_row(
    name: str, truth: Sequence[bool], said: Sequence[Sequence[int]], by_mistake: str
) -> None:
    figures = []
    for one in said:
        well = f1_score(truth, [way > 0 for way in one])
        badly = f1_score([not true for true in truth], [way < 0 for way in one])
        figures.append(((well + badly) / 2, badly))
    silent = f"{said[1].count(0) / len(truth):.1%}"
    reached = (
        f"{who} {met(macro, ASPECTS)} / {met(negative, NEGATIVE_ASPECTS)}"
        for who, (macro, negative) in zip(("model", "reading"), figures, strict=False)
    )
    cells = [f"{one:.3f} / {other:.3f}" for one, other in figures]
    row(name, len(truth), [*cells, silent, by_mistake], *reached)


def _judged(texts: Sequence[str], model: Model | None) -> float:
    """The share of texts in which something is judged."""
    return sum(_judges(text, model) for text in texts) / len(texts)


def _judges(text: str, model: Model | None) -> bool:
    tagged = segmenter.tag(text)
    opinions, _ = read_opinions(text, tagged, read_clauses(text, tagged, lexicon), lexicon, model)
    return any(opinion.polarity is not Polarity.NEUTRAL for opinion in opinions)


def plain_talk(folder: Path) -> None:
    """How much is judged in talk that judges nothing, or nothing of a shop's."""
    headline("Messages in which something is judged or minded (the fewer, the better)")
    row("", "messages", ("rules alone", "with the model"))
    chats = messages(folder / SETS["chats"])
    model = standard_model()
    figures = [_judged(PLAIN_TALK, None), _judged(PLAIN_TALK, model)]
    row("  statements of our own", len(PLAIN_TALK), [f"{one:.1%}" for one in figures])
    figures = [_judged(chats, None), _judged(chats, model)]
    shown = [f"{one:.1%}" for one in figures]
    row("  chats, lccc_toy", len(chats), shown, "full of feelings; the model has learnt from them")


def extraction(file: Path) -> None:
    """What is judged and what judges it."""
    marked = read_marked(file)
    ways: Mapping[str, Extract] = {
        "Nuanqun": from_reading(read, lexicon),
        "words alone": from_words_alone(words),
        "jieba TF-IDF": from_words(tfidf_words),
        "jieba TextRank": from_words(textrank_words),
        "SnowNLP": from_words(snownlp_words),
    }
    headline("Extraction, dianping's dev part (F1: exact / overlapping)")
    print(EXTRACTION)
    row("", "sentences", KINDS)
    truth = [one for _, one in marked]
    for name, extract in ways.items():
        found = [extract(text) for text, _ in marked]
        exact = f1_scores(truth, found, overlapping=False)
        near = f1_scores(truth, found, overlapping=True)
        figures = [f"{one:.3f} / {other:.3f}" for one, other in zip(exact, near, strict=True)]
        row(f"  {name}", len(marked), figures)


def keywords(file: Path) -> None:
    """Keywords of abstracts."""
    abstracts = _keywords.read_abstracts(file)
    half = len(abstracts) // 2
    ways = {
        "Nuanqun": _keywords.keywords_of,
        "jieba TF-IDF": tfidf_keywords,
        "jieba TextRank": textrank_keywords,
        "SnowNLP": snownlp_keywords,
    }
    headline("Keywords, csl_keywords (F1@5; one weight was chosen on half of it)")
    row("", "abstracts", ("all", "first half", "second half"))
    for name, find in ways.items():
        parts = (abstracts, abstracts[:half], abstracts[half:])
        figures = [_keywords.f1_at_5(part, find) for part in parts]
        ours = [verdict(figures[0], KEYWORDS)] if name == "Nuanqun" else []
        row(f"  {name}", len(abstracts), figures, *ours)


def own_sentences() -> None:
    """The project's sentences in fan-group tone."""
    headline("The project's own sentences (F1; the rules may be tuned on the half `tuned` alone)")
    columns = ("aspects", "polarities", "stances", "demands", "feelings")
    row("", "sentences", columns)
    every = read_fan_sentences()
    for half in ("tuned", "kept"):
        size = sum(one.half == half for one in every)
        ours = score_fan_sentences(half, read)
        row(f"  {half}", size, [getattr(ours, name).f1 for name in columns])
        for name, feeling in _FEELINGS.items():
            other = score_fan_sentences(half, _with_nothing_but(feeling))
            row(f"    {name}", size, ["", "", "", "", other.feelings.f1])
    stances, demands = score("sentences_unseen.tsv", read)
    size = len(read_sentences("sentences_unseen.tsv"))
    row("  sentences_unseen.tsv", size, ["", "", stances.f1, demands.f1, ""])


_FEELINGS: Mapping[str, Callable[[str], float]] = {
    "words alone": words.balance,
    "SnowNLP": snownlp_balance,
}


def _with_nothing_but(feeling: Callable[[str], float]) -> Callable[[str], Understanding]:
    return lambda text: Understanding(text, (), feeling(text), (), ())


def speed() -> None:
    """Messages a second."""
    sentences = [one.text for one in read_fan_sentences()]
    for name in ("sentences.tsv", "sentences_unseen.tsv"):
        sentences += [text for text, *_ in read_sentences(name)]
    texts = [sentences[place % len(sentences)] for place in range(MESSAGES)]
    length = sum(map(len, sentences)) / len(sentences)
    headline(f"Speed, messages of {length:.1f} characters on average (messages/s)")
    row("", "messages", ("by the clock", "on one core", "times SnowNLP"))
    fewer = texts[:MESSAGES_OF_SNOWNLP]
    snownlp = in_process(fewer, snownlp_feeling)
    for name, number, found in (
        ("nuanqun analyse, whole", MESSAGES, of_analyse(texts)),
        ("understand", MESSAGES, in_process(texts, read)),
        ("SnowNLP, sentiments", len(fewer), snownlp),
    ):
        figures = (
            f"{found.wall:,.0f}",
            f"{found.processor:,.0f}",
            f"{found.processor / snownlp.processor:,.1f}",
        )
        ours = [verdict(found.processor, SPEED)] if found is not snownlp else []
        row(f"  {name}", number, figures, *ours)


def main(arguments: Sequence[str]) -> int:
    """Print all of it. Ends with 1 where a set is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where the sets are")
    parser.add_argument(
        "--reviews", type=int, default=10_000, metavar="N", help="drawn at random; 0 for all"
    )
    asked = parser.parse_args(arguments)
    missing = [path for path in SETS.values() if not (asked.folder / path).is_file()]
    if missing:
        print(f"Not in {asked.folder}: {', '.join(missing)}.")
        print("Name the folder that holds these public sets: bench_insights FOLDER")
        return 1
    reviews(asked.folder / SETS["reviews"], asked.reviews)
    aspects(Sets.read(asked.folder))
    plain_talk(asked.folder)
    extraction(asked.folder / SETS["unseen restaurants"])
    keywords(asked.folder / SETS["abstracts"])
    own_sentences()
    speed()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
