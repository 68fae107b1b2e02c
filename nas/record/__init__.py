"""The durable record of a search: jobs, trials, history, checkpoints. Imports nas.errors and nas.space.

`checkpoints` is imported by name: it imports fsspec.

`exhibits`, `history`, `journal`, `repair_journal`, `repair_sqlite`, `storage` are imported by name: they import Optuna.
"""

from nas.record.shown import Shown
from nas.record.task_card import TEST, Better, Described, Metric, Pictures, TaskCard, View, card_of, read_card
from nas.record.trial import (
    INT8,
    PHASES,
    Divisible,
    Evaluation,
    Evaluator,
    Executor,
    Exhausted,
    Explained,
    Job,
    Outcome,
    Phase,
    Proposal,
    QuantisesFinals,
    Shared,
    SharesWeights,
    Sharing,
    Source,
    State,
    Trial,
    plain_metrics,
    rows,
)
from nas.record.whole_files import DRAFT, write_whole

__all__ = [
    "DRAFT",
    "INT8",
    "PHASES",
    "TEST",
    "Better",
    "Described",
    "Divisible",
    "Evaluation",
    "Evaluator",
    "Executor",
    "Exhausted",
    "Explained",
    "Job",
    "Metric",
    "Outcome",
    "Phase",
    "Pictures",
    "Proposal",
    "QuantisesFinals",
    "Shared",
    "SharesWeights",
    "Sharing",
    "Shown",
    "Source",
    "State",
    "TaskCard",
    "Trial",
    "View",
    "card_of",
    "plain_metrics",
    "read_card",
    "rows",
    "write_whole",
]
