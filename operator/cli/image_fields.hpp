#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::cli {

/// What one object says about images.
struct NamedImages {
  std::vector<std::pair<std::string, std::string>> images;  ///< Field and text.
  std::set<std::string> runtimes;  ///< Of the configuration of an operator: names.
  bool has_worker_image = false;   ///< It is the configuration, or an operator, and names one.
  bool unknown_kind = false;       ///< It has a field `image`, and its kind is not known here.
};

NamedImages ImagesIn(const std::vector<crdgen::Crd>& crds, const nlohmann::json& object);

/// The image of each container of a pod that was started, as the pod names it, and the digest that
/// the kubelet says it has; an empty one where it does not.
std::vector<std::pair<std::string, std::string>> DigestsOf(const nlohmann::json& pod);

/// The spec of the job that a TrainingJob is, or that a TrainingTrigger starts; else null.
const nlohmann::json& JobSpecOf(const nlohmann::json& object);

/// Whether pods of the operator's own image work for this object.
bool NeedsWorker(const nlohmann::json& object);

}  // namespace slipway::cli
