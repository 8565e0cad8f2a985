#include "operator/cli/fit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

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

void TakeLarger(Amounts& sum, const Amounts& other) {
  for (const auto& [name, amount] : other) {
    if (!sum.contains(name) || sum[name].value < amount.value) sum[name] = amount;
  }
}

bool HasLabels(const json& node, const json& selector) {
  for (const std::string& name : Names(selector, {})) {
    if (Label(node, name) != Text(selector, {name})) return false;
  }
  return true;
}

/// A machine of the cluster that the pod's nodeSelector allows.
struct Machine {
  std::string name;
  Amounts has;

  double Has(const std::string& resource) const {
    const auto found = has.find(resource);
    return found == has.end() ? 0 : found->second.value;
  }
};

std::vector<Machine> Allowed(const json& spec, const std::vector<json>& nodes) {
  std::vector<Machine> machines;
  for (const json& node : nodes) {
    if (!HasLabels(node, At(spec, {"nodeSelector"}))) continue;
    machines.push_back({Name(node), AmountsOf(At(node, {"status", "allocatable"}))});
  }
  std::ranges::sort(machines, {}, &Machine::name);
  return machines;
}

/// How many such pods an empty machine has room for.
double Room(const Machine& machine, const Amounts& requests) {
  double room = machine.has.contains("pods") ? machine.Has("pods") : 110;
  for (const auto& [name, amount] : requests) {
    if (amount.value > 0) room = std::min(room, std::floor(machine.Has(name) / amount.value));
  }
  return room;
}

std::string Selector(const json& spec) {
  std::vector<std::string> terms;
  for (const std::string& name : Names(spec, {"nodeSelector"})) {
    terms.push_back(name + "=" + Text(spec, {"nodeSelector", name}));
  }
  return fmt::format("{}", fmt::join(terms, ", "));
}

/// Of each resource of which no machine has enough.
std::vector<std::string> TooLarge(const Amounts& requests, const std::vector<Machine>& machines) {
  std::vector<std::string> facts;
  for (const auto& request : requests) {
    const std::string& name = request.first;  // A lambda may not capture a structured binding.
    const Amount& amount = request.second;
    const auto largest = std::ranges::max_element(
        machines, {}, [&](const Machine& machine) { return machine.Has(name); });
    const double most = largest->Has(name);
    if (most >= amount.value) continue;
    facts.push_back(
        most == 0
            ? fmt::format("no node has any {}, of which each pod asks for {}", name, amount.text)
            : fmt::format("no node has {} {}, which each pod asks for; the largest, {}, has {}",
                          amount.text, name, largest->name, largest->has.at(name).text));
  }
  return facts;
}

std::string NotTogether(const Amounts& requests) {
  std::vector<std::string> terms;
  for (const auto& [name, amount] : requests) terms.push_back(name + " " + amount.text);
  return fmt::format("no node has {} at the same time, which each pod asks for",
                     fmt::join(terms, ", "));
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
  Amounts sum;
  for (const json& container : List(spec, {"containers"})) {
    // As the API server does: a limit without a request is a request.
    Amounts wanted = AmountsOf(At(container, {"resources", "limits"}));
    for (auto& [name, amount] : AmountsOf(At(container, {"resources", "requests"}))) {
      wanted[name] = amount;
    }
    Add(sum, wanted);
  }
  for (const json& container : List(spec, {"initContainers"})) {
    TakeLarger(sum, AmountsOf(At(container, {"resources", "requests"})));
  }
  Add(sum, AmountsOf(At(spec, {"overhead"})));
  return sum;
}

std::vector<std::string> WhyNeverFits(const json& spec, std::size_t count,
                                      const std::vector<json>& nodes) {
  if (nodes.empty()) return {"the cluster has no node"};
  const auto machines = Allowed(spec, nodes);
  if (machines.empty()) {
    return {fmt::format("no node has the labels of the nodeSelector: {}", Selector(spec))};
  }
  const Amounts requests = RequestsOf(spec);
  auto facts = TooLarge(requests, machines);
  if (!facts.empty()) return facts;
  double room = 0;
  for (const Machine& machine : machines) room += std::max(0.0, Room(machine, requests));
  if (room == 0) return {NotTogether(requests)};
  if (room < static_cast<double>(count)) {
    return {
        fmt::format("all nodes together, were they empty, have room for {} such {}; {} must run "
                    "at the same time",
                    Write(room), room == 1 ? "pod" : "pods", count)};
  }
  return {};
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
