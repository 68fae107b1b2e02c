"""What is exported: a network with its trained weights, from a training folder or from a run's winner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launch.deploy.subject.subject import SubjectError, subject_of
from launch.deploy.subject.weights import read_weights
from nas.deploy import TrainingFolder
from nas.lowering.standalone import restored
from nas.lowering.torch_module import BuiltNetwork


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shipped:
    """A folded network.

    Attributes:
      source: where it comes from; `reads` are the files.
      found: winner.json's record of it; empty where no search has chosen it.
      trained: trained.json's, and `settings` training.json's; empty for a search's winner as the search left it.
      int8: int8.json's; empty where it was never quantised.
    """

    folded: BuiltNetwork
    source: Path
    reads: tuple[Path, ...]
    found: Mapping[str, Any] = field(default_factory=dict)
    trained: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    int8: Mapping[str, Any] = field(default_factory=dict)


def shipped(source: Path) -> Shipped:
    """The network that SOURCE holds.

    Raises:
      SubjectError, FolderError, TrainingFolderError: it holds none with weights, or it cannot be read.
      ValueError: the weights are another architecture's.
    """
    folder = TrainingFolder(path=source)
    if folder.is_settled:
        result, settings = folder.result(), folder.settings()
        return Shipped(
            folded=restored(folder.network(), read_weights(folder.weights)),
            source=source,
            reads=(folder.weights, folder.network_file, folder.settings_file, folder.result_file),
            found=settings["told"]["found"],
            trained=result,
            settings=settings,
            int8=folder.int8_result() if folder.int8_file.is_file() else {},
        )
    subject = subject_of(source, None)
    if subject.weights is None:
        raise SubjectError(f"{source} has no weights (winner.pt); train it first: nas train {source} --out DIR")
    winner = source / "winner.json" if source.is_dir() else source
    return Shipped(
        folded=restored(subject.network, read_weights(subject.weights)),
        source=source,
        reads=(subject.weights, winner),
        found=subject.found,
    )
