#include "controllers/common/fit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace slipway {
namespace {

std::int64_t AmountOf(const Amounts& amounts, std::string_view name) {
  const auto found = amounts.find(name);
  return found == amounts.end() ? 0 : found->second;
}

bool Tolerates(const PodNeeds& needs, const Taint& taint) {
  return std::ranges::any_of(needs.tolerations, [&](const Toleration& one) {
    if (!one.effect.empty() && one.effect != taint.effect) return false;
    if (!one.key.empty() && one.key != taint.key) return false;
    return one.exists || (one.key == taint.key && one.value == taint.value);
  });
}

bool HasLabels(const Machine& machine, const PodNeeds& needs) {
  return std::ranges::all_of(needs.node_selector, [&](const auto& wanted) {
    const auto found = machine.labels.find(wanted.first);
    return found != machine.labels.end() && found->second == wanted.second;
  });
}

bool IsAvoided(const Machine& machine, const PodNeeds& needs) {
  return std::ranges::find(needs.avoids, machine.name) != needs.avoids.end();
}

/// Set by Kubernetes while a machine is cordoned, not ready or short of something.
bool Passes(const Taint& taint) { return taint.key.starts_with("node.kubernetes.io/"); }

std::string Selector(const PodNeeds& needs) {
  std::vector<std::string> terms;
  for (const auto& [name, value] : needs.node_selector) terms.push_back(name + "=" + value);
  return fmt::format("{}", fmt::join(terms, ", "));
}

/// Of each resource of which no machine has enough.
std::vector<std::string> TooLarge(const Amounts& requests,
                                  const std::vector<const Machine*>& machines) {
  std::vector<std::string> facts;
  for (const auto& request : requests) {
    const std::string& name = request.first;  // A lambda may not capture a structured binding.
    const auto has = [&](const Machine* machine) {
      return AmountOf(machine->node.allocatable, name);
    };
    const Machine* largest = *std::ranges::max_element(machines, {}, has);
    const std::int64_t most = has(largest);
    if (most >= request.second) continue;
    facts.push_back(most == 0
                        ? fmt::format("no node has any {}, of which each pod asks for {}", name,
                                      WriteAmount(request.second))
                        : fmt::format("no node has {} {}, which each pod asks for; the largest, "
                                      "{}, has {}",
                                      WriteAmount(request.second), name, largest->name,
                                      WriteAmount(most)));
  }
  return facts;
}

std::string NotTogether(const Amounts& requests) {
  std::vector<std::string> terms;
  for (const auto& [name, amount] : requests) {
    if (name != "pods") terms.push_back(name + " " + WriteAmount(amount));
  }
  return fmt::format("no node has {} at the same time, which each pod asks for",
                     fmt::join(terms, ", "));
}

}  // namespace

bool Admits(const Machine& machine, const PodNeeds& needs) {
  if (machine.node.unschedulable || IsAvoided(machine, needs)) return false;
  return HasLabels(machine, needs) &&
         std::ranges::all_of(machine.node.taints,
                             [&](const Taint& taint) { return Tolerates(needs, taint); });
}

std::int64_t RoomFor(const Amounts& needs, const Amounts& free) {
  std::int64_t room = std::numeric_limits<std::int64_t>::max();
  for (const auto& [name, amount] : needs) {
    if (amount > 0) room = std::min(room, std::max<std::int64_t>(0, AmountOf(free, name)) / amount);
  }
  return room;
}

void TakeFrom(Amounts& free, const Amounts& requests, std::int64_t pods) {
  for (const auto& [name, amount] : requests) {
    std::int64_t taken = 0;
    std::int64_t& left = free[name];
    if (__builtin_mul_overflow(amount, pods, &taken) || __builtin_sub_overflow(left, taken, &left))
      left = std::numeric_limits<std::int64_t>::min();
  }
}

std::int64_t Place(const PodNeeds& needs, std::int64_t count, std::vector<Machine>& machines) {
  std::int64_t placed = 0;
  for (Machine& machine : machines) {
    if (placed == count) break;
    if (!Admits(machine, needs)) continue;
    const std::int64_t here = std::min(count - placed, RoomFor(needs.requests, machine.free));
    TakeFrom(machine.free, needs.requests, here);
    placed += here;
  }
  return placed;
}

std::vector<std::string> WhyNeverFits(const PodNeeds& needs, std::int64_t count,
                                      const std::vector<Machine>& machines) {
  if (machines.empty()) return {"the cluster has no node"};
  std::vector<const Machine*> allowed;
  for (const Machine& machine : machines) {
    if (HasLabels(machine, needs)) allowed.push_back(&machine);
  }
  if (allowed.empty()) {
    return {fmt::format("no node has the labels of the nodeSelector: {}", Selector(needs))};
  }
  std::erase_if(allowed, [&](const Machine* machine) {
    return IsAvoided(*machine, needs) ||
           std::ranges::any_of(machine->node.taints, [&](const Taint& taint) {
             return !Passes(taint) && !Tolerates(needs, taint);
           });
  });
  if (allowed.empty()) {
    return {
        "every node that may take the pods is avoided by the job or has a taint that they do "
        "not tolerate"};
  }
  auto facts = TooLarge(needs.requests, allowed);
  if (!facts.empty()) return facts;
  std::int64_t room = 0;
  for (const Machine* machine : allowed) {
    if (room < count) room += std::min(count, RoomFor(needs.requests, machine->node.allocatable));
  }
  if (room == 0) return {NotTogether(needs.requests)};
  if (room >= count) return {};
  return {
      fmt::format("all nodes together, were they empty, have room for {} such {}; {} must run "
                  "at the same time",
                  room, room == 1 ? "pod" : "pods", count)};
}

std::string WriteAmount(std::int64_t milli) {
  constexpr std::int64_t kThousandth = 1000;
  constexpr std::int64_t kMebi = 1 << 20;
  constexpr std::int64_t kGibi = 1 << 30;
  if (milli % kThousandth != 0) return fmt::format("{}m", milli);
  const std::int64_t whole = milli / kThousandth;
  if (whole >= kGibi && whole % kGibi == 0) return fmt::format("{}Gi", whole / kGibi);
  if (whole >= kMebi && whole % kMebi == 0) return fmt::format("{}Mi", whole / kMebi);
  return fmt::format("{}", whole);
}

}  // namespace slipway
