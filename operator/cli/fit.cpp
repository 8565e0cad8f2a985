#include "operator/cli/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "controllers/common/fit.hpp"
#include "controllers/common/quantity.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string Write(double value) {
  constexpr double kMebi = 1U << 20U;
  constexpr double kGibi = 1U << 30U;
  if (value >= kGibi && std::fmod(value, kGibi) == 0) return fmt::format("{:.0f}Gi", value / kGibi);
  if (value >= kMebi && std::fmod(value, kMebi) == 0) return fmt::format("{:.0f}Mi", value / kMebi);
  return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                              : fmt::format("{:g}", value);
}

void Add(Amounts& sum, const Amounts& more) {
  for (const auto& [name, amount] : more) {
    const bool first = !sum.contains(name);
    Amount& total = sum[name];
    total.value += amount.value;
    total.text = first ? amount.text : Write(total.value);
  }
}

/// What a pod spec asks the scheduler for.
PodNeeds NeedsOf(const json& spec) {
  JsonParser parser;
  const std::string text = spec.dump();
  const auto view = parser.Parse(text);
  return view ? DecodePodNeeds(*view) : PodNeeds{};
}

Machine MachineOf(const json& node) {
  Machine machine{Name(node), {}, {}, {}};
  for (const std::string& name : Names(node, {"metadata", "labels"})) {
    machine.labels.emplace(name, Label(node, name));
  }
  JsonParser parser;
  const std::string text = node.dump();
  const auto view = parser.Parse(text);
  if (view) machine.node = DecodeNode(*view);
  return machine;
}

/// The amount that one pod takes from a bound of a quota such as "requests.cpu".
double Takes(const std::string& bound, const Amounts& requests, const Amounts& limits) {
  if (bound == "pods" || bound == "count/pods") return 1;
  constexpr std::string_view kRequests = "requests.";
  constexpr std::string_view kLimits = "limits.";
  const bool limit = bound.starts_with(kLimits);
  const Amounts& from = limit ? limits : requests;
  std::string name = bound;
  if (limit) name = bound.substr(kLimits.size());
  if (bound.starts_with(kRequests)) name = bound.substr(kRequests.size());
  const auto found = from.find(name);
  return found == from.end() ? 0 : found->second.value;
}

Amounts LimitsOf(const json& spec) {
  Amounts sum;
  for (const json& container : List(spec, {"containers"})) {
    Add(sum, AmountsOf(At(container, {"resources", "limits"})));
  }
  return sum;
}

}  // namespace

Amounts AmountsOf(const json& resources) {
  Amounts amounts;
  for (const std::string& name : Names(resources, {})) {
    std::string text = Plain(At(resources, {name}));
    if (const auto value = QuantityValue(text)) amounts[name] = {std::move(text), *value};
  }
  return amounts;
}

Amounts RequestsOf(const json& spec) {
  Amounts amounts;
  for (const auto& [name, milli] : NeedsOf(spec).requests) {
    if (name != "pods") amounts[name] = {WriteAmount(milli), static_cast<double>(milli) / 1000};
  }
  return amounts;
}

std::vector<std::string> WhyNeverFits(const json& spec, std::size_t count,
                                      const std::vector<json>& nodes) {
  std::vector<Machine> machines;
  machines.reserve(nodes.size());
  for (const json& node : nodes) machines.push_back(MachineOf(node));
  std::ranges::sort(machines, {}, &Machine::name);
  return slipway::WhyNeverFits(NeedsOf(spec), static_cast<std::int64_t>(count), machines);
}

std::vector<std::string> WhyQuotaNeverFits(const json& spec, std::size_t count,
                                           const std::vector<json>& quotas) {
  const Amounts requests = RequestsOf(spec);
  const Amounts limits = LimitsOf(spec);
  std::vector<std::string> facts;
  for (const json& quota : quotas) {
    const bool scoped = !List(quota, {"spec", "scopes"}).empty() ||
                        At(quota, {"spec", "scopeSelector"}).is_object();
    if (scoped) continue;  // It may be about other pods.
    for (const auto& [bound, hard] : AmountsOf(At(quota, {"spec", "hard"}))) {
      const double needed = Takes(bound, requests, limits) * static_cast<double>(count);
      if (needed <= hard.value) continue;
      facts.push_back(fmt::format("ResourceQuota {} allows {} {} in all; {}", Name(quota),
                                  hard.text, bound,
                                  Count(count, "pod") + " of this object need " + Write(needed)));
    }
  }
  return facts;
}

}  // namespace slipway::cli
