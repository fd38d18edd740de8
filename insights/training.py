"""Trains the polarity model, and writes its card: `python -m insights.training FOLDER`.

FOLDER holds the public sets whose licence allows it, each in a folder of its own: reviews of
restaurants with every judgement marked (`dianping_acos`, MIT), and of cameras, cars, notebooks and
phones with the aspect marked (`absa_digital`, MIT). A judgement trains the model on the clause it
stands in, with what the lexicon finds there. What judging is, the model learns from these clauses
beside others: what nobody marked in the reviews of restaurants, chats (`lccc_toy`, MIT), and
statements of our own (`training_plain_talk.txt`). Of these it is shown what the reading would ask
it about, and it has to be so sure of itself that it judges in few chats. Needs scikit-learn, which
the bot itself does not.

The same sets and the same lexicon give the same model. Every figure on the card is on sentences or
trades that the model it belongs to was not trained on.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from insights.clauses import read_clauses
from insights.lexicon import Lexicon, standard_lexicon
from insights.normalise import normalise
from insights.opinions import Polarity, read_opinions
from insights.polarity import CUES, MODEL_FILE, PolarityModel
from insights.words import RjiebaSegmenter, Segmenter

TRADES = ("camera", "car", "notebook", "phone")
RESTAURANTS = "restaurants"

_LONGEST = 3  # characters of a run: four made the file half as large again, and nothing better
_RAREST = 2  # clauses that a run must stand in
_STRENGTH = 0.3  # of the fit (C of scikit-learn): chosen on dianping's dev set
_CUE_SCALE = 2.0  # a cue says more than a run of characters, and is held back less
_FAINTEST = 3  # hundredths of log-odds: what weighs less is left out
_RAREST_OF_TALK = 8  # clauses, as above; there are many more of them
_SHORTEST = 2  # characters of a clause that says something

FALSE_ALARMS = 0.03
"""Of chats that the model has not learnt from, it may judge in so many where no word judges."""

_BORDER = re.compile(r"[，。！？!?；;：:,~～…()（）\s]+|但是|不过|可是|然而|但")
_MARKED = re.compile(r"\(\((-?\d+), (-?\d+)\), \((-?\d+), (-?\d+)\), '(\w+)'\)")
_ASPECT = "$T$"
_MARK = "\0"
_PLAIN_TALK = Path(__file__).with_name("training_plain_talk.txt")


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause that somebody judges in, and whether well."""

    text: str
    well: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """Clauses in which nobody judges: of reviews and of our own, and of chats, by message."""

    clauses: Sequence[str]
    chats: Sequence[Sequence[str]]


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
            tagged = self._segmenter.tag(text)
            clauses = read_clauses(text, tagged, self._lexicon)
            opinions, _ = read_opinions(text, tagged, clauses, self._lexicon)
            ways = [opinion.polarity for opinion in opinions]
            found = (
                min(ways.count(Polarity.POSITIVE), CUES),
                min(ways.count(Polarity.NEGATIVE), CUES),
            )
            self._known[text] = found
        return found


class Asked:
    """Finds the clauses of a text about which the reading asks the model."""

    def __init__(self, segmenter: Segmenter, lexicon: Lexicon) -> None:
        self._segmenter = segmenter
        self._lexicon = lexicon
        self._asked: list[str] = []

    def __call__(self, text: str) -> list[str]:
        """These clauses, where no answer is sure."""
        self._asked = []
        tagged = self._segmenter.tag(text)
        read_opinions(text, tagged, read_clauses(text, tagged, self._lexicon), self._lexicon, self)
        return [clause for clause in self._asked if len(clause) >= _SHORTEST]

    def lean(self, text: str, positive: int = 0, negative: int = 0) -> float:  # noqa: ARG002 (it stands in for the model)
        """Nothing, either way."""
        return 0.0

    def speaks(self, text: str) -> int:
        """Nothing; the question is kept."""
        self._asked.append(text)
        return 0

    def rests_on(self, words: Sequence[str], way: int) -> str:  # noqa: ARG002 (it stands in for the model)
        """Nothing."""
        return ""


