#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/kube/identity.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway {

using Labels = std::map<std::string, std::string, std::less<>>;

/// The controller owner reference of an object, i.e. the one with `controller: true`.
struct OwnerRef {
  std::string kind;
  std::string name;
  std::string uid;
  bool operator==(const OwnerRef&) const = default;
};

/// The part of metav1.ObjectMeta that decisions are made on.
struct ObjectMeta {
  std::string name;
  std::string ns;
  std::string uid;
  ResourceVersion resource_version;
  std::int64_t generation = 0;
  Instant created{};
  std::optional<Instant> deleted;  ///< deletionTimestamp: the object is being torn down.
  Labels labels;
  Labels annotations;  ///< Only those under `slipway.dev/`; the others are not kept.
  std::optional<OwnerRef> owner;
  bool operator==(const ObjectMeta&) const = default;
};

/// Reads `metadata` of any object. Fails when name or uid is missing.
Result<ObjectMeta> DecodeMeta(const JsonView& object);

}  // namespace slipway
