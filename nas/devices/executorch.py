"""ExecuTorch with XNNPACK on this machine's CPU in float32; one thread unless told otherwise."""

from nas.devices.runtimes.executorch import ExecuTorch

DEVICE = ExecuTorch(key="executorch", int8=False)
