//===- GenerateKernels.cpp - Machine code for sparse weights --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both operations are read as a convolution with a weight in row-major order; a
// product has one image of one row. Code, stream and panels become attributes.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Passes.h"

#include "Prune/Assembly/PanelPlan.h"
#include "Prune/Assembly/StraightLine.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Kernels/KernelOptions.h"
#include "Prune/Support/Constants.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-generate-kernels"

namespace mlir::prune {
#define GEN_PASS_DEF_GENERATEKERNELSPASS
#include "Prune/Codegen/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;
using assembly::ConvolutionShape;

namespace {

/// An operation as a convolution with constant operands.
struct Layer {
  ConvolutionShape shape;
  SmallVector<float, 0> weights, bias;
  Value x, output;
  bool accumulates = false, hasRelu = false;
};

} // namespace

/// The elements in row-major order; false when the value is no constant. A null
/// value has none.
static bool readConstant(Value value, SmallVectorImpl<float> &elements) {
  if (!value)
    return true;
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view)
    return false;
  elements.reserve(view->getNumElements());
  for (double element : view->toVector())
    elements.push_back(static_cast<float>(element));
  return true;
}

static bool isGenerated(onednn::Activation activation) {
  return activation == onednn::Activation::None ||
         activation == onednn::Activation::Relu;
}

/// Why there is no code for the convolution; empty when there is, described in
/// `layer`.
static StringRef read(onednn::ConvolutionOp op, Layer &layer) {
  onednn::WindowShape window = op.getWindowShape();
  if (window.layout != onednn::Layout::Nchw)
    return "it is no convolution of channels first";
  if (!isGenerated(op.getActivation()))
    return "its activation is not relu";
  layer.shape = {
      window.n,         window.c,       window.h,       window.w,
      window.f,         window.oh,      window.ow,      window.kh,
      window.kw,        window.strideH, window.strideW, window.dilationH,
      window.dilationW, window.padTop,  window.padLeft, window.groups};
  if (!assembly::isSupported(layer.shape) ||
      (layer.shape.isOneByOne() && (window.padBottom || window.padRight)))
    return "it has windows of one element and padding";
  if (!readConstant(op.getW(), layer.weights) ||
      !readConstant(op.getBias(), layer.bias))
    return "its weight or bias is no constant";
  layer.x = op.getX(), layer.output = op.getOutput();
  layer.accumulates = op.getAccumulate();
  layer.hasRelu = op.getActivation() == onednn::Activation::Relu;
  return {};
}

/// The dense weight of compressed rows.
static bool readRows(onednn::SpmmOp op, Layer &layer) {
  SmallVector<float, 0> values;
  auto readNumbers = [](Value value) -> FailureOr<ArrayRef<int32_t>> {
    ElementsAttr elements;
    if (!matchPattern(value, m_Constant(&elements)))
      return failure();
    return getPatternIndices(elements);
  };
  FailureOr<ArrayRef<int32_t>> indices = readNumbers(op.getIndices());
  FailureOr<ArrayRef<int32_t>> pointers = readNumbers(op.getPointers());
  if (failed(indices) || failed(pointers) ||
      !readConstant(op.getValues(), values) || values.empty())
    return false;
  layer.weights.assign(layer.shape.f * layer.shape.c, 0.0f);
  for (int64_t row = 0; row < layer.shape.f; ++row)
    for (int32_t p = (*pointers)[row]; p < (*pointers)[row + 1]; ++p)
      layer.weights[row * layer.shape.c + (*indices)[p]] = values[p];
  return true;
}

static StringRef read(onednn::SpmmOp op, Layer &layer) {
  auto x = cast<ShapedType>(op.getX().getType());
  auto y = cast<ShapedType>(op.getOutput().getType());
  if (!x.hasStaticShape() || !y.hasStaticShape())
    return "its columns are not known";
  if (!isGenerated(op.getActivation()))
    return "its activation is not relu";
  int64_t columns = y.getDimSize(1);
  layer.shape = {1,
                 x.getDimSize(0),
                 1,
                 columns,
                 y.getDimSize(0),
                 1,
                 columns,
                 1,
                 1,
                 1,
                 1,
                 1,
                 1,
                 0,
                 0};
  if (!op.getConstantValues() || !readRows(op, layer) ||
      !readConstant(op.getBias(), layer.bias))
    return "its weight or bias is no constant";
  layer.x = op.getX(), layer.output = op.getOutput();
  layer.hasRelu = op.getActivation() == onednn::Activation::Relu;
  return {};
}

