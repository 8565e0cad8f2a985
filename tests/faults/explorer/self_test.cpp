#include "tests/faults/explorer/self_test.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "tests/faults/explorer/search.hpp"

namespace slipway::explorer {
namespace {

constexpr std::uint32_t kNever = 1U << 31U;

/// A search that is small enough for every build. It holds only if no bug is planted.
SearchOptions Small(const char* kind, std::uint8_t faults, std::uint8_t edits, Mutant mutant) {
  SearchOptions options;
  options.kind = kind;
  options.states = 100'000;
  options.small = 0;
  options.scenario.nodes = 1;
  options.mutant = mutant;
  options.limits.faults = faults;
  options.limits.edits = edits;
  options.limits.ticks = 3;
  options.limits.kinds = {false, false, false, false, false};
  return options;
}

/// Only what must never happen is looked for, not whether the world comes to rest.
SearchOptions Safety(SearchOptions options) {
  options.sample = kNever;
  return options;
}

SearchOptions WithRivals(SearchOptions options) {
  options.limits.kinds.rivals = true;
  return options;
}

SearchOptions WithoutTime(SearchOptions options) {
  options.limits.ticks = 0;
  return options;
}

SearchOptions FromEachState(SearchOptions options) {
  options.sample = 1;
  return options;
}

SearchOptions FromSomeStates(SearchOptions options) {
  options.sample = 12;
  return options;
}

std::vector<SearchOptions> Planted() {
  return {
      WithoutTime(WithRivals(Safety(Small("dm", 2, 0, Mutant::kBlindDelete)))),
      WithRivals(Small("md", 1, 0, Mutant::kBlindApply)),
      FromEachState(Small("tj", 0, 0, Mutant::kRandomNames)),
      Small("dm", 0, 0, Mutant::kRandomNames),
      FromEachState(Small("tj", 0, 0, Mutant::kLostWake)),
      FromEachState(Small("dm", 0, 0, Mutant::kLostWake)),
      FromSomeStates(WithRivals(Small("tj", 1, 0, Mutant::kLostRetry))),
      Small("dm", 0, 1, Mutant::kBlindStatus),
      Small("md", 0, 1, Mutant::kStaleBody),
      FromSomeStates(WithRivals(Small("tj", 1, 0, Mutant::kHiddenStays))),
      FromEachState(WithRivals(Small("tj", 1, 0, Mutant::kSilentFailures))),
      FromEachState(WithRivals(Small("md", 1, 0, Mutant::kSilentFailures))),
      Small("dm", 0, 0, Mutant::kEagerGeneration),
  };
}

/// The same with nothing planted, each with some of what can go wrong.
std::vector<SearchOptions> Sound() {
  std::vector<SearchOptions> list;
  for (const char* kind : {"tj", "md", "dm"}) {
    SearchOptions options = Small(kind, 1, 1, Mutant::kNone);
    options.limits.kinds = {};
    options.states = 250;
    options.sample = 10;
    list.push_back(options);
  }
  list.push_back(FromSomeStates(WithoutTime(WithRivals(Small("tj", 1, 0, Mutant::kNone)))));
  return list;
}

std::string_view NameOf(Mutant mutant) {
  const auto found = std::ranges::find(kMutants, mutant, &MutantName::mutant);
  return found == kMutants.end() ? "nothing planted" : found->name;
}

bool Check(const SearchOptions& options, bool holds) {
  const SearchResult result = Search(options);
  const bool good = result.violation.empty() == holds;
  fmt::print("{:<6} {} {:<17} {:6} states, {:.2f} s: {}\n", good ? "ok" : "FAILED", options.kind,
             NameOf(options.mutant), result.states, result.time.count(),
             result.violation.empty() ? "all properties hold" : result.violation);
  if (!good) {
    for (const auto& step : result.path) fmt::print("         {}\n", step);
  }
  return good;
}

}  // namespace

bool SelfTest() {
  bool good = true;
  std::vector<Mutant> caught;
  for (const auto& options : Planted()) {
    const bool found = Check(options, false);
    if (found) caught.push_back(options.mutant);
    good = good && found;
  }
  for (const auto& item : kMutants) {
    if (std::ranges::find(caught, item.mutant) != caught.end()) continue;
    fmt::print("FAILED no search shows that {} is found\n", item.name);
    good = false;
  }
  for (const auto& options : Sound()) good = Check(options, true) && good;
  return good;
}

}  // namespace slipway::explorer
