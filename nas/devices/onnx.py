"""ONNX Runtime on this machine's CPU in float32; one thread unless told otherwise."""

from nas.devices.runtimes.onnx import OnnxRuntime

DEVICE = OnnxRuntime(key="onnx", int8=False)