static SmallVector<int64_t> getShape(const ConvolutionShape &shape,
                                     const assembly::PanelPlan &plan) {
  SmallVector<int64_t> numbers(kernel::GeneratedShapeSize);
  numbers[kernel::Images] = shape.n;
  numbers[kernel::Channels] = shape.c;
  numbers[kernel::Height] = shape.h;
  numbers[kernel::Width] = shape.w;
  numbers[kernel::OutImage] = shape.f * shape.oh * shape.ow;
  numbers[kernel::OutSize] = shape.oh * shape.ow;
  numbers[kernel::OutWidth] = shape.ow;
  numbers[kernel::TapRows] = shape.kh;
  numbers[kernel::TapColumns] = shape.kw;
  numbers[kernel::StrideH] = shape.strideH;
  numbers[kernel::StrideW] = shape.strideW;
  numbers[kernel::PadTop] = shape.padTop;
  numbers[kernel::PadLeft] = shape.padLeft;
  numbers[kernel::Rows] = plan.rows;
  numbers[kernel::Columns] = plan.columns;
  numbers[kernel::Groups] = shape.groups;
  return numbers;
}

template <typename T>
static ElementsAttr createData(OpBuilder &builder, Type elementType,
                               StringRef name, ArrayRef<T> values) {
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, elementType);
  ArrayRef<char> data(reinterpret_cast<const char *>(values.data()),
                      values.size() * sizeof(T));
  return createResource(type, name, data);
}

/// The operation that runs the code of a layer.
static llvm::Expected<kernel::GeneratedOp>
generate(ImplicitLocOpBuilder &builder, const Layer &layer, StringRef isa) {
  assembly::PanelPlan plan = assembly::planPanels(layer.shape, layer.weights);
  assembly::PanelProduct product = {
      plan.pointers,      plan.inputs,       plan.values,   plan.outputs,
      layer.bias,         layer.accumulates, layer.hasRelu, plan.isPartial,
      layer.shape.groups, plan.isContiguous};
  assembly::StraightLineOptions options;
  options.panels = std::max<int64_t>(plan.panels.size(), 16);
  llvm::Expected<assembly::StraightLineCode> code =
      assembly::emitAvx512(product, options);
  if (!code)
    return code.takeError();
  SmallVector<int64_t> segments;
  for (const assembly::Segment &segment : code->segments)
    segments.append({segment.code, segment.stream});
  SmallVector<int32_t> panels;
  for (const assembly::PlannedPanel &panel : plan.panels)
    panels.append(
        {panel.input, panel.output,
         static_cast<int32_t>(panel.lanes | uint32_t(panel.places) << 16)});
  // A constant has at least one element.
  if (code->stream.empty())
    code->stream.push_back(0.0f);
  ElementsAttr bytes =
      createData<uint8_t>(builder, builder.getI8Type(), "code", code->code);
  ElementsAttr stream =
      createData<float>(builder, builder.getF32Type(), "stream", code->stream);
  return kernel::GeneratedOp::create(
      builder, TypeRange(layer.output.getType()), layer.x, layer.output, bytes,
      stream, ArrayRef<int64_t>(segments), ArrayRef<int32_t>(panels),
      ArrayRef<int64_t>(getShape(layer.shape, plan)), isa, layer.accumulates);
}

namespace {

struct GenerateKernels : prune::impl::GenerateKernelsPassBase<GenerateKernels> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<StringRef> found = readIsa(getOperation(), isa);
    if (failed(found))
      return signalPassFailure();
    SmallVector<Operation *> marked;
    getOperation()->walk([&](Operation *op) {
      auto kernel =
          op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName);
      if (kernel && kernel.getKind() == KernelKind::StraightLine &&
          isa_and_present<onednn::ConvolutionOp, onednn::SpmmOp>(op) &&
          op->getNumResults() == 1)
        marked.push_back(op);
    });
    for (Operation *op : marked)
      convert(op, *found);
  }

  void convert(Operation *op, StringRef set);
  void refuse(Operation *op, const Twine &reason);
};

} // namespace

void GenerateKernels::refuse(Operation *op, const Twine &reason) {
  LDBG() << "no code, " << reason << ": " << *op;
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("KernelRefused").category(DEBUG_TYPE))
      << ("no code is generated: " + reason).str();
}

void GenerateKernels::convert(Operation *op, StringRef set) {
  if (set.empty())
    return refuse(op, "there is none for this processor");
  Layer layer;
  StringRef reason;
  if (auto convolution = dyn_cast<onednn::ConvolutionOp>(op))
    reason = read(convolution, layer);
  else
    reason = read(cast<onednn::SpmmOp>(op), layer);
  if (!reason.empty())
    return refuse(op, reason);
  ImplicitLocOpBuilder builder(op->getLoc(), op);
  llvm::Expected<kernel::GeneratedOp> generated = generate(builder, layer, set);
  if (!generated)
    return refuse(op, llvm::toString(generated.takeError()));
  int64_t bytes = generated->getCode().getNumElements();
  int64_t panels = generated->getPanels().size() / 3;
  ++numKernels;
  numBytes += bytes;
  remark::passed(
      op->getLoc(),
      remark::RemarkOpts::name("KernelGenerated").category(DEBUG_TYPE))
      << (Twine(bytes) + " bytes of " + set + " code, " + Twine(panels) +
          " panels of an image")
             .str();
  generated->getOperation()->setDiscardableAttrs(
      op->getDiscardableAttrDictionary());
  op->replaceAllUsesWith(generated->getOperation());
  op->erase();
}
