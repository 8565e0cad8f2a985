#include "controllers/common/probe_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "controllers/common/text.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxChecks = 32;
constexpr std::size_t kMaxTarget = 300;
/// Of which the line for people names this many.
constexpr std::size_t kShown = 4;
constexpr std::size_t kShownTarget = 120;
constexpr std::string_view kNone = "a target";
/// A day: longer than any probe may take, and far from what a number can hold.
constexpr milliseconds kMaxTook = std::chrono::hours(24);

constexpr std::array kReasons{ProbeReason::kEnforced, ProbeReason::kIsolationUnenforced,
                              ProbeReason::kNothingProven};
constexpr std::array kSeen{ProbeSeen::kConnected,   ProbeSeen::kRefused,    ProbeSeen::kTimedOut,
                           ProbeSeen::kUnreachable, ProbeSeen::kUnresolved, ProbeSeen::kFailed};

template <class Value, std::size_t N>
std::optional<Value> Find(const std::array<Value, N>& all, std::string_view name) {
  const auto found =
      std::ranges::find_if(all, [name](Value value) { return ToString(value) == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json ToJson(const ProbeCheck& check) {
  return {{"target", check.target},
          {"expect", check.reachable ? "Reachable" : "Refused"},
          {"seen", ToString(check.seen)},
          {"milliseconds", check.took.count()}};
}

/// A member of its own type and range, or nothing.
std::optional<ProbeCheck> ReadCheck(const JsonView& view) {
  const std::string expect = view["expect"].Text();
  const auto seen = Find(kSeen, view["seen"].Text());
  ProbeCheck check;
  check.target = OneLine(view["target"].Text(), kMaxTarget);
  if (!seen || check.target.empty() || (expect != "Reachable" && expect != "Refused")) {
    return std::nullopt;
  }
  check.reachable = expect == "Reachable";
  check.seen = *seen;
  check.took =
      milliseconds(std::clamp<std::int64_t>(view["milliseconds"].IntOr(0), 0, kMaxTook.count()));
  return check;
}

/// Those of one expectation, and of what was seen: "a:1 (TimedOut), b:2 (Refused)".
template <class Filter>
std::string List(const std::vector<ProbeCheck>& checks, Filter filter) {
  std::string text;
  std::size_t count = 0;
  for (const auto& check : checks) {
    if (!filter(check) || ++count > kShown) continue;
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", OneLine(check.target, kShownTarget),
                        ToString(check.seen));
  }
  if (count > kShown) text += fmt::format(" and {} more", count - kShown);
  return text.empty() ? std::string(kNone) : text;
}

std::string DescribeUnproven(const ProbeReport& report) {
  const std::string missing =
      List(report.checks, [](const auto& check) { return check.reachable && !AsDeclared(check); });
  const std::string untried =
      List(report.checks, [](const auto& check) { return !check.reachable && !AsDeclared(check); });
  if (missing != kNone) {
    return fmt::format(
        "{} must be reachable and was not, so that nothing is proven of what must not be; see that "
        "it runs, that its name resolves, and that the network policies of both sides let this pod "
        "through to it",
        missing);
  }
  if (untried != kNone) {
    return fmt::format(
        "{} could not be tried, so that nothing is proven; see that its name resolves, and that "
        "this pod may open connections",
        untried);
  }
  return "what must be reachable was, and what must not be was not, but not for long enough before "
         "the time was up; give it more time, or look why the network is that slow to follow its "
         "policies";
}

}  // namespace

std::string_view ToString(ProbeReason reason) {
  switch (reason) {
    case ProbeReason::kEnforced: return "Enforced";
    case ProbeReason::kIsolationUnenforced: return "IsolationUnenforced";
    case ProbeReason::kNothingProven: return "NothingProven";
  }
  return "NothingProven";
}

std::string_view ToString(ProbeSeen seen) {
  switch (seen) {
    case ProbeSeen::kConnected: return "Connected";
    case ProbeSeen::kRefused: return "Refused";
    case ProbeSeen::kTimedOut: return "TimedOut";
    case ProbeSeen::kUnreachable: return "Unreachable";
    case ProbeSeen::kUnresolved: return "Unresolved";
    case ProbeSeen::kFailed: return "Failed";
  }
  return "Failed";
}

int ExitCode(ProbeReason reason) {
  switch (reason) {
    case ProbeReason::kEnforced: return kProbeEnforced;
    case ProbeReason::kIsolationUnenforced: return kProbeUnenforced;
    case ProbeReason::kNothingProven: return kProbeNothingProven;
  }
  return kProbeNothingProven;
}

bool AsDeclared(const ProbeCheck& check) {
  if (check.reachable) return check.seen == ProbeSeen::kConnected;
  return check.seen == ProbeSeen::kRefused || check.seen == ProbeSeen::kTimedOut ||
         check.seen == ProbeSeen::kUnreachable;
}

std::string WriteProbeReport(const ProbeReport& report) {
  std::vector<ProbeCheck> checks = report.checks;
  std::stable_partition(checks.begin(), checks.end(), std::not_fn(AsDeclared));
  json out{{"version", kVersion},
           {"reason", ToString(report.reason)},
           {"checks", json::array()},
           {"seconds", std::round(static_cast<double>(report.took.count()) / 100) / 10}};
  for (const auto& check : checks) {
    out["checks"].push_back(ToJson(check));
    if (out["checks"].size() <= kMaxChecks && Dump(out).size() <= kMaxProbeReport) continue;
    out["checks"].erase(out["checks"].size() - 1);
    break;
  }
  return Dump(out);
}

Result<ProbeReport> ReadProbeReport(std::string_view text) {
  if (text.size() > kMaxProbeReport) {
    return Fail(Code::kInternal, "it is longer than a report of a probe can be");
  }
  JsonParser parser;
  const auto root = parser.Parse(text);
  if (!root) return tl::unexpected(root.error());
  const auto reason = Find(kReasons, (*root)["reason"].Text());
  if ((*root)["version"].IntOr(0) != kVersion || !reason) {
    return Fail(Code::kInternal, "it is no report of a probe, or of another version");
  }
  ProbeReport report;
  report.reason = *reason;
  (*root)["checks"].ForEach([&report](const JsonView& view) {
    auto check = report.checks.size() < kMaxChecks ? ReadCheck(view) : std::nullopt;
    if (check) report.checks.push_back(*std::move(check));
  });
  const double seconds = (*root)["seconds"].Double().value_or(0);
  const double most = static_cast<double>(kMaxTook.count()) / 1000;
  report.took = milliseconds(std::llround(std::clamp(seconds, 0.0, most) * 1000));
  return report;
}

std::string DescribeProbe(const ProbeReport& report) {
  std::string text;
  switch (report.reason) {
    case ProbeReason::kEnforced:
      text = fmt::format("not reachable, as declared: {}",
                         List(report.checks, [](const auto& check) { return !check.reachable; }));
      break;
    case ProbeReason::kIsolationUnenforced:
      text = fmt::format(
          "{} must not be reachable from this pod, but was; see that the cluster's network "
          "enforces "
          "NetworkPolicies on this node, and that no other policy of the namespace allows this",
          List(report.checks, [](const auto& check) {
            return !check.reachable && check.seen == ProbeSeen::kConnected;
          }));
      break;
    case ProbeReason::kNothingProven: text = DescribeUnproven(report); break;
  }
  return OneLine(fmt::format("{} after {:.1f} s: {}", ToString(report.reason),
                             static_cast<double>(report.took.count()) / 1000, text));
}

}  // namespace slipway
