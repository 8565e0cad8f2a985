// Any JSON, read as every built-in kind.
#include "operator/cache/store.hpp"
#include "operator/kube/pod_groups.hpp"
#include "operator/kube/workloads.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {

void Fuzz(std::string_view input) {
  JsonParser parser;
  const auto object = parser.Parse(input);
  if (!object) return;
  if (const auto meta = DecodeMeta(*object)) {
    Require(!meta->name.empty() && !meta->uid.empty(), "an object has a name and a uid");
    for (const auto& [name, value] : meta->annotations) {
      Require(name.starts_with("slipway.dev/"), "no annotation of others is kept", name);
    }
    OwnerUid(*meta);
    OwnerKey(*meta);
  }
  for (const AnyResource& resource : std::initializer_list<AnyResource>{
           kPods, kPodsInFull, kMachines, kServices, kDeployments, kDisruptionBudgets, kAutoscalers,
           kVolcanoPodGroups, kCoschedulingPodGroups}) {
    const auto body = resource.decode(*object);
    Require(body.has_value() == object->IsObject(), "every object, and nothing else, is decoded",
            resource.type.kind);
  }
  const std::string dumped = object->Dump();
  Require(IsUtf8(dumped), "JSON is UTF-8");
  Require(parser.Parse(dumped).has_value(), "what is kept of an object can be read again", dumped);
}

}  // namespace slipway::fuzz
