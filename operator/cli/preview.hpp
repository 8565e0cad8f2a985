#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace slipway::cli {

/// What the operator would create for an object that nobody has seen before.
struct Preview {
  std::string kind, ns, name;
  std::vector<nlohmann::json> children;  ///< Whole objects, as they would be sent.
  /// What the status would say, where that keeps anything from being created.
  std::string message;
  bool stalled = false;  ///< Only a change of the object can help.
};

/// Whether the kind is only looked up by others, such as a runtime, and nothing is made for it.
bool IsLookedUp(const nlohmann::json& object);

/// Asks the kind's own planner about a world that holds nothing but `object` and, of `others`, what
/// it looks up; all are as Admit returns them. Images that only the operator's configuration knows
/// are shown as "<image of ...>".
Result<Preview> MakePreview(const nlohmann::json& object, const std::vector<nlohmann::json>& others,
                            Instant now);

/// For people: a table of the children, the environment of the rendezvous, and what must exist.
std::string PreviewText(const Preview& preview, const nlohmann::json& object);

}  // namespace slipway::cli
