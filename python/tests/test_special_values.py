# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Activations of special values, on every path: the relu of a NaN is a NaN."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

native = pytest.importorskip("mlir_prune._native", reason="needs the native module")

LIBRARIES = Path(native.__file__).resolve().parents[2] / "lib"

SPECIAL = np.array([np.nan, np.inf, -np.inf, 1.0, -1.0, 0.0, -0.0, 1e-40, -1e-40, 2.5, -np.nan,
                    3e38, -3e38], np.float32)  # fmt: skip
N = len(SPECIAL)

#: How networks write a relu of %v, and whether a NaN stays one.
RELUS = {
    "maximumf": ("%r = arith.maximumf %v, %zero : f32", True),
    "maximumf, swapped": ("%r = arith.maximumf %zero, %v : f32", True),
    "maxnumf": ("%r = arith.maxnumf %v, %zero : f32", False),
}
for _name, _kept in (("ugt", True), ("uge", True), ("ogt", False), ("oge", False)):
    RELUS[f"x {_name} 0"] = (
        f"%p = arith.cmpf {_name}, %v, %zero : f32\n%r = arith.select %p, %v, %zero : f32", _kept)
for _name, _kept in (("ult", False), ("ule", False), ("olt", True), ("ole", True)):
    RELUS[f"x {_name} 0"] = (
        f"%p = arith.cmpf {_name}, %v, %zero : f32\n%r = arith.select %p, %zero, %v : f32", _kept)
for _name, _kept in (("ult", True), ("olt", False)):
    RELUS[f"0 {_name} x"] = (
        f"%p = arith.cmpf {_name}, %zero, %v : f32\n%r = arith.select %p, %v, %zero : f32", _kept)
for _name, _kept in (("ugt", False), ("ogt", True)):
    RELUS[f"0 {_name} x"] = (
        f"%p = arith.cmpf {_name}, %zero, %v : f32\n%r = arith.select %p, %zero, %v : f32", _kept)
OTHERS = {
    "sigmoid": "%one = arith.constant 1.0 : f32\n%m = arith.negf %v : f32\n"
               "%q = math.exp %m : f32\n%d = arith.addf %q, %one : f32\n"
               "%r = arith.divf %one, %d : f32",
    "tanh": "%r = math.tanh %v : f32",
}  # fmt: skip


def dense(values) -> str:
    words = np.ascontiguousarray(values, "<f4").tobytes()
    return f'dense<"0x{words.hex().upper()}">'


def elementwise(source: str, kind: str, rank: int, activation: str) -> str:
    loops = ", ".join(f"d{i}" for i in range(rank))
    kinds = ", ".join(['"parallel"'] * rank)
    return f"""
  %zero = arith.constant 0.0 : f32
  %a = tensor.empty() : {kind}
  %y = linalg.generic {{indexing_maps = [affine_map<({loops}) -> ({loops})>,
      affine_map<({loops}) -> ({loops})>], iterator_types = [{kinds}]}}
      ins({source} : {kind}) outs(%a : {kind}) {{
  ^bb0(%v: f32, %old: f32):
    {activation}
    linalg.yield %r : f32
  }} -> {kind}
  return %y : {kind}
}}"""


def alone(activation: str) -> str:
    kind = f"tensor<{N}xf32>"
    return f"func.func @f(%x: {kind}) -> {kind} {{" + elementwise("%x", kind, 1, activation)


def product(activation: str, batch: int, weight: np.ndarray, biased: bool) -> str:
    """`x W^T + b` with a constant weight; the bias, or x itself, is special."""
    rows, columns = weight.shape
    kind, source = f"tensor<{batch}x{rows}xf32>", f"tensor<{batch}x{columns}xf32>"
    start = f"""
  %b = arith.constant {dense(SPECIAL)} : tensor<{rows}xf32>
  %i = linalg.broadcast ins(%b : tensor<{rows}xf32>) outs(%e : {kind}) dimensions = [0]
""" if biased else f"""
  %z = arith.constant 0.0 : f32
  %i = linalg.fill ins(%z : f32) outs(%e : {kind}) -> {kind}
"""  # fmt: skip
    return f"""func.func @f(%x: {source}) -> {kind} {{
  %w = arith.constant {dense(weight)} : tensor<{rows}x{columns}xf32>
  %e = tensor.empty() : {kind}{start}
  %s = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : {source}, tensor<{rows}x{columns}xf32>) outs(%i : {kind}) -> {kind}
""" + elementwise("%s", kind, 2, activation)


