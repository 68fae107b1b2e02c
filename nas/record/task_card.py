"""Task card: how a task names its metrics, with units and directions, its data, its input and its pictures.

An evaluator may offer a card; whatever shows a run then speaks the task's words, and no other part of the system knows
any. The card is kept in the run's record, so that a report needs no evaluator. Without one, metrics go by the names
that trials carry, and of the objective alone it is known which way is better.

A metric called "test_..." was measured on data that the search never saw; nothing but reports uses it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

TEST = "test_"

Better = Literal["lower", "higher", "unknown"]


class CardError(ValueError):
    """A card that contradicts its search, or a record that holds no valid card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Description of a metric; on test data it is the same.

    Attributes:
      name: as trials carry it, without "test_".
      unit: such as "%", "" where it has none.
      in_brief: whether it is shown where there is room for a few.
    """

    name: str
    unit: str = ""
    better: Better = "unknown"
    in_brief: bool = True

    @property
    def label(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One of the pictures of a test sample that stand side by side.

    Attributes:
      name: the word under it, and its array in the evaluator's "npz": uint8[n, h, w] or uint8[n, h, w, 3].
      alt: what it is, for those who cannot see it; the sample's number follows.
    """

    name: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Description of the pictures in an evaluator's artifact "npz" of a final.

    Attributes:
      text: how to read them, in sentences.
      views: at least one.
      metrics: names of arrays of one number per sample, float[n], told below its pictures.
    """

    text: str
    views: tuple[View, ...]
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """A task's names for its metrics, data, input, output and pictures.

    Attributes:
      metrics: in the order in which they are shown; others that trials carry come after them on the report.
      samples: what the data consist of, in the plural.
      input: what the network is given, such as "grey levels in [0, 1]"; "" leaves it unsaid.
      output: what it gives, such as "one logit for each class"; "" leaves it unsaid.
      pictures: None for an evaluator that leaves none.
    """

    metrics: tuple[Metric, ...] = ()
    samples: str = "data"
    input: str = ""
    output: str = ""
    pictures: Pictures | None = None

    def metric(self, name: str, *, objective: str = "") -> Metric:
        """What is known of `name`, with or without "test_"; of an objective, that lower is better."""
        bare = name.removeprefix(TEST)
        known = next((metric for metric in self.metrics if metric.name == bare), None)
        return known or Metric(name=bare, better="lower" if bare == objective else "unknown")

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Names of metrics, all of test data or none, in the card's order; what it does not name comes last."""
        places = {metric.name: place for place, metric in enumerate(self.metrics)}
        return sorted(names, key=lambda name: places.get(name.removeprefix(TEST), len(places)))

    def brief(self, names: Iterable[str]) -> list[str]:
        """Metrics for a short table: those that the card wants there, or all if it names none."""
        ordered = self.ordered(names)
        named = {metric.name for metric in self.metrics if metric.in_brief}
        return [name for name in ordered if name.removeprefix(TEST) in named] or ordered


@runtime_checkable
class Described(Protocol):
    """Optional protocol of an evaluator that has a task card."""

    @property
    def card(self) -> TaskCard: ...


def card_of(evaluator: object, objective: str) -> TaskCard:
    """The evaluator's card, or one that knows nothing.

    Raises:
      CardError: by the card, more of the objective is better: the search would look for the worst.
    """
    card = evaluator.card if isinstance(evaluator, Described) else TaskCard()
    if card.metric(objective).better == "higher":
        raise CardError(
            f"a search minimises its objective, and of {objective!r} the evaluator says that higher is better; let it "
            f"give a metric to minimise too, such as 1 - {objective}, and name that as the objective"
        )
    return card


def read_card(record: Mapping[str, Any]) -> TaskCard:
    """A card from what `dataclasses.asdict` made of one, by way of JSON.

    Raises:
      CardError: it is no such record.
    """
    try:
        pictures = record["pictures"]
        return TaskCard(
            metrics=tuple(Metric(**metric) for metric in record["metrics"]),
            samples=record["samples"],
            input=record["input"],
            output=record["output"],
            pictures=None if pictures is None else _pictures(pictures),
        )
    except (TypeError, KeyError) as error:
        raise CardError(
            f"the record's words of the task cannot be read ({type(error).__name__}: {error}); report with the version "
            "that wrote it"
        ) from error


def _pictures(record: Mapping[str, Any]) -> Pictures:
    views = tuple(View(**view) for view in record["views"])
    return Pictures(text=record["text"], views=views, metrics=tuple(record["metrics"]))
