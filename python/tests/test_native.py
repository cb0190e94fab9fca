# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The native module: parsing, pipelines, parameters, compiling and calling."""

import gc
import threading
import weakref

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native

TEXT = """
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward(%x: tensor<4x8xf32> {prune.input = "input"},
    %w: tensor<6x8xf32> {prune.param = #prune.param<"fc.weight", weight>},
    %b: tensor<6xf32> {prune.param = #prune.param<"fc.bias", bias>})
    -> (tensor<4x6xf32> {prune.output = "logits"}) {
  %e = tensor.empty() : tensor<4x6xf32>
  %i = linalg.broadcast ins(%b : tensor<6xf32>) outs(%e : tensor<4x6xf32>) dimensions = [0]
  %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x8xf32>, tensor<6x8xf32>)
      outs(%i : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %z : tensor<4x6xf32>
}
func.func @step(%w: tensor<6x8xf32> {prune.state = "w"}, %m: tensor<6x8xi1> {prune.state = "mask:w"},
    %g: tensor<6x8xf32>, %n: tensor<i64> {prune.state = "step"}, %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<6x8xf32> {prune.state = "w"}, tensor<i64> {prune.state = "step"}, f32 {prune.output = "rate"}) {
  %zero = arith.constant 0.0 : f32
  %w1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g, %m : tensor<6x8xf32>, tensor<6x8xi1>) outs(%w : tensor<6x8xf32>) {
  ^bb0(%in: f32, %bit: i1, %out: f32):
    %p = arith.mulf %in, %lr : f32
    %d = arith.subf %out, %p : f32
    %r = arith.select %bit, %d, %zero : f32
    linalg.yield %r : f32
  } -> tensor<6x8xf32>
  %one = arith.constant 1 : i64
  %s = tensor.extract %n[] : tensor<i64>
  %s1 = arith.addi %s, %one : i64
  %n1 = tensor.from_elements %s1 : tensor<i64>
  return %w1, %n1, %lr : tensor<6x8xf32>, tensor<i64>, f32
}
"""

CONSTANTS = """
func.func @f() -> (tensor<2x2xf32>, tensor<3xf64>) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<blob> : tensor<2x2xf32>
  %b = arith.constant {prune.param = #prune.param<"b", bias>} dense<0.5> : tensor<3xf64>
  return %w, %b : tensor<2x2xf32>, tensor<3xf64>
}
{-# dialect_resources: { builtin: { blob: "0x040000000000803F000000400000404000008040" } } #-}
"""


@pytest.fixture(params=[True, False], ids=["reference", "optimized"])
def compiled(request):
    return native.Module.parse(TEXT).compile(reference=request.param)


def random_forward(seed=0):
    rng = drawn.rng(seed)
    return [rng.standard_normal(s).astype(np.float32) for s in [(4, 8), (6, 8), (6,)]]


def test_signature():
    forward, step = native.Module.parse(TEXT).functions()
    assert (forward.name, step.name) == ("forward", "step")
    assert [(v.name, v.kind, v.role) for v in forward.arguments] == [
        ("input", "input", ""), ("fc.weight", "param", "weight"), ("fc.bias", "param", "bias")]
    assert [(v.name, v.kind, v.shape, v.dtype) for v in forward.results] == [
        ("logits", "output", (4, 6), "float32")]
    assert [(v.name, v.kind, v.dtype, v.is_scalar) for v in step.arguments] == [
        ("w", "state", "float32", False), ("mask:w", "state", "bool", False),
        ("arg2", "none", "float32", False), ("step", "state", "int64", False),
        ("learning_rate", "input", "float32", True)]


def test_forward(compiled):
    x, w, b = random_forward()
    (y,) = compiled("forward", x, w, b)
    np.testing.assert_allclose(y, x @ w.T + b, rtol=1e-5, atol=1e-5)
    named = compiled.call("forward", {"fc.bias": b, "fc.weight": w, "input": x})
    np.testing.assert_array_equal(named["logits"], y)


def test_state_is_updated_in_place(compiled):
    rng = drawn.rng(1)
    w, g = (rng.standard_normal((6, 8)).astype(np.float32) for _ in range(2))
    mask = rng.random((6, 8)) > 0.5
    step = np.array(41)
    expected = np.where(mask, w - np.float32(0.5) * g, 0)
    results = compiled("step", w, mask, g, step, 0.5)
    np.testing.assert_allclose(w, expected, rtol=1e-6, atol=1e-7)
    assert results[0] is w and results[1] is step
    assert step == 42 and results[2] == np.float32(0.5)
    outputs = compiled.call("step", {"w": w, "mask:w": mask, "arg2": g, "step": step, "learning_rate": 1})
    assert list(outputs) == ["rate"] and step == 43


def test_inputs_are_not_written(compiled):
    arrays = random_forward()
    copies = [a.copy() for a in arrays]
    for array in arrays:
        array.flags.writeable = False
    compiled("forward", *arrays)
    for array, copy in zip(arrays, copies):
        np.testing.assert_array_equal(array, copy)


