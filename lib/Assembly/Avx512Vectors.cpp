//===- Avx512Vectors.cpp - Vectors of AVX-512 -----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector is a register, a weight in memory is an operand of the product, and
// masks are registers of their own.
//
//===----------------------------------------------------------------------===//

#include "Vectors.h"

#include "llvm/ADT/bit.h"

#include <array>

using namespace mlir::prune::assembly;

namespace {

class Avx512Vectors final : public Vectors {
public:
  Avx512Vectors(Xbyak::CodeGenerator &code, const PanelProduct &product)
      : Vectors(code, product) {
    registersOfVector = 1, mostSums = 30;
    weightUnit = sizeof(float), inputUnit = kLanes * sizeof(float);
    loaded = 31, freeRegisters = product.inputStep == 1 ? 31 : 30;
    blockPanels = 6, blockWeight = 24, blockInput = 28, blockInputs = 4;
    hasWindows = true;
  }

  void zero(int64_t vector) override {
    code.vpxord(get(vector), get(vector), get(vector));
  }
  void copy(int64_t to, int64_t from) override {
    code.vmovaps(get(to), get(from));
  }
  void max(int64_t vector, int64_t limit) override {
    code.vmaxps(get(vector), get(limit), get(vector));
  }
  void broadcast(int64_t vector, Place weight) override {
    code.vbroadcastss(get(vector), code.dword[weight.base + weight.byte]);
  }
  void addBroadcast(int64_t vector, Place weight) override {
    code.vaddps(get(vector), get(vector),
                code.zword_b[weight.base + weight.byte]);
  }
  void loadWeight(int64_t weight, Place from) override {
    broadcast(weight, from);
  }

  void loadMasks(PanelPlace panel) override {
    for (int32_t mask = 1; mask <= product.numMasks; ++mask)
      code.kmovw(
          getMask(mask),
          code.ptr[panel.base + (panel.byte + kPanelMasks + (mask - 1) * 2)]);
  }
  llvm::ArrayRef<float> loadPattern(Place from) override;
  void loadInput(Place from, int32_t mask) override;
  void multiplyLoaded(int64_t sum, Place weight) override {
    code.vfmadd231ps(get(sum), get(loaded),
                     code.zword_b[weight.base + weight.byte]);
  }
  void multiply(int64_t sum, int64_t input, int64_t weight) override {
    code.vfmadd231ps(get(sum), get(input), get(weight));
  }
  void multiply(int64_t sum, Place input, int64_t weight) override {
    code.vfmadd231ps(get(sum), get(weight), getAddress(input));
  }

  /// The masks of panels take the place of those of their results.
  void loadBlockMask(int64_t at, Place mask) override {
    code.kmovw(Xbyak::Opmask(static_cast<int>(at) + 1),
               code.ptr[mask.base + mask.byte]);
  }
  void loadBlockInput(int64_t at, int64_t to, const Xbyak::RegExp &from,
                      bool isMasked) override {
    Xbyak::Opmask mask(static_cast<int>(at) + 1);
    code.vmovups(isMasked ? get(to) | mask | Xbyak::util::T_z : get(to),
                 code.zword[from]);
  }

  void loadLast(int64_t vector, Place from, int64_t count) override;
  int64_t shift(int64_t before, int64_t distance, int32_t mask) override;

  void loadResults(PanelPlace panel, const ResultRows &rows,
                   int64_t first) override;
  void storeResults(PanelPlace panel, const ResultRows &rows,
                    int64_t first) override;

private:
  static Xbyak::Zmm get(int64_t vector) {
    return Xbyak::Zmm(static_cast<int>(vector));
  }
  Xbyak::Address getAddress(Place place) const {
    return code.zword[place.base + place.byte];
  }
  static Xbyak::Opmask getMask(int32_t mask) {
    using namespace Xbyak::util;
    const Xbyak::Opmask masks[kMaxMasks] = {k5, k6, k7, k3};
    return masks[mask - 1];
  }
  void loadLanes(PanelPlace panel);