def restaurants(file: Path) -> list[Judged]:
    """The judged clauses of a set in dianping's form; one that is judged both ways is left out."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig") as lines:
        return [one for line in lines for one in _of_restaurant(line.strip())]


def unmarked(file: Path) -> list[str]:
    """The stretches of a set in dianping's form that stand between borders and have no mark."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig") as lines:
        return [normalise(part) for line in lines for part in _unmarked_in(line.strip())]


def _unmarked_in(line: str) -> list[str]:
    written, _, marks = line.rpartition("####")
    tokens = written.split(" ")
    for span in _MARKED.findall(marks):
        for first, last in (span[:2], span[2:4]):
            for place in range(max(int(first), 0), int(last) + 1):  # the last is the mark's own
                tokens[place] = _MARK
    return [part for part in _BORDER.split("".join(tokens)) if part and _MARK not in part]


def messages(file: Path) -> list[str]:
    """The messages of a set of chats, in normal form."""
    parts = json.loads(file.read_text(encoding="utf-8"))
    return [
        normalise(message.replace(" ", ""))
        for chats in parts.values()
        for chat in chats
        for message in chat
    ]


def plain_talk() -> list[str]:
    """Our own statements that judge nothing."""
    lines = _PLAIN_TALK.read_text(encoding="utf-8").splitlines()
    return [normalise(line) for line in lines if not line.startswith("#")]


def talk(folder: Path, asked: Callable[[str], list[str]], *, of_restaurants: bool = True) -> Talk:
    """What nobody judges in; `folder` holds the public sets."""
    texts = plain_talk()
    if of_restaurants:
        texts += unmarked(folder / "dianping_acos" / "train.txt.gz")
    return Talk(
        clauses=[clause for text in texts for clause in asked(text)],
        chats=[asked(text) for text in messages(folder / "lccc_toy" / "toy_data.json")],
    )


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


def train(
    judged: Sequence[Judged], talk: Talk, cues: Callable[[str], tuple[int, int]]
) -> PolarityModel:
    """The model of these clauses, beside that talk."""
    texts = [one.text for one in judged]
    counted = [[n * _CUE_SCALE for n in cues(text)] for text in texts]
    leaning = _fit(texts, [one.well for one in judged], _RAREST, counted)
    learnt, kept = talk.chats[::2], talk.chats[1::2]
    unsure = _model(leaning, _judging(texts, talk.clauses, learnt), sure=0.0)
    alarms = sorted((_loudest(unsure, chat) for chat in kept), reverse=True)
    sure = alarms[int(FALSE_ALARMS * len(alarms))]
    return _model(leaning, _judging(texts, talk.clauses, talk.chats), sure)


def _model(leaning: _Fit, judging: _Fit, sure: float) -> PolarityModel:
    positive, negative = leaning.more
    unversioned = PolarityModel(
        leaning=leaning.weights,
        judging=judging.weights,
        longest=_LONGEST,
        bias=leaning.bias,
        judging_bias=judging.bias,
        sure=sure,
        positive=positive,
        negative=negative,
        version="",
    )
    return PolarityModel.from_text(unversioned.to_text())


def _loudest(model: PolarityModel, clauses: Sequence[str]) -> float:
    return max((abs(model.chance(clause)) for clause in clauses), default=0.0)


