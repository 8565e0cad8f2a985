#pragma once

#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/run/write.hpp"

/// An owner and a child of it, as writes meet them.
namespace slipway {

using nlohmann::json;

inline constexpr ResourceType kJobType{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};
inline const Owner kOwner{kJobType, {kHomeCluster, "team", "churn"}, "job-uid", 2};
inline const ObjectKey kChild{kHomeCluster, "team", "churn-x"};

inline HttpResponse Ok(const json& body) { return {200, body.dump(), {}}; }

inline json Live(const std::string& uid, const std::string& owner_uid,
                 const std::string& version = "7") {
  return {{"metadata",
           {{"name", "churn-x"},
            {"namespace", "team"},
            {"uid", uid},
            {"resourceVersion", version},
            {"labels",
             {{std::string(labels::kOwnerUid), owner_uid},
              {std::string(labels::kManagedBy), std::string(labels::kManagedByValue)}}},
            {"ownerReferences",
             {{{"kind", "TrainingJob"},
               {"name", "churn"},
               {"uid", owner_uid},
               {"controller", true}}}}}}};
}

inline json WithoutLabels(json live) {
  live["metadata"].erase("labels");
  return live;
}

inline ObjectPtr Cached(const json& body, const ResourceType& type = kServices.type) {
  JsonParser parser;
  auto object = std::make_shared<Object>();
  object->type = type;
  object->key = kChild;
  object->json = body.dump();
  object->meta = *DecodeMeta(*parser.Parse(object->json));
  return object;
}

}  // namespace slipway
