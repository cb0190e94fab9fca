//===- ConstantViewTest.cpp - Values of constant tensors ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/Constants.h"
#include "TestModule.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct ConstantViewTest : testing::Test {
  TestModule module{"func.func @f() { return }"};
  Builder builder{&module.context};

  RankedTensorType getType(ArrayRef<int64_t> shape, Type element) {
    return RankedTensorType::get(shape, element);
  }
};

TEST_F(ConstantViewTest, ReadsEveryKind) {
  SmallVector<double> numbers{1.0, -2.5, 0.0, 4.0, 5.0, 6.0};
  for (Type element :
       {Type(builder.getF16Type()), Type(builder.getBF16Type()),
        Type(builder.getF32Type()), Type(builder.getF64Type())}) {
    auto type = getType({2, 3}, element);
    auto resource = createResource(type, "w", ArrayRef<double>(numbers));
    auto view = ConstantView::get(Attribute(resource));
    ASSERT_TRUE(view);
    EXPECT_EQ(ArrayRef<double>(view->toVector()), ArrayRef<double>(numbers));
    EXPECT_EQ(view->at({0, 1}), -2.5);
    EXPECT_EQ(view->transpose({1, 0}).at({1, 0}), -2.5);
    EXPECT_EQ(view->reverse(1).at({0, 0}), 0.0);
    EXPECT_EQ(view->transpose({1, 0}).reverse(1).at({1, 0}), 5.0);
    EXPECT_FALSE(view->reverse(1).getRawData());
    EXPECT_TRUE(view->getRawData());
    EXPECT_FALSE(view->transpose({1, 0}).getRawData());
  }
}

TEST_F(ConstantViewTest, ReadsMasksPackedOrNot) {
  auto type = getType({3}, builder.getI1Type());
  auto packed = DenseElementsAttr::get(type, ArrayRef<bool>{true, false, true});
  auto bytes = createResource(type, "m", ArrayRef<char>{1, 0, 1});
  auto splat = DenseElementsAttr::get(type, true);
  EXPECT_EQ(ConstantView::get(Attribute(packed))->toVector(),
            (SmallVector<double, 0>{1, 0, 1}));
  EXPECT_EQ(ConstantView::get(Attribute(bytes))->toVector(),
            (SmallVector<double, 0>{1, 0, 1}));
  EXPECT_EQ(ConstantView::get(Attribute(splat))->toVector(),
            (SmallVector<double, 0>{1, 1, 1}));
}

TEST_F(ConstantViewTest, RefusesNumbersThatNoDoubleHolds) {
  for (Type element :
       {Type(builder.getF80Type()), Type(builder.getF128Type())}) {
    auto value = FloatAttr::get(element, 1.5);
    auto splat = SplatElementsAttr::get(getType({2}, element), value);
    EXPECT_FALSE(ConstantView::get(Attribute(splat)));
  }
}

TEST_F(ConstantViewTest, RefusesWhatItCannotRead) {
  auto integers = getType({2}, builder.getI32Type());
  EXPECT_FALSE(ConstantView::get(
      Attribute(DenseElementsAttr::get(integers, ArrayRef<int32_t>{1, 2}))));
  auto floats = getType({2}, builder.getF32Type());
  auto tooShort = createResource(floats, "short", ArrayRef<char>{0, 0, 0, 0});
  EXPECT_FALSE(ConstantView::get(Attribute(tooShort)));
  EXPECT_FALSE(ConstantView::get(Attribute(builder.getF32FloatAttr(1.0f))));
}

TEST_F(ConstantViewTest, ReadsSingleElements) {
  auto i16 = getType({2}, builder.getI16Type());
  auto index = getType({2}, builder.getIndexType());
  auto f32 = getType({2, 2}, builder.getF32Type());
  SmallVector<double> numbers{1.0, -2.5, 0.0, 4.0};
  Attribute values[] = {
      DenseElementsAttr::get(i16, ArrayRef<int16_t>{7, -3}),
      createResource(i16, "i", ArrayRef<char>{7, 0, '\xfd', '\xff'})};
  for (Attribute value : values)
    EXPECT_EQ(getConstantElement(value, 1),
              builder.getIntegerAttr(builder.getI16Type(), -3));
  EXPECT_EQ(getConstantElement(DenseElementsAttr::get(i16, int16_t(5)), 1),
            builder.getIntegerAttr(builder.getI16Type(), 5));
  SmallVector<char> words(16, 0);
  words[8] = 9;
  EXPECT_EQ(getConstantElement(createResource(index, "x", words), 1),
            builder.getIndexAttr(9));
  auto floats = createResource(f32, "w", ArrayRef<double>(numbers));
  EXPECT_EQ(getConstantElement(floats, 1), builder.getF32FloatAttr(-2.5f));
}

TEST_F(ConstantViewTest, RefusesSingleElementsThatItCannotRead) {
  auto type = getType({2}, builder.getI32Type());
  auto tooShort = createResource(type, "short", ArrayRef<char>{0, 0, 0, 0});
  EXPECT_FALSE(getConstantElement(tooShort, 0));
  EXPECT_FALSE(getConstantElement(builder.getI32IntegerAttr(1), 0));
}

TEST_F(ConstantViewTest, SlicesAndKeepsResources) {
  auto type = getType({2, 3}, builder.getF32Type());
  SmallVector<double> numbers{1, 2, 3, 4, 5, 6};
  auto resource = createResource(type, "w", ArrayRef<double>(numbers));
  EXPECT_EQ(toResource(resource, "x"), resource);
  auto view = ConstantView::get(Attribute(resource));
  auto sliced = sliceToResource(*view, {{1}, {0, 2}}, "s");
  EXPECT_EQ(sliced.getType(), getType({1, 2}, builder.getF32Type()));
  EXPECT_EQ(ConstantView::get(Attribute(sliced))->toVector(),
            (SmallVector<double, 0>{4, 6}));
  auto none = sliceToResource(*view, {{}, {0, 2}}, "n");
  EXPECT_EQ(ConstantView::get(Attribute(none))->getNumElements(), 0);
}
} // namespace
