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
/// Pointers to panels.
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
  BlockEmitter(Xbyak::CodeGenerator &code, Vectors &vectors,
               const PanelProduct &product, Ends ends)
      : code(code), vectors(vectors), product(product), ends(ends),
        rowBytes(static_cast<int32_t>(getRowStep(product) * kWord)) {
    for (int32_t row = 0; row < kBlockRows; ++row)
      results.bytes.push_back(row * rowBytes);
  }

  void emit();

private:
  int64_t getSum(int64_t at, int64_t row) const {
    return at * kBlockRows + row;
  }
  int64_t getWeight(int64_t row) const { return vectors.blockWeight + row; }
  int64_t getInput(int64_t at) const {
    return vectors.blockInput + at % vectors.blockInputs;
  }
  llvm::ArrayRef<Xbyak::Reg64> getPointers() const {
    return llvm::ArrayRef(x).take_front(vectors.blockPanels);
  }
  void choose(llvm::MutableArrayRef<Xbyak::Label> variants);
  void emitPanels(int count);
  void start(int count);
  void multiply(int count, int mask);
  void finish(int count);
  /// Lets `y` point to the results of the strip in a panel.
  PanelPlace findPanel(int64_t at) {
    PanelPlace place{panel, at * kPanelBytes};
    code.movsxd(y, code.dword[panel + (place.byte + kPanelOutput)]);
    code.lea(y, code.ptr[output + y * kWord]);
    return place;
  }

  Xbyak::CodeGenerator &code;
  Vectors &vectors;
  const PanelProduct &product;
  Ends ends;
  /// From the results of a row to those of the next.
  int32_t rowBytes;
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
  ResultRows results{y, y, {}};
};

} // namespace

/// Sums begin with the bias, what is there, both or zero, or go on.
void BlockEmitter::start(int count) {
  bool isLoaded = ends.areLoaded(product), hasBias = ends.addBias(product);
  for (int64_t at = 0; at < count; ++at) {
    if (isLoaded)
      vectors.loadResults(findPanel(at), results, getSum(at, 0));
    for (int row = 0; row < kBlockRows; ++row) {
      int64_t sum = getSum(at, row);
      Place bias{block, kWord + row * kWord};
      if (isLoaded && hasBias)
        vectors.addBroadcast(sum, bias);
      else if (!isLoaded && !hasBias)
        vectors.zero(sum);
      else if (!isLoaded && at == 0)
        vectors.broadcast(sum, bias);
      else if (!isLoaded)
        vectors.copy(sum, getSum(0, row));
    }
  }
}

/// Multiplies the blocks whose inputs have a mask, or none for 0.
void BlockEmitter::multiply(int count, int mask) {
  Xbyak::Label loop, done;
  bool hasBias = mask == 0 && ends.addBias(product);
  code.mov(rest.cvt32(), code.dword[block]);
  code.add(block, kWord + (hasBias ? kRowsBytes : 0));
  code.test(rest.cvt32(), rest.cvt32());
  code.jz(done, Xbyak::CodeGenerator::T_NEAR);
  for (int at = 0; mask > 0 && at < count; ++at)
    vectors.loadBlockMask(
        at, {panel, at * kPanelBytes + kPanelMasks + (mask - 1) * 2});
  code.align(32);
  code.L(loop);
  code.mov(place.cvt32(), code.dword[block]);
  for (int row = 0; row < kBlockRows; ++row)
    vectors.loadWeight(getWeight(row), {block, (row + 1) * kWord});
  for (int64_t at = 0; at < count; ++at) {
    vectors.loadBlockInput(at, getInput(at), x[at] + place * kWord, mask > 0);
    for (int64_t row = 0; row < kBlockRows; ++row)
      vectors.multiply(getSum(at, row), getInput(at), getWeight(row));
  }
  code.add(block, kBlockBytes);
  code.dec(rest.cvt32());
  code.jnz(loop, Xbyak::CodeGenerator::T_NEAR);
  code.L(done);
}

void BlockEmitter::finish(int count) {
  bool hasRelu = ends.isLast && product.hasRelu;
  if (hasRelu)
    vectors.zero(vectors.loaded);
  for (int64_t at = 0; at < count; ++at) {
    for (int64_t row = 0; hasRelu && row < kBlockRows; ++row)
      vectors.max(getSum(at, row), vectors.loaded);
    vectors.storeResults(findPanel(at), results, getSum(at, 0));
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
  int64_t most = vectors.blockPanels;
  for (int64_t left = 2 * most - 1; left > 1; --left) {
    int64_t taken = left > most ? (left + 1) / 2 : left;
    code.cmp(rest, static_cast<int>(left) * kPanelBytes);
    code.jae(variants[taken - 1], Xbyak::CodeGenerator::T_NEAR);
  }
  code.jmp(variants[0], Xbyak::CodeGenerator::T_NEAR);
}

void BlockEmitter::emit() {
  Xbyak::Label next;
  std::array<Xbyak::Label, kMostPanels> variants;
  vectors.findTables();
  for (const Xbyak::Reg64 &saved : getPointers())
    code.push(saved);
  vectors.enter();
  code.movsxd(place, code.dword[stream + kWord]);
  code.lea(output, code.ptr[output + place * kWord]);
  code.sub(code.rsp, kStackBytes);
  code.mov(code.ptr[code.rsp + kSavedOutput], output);
  code.L(next);
  choose(variants);
  for (int count = 1; count <= vectors.blockPanels; ++count) {
    code.L(variants[count - 1]);
    emitPanels(count);
    code.cmp(panel, end);
    code.jb(next, Xbyak::CodeGenerator::T_NEAR);
    code.vzeroupper();
    code.add(code.rsp, kStackBytes);
    vectors.leave();
    for (const Xbyak::Reg64 &saved : llvm::reverse(getPointers()))
      code.pop(saved);
    code.ret();
  }
}

void mlir::prune::assembly::emitBlocks(Xbyak::CodeGenerator &code,
                                       Vectors &vectors,
                                       const PanelProduct &product, Ends ends) {
  BlockEmitter(code, vectors, product, ends).emit();
}
