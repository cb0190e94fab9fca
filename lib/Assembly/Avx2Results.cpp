//===- Avx2Results.cpp - Results of panels with AVX2 ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// While sums come and go, nothing is multiplied, so that the registers of the
// input, the weight and a mask are free.
//
//===----------------------------------------------------------------------===//

#include "Avx2Vectors.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir::prune::assembly;

void Avx2Vectors::ifWhole(PanelPlace panel, llvm::function_ref<void()> whole,
                          llvm::function_ref<void()> other) {
  Xbyak::Label isOther, done;
  // The lanes and their places, which are one only when all lanes are.
  code.cmp(code.dword[panel.base + (panel.byte + kPanelLanes)],
           static_cast<uint32_t>(-1));
  code.jne(isOther, Xbyak::CodeGenerator::T_NEAR);
  whole();
  code.jmp(done, Xbyak::CodeGenerator::T_NEAR);
  code.L(isOther);
  other();
  code.L(done);
}

void Avx2Vectors::loadWhole(const ResultRows &rows, int64_t first) {
  for (auto [row, byte] : llvm::enumerate(rows.bytes))
    for (int half = 0; half < 2; ++half)
      code.vmovups(get(first + row, half), getAddress({rows.y, byte}, half));
}

void Avx2Vectors::storeWhole(const ResultRows &rows, int64_t first) {
  for (auto [row, byte] : llvm::enumerate(rows.bytes))
    for (int half = 0; half < 2; ++half)
      code.vmovups(getAddress({rows.y, byte}, half), get(first + row, half));
}

/// Zeros where the mask is zero, before anything else or beside it.
void Avx2Vectors::loadMasked(PanelPlace bits, const Xbyak::Reg64 &base,
                             const ResultRows &rows, int64_t first,
                             bool isAdded) {
  expand(bits);
  for (auto [row, byte] : llvm::enumerate(rows.bytes))
    for (int half = 0; half < 2; ++half) {
      Xbyak::Ymm sum = get(first + row, half);
      Xbyak::Ymm to = isAdded ? get(kLoaded, half) : sum;
      code.vmaskmovps(to, get(kSpare, half), getAddress({base, byte}, half));
      if (isAdded)
        code.vorps(sum, sum, to);
    }
}

/// Eight lanes at a time: all of them go the fast way.
void Avx2Vectors::storeMasked(PanelPlace bits, const Xbyak::Reg64 &base,
                              const ResultRows &rows, int64_t first) {
  expand(bits);
  for (int half = 0; half < 2; ++half) {
    Xbyak::Label isWhole, done;
    Xbyak::Address lanes = code.byte[bits.base + (bits.byte + half)];
    code.cmp(lanes, 0);
    code.je(done, Xbyak::CodeGenerator::T_NEAR);
    code.cmp(lanes, static_cast<uint32_t>(-1));
    code.je(isWhole, Xbyak::CodeGenerator::T_NEAR);
    for (auto [row, byte] : llvm::enumerate(rows.bytes))
      code.vmaskmovps(getAddress({base, byte}, half), get(kSpare, half),
                      get(first + row, half));
    code.jmp(done, Xbyak::CodeGenerator::T_NEAR);
    code.L(isWhole);
    for (auto [row, byte] : llvm::enumerate(rows.bytes))
      code.vmovups(getAddress({base, byte}, half), get(first + row, half));
    code.L(done);
  }
}

void Avx2Vectors::clearOthers(PanelPlace panel, const ResultRows &rows,
                              int64_t first) {
  expand({panel.base, panel.byte + kPanelLanes});
  for (size_t row = 0; row < rows.bytes.size(); ++row)
    for (int half = 0; half < 2; ++half) {
      Xbyak::Ymm sum = get(first + row, half);
      code.vandps(sum, sum, get(kSpare, half));
    }
}

/// Ones in the first `count` lanes.
void Avx2Vectors::loadOnes(const Xbyak::Ymm &to, const Xbyak::Reg64 &count) {
  code.neg(count);
  code.vmovups(to, code.yword[table + count * 4 + (kOnes + kHalfBytes)]);
  code.neg(count);
}

/// Which lanes a permutation takes, of a byte each.
void Avx2Vectors::loadOrder(const Xbyak::Ymm &to, const Xbyak::Reg64 &bytes) {
  Xbyak::Xmm part(to.getIdx());
  code.vmovq(part, bytes);
  code.vpmovzxbd(to, part);
}

/// The results of a half in `low`, and how many they are in `high`; and, in
/// `third`, where they lie.
void Avx2Vectors::findHalf(PanelPlace panel, const Xbyak::Reg64 &y, int half) {
  auto lanes = [&](int which) {
    return code.byte[panel.base + (panel.byte + kPanelLanes + which)];
  };
  code.movzx(low.cvt32(), lanes(half));
  code.popcnt(high, low);
  if (half == 0)
    return code.mov(third, y);
  code.movzx(third.cvt32(), lanes(0));
  code.popcnt(third, third);
  code.lea(third, code.ptr[y + third * 4]);
}

