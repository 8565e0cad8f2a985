#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "tests/faults/explorer/kind.hpp"

namespace slipway::explorer {

/// Liveness: from a state on nothing goes wrong any more, everybody does their work, and programs
/// end as `fails` says. The world must come to rest, as its specification asks for.
class Settle {
 public:
  Settle(const Kind& kind, const Machine& machine) : kind_(kind), machine_(machine) {}

  /// What is wrong, with the steps from `state` on in `steps`; empty when all is well. Worlds that
  /// lie on a way that has been walked already are not walked again.
  std::string Check(State state, std::vector<std::string>* steps = nullptr);
  /// Passes that had to be run for it.
  std::size_t Walked() const { return walked_; }

 private:
  std::string Walk(State state, bool fails, std::vector<std::string>* steps);

  const Kind& kind_;
  const Machine& machine_;
  std::unordered_set<std::size_t> good_;  ///< Hashes: one too many leaves out one check.
  std::size_t walked_ = 0;
};

}  // namespace slipway::explorer
