#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operator/kube/identity.hpp"
#include "operator/kube/json_view.hpp"
#include "operator/kube/meta.hpp"

namespace slipway {

/// A kind that is read from the API server as `T`. Instances are constants with static storage.
template <class T>
struct Resource {
  ResourceType type;
  Result<T> (*decode)(const JsonView& object);
  /// Keep the object's JSON beside the projection. Needed for children that are applied, since
  /// the executor compares what it would write with what is there.
  bool keep_json = false;
  bool cluster_scoped = false;
  /// All objects of the kind are watched, and those that do not bear our label of management keep
  /// no labels and annotations: they cost less, and cannot be taken for ours.
  bool strips_others = false;
  /// Where the API server does not serve the kind, there are no objects of it, and whoever owns it
  /// works all the same.
  bool may_be_absent = false;
};

/// A Resource with its type erased, for code that handles every kind alike.
struct AnyResource {
  template <class T>
  AnyResource(const Resource<T>& resource)  // NOLINT(google-explicit-constructor): a list of kinds
      : type(resource.type),
        keep_json(resource.keep_json),
        cluster_scoped(resource.cluster_scoped),
        strips_others(resource.strips_others),
        may_be_absent(resource.may_be_absent),
        decode([decode = resource.decode](
                   const JsonView& object) -> Result<std::shared_ptr<const void>> {
          auto body = decode(object);
          if (!body) return tl::unexpected(std::move(body.error()));
          return std::make_shared<const T>(std::move(*body));
        }) {}

  ResourceType type;
  bool keep_json;
  bool cluster_scoped;
  bool strips_others;
  bool may_be_absent;
  std::function<Result<std::shared_ptr<const void>>(const JsonView&)> decode;
};

/// One object as last seen. Immutable once in a store, hence freely shared between threads.
struct Object {
  ResourceType type;
  ObjectKey key;
  ObjectMeta meta;
  std::shared_ptr<const void> body;  ///< What the Resource of `type` decodes to.
  std::string json;                  ///< Only with Resource::keep_json.
};
using ObjectPtr = std::shared_ptr<const Object>;

/// An Object seen through its Resource.
template <class T>
struct Item {
  const ObjectKey& key;
  const ObjectMeta& meta;
  const T& body;
};

/// The objects that one reconcile looks at: the custom resource and everything that belongs to
/// it. Taken once, never changing; whoever holds it sees one state of the world.
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::vector<ObjectPtr> objects) : objects_(std::move(objects)) {}

  /// The object of that kind and key, or nullptr.
  template <class T>
  const T* Find(const Resource<T>& resource, const ObjectKey& key) const {
    const Object* object = FindObject(resource.type, key);
    return object == nullptr ? nullptr : static_cast<const T*>(object->body.get());
  }
  const Object* FindObject(const ResourceType& type, const ObjectKey& key) const {
    for (const auto& object : objects_) {
      if (object->type == type && object->key == key) return object.get();
    }
    return nullptr;
  }

  const std::vector<ObjectPtr>& Objects() const { return objects_; }

  /// All objects of that kind, ordered by key.
  template <class T>
  std::vector<Item<T>> All(const Resource<T>& resource) const {
    std::vector<Item<T>> items;
    for (const auto& object : objects_) {
      if (object->type != resource.type) continue;
      items.push_back({object->key, object->meta, *static_cast<const T*>(object->body.get())});
    }
    return items;
  }

 private:
  std::vector<ObjectPtr> objects_;
};

}  // namespace slipway
