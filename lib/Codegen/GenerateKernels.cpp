//===- GenerateKernels.cpp - Machine code for sparse weights --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All operations are read first, then the orders of the images between them are
// chosen, and each becomes code that reads and writes these. The old operations
// stay until the end, so that their values name the images.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Passes.h"

#include "KernelLayer.h"
#include "OrderedImages.h"

#include "Prune/Assembly/Isa.h"
#include "Prune/Assembly/StraightLine.h"
#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Kernels/KernelOptions.h"
#include "Prune/Kernels/KernelPlan.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/DebugLog.h"

#include <cstring>

#define DEBUG_TYPE "prune-generate-kernels"

namespace mlir::prune {
#define GEN_PASS_DEF_GENERATEKERNELSPASS
#include "Prune/Codegen/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;
using assembly::ImageGrid;
using assembly::PlanOrders;
using assembly::VectorSet;

template <typename T>
static ElementsAttr createData(OpBuilder &builder, Type elementType,
                               StringRef name, ArrayRef<T> values) {
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, elementType);
  ArrayRef<char> data(reinterpret_cast<const char *>(values.data()),
                      values.size() * sizeof(T));
  return createResource(type, name, data);
}

static KernelAttr getKernel(Operation *op) {
  return op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName);
}

/// Cuts the code as the plan in `#prune.kernel` says.
static void applyPlan(Operation *op, assembly::StraightLineOptions &options) {
  KernelAttr kernel = getKernel(op);
  options.tileRows = getSetting(kernel, "tile_rows").value_or(options.tileRows);
  options.segmentBytes =
      getSetting(kernel, "segment_bytes").value_or(options.segmentBytes);
  options.blocks = getSetting(kernel, "blocks").value_or(options.blocks);
}

/// The operation that runs the code of a layer on `x` and `output`.
static llvm::Expected<kernel::GeneratedOp>
generate(ImplicitLocOpBuilder &builder, const KernelLayer &layer,
         const PlanOrders &orders, Value x, Value output, StringRef isa) {
  SmallVector<float, 0> weights, bias;
  readWeights(layer, weights, bias);
  const assembly::ConvolutionShape &shape = layer.link.shape;
  assembly::PanelPlan plan = assembly::planPanels(shape, weights, orders);
  assembly::PanelProduct product = assembly::getPanelProduct(shape, plan);
  product.bias = bias;
  product.accumulates = layer.link.accumulates;
  product.hasRelu = layer.hasRelu;
  assembly::StraightLineOptions options;
  options.set = *assembly::getVectorSet(isa);
  options.panels = std::max<int64_t>(plan.panels.size(), 4);
  applyPlan(layer.op, options);
  llvm::Expected<assembly::StraightLineCode> code =
      assembly::emitStraightLine(product, options);
  if (!code)
    return code.takeError();
  SmallVector<int64_t> segments;
  for (const assembly::Segment &segment : code->segments)
    segments.append({segment.code, segment.stream});
  SmallVector<int32_t> panels(plan.panels.size() * kernel::kPanelNumbers);
  static_assert(sizeof(assembly::PlannedPanel) ==
                kernel::kPanelNumbers * sizeof(int32_t));
  std::memcpy(panels.data(), plan.panels.data(),
              panels.size() * sizeof(int32_t));
  // A constant has at least one element.
  if (code->stream.empty())
    code->stream.push_back(0.0f);
  ElementsAttr bytes =
      createData<uint8_t>(builder, builder.getI8Type(), "code", code->code);
  ElementsAttr stream =
      createData<float>(builder, builder.getF32Type(), "stream", code->stream);
  return kernel::GeneratedOp::create(
      builder, TypeRange(output.getType()), x, output, bytes, stream,
      ArrayRef<int64_t>(segments), ArrayRef<int32_t>(panels),
      ArrayRef<int64_t>(
          assembly::getPlanNumbers(shape, orders, plan, code->tiles)),
      isa, layer.link.accumulates);
}

namespace {

struct GenerateKernels : prune::impl::GenerateKernelsPassBase<GenerateKernels> {
  using Base::Base;

  void runOnOperation() override;
  void read(Operation *op, StringRef set);
  void convertAll(ArrayRef<KernelLayer> layers, StringRef set);
  void convert(const KernelLayer &layer, const PlanOrders &orders,
               StringRef set);
  void replaceUses(const KernelLayer &layer);
  void refuse(Operation *op, const Twine &reason);

  /// By function, which has its own images.
  llvm::MapVector<Operation *, SmallVector<KernelLayer>> layers;
  OrderedImages images;
  bool hasFailed = false;
  llvm::SmallPtrSet<Operation *, 16> converted;
};

} // namespace

void GenerateKernels::refuse(Operation *op, const Twine &reason) {
  LDBG() << "no code, " << reason << ": " << *op;
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("KernelRefused").category(DEBUG_TYPE))
      << ("no code is generated: " + reason).str();
}

