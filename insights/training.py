"""Trains the polarity model, and writes its card: `python -m insights.training FOLDER`.

FOLDER holds the public sets whose licence allows it, each in a folder of its own: reviews of
restaurants with every judgement marked (`dianping_acos`, MIT), and of cameras, cars, notebooks and
phones with the aspect marked (`absa_digital`, MIT). A judgement trains the model on the clause it
stands in, with what the lexicon finds there. Needs scikit-learn, which the bot itself does not.

The same sets and the same lexicon give the same model. Every figure on the card is on sentences or
trades that the model it belongs to was not trained on.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insights.clauses import read_clauses
from insights.lexicon import Lexicon, standard_lexicon
from insights.normalise import normalise
from insights.opinions import Polarity, read_opinions
from insights.polarity import CUES, MODEL_FILE, PolarityModel
from insights.words import RjiebaSegmenter, Segmenter

TRADES = ("camera", "car", "notebook", "phone")

_LONGEST = 3  # characters of a run: four made the file half as large again, and nothing better
_RAREST = 2  # clauses that a run must stand in
_STRENGTH = 0.3  # of the fit (C of scikit-learn): chosen on dianping's dev set
_CUE_SCALE = 2.0  # a cue says more than a run of characters, and is held back less
_FAINTEST = 3  # hundredths of log-odds: what weighs less is left out

_BORDER = re.compile(r"[，。！？!?；;：:,~～…()（）\s]+|但是|不过|可是|然而|但")
_MARKED = re.compile(r"\(\((-?\d+), (-?\d+)\), \((-?\d+), (-?\d+)\), '(\w+)'\)")
_ASPECT = "$T$"


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause that somebody judges in, and whether well."""

    text: str
    well: bool


class Cues:
    """How many judgements the lexicon finds in a clause, each way; remembered by the text."""

    def __init__(self, segmenter: Segmenter, lexicon: Lexicon) -> None:
        self._segmenter = segmenter
        self._lexicon = lexicon
        self._known: dict[str, tuple[int, int]] = {}

    def __call__(self, text: str) -> tuple[int, int]:
        """Those that speak well and those that speak badly, at most `CUES` of each."""
        found = self._known.get(text)
        if found is None:
            clauses = read_clauses(text, self._segmenter.tag(text), self._lexicon)
            opinions, _ = read_opinions(text, clauses, self._lexicon)
            ways = [opinion.polarity for opinion in opinions]
            found = (
                min(ways.count(Polarity.POSITIVE), CUES),
                min(ways.count(Polarity.NEGATIVE), CUES),
            )
            self._known[text] = found
        return found


