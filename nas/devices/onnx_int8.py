"""ONNX Runtime on this machine's CPU in int8: quantised weights and activations; one thread unless told otherwise."""

from nas.devices.runtimes.onnx import OnnxRuntime

DEVICE = OnnxRuntime(key="onnx_int8", int8=True)
