#include <fmt/format.h>

#include <algorithm>
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

/// What is due for a source, or what has come into it.
std::string Change(const json& watch) {
  constexpr std::size_t kEnough = 12;
  const std::string target = Text(watch, {"target"});
  if (Text(watch, {"cause"}) == "Data") return Line("new objects in " + target);
  const std::string commit = Text(watch, {"observedRevision"}).substr(0, kEnough);
  return Line(fmt::format("commit {} of {}", commit, target));
}

const json& WatchOf(const World& world, std::string_view cause) {
  static const json kNone;
  for (const json& watch : List(world.resource, {"status", "watches"})) {
    if (Text(watch, {"cause"}) == cause) return watch;
  }
  return kNone;
}

/// Sources that cannot be looked at.
void AddUnreachable(const World& world, std::vector<Finding>& findings) {
  for (const std::string_view cause : {"Commit", "Data"}) {
    const json& condition = Condition(world.resource, std::string(cause) + "Reachable");
    if (Text(condition, {"status"}) != "False") continue;
    Finding finding = FromCondition(world, condition);
    const auto next = Time(WatchOf(world, cause), {"nextPollTime"});
    finding.waits_for = next ? "the next look, at " + FormatTime(*next) : "the next look";
    if (Text(condition, {"reason"}) == "PollFailed") {
      finding.way_out = fmt::format(
          "correct the address, the Secret or caBundle in spec.on{}, or let pods of the namespace "
          "reach that server; it is tried again by itself",
          cause);
    }
    findings.push_back(std::move(finding));
  }
}

std::string Watches(const World& world) {
  std::string text;
  for (const json& watch : List(world.resource, {"status", "watches"})) {
    const auto last = Time(watch, {"lastPollTime"});
    const auto next = Time(watch, {"nextPollTime"});
    const bool data = Text(watch, {"cause"}) == "Data";
    const auto fresh =
        static_cast<std::size_t>(std::max<std::int64_t>(Number(watch, {"newObjects"}), 0));
    text += fmt::format("It looks at {}: last {}, next at {}{}.\n", Line(Text(watch, {"target"})),
                        last ? Age(last, world.now) + " ago" : "never",
                        next ? FormatTime(*next) : "an unknown time",
                        data ? "; " + Count(fresh, "new object") + " since the newest job" : "");
  }
  return text;
}

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
  std::vector<Finding> findings;
  const json& ready = Condition(world.resource, "Ready");
  for (const Held& held : kHeld) {
    if (Text(ready, {"reason"}) != held.reason) continue;
    Finding finding = FromCondition(world, ready);
    finding.waits_for = held.waits_for;
    finding.way_out = held.way_out;
    findings.push_back(std::move(finding));
  }
  AddUnreachable(world, findings);
  return findings;
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
  for (const json& watch : List(status, {"watches"})) {
    const auto due = Time(watch, {"dueTime"});
    if (due) rows.push_back({"", "waits", Age(due, world.now), Change(watch)});
  }
  for (const json& request : List(status, {"webhook", "pending"})) {
    rows.push_back(
        {"", "waits", Age(Time(request, {"time"}), world.now),
         Line(fmt::format("request {} of {}", Text(request, {"id"}), Text(request, {"user"})))});
  }
  std::string text;
  if (!rows.empty()) text = Table({"JOB", "STATE", "SINCE", "FOR"}, rows);
  text += Watches(world);
  const std::string newest = Line(Text(status, {"lastTrigger", "job"}));
  if (newest.empty()) return text + "It has started no job yet.\n";
  return text + fmt::format("The newest job is {}, started {} ago ({}).\n", newest,
                            Age(Time(status, {"lastTrigger", "time"}), world.now),
                            CauseOf(world, newest));
}

}  // namespace slipway::cli