  /// What shift makes, and which of 32 inputs are those of a step of two.
  static constexpr int kShifted = 30, kPattern = 30;
  /// Which lanes are results, which of them go to the first place, and which
  /// to that of the rest.
  Xbyak::Opmask lanes = Xbyak::util::k1, places = Xbyak::util::k2,
                others = Xbyak::util::k4;
  /// Lanes that the first panel's windows need of what is before it. A mask of
  /// the panel takes its place.
  Xbyak::Opmask needed = Xbyak::util::k3;
};

} // namespace

llvm::ArrayRef<float> Avx512Vectors::loadPattern(Place from) {
  static const std::array<float, kLanes> everyOther = [] {
    std::array<float, kLanes> lanes;
    for (int32_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = llvm::bit_cast<float>(2 * lane);
    return lanes;
  }();
  code.vmovups(get(kPattern), getAddress(from));
  return everyOther;
}

void Avx512Vectors::loadInput(Place from, int32_t mask) {
  Xbyak::Zmm to =
      mask ? get(loaded) | getMask(mask) | Xbyak::util::T_z : get(loaded);
  if (product.inputStep == 1)
    return code.vmovups(to, getAddress(from));
  code.vmovups(get(loaded), getAddress(from));
  constexpr int64_t kVectorBytes = kLanes * sizeof(float);
  code.vpermt2ps(to, get(kPattern),
                 getAddress({from.base, from.byte + kVectorBytes}));
}

void Avx512Vectors::loadLast(int64_t vector, Place from, int64_t count) {
  Xbyak::Reg32 bits = Xbyak::util::r11d;
  code.mov(bits, 0xffff & (0xffff << (kLanes - count)));
  code.kmovw(needed, bits);
  code.vmovups(get(vector) | needed | Xbyak::util::T_z, getAddress(from));
}

int64_t Avx512Vectors::shift(int64_t before, int64_t distance, int32_t mask) {
  if (distance == 0 && mask == 0)
    return loaded;
  Xbyak::Zmm to =
      mask ? get(kShifted) | getMask(mask) | Xbyak::util::T_z : get(kShifted);
  if (distance > 0)
    code.valignd(to, get(loaded), get(before), kLanes - distance);
  else
    code.vmovaps(to, get(loaded));
  return kShifted;
}

/// Loads which lanes are results of a panel.
void Avx512Vectors::loadLanes(PanelPlace panel) {
  auto load = [&](const Xbyak::Opmask &mask, int member) {
    code.kmovw(mask, code.ptr[panel.base + (panel.byte + member)]);
  };
  if (product.store != StoreKind::All)
    load(lanes, kPanelLanes);
  if (isPacked() || hasParts())
    load(places, kPanelPlaces);
  if (product.hasRest)
    load(others, kPanelRest);
}

void Avx512Vectors::loadResults(PanelPlace panel, const ResultRows &rows,
                                int64_t first) {
  if (isPacked() || hasParts())
    loadLanes(panel);
  for (int32_t byte : rows.bytes) {
    Xbyak::Zmm sum = get(first++);
    Xbyak::Address place = code.zword[rows.y + byte];
    if (!isPacked() && !hasParts()) {
      code.vmovups(sum, place);
      continue;
    }
    code.vmovups(sum | places | Xbyak::util::T_z, place);
    if (isPacked())
      code.vexpandps(sum | lanes | Xbyak::util::T_z, sum);
    if (product.hasRest)
      code.vmovups(sum | others, code.zword[rows.rest + byte]);
  }
}

void Avx512Vectors::storeResults(PanelPlace panel, const ResultRows &rows,
                                 int64_t first) {
  loadLanes(panel);
  for (int32_t byte : rows.bytes) {
    Xbyak::Zmm sum = get(first++);
    Xbyak::Address place = code.zword[rows.y + byte];
    if (product.store == StoreKind::Zeroed || hasParts())
      code.vmovaps(sum | lanes | Xbyak::util::T_z, sum);
    else if (isPacked())
      code.vcompressps(sum | lanes | Xbyak::util::T_z, sum);
    code.vmovups(isPacked() || hasParts() ? place | places : place, sum);
    if (product.hasRest)
      code.vmovups(code.zword[rows.rest + byte] | others, sum);
  }
}

std::unique_ptr<Vectors>
mlir::prune::assembly::createAvx512Vectors(Xbyak::CodeGenerator &code,
                                           const PanelProduct &product) {
  return std::make_unique<Avx512Vectors>(code, product);
}
