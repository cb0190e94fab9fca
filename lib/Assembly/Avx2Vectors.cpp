//===- Avx2Vectors.cpp - Vectors of AVX2 ----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector is two registers of eight floats, so that a weight is broadcast once
// for both. Six sums, the input and the weight fill the registers. There are no
// masks: a bit of a panel's mask becomes a lane by comparison. Masks of inputs
// lie on the stack; those of results take the registers of the weight.
//
// Stores with a mask are slow on some processors. So panels that are whole do
// without, and the others store eight results at a time, of which the last
// ones may be stored twice.
//
//===----------------------------------------------------------------------===//

#include "Avx2Vectors.h"

using namespace mlir::prune::assembly;

std::unique_ptr<Vectors>
mlir::prune::assembly::createAvx2Vectors(Xbyak::CodeGenerator &code,
                                         const PanelProduct &product) {
  return std::make_unique<Avx2Vectors>(code, product);
}

Avx2Vectors::Avx2Vectors(Xbyak::CodeGenerator &code,
                         const PanelProduct &product)
    : Vectors(code, product) {
  registersOfVector = 2, mostSums = kLoaded;
  weightUnit = 1, inputUnit = 0;
  loaded = kLoaded, freeRegisters = 2 * kLoaded;
  blockPanels = 1, blockWeight = 8, blockInput = kLoaded, blockInputs = 1;
  hasWindows = false;
  hasTables = product.numMasks > 0 || product.store != StoreKind::All;
}

void Avx2Vectors::emitTables() {
  if (!hasTables)
    return;
  code.L(tables);
  for (int lane = 0; lane < kLanes; ++lane)
    code.dd(1u << lane);
  for (int lane = 0; lane < kLanes; ++lane)
    code.dd(lane < kHalf ? ~0u : 0u);
  for (unsigned bits = 0; isPacked() && bits < 256; ++bits) {
    uint64_t order = 0;
    int count = 0;
    for (uint64_t lane = 0; lane < kHalf; ++lane)
      if (bits >> lane & 1)
        order |= lane << (8 * count++);
    code.dq(order);
  }
}

void Avx2Vectors::findTables() {
  if (hasTables)
    code.lea(getFound(), code.ptr[Xbyak::util::rip + tables]);
}

void Avx2Vectors::enter() {
  if (!hasTables)
    return;
  for (const Xbyak::Reg64 &saved : {table, low, high, third})
    code.push(saved);
  code.mov(table, getFound());
  if (product.numMasks == 0)
    return;
  code.push(frame);
  code.mov(frame, code.rsp);
  code.sub(code.rsp, static_cast<uint32_t>(product.numMasks * kMaskBytes));
  code.and_(code.rsp, static_cast<uint32_t>(-kMaskBytes));
}

void Avx2Vectors::leave() {
  if (!hasTables)
    return;
  if (product.numMasks > 0) {
    code.mov(code.rsp, frame);
    code.pop(frame);
  }
  for (const Xbyak::Reg64 &saved : {third, high, low, table})
    code.pop(saved);
}

void Avx2Vectors::expand(PanelPlace bits) {
  Xbyak::Ymm to = get(kSpare, 0), other = get(kSpare, 1);
  code.vpbroadcastw(to, code.word[bits.base + bits.byte]);
  code.vpand(other, to, code.yword[table + (kBits + kHalfBytes)]);
  code.vpand(to, to, code.yword[table + kBits]);
  code.vpcmpeqd(to, to, code.yword[table + kBits]);
  code.vpcmpeqd(other, other, code.yword[table + (kBits + kHalfBytes)]);
}

void Avx2Vectors::loadMasks(PanelPlace panel) {
  for (int32_t mask = 0; mask < product.numMasks; ++mask) {
    expand({panel.base, panel.byte + kPanelMasks + mask * 2});
    for (int half = 0; half < 2; ++half)
      code.vmovaps(code.yword[getMask(mask + 1, half)], get(kSpare, half));
  }
}

/// Every other one of sixteen inputs, for each half.
void Avx2Vectors::loadEveryOther(Place from) {
  // Evens of both operands by their 128-bit parts; then the parts in order.
  constexpr uint8_t kEven = 0x88, kInOrder = 0xd8;
  for (int half = 0; half < 2; ++half) {
    Xbyak::Ymm to = get(kLoaded, half);
    Place first{from.base, from.byte + half * 2 * kHalfBytes};
    code.vmovups(to, getAddress(first, 0));
    code.vshufps(to, to, getAddress(first, 1), kEven);
    code.vpermpd(to, to, kInOrder);
  }
}

void Avx2Vectors::loadInput(Place from, int32_t mask) {
  if (product.inputStep != 1)
    loadEveryOther(from);
  for (int half = 0; half < 2; ++half) {
    Xbyak::Ymm to = get(kLoaded, half);
    if (product.inputStep != 1 && mask) {
      code.vandps(to, to, code.yword[getMask(mask, half)]);
    } else if (product.inputStep == 1 && mask) {
      code.vmovaps(weightMask, code.yword[getMask(mask, half)]);
      code.vmaskmovps(to, weightMask, getAddress(from, half));
    } else if (product.inputStep == 1) {
      code.vmovups(to, getAddress(from, half));
    }
  }
}

bool Avx2Vectors::multiplyOnce(int64_t sum, Place input, Place weight) {
  if (product.inputStep != 1)
    return false;
  code.vbroadcastss(this->weight, code.dword[weight.base + weight.byte]);
  for (int half = 0; half < 2; ++half)
    code.vfmadd231ps(get(sum, half), this->weight, getAddress(input, half));
  return true;
}

void Avx2Vectors::multiplyLoaded(int64_t sum, Place weight) {
  code.vbroadcastss(this->weight, code.dword[weight.base + weight.byte]);
  multiply(sum, kLoaded, this->weight.getIdx());
}

void Avx2Vectors::loadBlockInput(int64_t at, int64_t to,
                                 const Xbyak::RegExp &from, bool isMasked) {
  (void)at;
  for (int half = 0; half < 2; ++half)
    if (isMasked)
      code.vmaskmovps(get(to, half), get(kSpare, half),
                      code.yword[from + half * kHalfBytes]);
    else
      code.vmovups(get(to, half), code.yword[from + half * kHalfBytes]);
}