def restaurants(file: Path) -> list[Judged]:
    """The judged clauses of a set in dianping's form; one that is judged both ways is left out."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig") as lines:
        return [one for line in lines for one in _of_restaurant(line.strip())]


def _of_restaurant(line: str) -> list[Judged]:
    written, _, marks = line.rpartition("####")
    tokens = written.split(" ")
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    text = "".join(tokens)
    ways: dict[str, set[str]] = {}
    for *spans, way in _MARKED.findall(marks):
        begin, end = (int(number) for number in spans[2:])
        if begin >= 0:
            clause = clause_around(text, starts[begin], starts[min(end, len(tokens))])
            ways.setdefault(clause, set()).add(way[:3].upper())
    sure = {clause: found.pop() for clause, found in ways.items() if len(found) == 1}
    return [Judged(normalise(text), way == "POS") for text, way in sure.items() if way != "NEU"]


def goods(file: Path) -> list[Judged]:
    """The judged clauses of a set in threes: text with its aspect cut out, aspect, polarity."""
    lines = file.read_text(encoding="utf-8-sig").split("\n")
    found = []
    for text, aspect, way in zip(lines[::3], lines[1::3], lines[2::3], strict=False):
        place = text.replace(" ", "").find(_ASPECT)
        if place < 0:
            continue
        name = aspect.replace(" ", "")
        whole = text.replace(" ", "").replace(_ASPECT, name)
        clause = clause_around(whole, place, place + len(name))
        if len(clause) <= len(name) + 1:  # the aspect alone: it is judged elsewhere
            clause = whole
        found.append(Judged(normalise(clause), way.strip() == "Positive"))
    return found


def clause_around(text: str, begin: int, end: int) -> str:
    """The clause, or the clauses in a row, that hold `text[begin:end]`."""
    first, last = 0, len(text)
    for border in _BORDER.finditer(text):
        if border.end() <= begin:
            first = border.end()
        elif border.start() >= end:
            last = border.start()
            break
    return text[first:last]


def train(judged: Sequence[Judged], cues: Callable[[str], tuple[int, int]]) -> PolarityModel:
    """The model of these clauses."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 (training alone needs it)
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 (the same)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (the same)

    texts = [one.text for one in judged]
    runs = CountVectorizer(
        analyzer="char",
        ngram_range=(1, _LONGEST),
        min_df=_RAREST,
        binary=True,
        lowercase=False,
    )
    seen = runs.fit_transform(texts)
    counted = csr_matrix([[float(n) * _CUE_SCALE for n in cues(text)] for text in texts])
    fit: Any = LogisticRegression(
        C=_STRENGTH, max_iter=1_000, class_weight="balanced", solver="liblinear", random_state=0
    ).fit(hstack([seen, counted]).tocsr(), [one.well for one in judged])
    *weights, positive, negative = (float(weight) for weight in fit.coef_[0])
    hundredths = {str(run): round(100 * weights[place]) for run, place in runs.vocabulary_.items()}
    unversioned = PolarityModel(
        weights={run: w for run, w in hundredths.items() if abs(w) >= _FAINTEST},
        longest=_LONGEST,
        bias=float(fit.intercept_[0]),
        positive=positive * _CUE_SCALE,
        negative=negative * _CUE_SCALE,
        version="",
    )
    return PolarityModel.from_text(unversioned.to_text())


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a model is on clauses it was not trained on."""

    clauses: int
    macro: float  # the mean of both F1 scores
    negative: float  # F1 of the clauses that speak badly


def measure(
    model: PolarityModel, judged: Sequence[Judged], cues: Callable[[str], tuple[int, int]]
) -> Figures:
    """Compare what a model says with what people marked."""
    said = [model.lean(one.text, *cues(one.text)) > 0 for one in judged]
    truth = [one.well for one in judged]
    positive, negative = f1_score(truth, said), f1_score(_inverted(truth), _inverted(said))
    return Figures(len(judged), (positive + negative) / 2, negative)


def f1_score(truth: Iterable[bool], said: Iterable[bool]) -> float:
    """The harmonic mean of precision and recall of what is said to be true; 0 where nothing is."""
    pairs = list(zip(truth, said, strict=True))
    hits = sum(true and claimed for true, claimed in pairs)
    if not hits:
        return 0.0
    return 2 * hits / (sum(true for true, _ in pairs) + sum(claimed for _, claimed in pairs))


def _inverted(ways: Iterable[bool]) -> list[bool]:
    return [not way for way in ways]


def card(model: PolarityModel, packed: int, rows: Sequence[tuple[str, str, Figures]]) -> str:
    """The model's page: what stands in `training_card.md`, with the figures filled in."""
    table = "\n".join(
        f"| {trained} | {tested} | {one.clauses:,} | {one.macro:.3f} | {one.negative:.3f} |"
        for trained, tested, one in rows
    )
    return (
        Path(__file__)
        .with_name("training_card.md")
        .read_text(encoding="utf-8")
        .format(
            longest=model.longest,
            weights=len(model.weights),
            kibibytes=packed / 1024,
            version=model.version,
            table=table,
        )
    )


def _trained_without(
    name: str, sets: dict[str, list[Judged]], cues: Callable[[str], tuple[int, int]]
) -> PolarityModel:
    others = [one for known, judged in sets.items() if known != name for one in judged]
    return train(others, cues)


def main(folder: Path, model_file: Path, card_file: Path) -> None:
    """Train, measure, and write the model and its card."""
    cues = Cues(RjiebaSegmenter(), standard_lexicon())
    unseen = restaurants(folder / "dianping_acos" / "dev.txt")
    sets = {"restaurants": restaurants(folder / "dianping_acos" / "train.txt.gz")} | {
        trade: goods(folder / "absa_digital" / f"{trade}.train.txt") for trade in TRADES
    }
    model = train([one for judged in sets.values() for one in judged], cues)
    packed = gzip.compress(model.to_text().encode("utf-8"), mtime=0)
    rows = [("all of it", "restaurants, dev part", measure(model, unseen, cues))]
    for name, judged in sets.items():
        held_out = unseen if name == "restaurants" else judged
        figures = measure(_trained_without(name, sets, cues), held_out, cues)
        rows.append((f"all but {name}", name, figures))
    model_file.write_bytes(packed)
    card_file.write_text(card(model, len(packed), rows), encoding="utf-8")
    for trained, tested, one in rows:
        sys.stdout.write(
            f"{trained:20} {tested:22} {one.clauses:6,} {one.macro:.3f} {one.negative:.3f}\n"
        )
    sys.stdout.write(f"{len(model.weights):,} weights, {len(packed):,} bytes, {model.version}\n")


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(__file__).with_name(MODEL_FILE),
        Path(__file__).parent.parent / "docs" / "reference" / "polarity-model.md",
    )