def convolution(activation: str, channels: int, kernel: int) -> str:
    kind = f"tensor<2x{N}x6x6xf32>"
    source, size = f"tensor<2x{channels}x{5 + kernel}x{5 + kernel}xf32>", f"{kernel}x{kernel}"
    weight = np.full((N, channels, kernel, kernel), 0.25)
    return f"""func.func @f(%x: {source}) -> {kind} {{
  %w = arith.constant {dense(weight)} : tensor<{N}x{channels}x{size}xf32>
  %b = arith.constant {dense(SPECIAL)} : tensor<{N}xf32>
  %e = tensor.empty() : {kind}
  %i = linalg.broadcast ins(%b : tensor<{N}xf32>) outs(%e : {kind}) dimensions = [0, 2, 3]
  %s = linalg.conv_2d_nchw_fchw {{strides = dense<1> : tensor<2xi64>,
      dilations = dense<1> : tensor<2xi64>}}
      ins(%x, %w : {source}, tensor<{N}x{channels}x{size}xf32>) outs(%i : {kind}) -> {kind}
""" + elementwise("%s", kind, 4, activation)


SPARSE = np.zeros((N, 4 * N))
SPARSE[np.arange(N), np.arange(N)] = 0.5
DENSE = np.full((N, 8), 0.5)
PLACES = {
    "element-wise": (alone, SPECIAL),
    "product, batch 1": (lambda a: product(a, 1, DENSE, True), np.ones((1, 8))),
    "product, batch 7": (lambda a: product(a, 7, DENSE, True), np.ones((7, 8))),
    "product without bias": (lambda a: product(a, N, DENSE, False),
                             np.repeat(SPECIAL[:, None], 8, 1)),
    "sparse product, batch 1": (lambda a: product(a, 1, SPARSE, True), np.ones((1, 4 * N))),
    "sparse product, batch 16": (lambda a: product(a, 16, SPARSE, True), np.ones((16, 4 * N))),
    "generated product, batch 16": (lambda a: product(a, 16, SPARSE, True),
                                    np.ones((16, 4 * N))),
    "generated convolution": (lambda a: convolution(a, 3, 3), np.ones((2, 3, 8, 8))),
    "lanes product, batch 1": (lambda a: product(a, 1, SPARSE, True), np.ones((1, 4 * N))),
    "lanes product, batch 4": (lambda a: product(a, 4, SPARSE, True), np.ones((4, 4 * N))),
    "convolution": (lambda a: convolution(a, 3, 3), np.ones((2, 3, 8, 8))),
    "convolution, one channel": (lambda a: convolution(a, 1, 5), np.ones((2, 1, 10, 10))),
    "convolution 1x1": (lambda a: convolution(a, 16, 1), np.ones((2, 16, 6, 6))),
}  # fmt: skip


def flush(values: np.ndarray) -> np.ndarray:
    """With zeros for sub-normal numbers: arithmetic takes them for zeros, a choice between two
    values hands them on. Which one a relu becomes depends on the instruction set."""
    tiny = np.abs(values) < np.finfo(np.float32).tiny
    return np.where(tiny, np.float32(0.0), values)


def run(place: str, activation: str, reference: bool) -> np.ndarray:
    write, x = PLACES[place]
    module = native.Module.parse(write(activation))
    kernels = {"sparse": "csr", "generated": "straight_line", "lanes": "lanes"}
    kernel = kernels.get(place.split()[0])
    if kernel and not reference:
        module.run(f"builtin.module(prune-select-kernels{{kernel={kernel}}})")
    return flush(np.array(module.compile(reference=reference)("f", x.astype(np.float32))[0]))


@pytest.fixture(params=["oneDNN", "naive"])
def runtime(request, tmp_path, monkeypatch):
    """The library that compiled code calls."""
    if request.param == "naive":
        shutil.copy(LIBRARIES / "libprune_runtime_naive.so", tmp_path)
        monkeypatch.setenv("PRUNE_RUNTIME_DIR", str(tmp_path))


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("relu", RELUS)
@pytest.mark.parametrize("place", PLACES)
def test_relu(place, relu):
    activation, keeps_nan = RELUS[relu]
    expected, got = (run(place, activation, reference) for reference in (True, False))
    np.testing.assert_allclose(got, expected, rtol=1e-5, err_msg=f"{place}, {relu}")
    assert np.isnan(got).any() == keeps_nan


@pytest.mark.parametrize("isa", ["avx2", "base"])
@pytest.mark.parametrize("relu", RELUS)
def test_relu_of_other_instruction_sets(relu, isa, monkeypatch):
    monkeypatch.setenv("PRUNE_MAX_ISA", isa)
    test_relu("element-wise", relu)


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("place", PLACES)
def test_other_activations(place, name):
    expected, got = (run(place, OTHERS[name], reference) for reference in (True, False))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6, err_msg=f"{place}, {name}")
    assert np.isnan(got).any()
