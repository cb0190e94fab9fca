# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the tensors of an ONNX model are stored: in its file, in one beside it, or sparse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

LIMIT = (1 << 31) - 1
"""Bytes that a file of protocol buffers can have."""


_SMALL = 256
"""Bytes of tensors that stay in the file of the model: shapes, numbers, biases."""


@contextmanager
def written(model: Any, path: Path, external_above: int = LIMIT) -> Iterator[str]:
    """Writes a model; gives the name of a file that can be looked at before it gets its place.

    A model of `external_above` bytes and more has its tensors in a file beside it, of the same name
    and ``.data`` behind it. Where the block that looks fails nothing is left at `path`.
    """
    import onnx

    data = f"{path.name}.data"
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".onnx-", dir=path.parent) as folder:
        file = os.path.join(folder, path.name)
        external = model.ByteSize() >= external_above
        if external:
            onnx.save_model(
                model, file, save_as_external_data=True, location=data, size_threshold=_SMALL
            )
        else:
            onnx.save_model(model, file)
        yield file
        # A model without its tensors would be worse than tensors without a model.
        if os.path.exists(os.path.join(folder, data)):
            os.replace(os.path.join(folder, data), path.with_name(data))
        os.replace(file, path)


def to_sparse(model: Any) -> int:
    """Stores initializers as sparse ones where that takes fewer bytes; returns how many.

    An element that is not zero takes eight bytes more, for its place.
    """
    from onnx import helper, numpy_helper

    count = 0
    for tensor in list(model.graph.initializer):
        array = numpy_helper.to_array(tensor)
        places = np.flatnonzero(array)
        if array.dtype.kind != "f" or len(places) * (array.itemsize + 8) >= array.nbytes:
            continue
        # A tensor without elements has no name to some readers.
        if not len(places):
            continue
        values = numpy_helper.from_array(array.ravel()[places], tensor.name)
        indices = numpy_helper.from_array(places.astype(np.int64), f"{tensor.name}_indices")
        model.graph.sparse_initializer.append(
            helper.make_sparse_tensor(values, indices, list(array.shape))
        )
        model.graph.initializer.remove(tensor)
        count += 1
    return count
