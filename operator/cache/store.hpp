#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator/kube/resource.hpp"

namespace slipway {

/// The objects of one kind in one cluster as last seen, with an index by owner UID. Objects are
/// immutable and shared; a reader copies pointers, never objects. Thread-safe.
class Store {
 public:
  Store(ClusterId cluster, ResourceType type) : cluster_(std::move(cluster)), type_(type) {}

  const ClusterId& Cluster() const { return cluster_; }
  const ResourceType& Type() const { return type_; }

  /// Takes in one object and returns the version that it replaces, if any. An object that is
  /// older than what is known of the same UID is dropped: what was seen is never unseen.
  struct Change {
    bool accepted = false;
    ObjectPtr before;
  };
  Change Upsert(ObjectPtr object);
  /// Removes the object if it is the one known by that UID.
  Change Remove(const ObjectKey& key, std::string_view uid, const ResourceVersion& version);

  /// Swaps in a whole list at once and returns every object that appeared, changed or vanished
  /// by it (as it is now, or as it last was).
  std::vector<ObjectPtr> Replace(std::vector<ObjectPtr> objects, const ResourceVersion& version);

  ObjectPtr Find(const ObjectKey& key) const;
  void AppendOwned(std::string_view owner_uid, std::vector<ObjectPtr>& out) const;
  std::vector<ObjectPtr> All() const;
  std::size_t Size() const;

  /// Notes that everything up to this version has been seen (a bookmark).
  void SeenUpTo(const ResourceVersion& version);
  /// The newest version seen by list, event or bookmark. 0 before the first list.
  std::uint64_t Seen() const;
  /// True once a whole list has been taken in.
  bool Synced() const;

 private:
  void Index(const ObjectPtr& object);
  void Unindex(const Object& object);
  void Raise(const ResourceVersion& version);

  const ClusterId cluster_;
  const ResourceType type_;
  mutable std::shared_mutex mutex_;
  // All below are guarded by mutex_.
  std::unordered_map<ObjectKey, ObjectPtr, ObjectKeyHash> objects_;
  std::unordered_map<std::string, std::map<ObjectKey, ObjectPtr>> by_owner_;
  std::uint64_t seen_ = 0;
  bool synced_ = false;
};

/// The UID of the owner that an object names by label, or an empty text.
std::string_view OwnerUid(const ObjectMeta& meta);

/// The key of the custom resource that a child belongs to (annotation slipway.dev/owner), in the
/// home cluster; std::nullopt when it names none.
std::optional<ObjectKey> OwnerKey(const ObjectMeta& meta);

}  // namespace slipway
