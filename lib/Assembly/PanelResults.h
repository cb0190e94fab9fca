//===- PanelResults.h - Sums of a panel in memory ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_PANELRESULTS_H
#define PRUNE_LIB_ASSEMBLY_PANELRESULTS_H

#include "Prune/Assembly/StraightLine.h"

#define XBYAK_NO_EXCEPTION
#include <xbyak/xbyak.h>

namespace mlir::prune::assembly {

/// prune_rt_panel of prune_runtime.h, in bytes.
inline constexpr int kPanelInput = 0, kPanelOutput = 4, kPanelLanes = 8,
                     kPanelPlaces = 10, kPanelRestOutput = 12, kPanelRest = 16,
                     kPanelMasks = 18, kPanelBytes = 28;

/// Whether a segment is that of the first and of the last range of inputs.
struct Ends {
  bool isFirst, isLast;

  /// Sums begin with what is in the result.
  bool areLoaded(const PanelProduct &product) const {
    return !isFirst || product.accumulates;
  }
  bool addBias(const PanelProduct &product) const {
    return isFirst && !product.bias.empty();
  }
};

/// Emits how sums come from a panel's result and go there.
class PanelResults {
public:
  PanelResults(Xbyak::CodeGenerator &code, StoreKind kind, bool hasRest)
      : code(code), kind(kind), hasRest(hasRest) {}

  /// Loads which lanes are results of the panel `distance` bytes behind where
  /// `panel` points.
  void loadLanes(const Xbyak::Reg64 &panel, int distance = 0) {
    if (kind != StoreKind::All)
      code.kmovw(lanes, code.ptr[panel + (distance + kPanelLanes)]);
    if (kind == StoreKind::Packed || kind == StoreKind::Parts)
      code.kmovw(places, code.ptr[panel + (distance + kPanelPlaces)]);
    if (hasRest)
      code.kmovw(others, code.ptr[panel + (distance + kPanelRest)]);
  }
  void load(const Xbyak::Zmm &sum, const Xbyak::Address &place,
            const Xbyak::Address &rest) {
    if (kind != StoreKind::Packed && kind != StoreKind::Parts)
      return code.vmovups(sum, place);
    code.vmovups(sum | places | Xbyak::util::T_z, place);
    if (kind == StoreKind::Packed)
      code.vexpandps(sum | lanes | Xbyak::util::T_z, sum);
    if (hasRest)
      code.vmovups(sum | others, rest);
  }
  void store(const Xbyak::Zmm &sum, const Xbyak::Address &place,
             const Xbyak::Address &rest) {
    if (kind == StoreKind::Zeroed || kind == StoreKind::Parts)
      code.vmovaps(sum | lanes | Xbyak::util::T_z, sum);
    else if (kind == StoreKind::Packed)
      code.vcompressps(sum | lanes | Xbyak::util::T_z, sum);
    if (kind != StoreKind::Packed && kind != StoreKind::Parts)
      return code.vmovups(place, sum);
    code.vmovups(place | places, sum);
    if (hasRest)
      code.vmovups(rest | others, sum);
  }

private:
  Xbyak::CodeGenerator &code;
  StoreKind kind;
  /// For StoreKind::Parts: some panels have lanes that go elsewhere.
  bool hasRest;
  /// Which lanes are results, which of them go to the first place, and which to
  /// that of the rest.
  Xbyak::Opmask lanes = Xbyak::util::k1, places = Xbyak::util::k2,
                others = Xbyak::util::k4;
};

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_PANELRESULTS_H