/// Of each half the results, then these to their lanes.
void Avx2Vectors::loadPacked(PanelPlace panel, const ResultRows &rows,
                             int64_t first) {
  Xbyak::Ymm order = get(kLoaded, 0), ones = get(kLoaded, 1);
  for (int half = 0; half < 2; ++half) {
    findHalf(panel, rows.y, half);
    loadOnes(ones, high);
    // A lane takes as many results as there are lanes with one before it.
    code.mov(high, 0x0101010101010101);
    code.pdep(low, low, high);
    code.imul(low, low, 0xff);
    code.mov(high, 0x0706050403020100);
    code.pdep(low, high, low);
    loadOrder(order, low);
    for (auto [row, byte] : llvm::enumerate(rows.bytes)) {
      Xbyak::Ymm sum = get(first + row, half);
      code.vmaskmovps(sum, ones, code.yword[third + byte]);
      code.vpermps(sum, order, sum);
    }
  }
}

/// Fewer than eight results.
void Avx2Vectors::storeFew(PanelPlace panel, const ResultRows &rows,
                           int64_t first) {
  Xbyak::Ymm order = get(kLoaded, 0), ones = get(kLoaded, 1);
  for (int half = 0; half < 2; ++half) {
    findHalf(panel, rows.y, half);
    loadOnes(ones, high);
    code.mov(low, code.qword[table + low * 8 + kOrders]);
    loadOrder(order, low);
    for (auto [row, byte] : llvm::enumerate(rows.bytes)) {
      Xbyak::Ymm sum = get(first + row, half);
      code.vpermps(sum, order, sum);
      code.vmaskmovps(code.yword[third + byte], ones, sum);
    }
  }
}

/// Eight results or more: the first eight, with anything where those of the
/// first half end, then the last eight.
void Avx2Vectors::storeTwice(PanelPlace panel, const ResultRows &rows,
                             int64_t first) {
  Xbyak::Ymm order = get(kLoaded, 0), next = get(kLoaded, 1);
  Xbyak::Ymm isLow = get(kSpare, 0);
  findHalf(panel, rows.y, 0);
  code.mov(low, code.qword[table + low * 8 + kOrders]);
  loadOrder(order, low);
  for (auto [row, byte] : llvm::enumerate(rows.bytes)) {
    code.vpermps(next, order, get(first + row, 0));
    code.vmovups(code.yword[rows.y + byte], next);
  }
  // Eight lanes for each result that is not among the last eight.
  code.mov(third, high);
  code.movzx(high.cvt32(),
             code.byte[panel.base + (panel.byte + kPanelLanes + 1)]);
  code.popcnt(high, high);
  code.vmovups(isLow, code.yword[table + high * 4 + kOnes]);
  code.lea(third, code.ptr[third + high - kHalf]);
  code.shl(third, 3);
  code.shrx(low, low, third);
  loadOrder(order, low);
  code.shr(third, 1);
  code.add(third, rows.y);
  // Those of the second half are the last ones.
  code.movzx(low.cvt32(),
             code.byte[panel.base + (panel.byte + kPanelLanes + 1)]);
  code.mov(low, code.qword[table + low * 8 + kOrders]);
  code.neg(high);
  code.lea(high, code.ptr[high * 8 + 8 * kHalf]);
  code.shlx(low, low, high);
  loadOrder(next, low);
  for (auto [row, byte] : llvm::enumerate(rows.bytes)) {
    Xbyak::Ymm sum = get(first + row, 0), other = get(first + row, 1);
    code.vpermps(sum, order, sum);
    code.vpermps(other, next, other);
    code.vblendvps(sum, other, sum, isLow);
    code.vmovups(code.yword[third + byte], sum);
  }
}

void Avx2Vectors::storePacked(PanelPlace panel, const ResultRows &rows,
                              int64_t first) {
  Xbyak::Label isFew, done;
  code.movzx(low.cvt32(), code.word[panel.base + (panel.byte + kPanelLanes)]);
  code.popcnt(low, low);
  code.cmp(low, kHalf);
  code.jb(isFew, Xbyak::CodeGenerator::T_NEAR);
  storeTwice(panel, rows, first);
  code.jmp(done, Xbyak::CodeGenerator::T_NEAR);
  code.L(isFew);
  storeFew(panel, rows, first);
  code.L(done);
}

void Avx2Vectors::loadResults(PanelPlace panel, const ResultRows &rows,
                              int64_t first) {
  if (!isPacked() && !hasParts())
    return loadWhole(rows, first);
  ifWhole(
      panel, [&] { loadWhole(rows, first); },
      [&] {
        if (isPacked())
          return loadPacked(panel, rows, first);
        loadMasked({panel.base, panel.byte + kPanelPlaces}, rows.y, rows, first,
                   /*isAdded=*/false);
        if (product.hasRest)
          loadMasked({panel.base, panel.byte + kPanelRest}, rows.rest, rows,
                     first, /*isAdded=*/true);
      });
}

void Avx2Vectors::storeResults(PanelPlace panel, const ResultRows &rows,
                               int64_t first) {
  if (product.store == StoreKind::All)
    return storeWhole(rows, first);
  ifWhole(
      panel, [&] { storeWhole(rows, first); },
      [&] {
        if (isPacked())
          return storePacked(panel, rows, first);
        clearOthers(panel, rows, first);
        if (!hasParts())
          return storeWhole(rows, first);
        storeMasked({panel.base, panel.byte + kPanelPlaces}, rows.y, rows,
                    first);
        if (product.hasRest)
          storeMasked({panel.base, panel.byte + kPanelRest}, rows.rest, rows,
                      first);
      });
}
