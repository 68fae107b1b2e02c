"""MODEL of `nas depth`: a depth network to run, from whatever a user has of it. No code that comes with it is executed.

a run's folder, a folder of a front's point     winner.py beside winner.pt
a training's folder                             network.json and winner.pt
winner.pt or winner.py                          the one beside the other
.onnx, .pte                                     in their own runtimes; of others too, see `nas.deploy.foreign`
demo                                            the network that was released with the source
"""

from pathlib import Path

from launch.deploy.extras import needed
from launch.deploy.subject.shipped import shipped
from launch.deploy.subject.weights import read_weights
from nas.deploy import TrainingFolder
from nas.deploy.course import Gives, Wants
from nas.errors import reading
from nas.lowering.standalone import restored
from nas.lowering.standalone_reader import read_source
from nas.pictures import DepthModel, ModelError
from nas.pictures.models.foreign import foreign
from nas.pictures.models.torch_network import torch_model

KINDS = "a run's folder, a training's folder, winner.pt beside winner.py, an .onnx or a .pte file, or `demo`"
RUNTIMES = {
    ".onnx": ("onnx_file", "onnx_model", "onnx"),
    ".pte": ("executorch_file", "executorch_model", "executorch"),
}
"""By suffix the module, its function and the extra that it needs."""
RELEASED = Path("demo")
RELEASES = Path(__file__).parents[2] / "releases"
"""Beside the packages, in the source alone."""


def depth_model(source: Path, *, wants: Wants = "unit", gives: Gives = "log-disparity") -> DepthModel:
    """The network that SOURCE holds.

    Args:
      wants: what a file of somebody else's network wants to be given.
      gives: what it answers.

    Raises:
      ModelError, SubjectError, FolderError, TrainingFolderError: it holds none, or it cannot be read.
      ValueError: the weights are another network's, or a runtime is not installed.
    """
    if not source.exists():
        source = _released(source)
    suffix = source.suffix.lower()
    if suffix in RUNTIMES:
        file, function, extra = RUNTIMES[suffix]
        model: DepthModel = getattr(needed(f"nas.pictures.models.{file}", extra), function)(source)
        return foreign(model, wants, gives)
    if (wants, gives) != ("unit", "log-disparity"):
        raise ModelError(
            f"--wants and --gives are for files of other networks ({', '.join(RUNTIMES)}), got {source}; leave them out"
        )
    if source.is_dir():
        return _of_folder(source)
    if suffix in (".pt", ".py", ".json"):
        return _of_files(source)
    raise ModelError(f"a model is {KINDS}, got {source}; name one of these")


def _released(source: Path) -> Path:
    """The folder of the network that was released with the source.

    Raises:
      ModelError: another model is meant, or only the packages are installed.
    """
    if source.absolute() != RELEASED.absolute():  # the command makes every path absolute
        raise ModelError(f"a model must be there, {source} is not; name {KINDS}")
    folder = RELEASES / RELEASED
    if not folder.is_dir():
        raise ModelError(
            f"the released network lies beside the packages in the project's source, {folder} is not there; clone the "
            f"source and install it from there, or name another model: {KINDS}"
        )
    return folder


def _of_folder(source: Path) -> DepthModel:
    both = source / "winner.pt", source / "winner.py"
    if not TrainingFolder(path=source).is_settled and all(path.is_file() for path in both):
        return _of_files(both[0])
    network = shipped(source)  # or a sentence that says what is missing
    return torch_model(network.folded, network.reads[0])


def _of_files(source: Path) -> DepthModel:
    """Weights, and the source of the network beside them."""
    weights, code = source.with_suffix(".pt"), source.with_suffix(".py")
    for path in (weights, code):
        if not path.is_file():
            raise ModelError(
                f"{source.name} needs {path.name} beside it, {path} is not there; put the two into one folder, or name "
                "the folder of the run or the training"
            )
    cure = "restore it from a copy, or name the run's or the training's folder: code of others is not executed"
    with reading(code, ModelError, rule="a network's source is what nas wrote", cure=cure):
        network = read_source(code.read_text())
    return torch_model(restored(network, read_weights(weights)), weights)
