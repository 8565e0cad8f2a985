#include "controllers/common/conditions.hpp"

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"

namespace slipway {

ConditionWriter::ConditionWriter(std::vector<api::Condition>& conditions, std::int64_t generation,
                                 Instant now)
    : conditions_(conditions), generation_(generation), now_(StatusTime(now)) {}

void ConditionWriter::Set(std::string_view type, bool value, std::string_view reason,
                          std::string_view message) {
  const ConditionStatus status = ToConditionStatus(value);
  auto place = std::ranges::lower_bound(conditions_, type, {}, &api::Condition::type);
  if (place == conditions_.end() || place->type != type) {
    place = conditions_.insert(place, api::Condition{});
    place->type = type;
    place->last_transition_time = now_;
  } else if (place->status != status) {
    place->last_transition_time = now_;
  }
  place->status = status;
  place->reason = reason;
  place->message = OneLine(message);
  place->observed_generation = generation_;
}

void ConditionWriter::SetWhile(bool value, std::string_view type, std::string_view reason,
                               std::string_view message) {
  if (value) {
    Set(type, true, reason, message);
  } else {
    Remove(type);
  }
}

void ConditionWriter::Remove(std::string_view type) {
  std::erase_if(conditions_, [&](const api::Condition& item) { return item.type == type; });
}

const api::Condition* FindCondition(const std::vector<api::Condition>& conditions,
                                    std::string_view type) {
  const auto found = std::ranges::find(conditions, type, &api::Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

bool IsTrue(const std::vector<api::Condition>& conditions, std::string_view type) {
  const api::Condition* found = FindCondition(conditions, type);
  return found != nullptr && found->status == ConditionStatus::kTrue;
}

}  // namespace slipway
