//===- Blocks.cpp - Rows that read the same inputs ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Blocks.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <array>

using namespace mlir::prune::assembly;

/// The stream of a segment begins with the number of strips, that is of four
/// rows, and where the results of the first row lie. A strip is the number of
/// its blocks, the bias of its rows, if there is one, and the blocks; then for
/// each mask of a panel the number of the blocks whose inputs have it, and
/// these. A block is where its input lies, and the weights of the rows. Each is
/// of 32 bits.
static constexpr int kWord = sizeof(float), kHeaderBytes = 2 * kWord,
                     kRowsBytes = kBlockRows * kWord,
                     kBlockBytes = kWord + kRowsBytes;
static constexpr int64_t kMostPanels = 6;
/// What lies on the stack.
static constexpr int kStrips = 0, kSavedOutput = 8, kStackBytes = 16;

void mlir::prune::assembly::appendBlocks(const PanelProduct &product,
                                         const Tile &tile,
                                         llvm::ArrayRef<Term> terms, Ends ends,
                                         llvm::SmallVectorImpl<float> &to) {
  auto append = [&](int64_t number) {
    to.push_back(llvm::bit_cast<float>(static_cast<int32_t>(number)));
  };
  int64_t strips = (tile.end - tile.begin) / kBlockRows;
  append(strips);
  append(product.outputs[tile.begin]);
  auto appendAll = [&](int64_t strip, int64_t mask) {
    auto isHere = [&](const Term &term) {
      return term.row / kBlockRows == strip && term.mask == mask;
    };
    append(llvm::count_if(terms, isHere) / kBlockRows);
    for (int64_t i = 0; mask == 0 && ends.addBias(product) && i < kBlockRows;
         ++i)
      to.push_back(product.bias[tile.begin + strip * kBlockRows + i]);
    for (const Term &term : llvm::make_filter_range(terms, isHere)) {
      if (term.row % kBlockRows == 0)
        append(term.input);
      to.push_back(term.value);
    }
  };
  for (int64_t strip = 0; strip < strips; ++strip)
    for (int64_t mask = 0; mask <= product.numMasks; ++mask)
      appendAll(strip, mask);
}

namespace {

class BlockEmitter {
public:
  BlockEmitter(Xbyak::CodeGenerator &code, const PanelProduct &product,
               Ends ends)
      : code(code), product(product), ends(ends),
        rowBytes(getRowStep(product) * kWord),
        results(code, product.store, /*hasRest=*/false) {}

  void emit();

private:
  Xbyak::Zmm getSum(int64_t at, int64_t row) const {
    return Xbyak::Zmm(static_cast<int>(at * kBlockRows + row));
  }
  Xbyak::Zmm getWeight(int64_t row) const { return getSum(kMostPanels, row); }
  Xbyak::Zmm getInput(int64_t at) const {
    return getSum(kMostPanels + 1, at % kBlockRows);
  }
  /// That of the inputs of a panel.
  Xbyak::Opmask getMask(int64_t at) const {
    return Xbyak::Opmask(static_cast<int>(at) + 1);
  }
  void choose(llvm::MutableArrayRef<Xbyak::Label> variants);
  void emitPanels(int count);
  void emitStrip(int count);
  void start(int count);
  void multiply(int count, int mask);
  void finish(int count);
  /// Where a result of the strip lies in the panel of `findPanel`.
  Xbyak::Address getResult(int64_t row) const {
    return code.zword[y + row * rowBytes];
  }
  void findPanel(int64_t at) {
    int distance = static_cast<int>(at) * kPanelBytes;
    code.movsxd(y, code.dword[panel + (distance + kPanelOutput)]);
    code.lea(y, code.ptr[output + y * kWord]);
    results.loadLanes(panel, distance);
  }

  Xbyak::CodeGenerator &code;
  const PanelProduct &product;
  Ends ends;
  /// From the results of a row to those of the next.
  int64_t rowBytes;
  PanelResults results;
  // Arguments of a segment; the output is that of the strip at hand.
  Xbyak::Reg64 input = Xbyak::util::rdi, output = Xbyak::util::rsi,
               stream = Xbyak::util::rdx, panel = Xbyak::util::rcx,
               end = Xbyak::util::r8;
  // Of the panels at hand.
  Xbyak::Reg64 y = Xbyak::util::r11, block = Xbyak::util::r9,
               rest = Xbyak::util::r10, place = Xbyak::util::rax;
  std::array<Xbyak::Reg64, kMostPanels> x = {
      Xbyak::util::rbx, Xbyak::util::rbp, Xbyak::util::r12,
      Xbyak::util::r13, Xbyak::util::r14, Xbyak::util::r15};
};

} // namespace

/// Sums begin with the bias, what is there, both or zero, or go on.
void BlockEmitter::start(int count) {
  bool isLoaded = ends.areLoaded(product), hasBias = ends.addBias(product);
  for (int64_t at = 0; at < count; ++at) {
    if (isLoaded)
      findPanel(at);
    for (int row = 0; row < kBlockRows; ++row) {
      Xbyak::Zmm sum = getSum(at, row);
      int bias = kWord + row * kWord;
      if (isLoaded)
        results.load(sum, getResult(row), getResult(row));
      else if (!hasBias)
        code.vpxord(sum, sum, sum);
      else if (at == 0)
        code.vbroadcastss(sum, code.dword[block + bias]);
      else
        code.vmovaps(sum, getSum(0, row));
      if (isLoaded && hasBias)
        code.vaddps(sum, sum, code.zword_b[block + bias]);
    }
  }
}