def test_strided_inputs_are_copied_and_strided_state_is_refused(compiled):
    x, w, b = random_forward()
    (expected,) = compiled("forward", x, w, b)
    (y,) = compiled("forward", np.asfortranarray(x), np.repeat(w, 2, axis=1)[:, ::2], b)
    np.testing.assert_array_equal(y, expected)
    state = np.zeros((6, 8), np.float32, order="F")
    with pytest.raises(ValueError, match="must be C-contiguous"):
        compiled("step", state, np.ones((6, 8), bool), w, np.array(0), 0.1)


@pytest.mark.parametrize("change, error, message", [
    (lambda a: a[:2], ValueError, "takes 3 arguments, got 2"),
    (lambda a: [a[0].astype(np.float64), *a[1:]], TypeError, "argument 'input' of 'forward': expected a float32 array"),
    (lambda a: [a[0][:2], *a[1:]], ValueError, r"got shape \(2, 8\)"),
    (lambda a: [a[0].tolist(), *a[1:]], TypeError, "got list"),
    (lambda a: [a[0].astype(">f4"), *a[1:]], TypeError, "expected a float32 array"),
])
def test_wrong_arguments(compiled, change, error, message):
    with pytest.raises(error, match=message):
        compiled("forward", *change(random_forward()))


def test_wrong_names(compiled):
    x, w, b = random_forward()
    with pytest.raises(ValueError, match="no function 'backward'; there are: forward, step"):
        compiled("backward")
    with pytest.raises(ValueError, match="needs an argument 'fc.bias'"):
        compiled.call("forward", {"input": x, "fc.weight": w})
    with pytest.raises(ValueError, match="has no argument 'extra'"):
        compiled.call("forward", {"input": x, "fc.weight": w, "fc.bias": b, "extra": b})
    with pytest.raises(TypeError, match="expected a number of type float32, got str"):
        compiled("step", w, np.ones((6, 8), bool), w, np.array(0), "fast")


def test_errors_carry_locations(tmp_path):
    path = tmp_path / "broken.mlir"
    path.write_text("func.func @f(\n")
    with pytest.raises(native.PruneError, match="broken.mlir:") as caught:
        native.Module.from_file(str(path))
    severity, location, message = caught.value.diagnostics[0]
    assert severity == "error" and "broken.mlir:" in location and message
    with pytest.raises(native.PruneError, match="cannot parse the pass pipeline"):
        native.Module.parse(TEXT).run("no-such-pass")
    assert issubclass(native.PruneError, RuntimeError)


def test_missing_file():
    with pytest.raises(native.PruneError, match="no-such-file"):
        native.Module.from_file("no-such-file.mlir")


def test_print_bytecode_clone_and_run():
    module = native.Module.parse(TEXT)
    text = str(module)
    assert str(native.Module.parse(module.to_bytecode())) == text
    clone = module.clone()
    assert clone.run("builtin.module(prune-cpu-pipeline{stop-after=buffer})") == []
    assert "memref" in str(clone) and str(module) == text


