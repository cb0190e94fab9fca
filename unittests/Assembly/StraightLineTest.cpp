//===- StraightLineTest.cpp - Sparse products as machine code -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the code on random products and compares it with plain loops in double
// precision, and reads it through LLVM's disassembler.
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/StraightLine.h"
#include "Prune/Assembly/CodeMemory.h"
#include "Prune/Assembly/PanelPlan.h"

#include "Features.h"
#include "prune_runtime.h"

#include "llvm-c/Disassembler.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/TargetSelect.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace mlir::prune::assembly;
using namespace prune_test;

namespace {

/// A product with its operands.
struct Case {
  std::vector<int32_t> pointers = {0}, inputs, outputs;
  std::vector<float> values, bias, x, y;
  std::vector<prune_rt_panel> panels;
  bool accumulates = false, hasRelu = false, isPartial = false;

  PanelProduct getProduct() const {
    return {pointers, inputs,
            values,   outputs,
            bias,     accumulates,
            hasRelu,  isPartial ? StoreKind::Packed : StoreKind::All};
  }
};

class StraightLine : public CodeTest {
protected:
  static StraightLineOptions getOptions() {
    StraightLineOptions options;
    options.set = GetParam();
    return options;
  }
  static int64_t getRegistersOfVector() {
    return GetParam() == VectorSet::Avx512 ? 1 : 2;
  }
};

FOR_EACH_CODE(StraightLine);

} // namespace

/// A random product of `rows` by `columns`, inputs and outputs `stride` floats
/// apart, on `count` panels. Each `block` rows have the same zeros.
static Case makeCase(std::mt19937 &random, int64_t rows, int64_t columns,
                     int64_t stride, int64_t count, double zeros,
                     int64_t block = 1) {
  std::uniform_real_distribution<float> uniform(-1, 1), chance(0, 1);
  Case test;
  std::vector<bool> isKept(columns);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; row % block == 0 && column < columns; ++column)
      isKept[column] = chance(random) >= zeros;
    for (int64_t column = 0; column < columns; ++column)
      if (isKept[column]) {
        test.inputs.push_back(column * stride);
        test.values.push_back(uniform(random));
      }
    test.pointers.push_back(test.inputs.size());
    test.outputs.push_back(row * stride);
  }
  std::bernoulli_distribution coin;
  test.hasRelu = coin(random), test.accumulates = coin(random);
  test.isPartial = coin(random);
  for (int64_t row = 0; coin(random) && row < rows; ++row)
    test.bias.push_back(uniform(random));
  test.bias.resize(test.bias.empty() ? 0 : rows);
  int64_t in = columns * stride + kLanes, out = rows * stride + kLanes;
  for (int32_t panel = 0; panel < count; ++panel) {
    auto lanes = static_cast<uint16_t>(test.isPartial ? random() : 0xffff);
    auto places = static_cast<uint16_t>((1u << llvm::popcount(lanes)) - 1);
    test.panels.push_back({static_cast<int32_t>(panel * in),
                           static_cast<int32_t>(panel * out),
                           lanes,
                           places,
                           0,
                           0,
                           {}});
  }
  auto fill = [&](std::vector<float> &data, int64_t size) {
    data.resize(size);
    for (float &element : data)
      element = uniform(random);
  };
  fill(test.x, count * in);
  fill(test.y, count * out);
  return test;
}

/// The result by plain loops; `limits` gets the rounding that is allowed.
static std::vector<double> compute(const Case &test,
                                   std::vector<double> &limits) {
  std::vector<double> result(test.y.begin(), test.y.end());
  limits.assign(result.size(), 0.0);
  for (const prune_rt_panel &panel : test.panels)
    for (size_t row = 0; row < test.outputs.size(); ++row) {
      int64_t place = panel.output + test.outputs[row];
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        if (!(panel.lanes >> lane & 1))
          continue;
        double sum = test.bias.empty() ? 0.0 : test.bias[row];
        if (test.accumulates)
          sum += test.y[place];
        double size = std::abs(sum);
        for (int32_t p = test.pointers[row]; p < test.pointers[row + 1]; ++p) {
          double term = double(test.values[p]) *
                        test.x[panel.input + test.inputs[p] + lane];
          sum += term;
          size += std::abs(term);
        }
        result[place] = test.hasRelu && sum < 0 ? 0.0 : sum;
        limits[place++] = 1e-6 + size * 2e-6;
      }
    }
  return result;
}

