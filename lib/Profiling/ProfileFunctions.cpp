//===- ProfileFunctions.cpp - prune-profile-functions ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks over the blocks of each function, and of loops that call kernels, not
// into other regions: a loop nest is one site, and what threads do inside of it
// counts as time of the thread that waits for them. Calls of functions that
// nothing is known about keep the operations between them, so that later passes
// move nothing out. Linear in the number of operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Profiling/Passes.h"
#include "Prune/Profiling/Profile.h"

#include "ProfileSite.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-profile-functions"

namespace mlir::prune {
#define GEN_PASS_DEF_PROFILEFUNCTIONSPASS
#include "Prune/Profiling/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Words of 64 bits in a prune_rt_profile_site.
static constexpr int64_t kSiteWords = 3;

/// Operations that compute on memory: with destinations, with both reads and
/// writes as copies have, or with regions, which are loops and branches here.
static bool isCostly(Operation &op) {
  if (isa<DestinationStyleOpInterface>(op) || op.getNumRegions() > 0)
    return true;
  return hasEffect<MemoryEffects::Read>(&op) &&
         hasEffect<MemoryEffects::Write>(&op);
}

namespace {

struct ProfileFunctions
    : prune::impl::ProfileFunctionsPassBase<ProfileFunctions> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (module.lookupSymbol(kProfileCounters))
      return markAllAnalysesPreserved();
    SmallVector<Operation *> ops;
    std::string names;
    for (auto function : module.getOps<FunctionOpInterface>())
      for (Operation *op : collectSites(function.getFunctionBody())) {
        ops.push_back(op);
        names += describe(function, op);
      }
    if (ops.empty())
      return markAllAnalysesPreserved();
    createNames(names);
    LLVM::GlobalOp counters = createCounters(ops.size());
    for (auto [index, op] : llvm::enumerate(ops))
      if (failed(measure(op, index, counters)))
        return signalPassFailure();
    LDBG() << ops.size() << " sites:\n" << names;
    numSites += ops.size();
  }

  /// The operations to measure. A loop that calls kernels, as over parts of the
  /// batch, is measured by what it does.
  static SmallVector<Operation *> collectSites(Region &region) {
    SmallVector<Operation *> sites;
    auto isKernel = [](Operation &op) {
      return isa_and_present<kernel::KernelDialect, onednn::OneDNNDialect>(
          op.getDialect());
    };
    for (Operation &op : region.getOps()) {
      auto loop = dyn_cast<scf::ForOp>(op);
      if (loop && llvm::any_of(loop.getRegion().getOps(), isKernel))
        sites.append(collectSites(loop.getRegion()));
      else if (isCostly(op))
        sites.push_back(&op);
    }
    return sites;
  }

  static std::string describe(FunctionOpInterface function, Operation *op) {
    ProfileSite site = describeSite(op);
    return (function.getName() + "\t" + site.kind + "\t" + site.name + "\t" +
            site.label + "\n")
        .str();
  }

  void createNames(StringRef names) {
    ModuleOp module = getOperation();
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    // Ends as a string of C does.
    auto value = builder.getStringAttr(names + StringRef("\0", 1));
    auto type =
        LLVM::LLVMArrayType::get(builder.getI8Type(), value.getValue().size());
    LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/true,
                           LLVM::Linkage::External, kProfileNames, value);
  }

  LLVM::GlobalOp createCounters(int64_t sites) {
    ModuleOp module = getOperation();
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    auto site = LLVM::LLVMArrayType::get(builder.getI64Type(), kSiteWords);
    auto type = LLVM::LLVMArrayType::get(site, sites);
    auto counters = LLVM::GlobalOp::create(
        builder, module.getLoc(), type, /*isConstant=*/false,
        LLVM::Linkage::External, kProfileCounters, /*value=*/Attribute());
    Block *block = builder.createBlock(&counters.getInitializerRegion());
    builder.setInsertionPointToStart(block);
    Value zero = LLVM::ZeroOp::create(builder, module.getLoc(), type);
    LLVM::ReturnOp::create(builder, module.getLoc(), zero);
    return counters;
  }

  /// Puts the calls around an operation.
  LogicalResult measure(Operation *op, int64_t index, LLVM::GlobalOp counters) {
    ImplicitLocOpBuilder builder(op->getLoc(), op);
    auto pointerType = LLVM::LLVMPointerType::get(builder.getContext());
    Value address = LLVM::AddressOfOp::create(builder, counters);
    SmallVector<LLVM::GEPArg> position = {0, static_cast<int32_t>(index)};
    Value site = LLVM::GEPOp::create(builder, pointerType, counters.getType(),
                                     address, position);
    if (failed(call("prune_rt_profile_begin", site, builder)))
      return failure();
    builder.setInsertionPointAfter(op);
    return call("prune_rt_profile_end", site, builder);
  }

  LogicalResult call(StringRef name, Value site,
                     ImplicitLocOpBuilder &builder) {
    ModuleOp module = getOperation();
    auto noResult = LLVM::LLVMVoidType::get(builder.getContext());
    OpBuilder declarations = OpBuilder::atBlockBegin(module.getBody());
    FailureOr<LLVM::LLVMFuncOp> function = LLVM::lookupOrCreateFn(
        declarations, module, name, site.getType(), noResult);
    if (failed(function))
      return failure();
    LLVM::CallOp::create(builder, *function, site);
    return success();
  }
};

} // namespace
