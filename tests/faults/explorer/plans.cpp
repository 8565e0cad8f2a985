#include "tests/faults/explorer/plans.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace slipway::explorer {
namespace {

using nlohmann::json;
using std::chrono::seconds;

std::string KeyText(const std::vector<Blob>& view, seconds age) {
  std::string text(reinterpret_cast<const char*>(view.data()), view.size() * sizeof(Blob));
  return text + std::to_string(age.count());
}

/// Changes of a Blob by a status have numbers of their own.
constexpr std::uint32_t kStatusChange = 1U << 30U;

}  // namespace

PlanId Plans::Make(const std::vector<Blob>& view, seconds age) {
  const auto [place, fresh] =
      by_view_.try_emplace(KeyText(view, age), static_cast<PlanId>(plans_.size()));
  const PlanId id = place->second;
  if (!fresh) return id;
  KnownPlan plan;
  plan.view = view;
  plan.age = age;
  Fill(plan, Reconcile(plan, {}));
  plans_.push_back(std::move(plan));
  return id;
}

Outcome Plans::Reconcile(const KnownPlan& plan, const std::vector<WriteFailure>& failures) const {
  std::vector<ObjectPtr> objects;
  for (const Blob blob : plan.view) objects.push_back(blobs_[blob].object);
  const ObjectKey key = objects.front()->key;
  std::ranges::sort(objects, {}, [](const ObjectPtr& object) { return object->key; });
  const Snapshot snapshot(std::move(objects));
  return controller_.reconcile({key, snapshot, kNow - plan.age, failures});
}

void Plans::Fill(KnownPlan& plan, Outcome outcome) {
  plan.violation = check_(plan.view, outcome);
  Mutate(plan, outcome);
  const Object& resource = *blobs_[plan.view.front()].object;
  const Owner owner{resource.type, resource.key, resource.meta.uid, resource.meta.generation};
  for (const auto& action : outcome.plan.actions) {
    const ActionId id = writes_.Add(owner, action);
    const KnownAction& known = writes_.Known(id);
    plan.actions.push_back(id);
    const auto viewed =
        std::ranges::find_if(plan.view, [&](Blob blob) { return blobs_[blob].name == known.name; });
    // Only an apply looks at it.
    const bool used = std::holds_alternative<Apply>(action) && viewed != plan.view.end();
    plan.viewed.push_back(used ? *viewed : 0);
    const Snapshot there(used ? std::vector{blobs_[*viewed].object} : std::vector<ObjectPtr>{});
    plan.writes = plan.writes || !Write(owner, action, there).Skipped();
  }
  plan.status = AddStatus(outcome.status);
  if (outcome.plan.wake_at) {
    plan.wake = std::chrono::ceil<seconds>(*outcome.plan.wake_at - kNow);
  }
}

void Plans::Mutate(const KnownPlan& plan, Outcome& outcome) const {
  auto& actions = outcome.plan.actions;
  switch (mutant_) {
    case Mutant::kLostWake: outcome.plan.wake_at.reset(); break;
    case Mutant::kRandomNames:
      for (auto& action : actions) {
        if (auto* create = std::get_if<Create>(&action)) {
          create->key.name += plan.view.size() % 2 == 0 ? "-a" : "-b";
        }
      }
      break;
    case Mutant::kEagerGeneration:
      if (outcome.status) {
        auto& generation = (*outcome.status)["observedGeneration"];
        generation = generation.get<int>() + 1;
      }
      break;
    default: break;
  }
}

PlanId Plans::Later(PlanId plan, seconds time) {
  std::vector<Blob> view = plans_[plan].view;
  const seconds age = plans_[plan].age + time;
  for (Blob& blob : view) blob = blobs_.Later(blob, time);
  return Make(view, age);
}

StatusId Plans::Told(PlanId plan, const std::vector<FailureId>& failures) {
  if (mutant_ == Mutant::kSilentFailures) return plans_[plan].status;
  const auto known = told_.find({plan, failures});
  if (known != told_.end()) return known->second;
  std::vector<WriteFailure> list;
  for (const FailureId failure : failures) list.push_back(writes_.Failure(failure));
  Outcome outcome = Reconcile(plans_[plan], list);
  const StatusId status = AddStatus(outcome.status);
  told_.emplace(std::pair(plan, failures), status);
  return status;
}

StatusId Plans::AddStatus(const std::optional<json>& status) {
  if (!status) return 0;
  std::string text = status->dump();
  const auto [place, fresh] = by_text_.try_emplace(text, static_cast<StatusId>(statuses_.size()));
  if (fresh) statuses_.push_back(std::move(text));
  return place->second;
}

Blob Plans::WithStatus(Blob resource, StatusId status) {
  return blobs_.Change(resource, kStatusChange | status,
                       [&](json& object) { object["status"] = json::parse(statuses_[status]); });
}

}  // namespace slipway::explorer
