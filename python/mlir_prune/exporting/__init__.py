# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks back in the form that they came in."""

from __future__ import annotations

from .onnx_export import Exported, to_onnx

__all__ = ["Exported", "to_onnx"]
