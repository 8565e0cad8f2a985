#include "controllers/common/labels.hpp"

#include <cctype>

namespace slipway {

Labels ChildLabels(std::string_view application, const ObjectMeta& owner, std::string_view role) {
  return {
      {"app.kubernetes.io/name", std::string(application)},
      {"app.kubernetes.io/instance", LabelValue(owner.name)},
      {"app.kubernetes.io/component", std::string(role)},
      {"app.kubernetes.io/part-of", "slipway"},
      {std::string(labels::kRole), std::string(role)},
  };
}

Labels OwnerLabels(const ObjectMeta& owner, std::string_view owner_kind) {
  return {
      {std::string(labels::kManagedBy), std::string(labels::kManagedByValue)},
      {std::string(labels::kOwnerUid), owner.uid},
      {std::string(labels::kOwnerKind), std::string(owner_kind)},
  };
}

std::string LabelValue(std::string_view text) {
  std::string value(text.substr(0, 63));
  while (!value.empty() && std::isalnum(static_cast<unsigned char>(value.back())) == 0) {
    value.pop_back();
  }
  return value;
}

bool IsChildOf(const ObjectKey& child_key, const ObjectMeta& child, const ObjectKey& owner_key,
               const ObjectMeta& owner) {
  const bool beside = child_key.cluster == owner_key.cluster && child_key.ns == owner_key.ns;
  if (beside) return child.owner && child.owner->uid == owner.uid;
  const auto label = child.labels.find(labels::kOwnerUid);
  return label != child.labels.end() && label->second == owner.uid;
}

}  // namespace slipway
