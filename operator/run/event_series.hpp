#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "operator/run/write.hpp"

namespace slipway {

/// Decides how an Event reaches the API server: as a new object, or, when the same one was sent
/// within `window`, as one more count of its series (events.k8s.io/v1 EventSeries). Pure but for
/// its memory of the last `capacity` Events. Not thread-safe.
class EventSeries {
 public:
  explicit EventSeries(std::string instance, std::chrono::minutes window = std::chrono::minutes(6),
                       std::size_t capacity = 4096)
      : instance_(std::move(instance)), window_(window), capacity_(capacity) {}

  struct Decision {
    bool create = true;
    ObjectKey key;        ///< Of the Event object.
    nlohmann::json body;  ///< The whole Event, or what to apply to count its series up.
    std::string id;
  };
  Decision Decide(const Owner& regarding, const EmitEvent& event, Instant now);
  /// The decision could not be carried out: the next of its kind is a new Event.
  void Forget(const Decision& decision) { sent_.erase(decision.id); }

 private:
  struct Sent {
    ObjectKey key;
    std::int64_t count = 1;
    Instant last;
  };

  std::string instance_;
  std::chrono::minutes window_;
  std::size_t capacity_;
  std::unordered_map<std::string, Sent> sent_;
};

inline constexpr ResourceType kEventType{"events.k8s.io", "v1", "Event", "events"};

}  // namespace slipway
