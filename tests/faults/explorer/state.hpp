#pragma once

#include <cstdint>
#include <vector>

#include "tests/faults/explorer/plans.hpp"

namespace slipway::explorer {

/// What the watch of one kind has stopped at.
struct Stalled {
  bool on = false;
  bool waits = false;       ///< It is a watch of the replica that does not lead yet.
  std::uint8_t behind = 0;  ///< So many changes of that kind have not been seen.
  std::vector<Blob> objects;
  bool operator==(const Stalled&) const = default;
};

/// A pass between its first look and its last write.
struct Pass {
  PlanId plan = 0;
  std::vector<FailureId> results;  ///< For each action: kPending, kDone or its failure.
  std::int8_t open = -1;           ///< The action that has sent the first of its two requests.
  Blob seen = 0;                   ///< What was there then.
  bool confirmed = false;          ///< The owner was read.
  bool moved = false;              ///< The custom resource has changed since the pass has read it.
  bool left = false;               ///< Another replica leads by now, and this one does not know it.
  bool operator==(const Pass&) const = default;

  static constexpr FailureId kPending = 0xFFFF;
  static constexpr FailureId kDone = 0;
};

/// The world, what the operator sees of it, and what is still to go wrong.
struct State {
  std::uint8_t faults = 0;  ///< Used up so far, as are the others.
  std::uint8_t edits = 0;
  std::uint8_t ticks = 0;
  std::vector<Blob> objects;     ///< Ordered by name; the custom resource, if it exists, is first.
  std::vector<Stalled> stalled;  ///< By kind.
  std::vector<Pass> passes;
  bool operator==(const State&) const = default;
};

/// The state as bytes, equal exactly when the states are.
std::string Encode(const State& state);
State Decode(std::string_view bytes, std::size_t kinds);

/// Changes the world, and what the operator has not seen of it.
class Worlds {
 public:
  Worlds(Blobs& blobs, std::uint8_t lag) : blobs_(blobs), lag_(lag) {}

  /// The object of that name; 0 when there is none.
  Blob Find(const State& state, Name name) const;
  /// The custom resource; 0 when there is none.
  Blob Resource(const State& state) const;
  /// Puts `next` in the place of what has that name; 0 removes it. Watches that lag too far by it
  /// catch up.
  void Put(State& state, Name name, Blob next) const;
  /// What the operator sees, the custom resource first; empty when it does not see that.
  std::vector<Blob> View(const State& state) const;
  /// As if no watch had stopped.
  std::vector<Blob> FullView(const State& state) const;
  /// The least number that is not in the UID of anything known under that name.
  std::uint8_t FreshUid(const State& state, Name name, const Plans& plans) const;

 private:
  bool Shows(Blob blob, const std::string& uid) const;

  Blobs& blobs_;
  const std::uint8_t lag_;
};

}  // namespace slipway::explorer
