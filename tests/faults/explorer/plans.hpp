#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/faults/explorer/writes.hpp"

namespace slipway::explorer {

using PlanId = std::uint32_t;
/// A status as JSON text; 0 is none.
using StatusId = std::uint32_t;

/// What one pass wants to do, made by Controller::reconcile from what the operator sees.
struct KnownPlan {
  std::vector<Blob> view;       ///< The custom resource first.
  std::chrono::seconds age{0};  ///< So long ago the pass has begun.
  std::vector<ActionId> actions;
  std::vector<Blob> viewed;  ///< For each action, what the view showed under that name.
  StatusId status = 0;
  std::optional<std::chrono::seconds> wake;  ///< From now on.
  bool writes = false;                       ///< Any action that is not skipped.
  std::string violation;

  bool Idle() const { return actions.empty() && status == 0; }
};

/// What a planner must never make, whatever it sees; empty when all is well.
using PlanCheck = std::function<std::string(const std::vector<Blob>& view, const Outcome& outcome)>;

/// Plans by view: a planner is a pure function, so it is asked once for every view.
class Plans {
 public:
  Plans(const Controller& controller, Blobs& blobs, Writes& writes, Mutant mutant, PlanCheck check)
      : controller_(controller),
        blobs_(blobs),
        writes_(writes),
        mutant_(mutant),
        check_(std::move(check)),
        plans_(1),
        statuses_(1) {}

  PlanId Make(const std::vector<Blob>& view, std::chrono::seconds age = std::chrono::seconds(0));
  const KnownPlan& operator[](PlanId plan) const { return plans_[plan]; }
  /// The same plan so much later.
  PlanId Later(PlanId plan, std::chrono::seconds time);
  /// The status that the pass writes after these failures.
  StatusId Told(PlanId plan, const std::vector<FailureId>& failures);
  /// The custom resource with that status.
  Blob WithStatus(Blob resource, StatusId status);
  std::size_t Size() const { return plans_.size() - 1; }

 private:
  Outcome Reconcile(const KnownPlan& plan, const std::vector<WriteFailure>& failures) const;
  void Fill(KnownPlan& plan, Outcome outcome);
  void Mutate(const KnownPlan& plan, Outcome& outcome) const;
  StatusId AddStatus(const std::optional<nlohmann::json>& status);

  const Controller& controller_;
  Blobs& blobs_;
  Writes& writes_;
  const Mutant mutant_;
  const PlanCheck check_;
  std::deque<KnownPlan> plans_;
  std::unordered_map<std::string, PlanId> by_view_;
  std::map<std::pair<PlanId, std::vector<FailureId>>, StatusId> told_;
  std::deque<std::string> statuses_;
  std::unordered_map<std::string, StatusId> by_text_;
};

}  // namespace slipway::explorer
