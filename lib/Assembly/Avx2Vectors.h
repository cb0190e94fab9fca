//===- Avx2Vectors.h - Vectors of AVX2 --------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_AVX2VECTORS_H
#define PRUNE_LIB_ASSEMBLY_AVX2VECTORS_H

#include "Vectors.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::prune::assembly {

/// See Avx2Vectors.cpp; its results are in Avx2Results.cpp.
class Avx2Vectors final : public Vectors {
public:
  Avx2Vectors(Xbyak::CodeGenerator &code, const PanelProduct &product);

  void emitTables() override;
  void findTables() override;
  int64_t getTableBytes() const override { return hasTables ? 7 : 0; }
  void enter() override;
  void leave() override;

  void zero(int64_t vector) override {
    forHalves([&](int half) {
      Xbyak::Ymm sum = get(vector, half);
      code.vxorps(sum, sum, sum);
    });
  }
  void copy(int64_t to, int64_t from) override {
    forHalves([&](int half) { code.vmovaps(get(to, half), get(from, half)); });
  }
  void max(int64_t vector, int64_t limit) override {
    forHalves([&](int half) {
      code.vmaxps(get(vector, half), get(limit, half), get(vector, half));
    });
  }
  void broadcast(int64_t vector, Place weight) override {
    code.vbroadcastss(get(vector, 0), code.dword[weight.base + weight.byte]);
    code.vmovaps(get(vector, 1), get(vector, 0));
  }
  void addBroadcast(int64_t vector, Place weight) override {
    code.vbroadcastss(this->weight, code.dword[weight.base + weight.byte]);
    forHalves([&](int half) {
      code.vaddps(get(vector, half), get(vector, half), this->weight);
    });
  }
  void loadWeight(int64_t weight, Place from) override {
    code.vbroadcastss(Xbyak::Ymm(static_cast<int>(weight)),
                      code.dword[from.base + from.byte]);
  }

  void loadMasks(PanelPlace panel) override;
  void loadInput(Place from, int32_t mask) override;
  void multiplyLoaded(int64_t sum, Place weight) override;
  bool multiplyOnce(int64_t sum, Place input, Place weight) override;
  void multiply(int64_t sum, int64_t input, int64_t weight) override {
    forHalves([&](int half) {
      code.vfmadd231ps(get(sum, half), get(input, half),
                       Xbyak::Ymm(static_cast<int>(weight)));
    });
  }
  void multiply(int64_t sum, Place input, int64_t weight) override {
    forHalves([&](int half) {
      code.vfmadd231ps(get(sum, half), Xbyak::Ymm(static_cast<int>(weight)),
                       getAddress(input, half));
    });
  }

  void loadBlockMask(int64_t at, Place mask) override {
    (void)at;
    expand(mask);
  }
  void loadBlockInput(int64_t at, int64_t to, const Xbyak::RegExp &from,
                      bool isMasked) override;

  void loadResults(PanelPlace panel, const ResultRows &rows,
                   int64_t first) override;
  void storeResults(PanelPlace panel, const ResultRows &rows,
                    int64_t first) override;

private:
  static constexpr int kHalf = 8, kHalfBytes = 32, kMaskBytes = 64;
  /// Vectors: the input, and the registers of the weight and of a mask.
  static constexpr int kLoaded = 6, kSpare = 7;
  /// The tables: the bit of each lane, ones and then zeros, and for each eight
  /// bits which lanes they are, a byte each.
  static constexpr int kBits = 0, kOnes = 64, kOrders = 128;

  static Xbyak::Ymm get(int64_t vector, int half) {
    return Xbyak::Ymm(static_cast<int>(2 * vector + half));
  }
  static void forHalves(llvm::function_ref<void(int)> body) {
    body(0);
    body(1);
  }
  Xbyak::Address getAddress(Place place, int half) const {
    return code.yword[place.base + (place.byte + half * kHalfBytes)];
  }
  /// Where a half of an input's mask lies.
  Xbyak::RegExp getMask(int32_t mask, int half) const {
    return code.rsp + ((mask - 1) * kMaskBytes + half * kHalfBytes);
  }
  /// Where findTables leaves them.
  static Xbyak::Reg64 getFound() { return Xbyak::util::r11; }
  /// Makes lanes of kSpare from sixteen bits.
  void expand(PanelPlace bits);
  void loadEveryOther(Place from);

  /// Emits what is done for panels all of whose lanes are results, and for
  /// others.
  void ifWhole(PanelPlace panel, llvm::function_ref<void()> whole,
               llvm::function_ref<void()> other);
  void loadWhole(const ResultRows &rows, int64_t first);
  void storeWhole(const ResultRows &rows, int64_t first);
  /// The same at `base` for the lanes that `bits` name.
  void loadMasked(PanelPlace bits, const Xbyak::Reg64 &base,
                  const ResultRows &rows, int64_t first, bool isAdded);
  void storeMasked(PanelPlace bits, const Xbyak::Reg64 &base,
                   const ResultRows &rows, int64_t first);
  void clearOthers(PanelPlace panel, const ResultRows &rows, int64_t first);
  void loadOnes(const Xbyak::Ymm &to, const Xbyak::Reg64 &count);
  void loadOrder(const Xbyak::Ymm &to, const Xbyak::Reg64 &bytes);
  void findHalf(PanelPlace panel, const Xbyak::Reg64 &y, int half);
  void loadPacked(PanelPlace panel, const ResultRows &rows, int64_t first);
  void storePacked(PanelPlace panel, const ResultRows &rows, int64_t first);
  void storeFew(PanelPlace panel, const ResultRows &rows, int64_t first);
  void storeTwice(PanelPlace panel, const ResultRows &rows, int64_t first);

  /// The weight at hand; what lies there while inputs have masks.
  Xbyak::Ymm weight = Xbyak::util::ymm14, weightMask = Xbyak::util::ymm15;
  Xbyak::Reg64 table = Xbyak::util::r14, low = Xbyak::util::r12,
               high = Xbyak::util::r13, third = Xbyak::util::r15,
               frame = Xbyak::util::rbp;
  bool hasTables;
  Xbyak::Label tables;
};

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_AVX2VECTORS_H
