#include "operator/cli/status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/kinds.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// Of a long story the end is what matters; -o json has all of it.
constexpr std::size_t kMostMoments = 40;

std::string PhaseOf(const PodView& view) {
  switch (view.phase) {
    case PodView::Phase::kPending: return "Pending";
    case PodView::Phase::kRunning: return "Running";
    case PodView::Phase::kSucceeded: return "Succeeded";
    case PodView::Phase::kFailed: return "Failed";
    case PodView::Phase::kUnknown: break;
  }
  return "Unknown";
}

std::int32_t RestartsOf(const Pod& pod) {
  std::int32_t restarts = 0;
  for (const auto& container : pod.view.containers) restarts += container.restarts;
  return restarts;
}

std::string Conditions(const World& world) {
  std::vector<std::vector<std::string>> rows;
  for (const json& condition : List(world.resource, {"status", "conditions"})) {
    rows.push_back({Line(Text(condition, {"type"})), Line(Text(condition, {"status"})),
                    Age(Time(condition, {"lastTransitionTime"}), world.now),
                    Line(Text(condition, {"reason"})), Line(Text(condition, {"message"}))});
  }
  if (rows.empty()) return "It has no conditions yet.\n";
  return Table({"CONDITION", "STATUS", "SINCE", "REASON", "MESSAGE"}, rows);
}

/// How long a step took, or has been running.
std::string Took(const json& step, Instant now) {
  const json& seconds = At(step, {"durationSeconds"});
  if (seconds.is_number_integer()) return Span(std::chrono::seconds(seconds.get<std::int64_t>()));
  const bool runs = Text(step, {"phase"}) == "Running";
  return runs ? Age(Time(step, {"startTime"}), now) : "";
}

std::string Steps(const World& world) {
  std::vector<std::vector<std::string>> rows;
  for (const json& step : List(world.resource, {"status", "steps"})) {
    const std::int64_t attempts = Number(step, {"attempts"});
    rows.push_back({Line(Text(step, {"name"})), Line(Text(step, {"phase"})),
                    attempts == 0 ? "" : std::to_string(attempts), Took(step, world.now),
                    Line(Text(step, {"logs"})), Line(Text(step, {"message"}))});
  }
  if (rows.empty()) return "";
  return Table({"STEP", "PHASE", "ATTEMPTS", "TOOK", "LOGS", "MESSAGE"}, rows) + "\n";
}

std::string Pods(const World& world) {
  std::vector<std::vector<std::string>> rows;
  for (const Pod& pod : PodsOf(world)) {
    rows.push_back({pod.name, pod.role, pod.deleted ? "Terminating" : PhaseOf(pod.view),
                    pod.view.ready ? "yes" : "no", std::to_string(RestartsOf(pod)),
                    Age(pod.created, world.now), pod.view.node_name, LastWordsOf(pod)});
  }
  if (rows.empty()) return "It has no pods.\n";
  return Table({"POD", "ROLE", "PHASE", "READY", "RESTARTS", "AGE", "MACHINE", "LAST WORDS"}, rows);
}

std::string Moments(const World& world) {
  const auto moments = Timeline(world);
  const std::size_t skipped = moments.size() - std::min(moments.size(), kMostMoments);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = skipped; i < moments.size(); ++i) {
    rows.push_back({Age(moments[i].time, world.now), moments[i].who, moments[i].what});
  }
  std::string text = Table({"AGO", "OBJECT", "WHAT HAPPENED"}, rows);
  if (skipped > 0) text += fmt::format("({} earlier ones: -o json)\n", skipped);
  return text;
}

/// Of a job with spec.elasticPolicy.
std::string Elastic(const World& world) {
  const json& policy = At(world.resource, {"spec", "elasticPolicy"});
  if (!policy.is_object()) return "";
  const json& elastic = At(world.resource, {"status", "elastic"});
  std::string text = fmt::format("Elastic: {} to {} nodes, now {}", Number(policy, {"minNodes"}),
                                 Number(policy, {"maxNodes"}), Number(elastic, {"nodes"}));
  if (elastic.is_object()) {
    text += fmt::format(" ({}, {} ago)", Line(Text(elastic, {"reason"})),
                        Age(Time(elastic, {"since"}), world.now));
  }
  return text + "\n";
}

std::string Summary(const World& world) {
  const json& status = At(world.resource, {"status"});
  const std::string phase = Line(Text(status, {"phase"}));
  std::string text =
      fmt::format("{}: {}, created {} ago\n", world.Title(), phase.empty() ? "no status" : phase,
                  Age(Time(world.resource, {"metadata", "creationTimestamp"}), world.now));
  const json& nodes = At(status, {"nodes"});
  if (nodes.is_object()) {
    text += fmt::format(
        "Nodes: {} wanted, {} active, {} ready, {} succeeded, {} failed; restarts: {}{}\n",
        Number(nodes, {"desired"}), Number(nodes, {"active"}), Number(nodes, {"ready"}),
        Number(nodes, {"succeeded"}), Number(nodes, {"failed"}), Number(status, {"restarts"}),
        status.contains("memberRestarts")
            ? fmt::format(", of single nodes: {}", Number(status, {"memberRestarts"}))
            : "");
  }
  text += Elastic(world);
  const std::string message = Line(Text(status, {"message"}));
  return message.empty() ? text : text + "Message: " + message + "\n";
}

json PodJson(const Pod& pod) {
  json object = {{"name", pod.name},
                 {"role", pod.role},
                 {"phase", PhaseOf(pod.view)},
                 {"terminating", pod.deleted.has_value()},
                 {"ready", pod.view.ready},
                 {"restarts", RestartsOf(pod)},
                 {"machine", pod.view.node_name},
                 {"lastWords", LastWordsOf(pod)}};
  if (pod.created) object["created"] = FormatTime(*pod.created);
  return object;
}

}  // namespace

std::string StatusText(const World& world) {
  const std::string made = world.kind == "TrainingTrigger" ? TriggerJobs(world) : Pods(world);
  std::string text = Summary(world) + "\n" + Conditions(world) + "\n" + Steps(world) + made + "\n" +
                     Moments(world);
  if (!world.unread.empty()) text += "\n";
  for (const auto& [what, why] : world.unread) {
    text += fmt::format("Note: not looked at: {} ({})\n", what, Line(why));
  }
  return text;
}

json StatusJson(const World& world) {
  const json& status = At(world.resource, {"status"});
  json object = {{"kind", world.kind},
                 {"namespace", world.Namespace()},
                 {"name", Name(world.resource)},
                 {"phase", Text(status, {"phase"})},
                 {"message", Text(status, {"message"})},
                 {"restarts", Number(status, {"restarts"})},
                 {"conditions", List(status, {"conditions"})},
                 {"steps", List(status, {"steps"})},
                 {"pods", json::array()},
                 {"timeline", json::array()},
                 {"unread", json::object()}};
  for (const Pod& pod : PodsOf(world)) object["pods"].push_back(PodJson(pod));
  for (const Moment& moment : Timeline(world)) {
    object["timeline"].push_back(
        {{"time", FormatTime(moment.time)}, {"object", moment.who}, {"what", moment.what}});
  }
  for (const auto& [what, why] : world.unread) object["unread"][what] = why;
  return object;
}

}  // namespace slipway::cli
