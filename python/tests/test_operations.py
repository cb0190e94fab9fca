# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operations of a function, as Python sees them."""

from __future__ import annotations

import pytest

from mlir_prune.native import parse

TEXT = """
#id = affine_map<(i) -> (i)>
func.func @f(%x: tensor<?xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %large = arith.constant dense_resource<big> : tensor<4096xf32>
  %cast = tensor.cast %x : tensor<?xf32> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %sum = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%cast, %y : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    %1 = arith.maximumf %0, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %sum : tensor<4xf32>
}
"""


def test_operations_tell_what_they_read_and_give() -> None:
    found = {each["name"]: each for each in parse(TEXT).operations("f")}
    cast, generic = found["tensor.cast"], found["linalg.generic"]
    assert cast["operands"] == [0] and cast["operand_shapes"] == [[-1]]
    assert cast["result_shapes"] == [[4]]
    (empty,) = found["tensor.empty"]["results"]
    assert generic["operands"] == [*cast["results"], 1, empty]
    assert generic["inputs"] == [*cast["results"], 1]
    assert found["func.return"]["operands"] == generic["results"]
    assert "parallel" in generic["attributes"]["iterator_types"]


def test_a_body_reads_its_arguments_and_what_is_outside() -> None:
    found = {each["name"]: each for each in parse(TEXT).operations("f")}
    generic = found["linalg.generic"]
    added, largest, ended = generic["body"]
    assert added["operands"] == generic["arguments"][:2]
    assert largest["operands"] == [*added["results"], *constant(parse(TEXT).operations("f"), "0.0")]
    assert ended["operands"] == largest["results"]
    every = [value for each in parse(TEXT).operations("f") for value in each["results"]]
    assert len({*every, 0, 1}) == len(every) + 2


def constant(operations: list, digits: str) -> list[int]:
    (each,) = (
        o for o in operations
        if o["name"] == "arith.constant" and o["attributes"]["value"].startswith(digits)
    )  # fmt: skip
    return list(each["results"])


def test_large_constants_are_their_type() -> None:
    big = [e for e in parse(TEXT).operations("f") if e["result_shapes"] == [[4096]]]
    assert [e["attributes"]["value"] for e in big] == ["elements<tensor<4096xf32>>"]


@pytest.mark.parametrize("text", ["", "func.func private @f()"])
def test_no_such_function_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected a function 'f' with one block"):
        parse(text).operations("f")