def _judging(judged: Sequence[str], clauses: Sequence[str], chats: Sequence[Sequence[str]]) -> _Fit:
    talk = [*clauses, *(clause for chat in chats for clause in chat)]
    judges = [True] * len(judged) + [False] * len(talk)
    return _fit([*judged, *talk], judges, _RAREST_OF_TALK)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weights of runs in hundredths of log-odds, and of what was counted beside them."""

    weights: dict[str, int]
    bias: float
    more: tuple[float, ...]


def _fit(
    texts: Sequence[str],
    truth: Sequence[bool],
    rarest: int,
    counted: Sequence[Sequence[float]] = (),
) -> _Fit:
    """A logistic regression over the runs of characters that stand in `rarest` texts or more."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 (training alone needs it)
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 (the same)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (the same)

    runs = CountVectorizer(
        analyzer="char", ngram_range=(1, _LONGEST), min_df=rarest, binary=True, lowercase=False
    )
    seen = runs.fit_transform(texts)
    if counted:
        seen = hstack([seen, csr_matrix(counted)]).tocsr()
    fit: Any = LogisticRegression(
        C=_STRENGTH, max_iter=1_000, class_weight="balanced", solver="liblinear", random_state=0
    ).fit(seen, truth)
    weights = [float(weight) for weight in fit.coef_[0]]
    hundredths = {str(run): round(100 * weights[place]) for run, place in runs.vocabulary_.items()}
    return _Fit(
        weights={run: weight for run, weight in hundredths.items() if abs(weight) >= _FAINTEST},
        bias=float(fit.intercept_[0]),
        more=tuple(weight * _CUE_SCALE for weight in weights[len(hundredths) :]),
    )


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
            leaning=len(model.leaning),
            judging=len(model.judging),
            plain=len(plain_talk()),
            sure=model.sure,
            alarms=FALSE_ALARMS,
            kibibytes=packed / 1024,
            version=model.version,
            table=table,
        )
    )


@dataclass(frozen=True, slots=True)
class Sets:
    """The public sets, and models of all of them or of all but one."""

    judged: dict[str, list[Judged]]
    unseen: dict[str, list[Judged]]
    everything: Talk
    without_restaurants: Talk
    cues: Cues

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the sets in `folder`, with the bot's own lexicon."""
        segmenter, lexicon = RjiebaSegmenter(), standard_lexicon()
        asked = Asked(segmenter, lexicon)
        trades = {trade: goods(folder / "absa_digital" / f"{trade}.train.txt") for trade in TRADES}
        of_restaurants = folder / "dianping_acos"
        return cls(
            judged={RESTAURANTS: restaurants(of_restaurants / "train.txt.gz")} | trades,
            unseen={RESTAURANTS: restaurants(of_restaurants / "dev.txt")} | trades,
            everything=talk(folder, asked),
            without_restaurants=talk(folder, asked, of_restaurants=False),
            cues=Cues(segmenter, lexicon),
        )

    def model(self) -> PolarityModel:
        """The model of all of it, which ships; of restaurants it has read the training part."""
        every = [one for judged in self.judged.values() for one in judged]
        return train(every, self.everything, self.cues)

    def model_without(self, trade: str) -> PolarityModel:
        """A model that has read nothing of one trade."""
        others = [one for name, judged in self.judged.items() if name != trade for one in judged]
        heard = self.without_restaurants if trade == RESTAURANTS else self.everything
        return train(others, heard, self.cues)


def main(folder: Path, model_file: Path, card_file: Path) -> None:
    """Train, measure, and write the model and its card."""
    sets = Sets.read(folder)
    model = sets.model()
    packed = gzip.compress(model.to_text().encode("utf-8"), mtime=0)
    model_file.write_bytes(packed)
    known = measure(model, sets.unseen[RESTAURANTS], sets.cues)
    rows = [("all of it", "restaurants, dev part", known)]
    for name, judged in sets.unseen.items():
        figures = measure(sets.model_without(name), judged, sets.cues)
        rows.append((f"all but {name}", name, figures))
    card_file.write_text(card(model, len(packed), rows), encoding="utf-8")
    for trained, tested, one in rows:
        sys.stdout.write(
            f"{trained:20} {tested:22} {one.clauses:6,} {one.macro:.3f} {one.negative:.3f}\n"
        )
    sys.stdout.write(
        f"{len(model.leaning):,} and {len(model.judging):,} weights, {len(packed):,} bytes, "
        f"sure above {model.sure:.3f}, {model.version}\n"
    )


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(__file__).with_name(MODEL_FILE),
        Path(__file__).parent.parent / "docs" / "reference" / "polarity-model.md",
    )
