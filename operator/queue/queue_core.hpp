#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "operator/base/clock.hpp"
#include "operator/base/fair_share.hpp"
#include "operator/kube/identity.hpp"

namespace slipway {

/// Events of a running watch go first; those of an initial list, which may be thousands of
/// settled objects, come after them.
enum class Priority { kLive = 0, kInitial = 1 };

/// The rules of the work queue without locks, threads or clocks (see WorkQueue for those):
///  - a key waits at most once, and is never handed to two workers;
///  - a key added while it is worked on is handed out again afterwards;
///  - live before initial, and within a priority the namespaces take turns, so that a namespace
///    with ten thousand objects delays the others by one object;
///  - no namespace gets more than its FairShare of the workers;
///  - of several delays of one key the earliest counts; a key that waits among the initial ones is
///    moved to the live ones by a delay, too;
///  - a key that is held comes back when the hold ends, whatever happens to it until then.
class QueueCore {
 public:
  struct Item {
    ObjectKey key;
    SteadyInstant ready_since;
  };

  explicit QueueCore(std::size_t workers) : working_(workers) {}

  void Add(const ObjectKey& key, Priority priority, SteadyInstant now);
  void AddAt(const ObjectKey& key, SteadyInstant when, SteadyInstant now);
  /// Does not hand the key out before `until`, and does then. For a key that is worked on: the
  /// server said when to come back, and the key's own writes come in as events meanwhile.
  void Hold(const ObjectKey& key, SteadyInstant until, SteadyInstant now);
  /// Next key to work on, if one may be handed out. Pair each with one Done.
  std::optional<Item> Take(SteadyInstant now);
  void Done(const ObjectKey& key, SteadyInstant now);

  /// When the earliest delayed key becomes ready.
  std::optional<SteadyInstant> NextDue() const;
  std::size_t Waiting() const { return states_.size() - working_.Taken(); }
  std::size_t Working() const { return working_.Taken(); }

 private:
  struct State {
    std::optional<Priority> waiting;   ///< In a lane.
    std::optional<SteadyInstant> due;  ///< In delayed_.
    std::optional<Priority> again;     ///< Added while being worked on.
    bool working = false;
    SteadyInstant not_before{};  ///< Neither enqueued nor due before.
    SteadyInstant ready_since{};
  };
  /// The keys of one priority, by namespace, and whose turn it is.
  struct Lane {
    std::map<std::string, std::deque<ObjectKey>> by_namespace;
    std::string last_served;
  };

  void PromoteDue(SteadyInstant now);
  void Enqueue(const ObjectKey& key, State& state, Priority priority, SteadyInstant now);
  std::optional<ObjectKey> PopFrom(Priority priority);
  void CancelDelay(const ObjectKey& key, State& state);
  static std::string Turn(const ObjectKey& key) { return key.cluster.name + "/" + key.ns; }

  FairShare working_;
  std::unordered_map<ObjectKey, State, ObjectKeyHash> states_;
  std::array<Lane, 2> lanes_;
  std::set<std::pair<SteadyInstant, ObjectKey>> delayed_;
};

}  // namespace slipway
