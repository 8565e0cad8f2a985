#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace slipway {

/// Names one of the clusters that an operator serves. Every key, store and client carries it, so
/// that two clusters' objects of one name can never be mistaken for each other.
struct ClusterId {
  std::string name;
  auto operator<=>(const ClusterId&) const = default;
};

/// The cluster that holds the custom resources.
inline const ClusterId kHomeCluster{"home"};

/// A served resource: what discovery and RBAC call it. Instances are constants with static
/// storage, so the texts may be views.
struct ResourceType {
  std::string_view group;  ///< Empty for the core group.
  std::string_view version;
  std::string_view kind;
  std::string_view plural;
  auto operator<=>(const ResourceType&) const = default;

  /// "v1" or "apps/v1", as in an object's apiVersion.
  std::string ApiVersion() const {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
  }
};

/// Which object: cluster, namespace and name. The namespace is empty for cluster-scoped kinds.
struct ObjectKey {
  ClusterId cluster;
  std::string ns;
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;

  /// "namespace/name", for logs and messages; the home cluster is not spelt out.
  std::string ToString() const {
    std::string text = ns.empty() ? name : ns + "/" + name;
    return cluster == kHomeCluster ? text : cluster.name + ":" + text;
  }
};

struct ObjectKeyHash {
  std::size_t operator()(const ObjectKey& key) const {
    std::size_t seed = std::hash<std::string>{}(key.name);
    seed = seed * 1000003 ^ std::hash<std::string>{}(key.ns);
    return seed * 1000003 ^ std::hash<std::string>{}(key.cluster.name);
  }
};

/// A resourceVersion. Opaque text to older API servers; since Kubernetes 1.35 a decimal integer
/// that grows per resource (KEP-5504), which is what `AtLeast` relies on.
struct ResourceVersion {
  std::string text;
  bool operator==(const ResourceVersion&) const = default;

  bool Empty() const { return text.empty(); }
  /// The number, or 0 when the text is no number of 64 bits (then nothing can be said about order).
  std::uint64_t Number() const {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end ? value : 0;
  }
  /// True when both are numbers and this one is not older.
  bool AtLeast(const ResourceVersion& other) const {
    return Number() != 0 && other.Number() != 0 && Number() >= other.Number();
  }
};

}  // namespace slipway
