# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The parts of the import of networks from PyTorch and ONNX; see `frontend`.

torch-mlir, onnx and ONNX Runtime run in a process of its own (`process` starts it,
`worker` is it): a hang, an abort or a lack of memory there is one error here.
"""
