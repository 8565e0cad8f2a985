#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/base/clock.hpp"

namespace slipway {

/// Condition types that every kind of ours has. kstatus, and by it Flux, reads exactly these:
/// `Ready` is always there, `Reconciling` and `Stalled` only while they are True
/// (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md).
namespace condition {
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
}  // namespace condition

using ConditionStatus = decltype(api::Condition::status);

/// True or False, the two that a condition of ours is ever set to.
constexpr ConditionStatus ToConditionStatus(bool value) {
  return value ? ConditionStatus::kTrue : ConditionStatus::kFalse;
}

/// Writes the conditions of one pass into the recorded list.
///
/// A condition's lastTransitionTime moves only when its status flips, as metav1.Condition
/// demands, so a pass that finds nothing new leaves the list equal to what was recorded. The list
/// stays sorted by type: it does not depend on the history by which it came about.
class ConditionWriter {
 public:
  /// `conditions` starts as the recorded list; `generation` is what this pass has acted on.
  ConditionWriter(std::vector<api::Condition>& conditions, std::int64_t generation, Instant now);

  /// The reason is a CamelCase constant; the message is made one line.
  void Set(std::string_view type, bool value, std::string_view reason, std::string_view message);
  /// For conditions that exist only while they are True: sets it, or removes it.
  void SetWhile(bool value, std::string_view type, std::string_view reason,
                std::string_view message);
  void Remove(std::string_view type);

 private:
  std::vector<api::Condition>& conditions_;
  std::int64_t generation_;
  Instant now_;
};

/// The condition of that type, or nullptr.
const api::Condition* FindCondition(const std::vector<api::Condition>& conditions,
                                    std::string_view type);
/// Whether the condition is there and True.
bool IsTrue(const std::vector<api::Condition>& conditions, std::string_view type);

}  // namespace slipway
