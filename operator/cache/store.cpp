#include "operator/cache/store.hpp"

#include <algorithm>
#include <utility>

#include "operator/kube/labels.hpp"

namespace slipway {
namespace {

/// True when `next` tells nothing newer about the object than `known` does.
bool IsStale(const Object& known, const Object& next) {
  if (known.meta.uid != next.meta.uid) return false;
  return known.meta.resource_version == next.meta.resource_version ||
         (known.meta.resource_version.AtLeast(next.meta.resource_version));
}

/// Of the index that every store has: the children of a custom resource, by its UID.
const std::string kByOwner = "owner";

void Raise(std::uint64_t& seen, const ResourceVersion& version) {
  seen = std::max(seen, version.Number());
}

}  // namespace

std::string_view OwnerUid(const ObjectMeta& meta) {
  const auto label = meta.labels.find(labels::kOwnerUid);
  return label == meta.labels.end() ? std::string_view{} : std::string_view(label->second);
}

std::optional<ObjectKey> OwnerKey(const ObjectMeta& meta) {
  const auto owner = meta.annotations.find(labels::kOwner);
  if (owner == meta.annotations.end()) return std::nullopt;
  const auto slash = owner->second.find('/');
  if (slash == std::string::npos) return std::nullopt;
  return ObjectKey{kHomeCluster, owner->second.substr(0, slash), owner->second.substr(slash + 1)};
}

Store::Store(ClusterId cluster, ResourceType type) : cluster_(std::move(cluster)), type_(type) {
  AddIndex(kByOwner, [](const Object& object) -> std::vector<std::string> {
    const auto uid = OwnerUid(object.meta);
    if (uid.empty()) return {};
    return {std::string(uid)};
  });
}

void Store::Expect(const std::string& scope) {
  const MutexLock lock(mutex_);
  scopes_.try_emplace(scope);
}

void Store::AddIndex(const std::string& name, IndexTexts texts) {
  const MutexLock lock(mutex_);
  indexes_[name].texts = std::move(texts);
}

Store::Change Store::Upsert(const ObjectPtr& object) {
  const MutexLock lock(mutex_);
  Raise(ScopeOf(object->key.ns).seen, object->meta.resource_version);
  auto& slot = objects_[object->key];
  if (slot && IsStale(*slot, *object)) return {false, slot};
  Change change{true, slot};
  if (slot) Unindex(*slot);
  slot = object;
  Index(object);
  return change;
}

Store::Change Store::Remove(const ObjectKey& key, std::string_view uid,
                            const ResourceVersion& version) {
  const MutexLock lock(mutex_);
  Raise(ScopeOf(key.ns).seen, version);
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second->meta.uid != uid) return {};
  Change change{true, found->second};
  Unindex(*found->second);
  objects_.erase(found);
  return change;
}

std::vector<ObjectPtr> Store::Replace(const std::string& scope, std::vector<ObjectPtr> objects,
                                      const ResourceVersion& version, History history) {
  const MutexLock lock(mutex_);
  const bool restored = history == History::kRestored;
  std::vector<ObjectPtr> changed;
  std::unordered_map<ObjectKey, ObjectPtr, ObjectKeyHash> next;
  next.reserve(objects.size());
  for (auto& object : objects) {
    const auto known = objects_.find(object->key);
    if (!restored && known != objects_.end() && IsStale(*known->second, *object)) {
      next.emplace(object->key, known->second);
      continue;
    }
    changed.push_back(object);
    next.emplace(object->key, std::move(object));
  }
  for (const auto& [key, object] : objects_) {
    if (next.contains(key)) continue;
    if (scope.empty() || key.ns == scope) {
      changed.push_back(object);
    } else {
      next.emplace(key, object);
    }
  }
  objects_ = std::move(next);
  for (auto& [name, index] : indexes_) index.objects.clear();
  for (const auto& [key, object] : objects_) Index(object);
  Scope& state = scopes_[scope];
  if (restored) state.seen = 0;
  Raise(state.seen, version);
  state.synced = true;
  return changed;
}

ObjectPtr Store::Find(const ObjectKey& key) const {
  const SharedLock lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

void Store::AppendOwned(std::string_view owner_uid, std::vector<ObjectPtr>& out) const {
  AppendIndexed(kByOwner, std::string(owner_uid), out);
}

void Store::AppendIndexed(const std::string& index, const std::string& text,
                          std::vector<ObjectPtr>& out) const {
  const SharedLock lock(mutex_);
  const auto known = indexes_.find(index);
  if (known == indexes_.end()) return;
  const auto found = known->second.objects.find(text);
  if (found == known->second.objects.end()) return;
  for (const auto& [key, object] : found->second) out.push_back(object);
}

std::vector<ObjectPtr> Store::All() const {
  const SharedLock lock(mutex_);
  std::vector<ObjectPtr> all;
  all.reserve(objects_.size());
  for (const auto& [key, object] : objects_) all.push_back(object);
  return all;
}

std::size_t Store::Size() const {
  const SharedLock lock(mutex_);
  return objects_.size();
}

void Store::SeenUpTo(const std::string& scope, const ResourceVersion& version) {
  const MutexLock lock(mutex_);
  Raise(scopes_[scope].seen, version);
}

std::uint64_t Store::Seen(const std::string& ns) const {
  const SharedLock lock(mutex_);
  auto scope = scopes_.find(ns);
  if (scope == scopes_.end()) scope = scopes_.find("");
  return scope == scopes_.end() ? 0 : scope->second.seen;
}

bool Store::Synced(const std::string& scope) const {
  const SharedLock lock(mutex_);
  const auto found = scopes_.find(scope);
  return found != scopes_.end() && found->second.synced;
}

bool Store::Synced() const {
  const SharedLock lock(mutex_);
  return !scopes_.empty() && std::all_of(scopes_.begin(), scopes_.end(),
                                         [](const auto& scope) { return scope.second.synced; });
}

Store::Scope& Store::ScopeOf(const std::string& ns) {
  const auto scope = scopes_.find(ns);
  return scope == scopes_.end() ? scopes_[""] : scope->second;
}

void Store::Index(const ObjectPtr& object) {
  for (auto& [name, index] : indexes_) {
    for (const auto& text : index.texts(*object)) index.objects[text].emplace(object->key, object);
  }
}

void Store::Unindex(const Object& object) {
  for (auto& [name, index] : indexes_) {
    for (const auto& text : index.texts(object)) {
      const auto found = index.objects.find(text);
      if (found == index.objects.end()) continue;
      found->second.erase(object.key);
      if (found->second.empty()) index.objects.erase(found);
    }
  }
}

}  // namespace slipway
