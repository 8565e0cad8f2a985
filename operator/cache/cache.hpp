#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "operator/cache/store.hpp"

namespace slipway {

/// What a snapshot holds beside a custom resource and its own: the objects of another kind that an
/// index of their store has under the texts that the resource gives, and under those that its own
/// give if it wants that.
struct View {
  ResourceType type;
  std::string index;
  Store::IndexTexts texts;
  Store::IndexTexts texts_of_own{};  ///< Empty when they give none.
  std::function<bool(const Object& resource)> wants_own{};

  /// Each text once.
  std::set<std::string> TextsFor(const Object& resource, std::span<const ObjectPtr> own) const {
    const auto given = texts(resource);
    std::set<std::string> all(given.begin(), given.end());
    if (!texts_of_own || !wants_own(resource)) return all;
    for (const auto& object : own) {
      const auto more = texts_of_own(*object);
      all.insert(more.begin(), more.end());
    }
    return all;
  }
};

/// All stores of the process: one for each kind in each cluster. Filled with stores before any
/// informer starts and fixed from then on, hence thread-safe.
class Cache {
 public:
  /// The store of that kind, made on first use.
  Store& StoreFor(const ClusterId& cluster, const ResourceType& type) {
    auto& store = stores_[{cluster, type}];
    if (!store) store = std::make_unique<Store>(cluster, type);
    return *store;
  }

  /// One look at a custom resource and at all objects that carry its UID, in every cluster,
  /// ordered by kind and key, and then at what else the views show of its own cluster. Empty when
  /// the resource is not there.
  Snapshot Take(const ResourceType& type, const ObjectKey& key,
                const std::vector<View>& views = {}) const {
    const auto home = stores_.find({key.cluster, type});
    const ObjectPtr resource = home == stores_.end() ? nullptr : home->second->Find(key);
    if (!resource) return {};
    std::vector<ObjectPtr> objects{resource};
    for (const auto& [id, store] : stores_) store->AppendOwned(resource->meta.uid, objects);
    const std::size_t owned = objects.size() - 1;
    for (const auto& view : views) {
      const auto store = stores_.find({key.cluster, view.type});
      if (store == stores_.end()) continue;
      const auto first = static_cast<std::ptrdiff_t>(objects.size());
      for (const auto& text : view.TextsFor(*resource, {objects.data() + 1, owned})) {
        store->second->AppendIndexed(view.index, text, objects);
      }
      // The resource itself may look up its own kind, and a record that outlives it has its UID.
      const auto is_there = [&](const ObjectPtr& object) {
        return OwnerUid(object->meta) == resource->meta.uid ||
               object->meta.uid == resource->meta.uid;
      };
      objects.erase(std::remove_if(objects.begin() + first, objects.end(), is_there),
                    objects.end());
      if (&*std::ranges::find(views, view.type, &View::type) != &view) DropTwice(objects, first);
    }
    return Snapshot(std::move(objects));
  }

  /// True when the newest version seen of that kind in the namespace is at least `version`.
  bool HasSeen(const ClusterId& cluster, const ResourceType& type, const std::string& ns,
               std::uint64_t version) const {
    const auto store = stores_.find({cluster, type});
    return store == stores_.end() || store->second->Seen(ns) >= version;
  }

  /// The kinds whose whole list has not been taken in yet, in any cluster.
  std::set<ResourceType> Unsynced() const {
    std::set<ResourceType> missing;
    for (const auto& [id, store] : stores_) {
      if (!store->Synced()) missing.insert(id.second);
    }
    return missing;
  }

  /// The keys of all known objects of a kind.
  std::vector<ObjectKey> Keys(const ResourceType& type) const {
    std::vector<ObjectKey> keys;
    for (const auto& [id, store] : stores_) {
      if (id.second != type) continue;
      for (const auto& object : store->All()) keys.push_back(object->key);
    }
    return keys;
  }

  std::vector<const Store*> Stores() const {
    std::vector<const Store*> all;
    for (const auto& [id, store] : stores_) all.push_back(store.get());
    return all;
  }

 private:
  /// A kind that is looked up in two ways may give an object twice; drops those from `first` on.
  static void DropTwice(std::vector<ObjectPtr>& objects, std::ptrdiff_t first) {
    const auto again = objects.begin() + first;
    if (again == objects.end()) return;
    const auto place = [](const ObjectPtr& object) { return std::pair(object->type, object->key); };
    std::set<std::pair<ResourceType, ObjectKey>> shown;
    for (auto it = objects.begin(); it != again; ++it) shown.insert(place(*it));
    const auto twice = [&](const ObjectPtr& object) { return shown.contains(place(object)); };
    objects.erase(std::remove_if(again, objects.end(), twice), objects.end());
  }

  std::map<std::pair<ClusterId, ResourceType>, std::unique_ptr<Store>> stores_;
};

}  // namespace slipway
