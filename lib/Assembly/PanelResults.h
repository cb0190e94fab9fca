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
                     kPanelPlaces = 10, kPanelBytes = 12;

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
  PanelResults(Xbyak::CodeGenerator &code, StoreKind kind)
      : code(code), kind(kind) {}

  /// Loads which lanes are results of the panel `distance` bytes behind where
  /// `panel` points.
  void loadLanes(const Xbyak::Reg64 &panel, int distance = 0) {
    if (kind != StoreKind::All)
      code.kmovw(lanes, code.ptr[panel + (distance + kPanelLanes)]);
    if (kind == StoreKind::Packed)
      code.kmovw(places, code.ptr[panel + (distance + kPanelPlaces)]);
  }
  void load(const Xbyak::Zmm &sum, const Xbyak::Address &place) {
    if (kind != StoreKind::Packed)
      return code.vmovups(sum, place);
    code.vmovups(sum | places | Xbyak::util::T_z, place);
    code.vexpandps(sum | lanes | Xbyak::util::T_z, sum);
  }
  void store(const Xbyak::Zmm &sum, const Xbyak::Address &place) {
    if (kind == StoreKind::Zeroed)
      code.vmovaps(sum | lanes | Xbyak::util::T_z, sum);
    if (kind != StoreKind::Packed)
      return code.vmovups(place, sum);
    code.vcompressps(sum | lanes | Xbyak::util::T_z, sum);
    code.vmovups(place | places, sum);
  }

private:
  Xbyak::CodeGenerator &code;
  StoreKind kind;
  /// Which lanes are results, and as many of the lowest.
  Xbyak::Opmask lanes = Xbyak::util::k1, places = Xbyak::util::k2;
};

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_PANELRESULTS_H
