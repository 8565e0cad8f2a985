#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "operator/kube/identity.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/meta.hpp"

namespace slipway {

namespace labels {

/// What a child is to its owner, e.g. "node".
inline constexpr std::string_view kRole = "slipway.dev/role";
/// Rank of a training pod, "0" to numNodes-1.
inline constexpr std::string_view kNodeIndex = "slipway.dev/node-index";
/// Which start of the whole group a training pod belongs to, after a failure or a suspension; "0"
/// is the first.
inline constexpr std::string_view kAttempt = "slipway.dev/attempt";
/// Name of the variant that a serving pod belongs to.
inline constexpr std::string_view kVariant = "slipway.dev/variant";

}  // namespace labels

/// The recommended labels
/// (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/) of a child:
/// what runs ("training-job"), for which custom resource, in which role.
Labels ChildLabels(std::string_view application, const ObjectMeta& owner, std::string_view role);

/// The labels by which an object is known as a child of `owner`. The executor puts them on every
/// object it writes; only the template inside a Deployment has to carry them by itself.
Labels OwnerLabels(const ObjectMeta& owner, std::string_view owner_kind);

/// The number from 0 that a label of ours holds; nullopt when it is absent or somebody has put
/// something else there.
template <std::integral Number>
std::optional<Number> NumberLabel(const ObjectMeta& meta, std::string_view name) {
  const auto label = meta.labels.find(name);
  if (label == meta.labels.end()) return std::nullopt;
  Number value = 0;
  const char* end = label->second.data() + label->second.size();
  const auto [stopped, error] = std::from_chars(label->second.data(), end, value);
  if (error != std::errc{} || stopped != end || value < 0) return std::nullopt;
  return value;
}

/// `text` cut to what a label value may hold: 63 characters, the last one a letter or digit.
std::string LabelValue(std::string_view text);

/// Whether the object really belongs to `owner`. The label alone can be copied by anybody with
/// `kubectl run --labels`; beside its owner a child must also carry the owner reference. In
/// another namespace or cluster there can be none, so there the label has to do.
bool IsChildOf(const ObjectKey& child_key, const ObjectMeta& child, const ObjectKey& owner_key,
               const ObjectMeta& owner);

}  // namespace slipway
