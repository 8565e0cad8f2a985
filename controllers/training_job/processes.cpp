#include "controllers/training_job/processes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace slipway::training_job {
namespace {

using ResourceList = std::map<std::string, std::string>;

/// The Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource) that make sense for cores and
/// devices, rounded up to whole units.
std::optional<std::int32_t> WholeUnits(std::string_view quantity) {
  double value = 0;
  const char* end = quantity.data() + quantity.size();
  const auto [suffix_at, error] = std::from_chars(quantity.data(), end, value);
  if (error != std::errc{} || value <= 0) return std::nullopt;
  const std::string_view suffix(suffix_at, static_cast<std::size_t>(end - suffix_at));
  if (suffix == "m") {
    value /= 1000;
  } else if (suffix == "k") {
    value *= 1000;
  } else if (!suffix.empty()) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(std::min(std::ceil(value), 1e6));
}

/// Whether the resource is a whole accelerator or a slice that a process can have for itself. What
/// else has "gpu" in its name (memory, time shares in percent) cannot be counted.
bool IsDevice(std::string_view resource) {
  constexpr std::array<std::string_view, 2> kIntel{"gpu.intel.com/i915", "gpu.intel.com/xe"};
  if (std::ranges::find(kIntel, resource) != kIntel.end()) return true;
  const auto slash = resource.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view name = resource.substr(slash + 1);
  return name == "gpu" || name == "gpu.shared" || name.starts_with("mig-");
}

std::optional<std::int32_t> Devices(const ResourceList& limits) {
  std::int32_t devices = 0;
  for (const auto& [resource, quantity] : limits) {
    if (IsDevice(resource)) devices += WholeUnits(quantity).value_or(0);
  }
  return devices > 0 ? std::optional(devices) : std::nullopt;
}

std::optional<std::int32_t> Cores(const ResourceList& limits) {
  const auto cpu = limits.find("cpu");
  return cpu == limits.end() ? std::nullopt : WholeUnits(cpu->second);
}

}  // namespace

std::optional<std::int32_t> ProcessesPerNode(const api::Trainer& trainer) {
  const auto limits = trainer.resources_per_node.value_or(api::Resources{}).limits;
  const std::string& wanted = trainer.num_proc_per_node;
  if (wanted == "gpu") return Devices(limits);
  if (wanted == "cpu") return Cores(limits);
  if (wanted == "auto") return Devices(limits).value_or(1);
  return WholeUnits(wanted);
}

}  // namespace slipway::training_job
