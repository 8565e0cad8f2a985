#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator/base/mutex.hpp"
#include "operator/kube/resource.hpp"

namespace slipway {

/// The objects of one kind in one cluster as last seen by one informer or, when only some
/// namespaces are served, by one informer for each (a scope; "" is the scope of all namespaces),
/// with an index by owner UID and those that are added. Objects are immutable and shared; a reader
/// copies pointers, never objects. Thread-safe.
class Store {
 public:
  Store(ClusterId cluster, ResourceType type);

  const ClusterId& Cluster() const { return cluster_; }
  const ResourceType& Type() const { return type_; }

  /// Announces an informer, so that the store is not taken for complete without its list.
  void Expect(const std::string& scope);

  /// Makes objects findable by texts, all that `texts` gives for an object. Before any is taken in.
  using IndexTexts = std::function<std::vector<std::string>(const Object&)>;
  void AddIndex(const std::string& name, IndexTexts texts);

  /// Takes in one object and returns the version that it replaces, if any. An object that is
  /// older than what is known of the same UID is dropped: what was seen is never unseen.
  struct Change {
    bool accepted = false;
    ObjectPtr before;
  };
  Change Upsert(const ObjectPtr& object);
  /// Removes the object if it is the one known by that UID.
  Change Remove(const ObjectKey& key, std::string_view uid, const ResourceVersion& version);

  /// Swaps in the whole list of a scope at once and returns every object that appeared, changed
  /// or vanished by it (as it is now, or as it last was).
  ///
  /// After the cluster was restored from a backup the list counts also where what was seen before
  /// is newer, and every object of it is returned: versions are given out a second time then, so
  /// that equal ones say nothing.
  enum class History { kGoesOn, kRestored };
  std::vector<ObjectPtr> Replace(const std::string& scope, std::vector<ObjectPtr> objects,
                                 const ResourceVersion& version,
                                 History history = History::kGoesOn);

  ObjectPtr Find(const ObjectKey& key) const;
  void AppendOwned(std::string_view owner_uid, std::vector<ObjectPtr>& out) const;
  /// The objects that an index has under a text, ordered by key.
  void AppendIndexed(const std::string& index, const std::string& text,
                     std::vector<ObjectPtr>& out) const;
  std::vector<ObjectPtr> All() const;
  std::size_t Size() const;

  /// Notes that everything up to this version has been seen in the scope (a bookmark).
  void SeenUpTo(const std::string& scope, const ResourceVersion& version);
  /// The newest version seen in the namespace by list, event or bookmark. 0 before the first list.
  std::uint64_t Seen(const std::string& ns) const;
  /// True once the whole list of the scope has been taken in, or of every scope.
  bool Synced(const std::string& scope) const;
  bool Synced() const;

 private:
  void Index(const ObjectPtr& object) SLIPWAY_REQUIRES(mutex_);
  void Unindex(const Object& object) SLIPWAY_REQUIRES(mutex_);
  struct Scope {
    std::uint64_t seen = 0;
    bool synced = false;
  };
  Scope& ScopeOf(const std::string& ns) SLIPWAY_REQUIRES(mutex_);

  const ClusterId cluster_;
  const ResourceType type_;
  mutable SharedMutex mutex_;
  std::unordered_map<ObjectKey, ObjectPtr, ObjectKeyHash> objects_ SLIPWAY_GUARDED_BY(mutex_);
  struct TextIndex {
    IndexTexts texts;
    std::unordered_map<std::string, std::map<ObjectKey, ObjectPtr>> objects;
  };
  std::map<std::string, TextIndex> indexes_ SLIPWAY_GUARDED_BY(mutex_);
  std::map<std::string, Scope> scopes_ SLIPWAY_GUARDED_BY(mutex_);
};

/// The UID of the owner that an object names by label, or an empty text.
std::string_view OwnerUid(const ObjectMeta& meta);

/// The key of the custom resource that a child belongs to (annotation slipway.dev/owner), in the
/// home cluster; std::nullopt when it names none.
std::optional<ObjectKey> OwnerKey(const ObjectMeta& meta);

}  // namespace slipway
