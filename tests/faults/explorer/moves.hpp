#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tests/faults/explorer/state.hpp"

namespace slipway::explorer {

/// Faults that may be switched off one by one.
struct FaultKinds {
  bool requests = true;  ///< A request is dropped, or its answer is.
  bool crashes = true;
  bool stalls = true;      ///< A watch stops for a while.
  bool takeovers = false;  ///< A replica leads whose watches have stopped some time ago.
  bool rivals = true;      ///< Somebody else touches what is ours, or takes a name of ours.
};

struct Limits {
  std::uint8_t faults = 2;
  std::uint8_t edits = 3;    ///< Changes by the user.
  std::uint8_t ticks = 8;    ///< Times that time passes to a deadline.
  std::uint8_t lag = 3;      ///< Changes of one kind that a stalled watch may be behind.
  std::uint8_t leaders = 1;  ///< Replicas that may believe to lead at the same time.
  /// The writes of a plan are sent in its order; less thorough, and deeper with as many states.
  bool in_order = false;
  FaultKinds kinds;
};

/// One step of a path, for people.
struct Label {
  std::string_view what;
  Blob about = 0;       ///< The object it is about, if any.
  ActionId action = 0;  ///< Used when `acts`.
  bool acts = false;
  std::string_view more = {};       ///< Added at the end.
  std::string_view violation = {};  ///< What this step must not do.
  bool failed = false;              ///< The operator has reason to try again.
};

using Emit = std::function<void(State next, const Label& label)>;

/// What the search works with.
struct Machine {
  Blobs& blobs;
  Writes& writes;
  Plans& plans;
  Worlds& worlds;
  Limits limits;
  Mutant mutant;
  /// What a status must not do to the one before it; empty when all is well.
  std::function<std::string(Blob before, Blob after)> check_status;
};

std::string Describe(const Machine& machine, const Label& label);

/// All that the operator may do next: begin a pass, send the next request of one, die.
void OperatorMoves(const Machine& machine, const State& state, const Emit& emit);

/// Whether the replica that leads is in the middle of a pass.
bool PassUnderWay(const State& state);

/// How a pass went that nothing has disturbed.
struct PassResult {
  bool wrote = false;   ///< Something has changed.
  bool failed = false;  ///< A write or the status failed, so that it is tried again.
  std::optional<std::chrono::seconds> wake;
  std::string violation;
};
/// One pass from beginning to end, or the rest of the one that is under way.
PassResult RunPass(const Machine& machine, State& state);

}  // namespace slipway::explorer
