"""ExecuTorch with XNNPACK on this machine's CPU in int8; one thread unless told otherwise."""

from nas.devices.runtimes.executorch import ExecuTorch

DEVICE = ExecuTorch(key="executorch_int8", int8=True)
