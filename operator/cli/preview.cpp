#include "operator/cli/preview.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/registry.hpp"
#include "controllers/training_job/steps.hpp"
#include "operator/cli/children.hpp"
#include "operator/cli/decode.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"
#include "operator/run/write.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// Those of an operator whose configuration has all that is asked for.
Settings MakeSettings(const json& object) {
  Settings settings;
  settings.worker_image = "<image of the operator>";
  settings.gang_scheduler = GangScheduler::kBarrier;
  settings.report_url = "http://<service of the operator>";
  for (const json& variant : List(object, {"spec", "variants"})) {
    const std::string name = Text(variant, {"runtime", "name"});
    if (!name.empty()) {
      settings.runtimes.push_back({name, fmt::format("<image of runtime {}>", name), {}, {}});
    }
  }
  return settings;
}

json Whole(const Owner& owner, const Action& action) {
  if (const auto* create = std::get_if<Create>(&action)) {
    return StampBody(owner, create->type, create->key, create->body, false);
  }
  if (const auto* apply = std::get_if<Apply>(&action)) {
    return StampBody(owner, apply->type, apply->key, apply->body, true);
  }
  return {};  // There is nothing to delete in an empty world.
}

void ReadStatus(Preview& preview, const Outcome& outcome) {
  if (!outcome.status) return;
  const json object = {{"status", *outcome.status}};
  preview.stalled = Holds(object, "Stalled");
  const json& why = preview.stalled ? Condition(object, "Stalled") : Condition(object, "Ready");
  preview.message = Text(why, {"message"});
}

/// As if the first step that is not done had succeeded; false when nothing more would be created.
bool Succeed(json& status) {
  if (!status.contains("steps")) return false;
  for (json& step : status["steps"]) {
    if (Text(step, {"phase"}) == "Succeeded") continue;
    const std::string name = Text(step, {"name"});
    if (name == training_job::kEvaluateStep || name == training_job::kRegisterStep) return false;
    step["phase"] = "Succeeded";
    return true;
  }
  return false;
}

void AddChildren(Preview& preview, const Owner& owner, const Plan& plan) {
  for (const Action& action : plan.actions) {
    json child = Whole(owner, action);
    const bool known = std::ranges::any_of(
        preview.children, [&](const json& other) { return Name(other) == Name(child); });
    if (!child.is_null() && !known) preview.children.push_back(std::move(child));
  }
}

bool IsGang(const json& object) {
  const json& policy = At(object, {"spec", "schedulingPolicy"});
  return Text(policy, {"gang"}) == "Required" && Text(policy, {"queue"}).empty();
}

std::string Nothing(const Preview& preview, const json& object) {
  const std::string manager = Text(object, {"spec", "managedBy"});
  if (!preview.message.empty()) return preview.message;
  if (!manager.empty()) return fmt::format("spec.managedBy leaves it to {}", manager);
  return "nothing is to be done for it now";
}

}  // namespace

bool IsLookedUp(const json& object) {
  const auto controllers = MakeControllers(MakeSettings(object));
  return std::ranges::none_of(controllers, [&](const Controller& one) {
    return one.kind.type.kind == Text(object, {"kind"});
  });
}

Result<Preview> MakePreview(const json& object, const std::vector<json>& others, Instant now) {
  const auto controllers = MakeControllers(MakeSettings(object));
  const auto controller =
      std::ranges::find(controllers, Text(object, {"kind"}),
                        [](const Controller& one) { return std::string(one.kind.type.kind); });
  if (controller == controllers.end()) return Fail(Code::kKindNotServed, "no kind of Slipway");
  auto world = WorldOf(*controller, object, others);
  if (!world) return tl::unexpected(world.error());

  Preview preview{
      Text(object, {"kind"}), Text(object, {"metadata", "namespace"}), Name(object), {}, {}, false};
  const ObjectKey key{kHomeCluster, preview.ns, preview.name};
  Outcome outcome = controller->reconcile({key, *world, now, {}});
  if (outcome.plan.actions.empty() && outcome.status) {
    // Something had to be recorded first, such as what its runtime is.
    json recorded = object;
    recorded["status"] = *outcome.status;
    world = WorldOf(*controller, recorded, others);
    if (!world) return tl::unexpected(world.error());
    Outcome next = controller->reconcile({key, *world, now, {}});
    outcome.plan = std::move(next.plan);
    if (next.status) outcome.status = std::move(next.status);
  }
  const Owner owner{controller->kind.type, key, Text(object, {"metadata", "uid"}), 1};
  AddChildren(preview, owner, outcome.plan);
  json later = object;
  if (outcome.status) later["status"] = *outcome.status;
  constexpr int kMostSteps = 16;
  for (int i = 0; i < kMostSteps && Succeed(later["status"]); ++i) {
    world = WorldOf(*controller, later, others);
    if (!world) return tl::unexpected(world.error());
    const Outcome next = controller->reconcile({key, *world, now, {}});
    AddChildren(preview, owner, next.plan);
    if (next.status) later["status"] = *next.status;
  }
  if (preview.children.empty()) ReadStatus(preview, outcome);
  return preview;
}

std::string PreviewText(const Preview& preview, const json& object) {
  std::string text = fmt::format("{} {}/{}: ", preview.kind, preview.ns, preview.name);
  if (preview.children.empty()) {
    return text + "nothing would be created: " + Nothing(preview, object) + "\n";
  }
  text += fmt::format("would create {}\n\n", Count(preview.children.size(), "object"));
  text += Table({"KIND", "NAME", "WHAT"}, ChildRows(preview.children));
  // What it is cannot be known here, and the objects are not quite the same.
  if (IsGang(object)) {
    text +=
        "\nThat is with gangScheduler Barrier: the operator opens the gate when all pods fit.\n"
        "With Volcano or Coscheduling a PodGroup is created before them, which they name with\n"
        "that scheduler in place of the gate; with None the job is refused.\n";
  }
  const auto env = RendezvousOf(preview.children, object);
  if (!env.empty()) {
    text +=
        fmt::format("\nEnvironment by the operator (rendezvous of {}), as the first pod gets it:\n",
                    Text(object, {"spec", "framework"}));
    for (const std::string& variable : env) text += "  " + variable + "\n";
  }
  const auto needed = NeededBy(preview.children);
  if (!needed.empty()) {
    text += fmt::format("\nMust exist in namespace {}:\n", preview.ns);
    for (const std::string& one : needed) text += "  " + one + "\n";
  }
  return text;
}

}  // namespace slipway::cli
