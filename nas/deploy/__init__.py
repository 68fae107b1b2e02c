"""From a winner to a phone: training in full, and files for other runtimes. Imports nas.errors, nas.lowering,
nas.processes, nas.record and nas.space.

What imports PyTorch is imported by name: `average`, `batch_norm`, `brief_int8`, `checkpoint`, `course`, `onnx_teacher`,
`quantised`, `training`.
"""

from nas.deploy.curve import Row, csv_text
from nas.deploy.folder import TrainingFolder, TrainingFolderError

__all__ = [
    "Row",
    "TrainingFolder",
    "TrainingFolderError",
    "csv_text",
]
