#include "operator/kube/pod_groups.hpp"

namespace slipway {

Result<PodGroupView> DecodePodGroup(const JsonView& object) {
  if (!object.IsObject()) return Fail(Code::kInternal, "a PodGroup that is no JSON object");
  PodGroupView group;
  const std::int64_t members = object["spec"]["minMember"].IntOr(0);
  const bool fits = members == static_cast<std::int32_t>(members);
  group.min_member = fits ? static_cast<std::int32_t>(members) : 0;
  group.phase = object["status"]["phase"].Text();
  object["status"]["conditions"].ForEach([&](const JsonView& condition) {
    if (condition["type"].String() != "Unschedulable") return;
    const bool holds = condition["status"].String() == "True";
    group.unschedulable = holds ? condition["message"].Text() : "";
  });
  return group;
}

}  // namespace slipway
