//===- PassStatistics.cpp - Statistics of passes, kept by us --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The packaged libMLIR.so is built without statistics: its constructor of
// Pass::Statistic leaves the object alone and its report is empty. Our code is
// built with assertions, so our statistics are real objects that nobody would
// initialize. Hence this file defines the two members of Pass::Statistic that
// the library keeps out of line, hidden, so that they serve our binary alone,
// and an instrumentation that prints. It knows our passes by their flags.
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/PassStatistics.h"

#include "mlir/Pass/Pass.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"

#include <map>
#include <mutex>
#include <utility>

using namespace mlir;

#if LLVM_ENABLE_STATS
__attribute__((visibility("hidden")))
Pass::Statistic::Statistic(Pass *owner, const char *name,
                           const char *description)
    : llvm::Statistic{/*DebugType=*/"", name, description} {
  owner->statistics.push_back(this);
}

__attribute__((visibility("hidden"))) Pass::Statistic &
Pass::Statistic::operator=(unsigned value) {
  llvm::Statistic::operator=(value);
  return *this;
}
#endif

bool mlir::prune::isOurPass(StringRef argument) {
  return argument.contains("prune") || argument.contains("onednn") ||
         argument.ends_with("-to-kernel") ||
         argument.starts_with("convert-kernel-to-");
}

namespace {
class StatisticsPrinter final : public PassInstrumentation {
public:
  explicit StatisticsPrinter(llvm::raw_ostream &os) : os(os) {}
  ~StatisticsPrinter() override { print(); }

  void runBeforePass(Pass *pass, Operation *) override {
    std::lock_guard<std::mutex> guard(lock);
    before[pass] = read(pass);
  }

  void runAfterPass(Pass *pass, Operation *) override {
    std::lock_guard<std::mutex> guard(lock);
    SmallVector<uint64_t> start = before.lookup(pass);
    SmallVector<uint64_t> now = read(pass);
    for (auto [i, value] : llvm::enumerate(now))
      add(pass, i, value - start[i]);
    before.erase(pass);
  }

private:
  struct Line {
    std::string name;
    std::string description;
    uint64_t value = 0;
  };

  static SmallVector<uint64_t> read(Pass *pass) {
    SmallVector<uint64_t> values;
#if LLVM_ENABLE_STATS
    // Upstream's passes hold statistics that nobody initialized.
    if (!prune::isOurPass(pass->getArgument()))
      return values;
    for (Pass::Statistic *statistic : pass->getStatistics())
      values.push_back(statistic->getValue());
#endif
    return values;
  }

  void add(Pass *pass, unsigned position, uint64_t value) {
#if LLVM_ENABLE_STATS
    SmallVector<Line> &lines = totals[pass->getArgument().str()];
    if (lines.size() <= position)
      lines.resize(position + 1);
    Pass::Statistic *statistic = pass->getStatistics()[position];
    lines[position].name = statistic->getName();
    lines[position].description = statistic->getDesc();
    lines[position].value += value;
#endif
  }

  void print() {
    for (const auto &[argument, lines] : totals) {
      os << argument << "\n";
      for (const Line &line : lines)
        os << "  (S) " << line.value << " " << line.name << " - "
           << line.description << "\n";
    }
    os.flush();
  }

  llvm::raw_ostream &os;
  std::mutex lock;
  llvm::DenseMap<Pass *, SmallVector<uint64_t>> before;
  llvm::MapVector<std::string, SmallVector<Line>,
                  std::map<std::string, unsigned>>
      totals;
};
} // namespace

std::unique_ptr<PassInstrumentation>
prune::createPassStatisticsPrinter(llvm::raw_ostream &os) {
  return std::make_unique<StatisticsPrinter>(os);
}