static void run(const StraightLineCode &code, Case &test) {
  CodeMemory memory = llvm::cantFail(CodeMemory::load({code.code}));
  for (const Segment &segment : code.segments)
    memory.getFunction<prune_rt_segment>(segment.code)(
        test.x.data(), test.y.data(), code.stream.data() + segment.stream,
        test.panels.data(), test.panels.data() + test.panels.size());
}

static void expectEqual(Case &test, const StraightLineOptions &options) {
  std::vector<double> limits, expected = compute(test, limits);
  llvm::Expected<StraightLineCode> code =
      emitStraightLine(test.getProduct(), options);
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  run(*code, test);
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(test.y[i], expected[i], limits[i]) << "element " << i;
}

TEST_P(StraightLine, ComputesRandomProducts) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 random(17);
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int round = 0; round < 120; ++round) {
    double zeros = std::array{0.0, 0.5, 0.9, 1.0}[draw(0, 3)];
    // Strides that are no multiple of a vector, too.
    int64_t stride = draw(0, 1) ? kLanes : kLanes + draw(1, 40);
    Case test =
        makeCase(random, draw(1, 70), draw(1, 200), stride, draw(1, 5), zeros);
    StraightLineOptions options = getOptions();
    options.tileRows = draw(1, 30);
    options.segmentBytes = draw(0, 1) ? 24 << 10 : draw(64, 2000);
    options.panels = draw(0, 3);
    SCOPED_TRACE(round);
    expectEqual(test, options);
  }
}

/// Four and more rows with the same zeros run as blocks, and give the same bits
/// as code without.
TEST_P(StraightLine, ComputesBlocks) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 random(23);
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int round = 0; round < 120; ++round) {
    double zeros = std::array{0.0, 0.5, 0.9, 1.0}[draw(0, 3)];
    int64_t stride = draw(0, 2) ? kLanes : kLanes + draw(1, 40);
    Case test = makeCase(random, draw(1, 70), draw(1, 200), stride, draw(1, 20),
                         zeros, draw(1, 2) * 4);
    Case other = test;
    SCOPED_TRACE(round);
    StraightLineOptions options = getOptions();
    options.panels = draw(0, 300);
    expectEqual(test, options);
    options.blocks = false;
    expectEqual(other, options);
    EXPECT_EQ(test.y, other.y);
  }
}

TEST_P(StraightLine, KeepsNaN) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 random(3);
  Case test = makeCase(random, 4, 4, kLanes, 1, 0.0);
  test.hasRelu = true;
  test.x.assign(test.x.size(), std::numeric_limits<float>::quiet_NaN());
  llvm::Expected<StraightLineCode> code =
      emitStraightLine(test.getProduct(), getOptions());
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  run(*code, test);
  for (int64_t lane = 0; lane < llvm::popcount(test.panels[0].lanes); ++lane)
    EXPECT_TRUE(std::isnan(test.y[lane]));
}

namespace {
/// Instructions of a piece of code.
struct Listing {
  int64_t multiplications = 0, stackOperands = 0, prefetches = 0, unknown = 0;
  /// Of places to write.
  int64_t writePrefetches = 0;
  /// Most prefetches one after the other.
  int64_t prefetchesAtOnce = 0;
};
} // namespace

static Listing disassemble(const StraightLineCode &code) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86Disassembler();
  LLVMDisasmContextRef context = LLVMCreateDisasm("x86_64-unknown-linux-gnu",
                                                  nullptr, 0, nullptr, nullptr);
  Listing listing;
  for (auto [index, segment] : llvm::enumerate(code.segments)) {
    const uint8_t *byte = code.code.data() + segment.code;
    const uint8_t *end = code.code.data() + code.code.size();
    int64_t atOnce = 0;
    for (bool isOpen = true; isOpen && byte < end;) {
      char text[128];
      size_t length = LLVMDisasmInstruction(
          context, const_cast<uint8_t *>(byte), end - byte, 0, text, 128);
      llvm::StringRef line(text);
      listing.unknown += length == 0;
      listing.multiplications += line.contains("vfmadd231ps");
      listing.stackOperands += line.contains("(%rsp");
      listing.prefetches += line.contains("prefetch");
      listing.writePrefetches += line.contains("prefetchw");
      atOnce = line.contains("prefetch") ? atOnce + 1 : 0;
      listing.prefetchesAtOnce = std::max(listing.prefetchesAtOnce, atOnce);
      isOpen = length != 0 && !line.contains("ret");
      byte += length;
    }
  }
  LLVMDisasmDispose(context);
  return listing;
}

