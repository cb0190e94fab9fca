# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks back in the form that they came in."""

from __future__ import annotations

from .onnx_export import Exported, to_onnx
from .plain_export import to_mlir, to_safetensors

__all__ = ["Exported", "to_mlir", "to_onnx", "to_safetensors"]