/// Multiplies the blocks whose inputs have a mask, or none for 0. The masks of
/// panels take the place of those of their results, which are loaded again.
void BlockEmitter::multiply(int count, int mask) {
  Xbyak::Label loop, done;
  bool hasBias = mask == 0 && ends.addBias(product);
  code.mov(rest.cvt32(), code.dword[block]);
  code.add(block, kWord + (hasBias ? kRowsBytes : 0));
  code.test(rest.cvt32(), rest.cvt32());
  code.jz(done, Xbyak::CodeGenerator::T_NEAR);
  for (int at = 0; mask > 0 && at < count; ++at)
    code.kmovw(
        getMask(at),
        code.ptr[panel + (at * kPanelBytes + kPanelMasks + (mask - 1) * 2)]);
  code.align(32);
  code.L(loop);
  code.mov(place.cvt32(), code.dword[block]);
  for (int row = 0; row < kBlockRows; ++row)
    code.vbroadcastss(getWeight(row), code.dword[block + (row + 1) * kWord]);
  for (int64_t at = 0; at < count; ++at) {
    Xbyak::Zmm loaded = getInput(at);
    code.vmovups(mask > 0 ? loaded | getMask(at) | Xbyak::util::T_z : loaded,
                 code.zword[x[at] + place * kWord]);
    for (int64_t row = 0; row < kBlockRows; ++row)
      code.vfmadd231ps(getSum(at, row), loaded, getWeight(row));
  }
  code.add(block, kBlockBytes);
  code.dec(rest.cvt32());
  code.jnz(loop, Xbyak::CodeGenerator::T_NEAR);
  code.L(done);
}

void BlockEmitter::finish(int count) {
  Xbyak::Zmm zero = getWeight(0);
  bool hasRelu = ends.isLast && product.hasRelu;
  if (hasRelu)
    code.vpxord(zero, zero, zero);
  for (int64_t at = 0; at < count; ++at) {
    findPanel(at);
    for (int64_t row = 0; row < kBlockRows; ++row) {
      Xbyak::Zmm sum = getSum(at, row);
      // The second operand is the result when one is a NaN.
      if (hasRelu)
        code.vmaxps(sum, zero, sum);
      results.store(sum, getResult(row), getResult(row));
    }
  }
}

/// All strips for the next `count` panels.
void BlockEmitter::emitPanels(int count) {
  Xbyak::Label strip;
  for (int at = 0; at < count; ++at) {
    code.movsxd(x[at], code.dword[panel + (at * kPanelBytes + kPanelInput)]);
    code.lea(x[at], code.ptr[input + x[at] * kWord]);
  }
  code.mov(output, code.ptr[code.rsp + kSavedOutput]);
  code.mov(place.cvt32(), code.dword[stream]);
  code.mov(code.ptr[code.rsp + kStrips], place);
  code.lea(block, code.ptr[stream + kHeaderBytes]);
  code.L(strip);
  start(count);
  for (int mask = 0; mask <= product.numMasks; ++mask)
    multiply(count, mask);
  finish(count);
  code.add(output, static_cast<uint32_t>(kBlockRows * rowBytes));
  code.dec(code.qword[code.rsp + kStrips]);
  code.jnz(strip, Xbyak::CodeGenerator::T_NEAR);
  code.add(panel, count * kPanelBytes);
}

/// Goes to the variant for as many panels as are taken next: equal parts when
/// there are less than two times the most.
void BlockEmitter::choose(llvm::MutableArrayRef<Xbyak::Label> variants) {
  code.mov(rest, end);
  code.sub(rest, panel);
  for (int64_t left = 2 * kMostPanels - 1; left > 1; --left) {
    int64_t taken = left > kMostPanels ? (left + 1) / 2 : left;
    code.cmp(rest, static_cast<int>(left) * kPanelBytes);
    code.jae(variants[taken - 1], Xbyak::CodeGenerator::T_NEAR);
  }
  code.jmp(variants[0], Xbyak::CodeGenerator::T_NEAR);
}

void BlockEmitter::emit() {
  Xbyak::Label next;
  std::array<Xbyak::Label, kMostPanels> variants;
  for (const Xbyak::Reg64 &saved : x)
    code.push(saved);
  code.movsxd(place, code.dword[stream + kWord]);
  code.lea(output, code.ptr[output + place * kWord]);
  code.sub(code.rsp, kStackBytes);
  code.mov(code.ptr[code.rsp + kSavedOutput], output);
  code.L(next);
  choose(variants);
  for (int count = 1; count <= kMostPanels; ++count) {
    code.L(variants[count - 1]);
    emitPanels(count);
    code.cmp(panel, end);
    code.jb(next, Xbyak::CodeGenerator::T_NEAR);
    code.vzeroupper();
    code.add(code.rsp, kStackBytes);
    for (const Xbyak::Reg64 &saved : llvm::reverse(x))
      code.pop(saved);
    code.ret();
  }
}

void mlir::prune::assembly::emitBlocks(Xbyak::CodeGenerator &code,
                                       const PanelProduct &product, Ends ends) {
  BlockEmitter(code, product, ends).emit();
}