TEST_P(StraightLine, SpillsNothingAndIsShort) {
  std::mt19937 random(5);
  Case test = makeCase(random, 512, 512, kLanes, 1, 0.9);
  test.isPartial = false;
  StraightLineOptions options = getOptions();
  options.panels = 16;
  llvm::Expected<StraightLineCode> code =
      emitStraightLine(test.getProduct(), options);
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  Listing listing = disassemble(*code);
  auto values = static_cast<int64_t>(test.values.size());
  EXPECT_EQ(listing.multiplications, values * getRegistersOfVector());
  EXPECT_EQ(listing.stackOperands, 0);
  EXPECT_EQ(listing.unknown, 0);
  EXPECT_GT(listing.prefetches, 0);
  EXPECT_LE(listing.prefetchesAtOnce, 2);
  // With AVX2 a weight is broadcast and multiplies two registers.
  int64_t ofValue = GetParam() == VectorSet::Avx512 ? 12 : 32;
  EXPECT_LT(static_cast<int64_t>(code->code.size()), ofValue * values);
  EXPECT_EQ(static_cast<int64_t>(code->stream.size()),
            values + static_cast<int64_t>(test.bias.size()));
}

/// The places of the next panel's results are fetched one by one, where an
/// image has so many that caches do not hold them.
TEST_P(StraightLine, FetchesPlacesOfLargeResults) {
  std::mt19937 random(7);
  ConvolutionShape shape = {};
  shape.n = 1, shape.c = 40, shape.f = 64, shape.groups = 1;
  shape.kh = shape.kw = shape.strideH = shape.strideW = 1;
  shape.dilationH = shape.dilationW = 1;
  std::vector<float> weights(shape.f * shape.c);
  for (float &weight : weights)
    weight = random() % 10 < 3 ? 1.0f : 0.0f;
  for (int64_t side : {8, 64}) {
    shape.h = shape.w = shape.oh = shape.ow = side;
    PanelPlan plan = planPanels(shape, weights);
    llvm::Expected<StraightLineCode> code =
        emitStraightLine(getPanelProduct(shape, plan), getOptions());
    ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
    Listing listing = disassemble(*code);
    EXPECT_EQ(listing.writePrefetches, side == 8 ? 0 : shape.f);
    EXPECT_LE(listing.prefetchesAtOnce, 1);
  }
}

/// The loop over blocks is there once for each way to begin and to end, and
/// streams five bytes for a weight.
TEST_P(StraightLine, BlocksShareCode) {
  std::mt19937 random(6);
  Case test = makeCase(random, 512, 512, kLanes, 1, 0.9, 4);
  auto values = static_cast<int64_t>(test.values.size());
  llvm::Expected<StraightLineCode> code =
      emitStraightLine(test.getProduct(), getOptions());
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  EXPECT_LT(static_cast<int64_t>(code->code.size()), values);
  EXPECT_LT(static_cast<int64_t>(code->stream.size()), values + values / 2);
  for (const Segment &segment : code->segments)
    EXPECT_EQ(segment.code, code->segments.front().code);
  Listing listing = disassemble(*code);
  EXPECT_EQ(listing.unknown, 0);
  // One row that differs from its neighbors is none of a block.
  test.inputs[test.pointers[5]] += kLanes;
  code = emitStraightLine(test.getProduct(), getOptions());
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  EXPECT_GT(static_cast<int64_t>(code->code.size()), 7 * values);
}

TEST_P(StraightLine, RefusesFarPlaces) {
  Case test;
  test.pointers = {0, 1}, test.inputs = {1 << 30}, test.values = {1.0f};
  test.outputs = {0};
  llvm::Expected<StraightLineCode> code =
      emitStraightLine(test.getProduct(), getOptions());
  ASSERT_FALSE(bool(code));
  EXPECT_EQ(llvm::toString(code.takeError()),
            "a panel is larger than 32-bit distances reach");
}