def test_parameters_are_views():
    module = native.Module.parse(CONSTANTS)
    views = module.parameters()
    np.testing.assert_array_equal(views["w"], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(views["b"], [0.5, 0.5, 0.5])
    assert views["w"].dtype == np.float32 and views["b"].dtype == np.float64
    assert not views["w"].flags.writeable
    assert views["w"].ctypes.data == module.parameters()["w"].ctypes.data
    del module
    gc.collect()
    np.testing.assert_array_equal(views["w"], [[1, 2], [3, 4]])


def test_bind_turns_arguments_into_constants():
    module = native.Module.parse(TEXT)
    x, w, b = random_forward()
    module.bind({"fc.weight": w, "fc.bias": b})
    assert [v.name for v in module.functions()[0].arguments] == ["input"]
    views = module.parameters()
    assert views["fc.weight"].ctypes.data == w.ctypes.data
    (y,) = module.compile()("forward", x)
    np.testing.assert_allclose(y, x @ w.T + b, rtol=1e-5, atol=1e-5)
    module.bind({"fc.weight": np.asfortranarray(2 * w)})
    (y,) = module.compile()("forward", x)
    np.testing.assert_allclose(y, 2 * x @ w.T + b, rtol=1e-5, atol=1e-5)
    reference = weakref.ref(w)
    del w, views
    assert reference() is not None
    del module
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("values, error, message", [
    ({"fc.weight": np.zeros((6, 8), np.float32)}, RuntimeError, "fc.bias"),
    ({"fc.weight": np.zeros((6, 7), np.float32), "fc.bias": np.zeros(6, np.float32)}, RuntimeError, "fc.weight"),
    ({"fc.weight": np.zeros((6, 8), np.int32)}, TypeError, "expected a float32 or float64 array, got int32"),
    ({"fc.weight": np.zeros((6, 8), np.float32), "fc.bias": np.zeros(6, np.float32), "x": np.zeros(1)},
     RuntimeError, "no parameter is called 'x'"),
])
def test_bind_refuses(values, error, message):
    with pytest.raises(error, match=message):
        native.Module.parse(TEXT).bind(values)


def test_constants_in_compiled_code():
    w, b = native.Module.parse(CONSTANTS).compile()("f")
    np.testing.assert_array_equal(w, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(b, [0.5, 0.5, 0.5])


def test_masks_are_read_from_the_masked_form():
    module = native.Module.parse(TEXT)
    values = np.arange(48, dtype=np.float32).reshape(6, 8)
    module.bind({"fc.weight": values, "fc.bias": np.ones(6, np.float32)})
    assert module.masks() == {}
    module.run("builtin.module(prune-mask-pipeline{sparsity=0.5})")
    masks = module.masks()
    assert list(masks) == ["fc.weight"] and masks["fc.weight"].dtype == bool
    np.testing.assert_array_equal(masks["fc.weight"], values >= 24)
    # A second mask of the same parameter is intersected with the first.
    module.run("builtin.module(prune-mask-pipeline{threshold=30})")
    np.testing.assert_array_equal(module.masks()["fc.weight"], values > 30)


def test_a_mask_that_is_not_constant_is_an_error():
    text = """
    func.func @f(%m: tensor<2xi1>) -> tensor<2xf32> {
      %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
      %r = prune.apply_mask %w, %m : tensor<2xf32>
      return %r : tensor<2xf32>
    }
    """
    with pytest.raises(native.PruneError, match="expected a constant mask of 'w'"):
        native.Module.parse(text).masks()


@pytest.mark.parametrize("element", ["f32", "f64", "i8", "i32", "i64"])
def test_large_constants_lie_beside_the_code(element, tmp_path):
    kind = np.dtype({"f": "float", "i": "int"}[element[0]] + element[1:]).type
    values = drawn.rng(3).integers(-9, 9, (64, 64)).astype(kind)
    plus, path = "addf" if element in ("f32", "f64") else "addi", tmp_path / "code.s"
    rows = ",".join(f"[{','.join(map(repr, row.tolist()))}]" for row in values)
    module = native.Module.parse(f"""
        func.func @f(%x: tensor<64x64x{element}>) -> tensor<64x64x{element}> {{
          %w = arith.constant dense<[{rows}]> : tensor<64x64x{element}>
          %y = arith.{plus} %x, %w : tensor<64x64x{element}>
          return %y : tensor<64x64x{element}>
        }}""")
    compiled = module.compile(dump_asm=path)
    del module
    gc.collect()
    np.testing.assert_array_equal(compiled("f", np.ones_like(values))[0], values + kind(1))
    # A line of data per element would be 4096 lines.
    assert path.read_text().count("\n") < 2000


def test_time(compiled):
    seconds = compiled.time("forward", random_forward(), repeat=5)
    assert len(seconds) == 5 and all(s >= 0 for s in seconds)
    assert sum(compiled.time("forward", random_forward(), min_seconds=0.01)) >= 0.01


def test_assembly(tmp_path):
    path = tmp_path / "code.s"
    native.Module.parse(TEXT).compile(dump_asm=path)
    assert "_mlir_ciface_forward" in path.read_text()


def test_threads_run_at_once(compiled):
    arrays = random_forward()
    (expected,) = compiled("forward", *arrays)
    results = [None] * 8

    def run(i):
        results[i] = compiled("forward", *arrays)[0]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_thread_count_is_checked():
    with pytest.raises(ValueError, match="threads must be at least 1"):
        native.Module.parse(TEXT).compile(threads=0)


def test_bytecode_with_values_round_trips(tmp_path):
    module = native.Module.parse(TEXT)
    module.bind({"fc.weight": np.ones((6, 8), np.float32), "fc.bias": np.zeros(6, np.float32)})
    bytecode = module.to_bytecode()
    assert bytecode.startswith(b"ML\xefR")
    path = tmp_path / "m.mlirbc"
    path.write_bytes(bytecode)
    for _ in range(20):  # a buffer that is aligned by luck alone fails one of these
        for read in (native.Module.parse(bytecode), native.Module.from_file(str(path))):
            assert str(read) == str(module)
            assert read.parameters()["fc.weight"].sum() == 48


def test_a_missing_file_is_named():
    with pytest.raises(native.PruneError, match=r"no-such\.mlir"):
        native.Module.from_file("no-such.mlir")


@pytest.mark.parametrize(
    "text",
    [
        b'func.func @f() { "prune.\xfe\xff"() : () -> ()\n return }',
        b'func.func @f() { call @"\xfe"() : () -> ()\n return }',
        b'func.func @"\xfe"(%x: tensor<2xf32>) -> tensor<3xf32> { return %x : tensor<2xf32> }',
    ],
)
def test_an_error_may_quote_bytes_that_are_no_text(text: bytes) -> None:
    with pytest.raises(native.PruneError, match="\N{REPLACEMENT CHARACTER}"):
        native.Module.parse(text)
