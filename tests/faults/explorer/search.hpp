#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/explorer/settle.hpp"

namespace slipway::explorer {

struct SearchOptions {
  std::string kind = "tj";
  std::uint64_t states = 1'000'000;  ///< The search ends after so many.
  std::uint32_t sample = 20;     ///< Liveness is checked from one state in so many; 1: from all.
  std::uint32_t small = 20'000;  ///< ... and from each of the first so many.
  Scenario scenario;
  Limits limits;
  Mutant mutant = Mutant::kNone;
  bool progress = false;  ///< Tell on stderr how far it has come.
};

struct SearchResult {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint32_t depth = 0;
  bool exhausted = false;     ///< There are no more states within the limits.
  std::uint64_t settled = 0;  ///< States from which liveness was checked.
  std::uint64_t walked = 0;   ///< Passes that this took.
  std::size_t objects = 0;    ///< Different versions of objects.
  std::size_t plans = 0;      ///< Different views that were planned from.
  std::chrono::duration<double> time{0};
  /// How the custom resource described itself: its phases and the reasons of its conditions.
  std::set<std::string> seen;
  std::string violation;          ///< Empty when all is well.
  std::vector<std::string> path;  ///< To the violation, shortest first.
};

/// Searches breadth first, so that a violation is reached by a shortest path. Throws
/// std::runtime_error for an unknown kind.
SearchResult Search(const SearchOptions& options);

}  // namespace slipway::explorer
