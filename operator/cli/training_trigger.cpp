#include <fmt/format.h>

#include <array>

#include "operator/cli/findings.hpp"
#include "operator/cli/kinds.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

struct Held {
  std::string_view reason;
  std::string_view waits_for;
  std::string_view way_out;
};
/// Reasons of a trigger that has something to start, and does not do so yet.
constexpr std::array kHeld{
    Held{"JobAlreadyActive", "the end of that job",
         "wait, delete the job, or set spec.concurrencyPolicy to Allow or Replace"},
    Held{"Replacing", "the end of its pods", "none is needed"},
    Held{"CoolingDown", "the end of the cool-down",
         "wait, or lower spec.onDrift.cooldownSeconds; a drift that is over by then has no job"},
    Held{"ClockBehind", "that time", "have the clocks of the operator's machines looked at"},
};

/// Why a job was started, in the words of status.lastTrigger.
std::string CauseOf(const World& world, const std::string& job) {
  const json& last = At(world.resource, {"status", "lastTrigger"});
  if (Text(last, {"job"}) != job) return "";
  return Line(Text(last, {"cause"}));
}

}  // namespace

std::vector<Finding> TriggerFindings(const World& world, std::vector<std::string>& notes) {
  const json& missed = Condition(world.resource, "RunMissed");
  if (Holds(world.resource, "RunMissed")) notes.push_back(Line(Text(missed, {"message"})));
  if (auto finding = Suspended(world)) return {std::move(*finding)};
  if (auto finding = Barred(world)) return {std::move(*finding)};
  const json& ready = Condition(world.resource, "Ready");
  for (const Held& held : kHeld) {
    if (Text(ready, {"reason"}) != held.reason) continue;
    Finding finding = FromCondition(world, ready);
    finding.waits_for = held.waits_for;
    finding.way_out = held.way_out;
    return {std::move(finding)};
  }
  return {};
}

std::string TriggerJobs(const World& world) {
  const json& status = At(world.resource, {"status"});
  std::vector<std::vector<std::string>> rows;
  for (const json& job : List(status, {"active"})) {
    const std::string name = Line(Plain(job));
    const std::string cause = CauseOf(world, name);
    const auto since = cause.empty() ? std::nullopt : Time(status, {"lastTrigger", "time"});
    rows.push_back({name, "active", since ? Age(since, world.now) : "", cause});
  }
  for (const json& request : List(status, {"webhook", "pending"})) {
    rows.push_back(
        {"", "waits", Age(Time(request, {"time"}), world.now),
         Line(fmt::format("request {} of {}", Text(request, {"id"}), Text(request, {"user"})))});
  }
  std::string text;
  if (!rows.empty()) text = Table({"JOB", "STATE", "SINCE", "FOR"}, rows);
  const std::string newest = Line(Text(status, {"lastTrigger", "job"}));
  if (newest.empty()) return text + "It has started no job yet.\n";
  return text + fmt::format("The newest job is {}, started {} ago ({}).\n", newest,
                            Age(Time(status, {"lastTrigger", "time"}), world.now),
                            CauseOf(world, newest));
}

}  // namespace slipway::cli