/// Notes an operation that can become code.
void GenerateKernels::read(Operation *op, StringRef set) {
  KernelAttr kernel = getKernel(op);
  if (!kernel || kernel.getKind() != KernelKind::StraightLine ||
      !isa_and_present<onednn::ConvolutionOp, kernel::SpmmOp>(op) ||
      op->getNumResults() != 1)
    return;
  if (std::string reason = checkPlan(kernel); !reason.empty()) {
    op->emitOpError(reason);
    hasFailed = true;
    return;
  }
  if (set.empty())
    return refuse(op, "there is none for this processor");
  KernelLayer layer;
  StringRef reason = readKernelLayer(op, layer);
  if (!reason.empty())
    return refuse(op, reason);
  if (getSetting(kernel, "image_lanes").value_or(0)) {
    layer.link.hasImageLanes = assembly::canHaveImageLanes(layer.link.shape);
    if (!layer.link.hasImageLanes)
      remark::missed(
          op->getLoc(),
          remark::RemarkOpts::name("PositionsInLanes").category(DEBUG_TYPE))
          << "lanes are positions, for the batch is no multiple of 16";
  }
  layers[op->getParentOfType<FunctionOpInterface>()].push_back(layer);
}

void GenerateKernels::convert(const KernelLayer &layer,
                              const PlanOrders &orders, StringRef set) {
  const KernelLink &link = layer.link;
  const assembly::ConvolutionShape &shape = link.shape;
  ImageExtents in = {shape.n, shape.c, shape.h, shape.w};
  ImageExtents out = {shape.n, shape.f, shape.oh, shape.ow};
  ImplicitLocOpBuilder builder(layer.op->getLoc(), layer.op);
  Value x = images.get(link.x, orders.in, in), output = link.output;
  if (link.accumulates)
    output = images.get(output, orders.out, out);
  else if (orders.out.isOrdered())
    output =
        OrderedImages::createEmpty(builder, builder.getLoc(), orders.out, out);
  llvm::Expected<kernel::GeneratedOp> generated =
      generate(builder, layer, orders, x, output, set);
  if (!generated)
    return refuse(layer.op, llvm::toString(generated.takeError()));
  int64_t bytes = generated->getCode().getNumElements();
  int64_t panels = generated->getPanels().size() / kernel::kPanelNumbers;
  ++numKernels;
  numDirect += orders.in.isOrdered();
  bool isStream = assembly::getVectorSet(set) == VectorSet::Portable;
  if (isStream)
    bytes = generated->getStream().getNumElements() * sizeof(float);
  std::string text =
      (Twine(bytes) + " bytes of " + (isStream ? "a stream" : set + " code") +
       ", " + Twine(panels) + " panels of an image")
          .str();
  numBytes += bytes;
  if (orders.in.isOrdered() || orders.out.isOrdered())
    text += (", " + getOrderName(orders.in.order) + " to " +
             getOrderName(orders.out.order))
                .str();
  remark::passed(
      layer.op->getLoc(),
      remark::RemarkOpts::name("KernelGenerated").category(DEBUG_TYPE))
      << text;
  generated->getOperation()->setDiscardableAttrs(
      layer.op->getDiscardableAttrDictionary());
  images.set(link.result, generated->getOperation()->getResult(0), orders.out,
             out);
  converted.insert(layer.op);
}

/// What did not become code reads an image in the order nchw.
void GenerateKernels::replaceUses(const KernelLayer &layer) {
  auto isLeft = [&](OpOperand &use) {
    return !converted.contains(use.getOwner());
  };
  Value result = layer.link.result;
  if (llvm::none_of(result.getUses(), isLeft))
    return;
  Value plain = images.getPlain(result);
  result.replaceUsesWithIf(plain, isLeft);
}

void GenerateKernels::convertAll(ArrayRef<KernelLayer> layers, StringRef set) {
  SmallVector<KernelLink> links;
  for (const KernelLayer &layer : layers)
    links.push_back(layer.link);
  ImageOrders orders(links);
  for (const KernelLayer &layer : layers)
    convert(layer, {orders.getInput(layer.link), orders.get(layer.link.result)},
            set);
  for (const KernelLayer &layer : layers)
    if (converted.contains(layer.op))
      replaceUses(layer);
  for (const KernelLayer &layer : llvm::reverse(layers))
    if (converted.contains(layer.op))
      layer.op->erase();
}

void GenerateKernels::runOnOperation() {
  FailureOr<StringRef> set = readIsa(getOperation(), isa);
  if (failed(set))
    return signalPassFailure();
  getOperation()->walk([&](Operation *op) { read(op, *set); });
  if (hasFailed)
    return signalPassFailure();
  for (auto &[function, list] : layers)
    convertAll(list, *set);
  numCopies += images.getNumCopies();
}
