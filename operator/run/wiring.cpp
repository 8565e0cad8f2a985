#include "operator/run/wiring.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "operator/kube/labels.hpp"

namespace slipway {
namespace {

/// Children change in bursts: a pod is created, scheduled and started, and so are its neighbours.
/// Their owner is looked at once for what comes within this time.
constexpr std::chrono::milliseconds kBurst{200};

Priority PriorityOf(bool initial) { return initial ? Priority::kInitial : Priority::kLive; }

/// Because of another object than itself.
void EnqueueSoon(Runner& runner, const ObjectKey& key, bool initial) {
  if (initial) {
    runner.Enqueue(key, Priority::kInitial);
  } else {
    runner.EnqueueAfter(key, kBurst);
  }
}

/// Of the index that finds who looks objects of a kind up.
std::string UsersOf(const Lookup& lookup) {
  return fmt::format("users of {} {}", lookup.index, lookup.kind.type.plural);
}

}  // namespace

void Wiring::Watch(Client& client, const std::string& ns) {
  AddIndexes(client.cluster());
  // One informer a kind, also where it is both reconciled and owned: a second one by our label
  // would take what lacks the label for deleted, for both fill the same store.
  std::set<ResourceType> watched;
  const auto watch = [&](const AnyResource& kind, std::string_view selector,
                         const std::string& elsewhere = "") {
    if (!watched.insert(kind.type).second) return;
    const bool once = kind.cluster_scoped || !elsewhere.empty();
    if (once && !watched_once_.emplace(client.cluster(), kind.type).second) return;
    AddInformer(client, kind, once ? elsewhere : ns, std::string(selector));
  };
  for (const auto& runner : runners_) {
    watch(runner->Spec().kind, "");
    for (const auto& lookup : runner->Spec().looks_up) {
      if (!lookup.ours) watch(lookup.kind, lookup.selector, lookup.in_namespace);
    }
  }
  for (const auto& runner : runners_) {
    for (const auto& child : runner->Spec().owns) watch(child, labels::kSelector);
    for (const auto& lookup : runner->Spec().looks_up) watch(lookup.kind, labels::kSelector);
  }
}

void Wiring::AddIndexes(const ClusterId& cluster) {
  for (const auto& runner : runners_) {
    for (const auto& lookup : runner->Spec().looks_up) {
      cache_.StoreFor(cluster, lookup.kind.type)
          .AddIndex(lookup.index, [filed = lookup.filed_under](const Object& object) {
            std::string text = filed(object);
            return text.empty() ? std::vector<std::string>{} : std::vector{std::move(text)};
          });
      cache_.StoreFor(cluster, runner->Spec().kind.type)
          .AddIndex(UsersOf(lookup), lookup.looked_up);
      if (!lookup.looked_up_by_child) continue;
      for (const auto& child : runner->Spec().owns) {
        cache_.StoreFor(cluster, child.type).AddIndex(UsersOf(lookup), lookup.looked_up_by_child);
      }
    }
  }
}

void Wiring::AddInformer(Client& client, const AnyResource& resource, const std::string& ns,
                         const std::string& selector) {
  WatchMachine::Options options;
  options.type = resource.type;
  options.ns = ns;
  options.label_selector = selector;
  informers_.push_back(std::make_unique<Informer>(
      client, cache_.StoreFor(client.cluster(), resource.type), resource, std::move(options),
      metrics_, clock_, [this](const Object& object, bool initial) { OnChange(object, initial); }));
}

void Wiring::OnChange(const Object& object, bool initial) {
  std::optional<bool> spec_changed;  // Asked once, whoever wants to know.
  const auto matters = [&](const Lookup& lookup) {
    if (!lookup.by_spec) return true;
    if (!spec_changed) {
      const ObjectPtr there = cache_.StoreFor(object.key.cluster, object.type).Find(object.key);
      spec_changed = spec_changes_.Changed(object, there && there->meta.uid == object.meta.uid);
    }
    return *spec_changed;
  };
  for (const auto& runner : runners_) {
    if (runner->Spec().kind.type == object.type) {
      runner->Enqueue(object.key, PriorityOf(initial));
    }
    for (const auto& lookup : runner->Spec().looks_up) {
      if (lookup.kind.type == object.type && matters(lookup)) {
        EnqueueUsers(*runner, lookup, object, initial);
      }
    }
  }
  EnqueueOwner(object, initial);
}

void Wiring::EnqueueOwner(const Object& child, bool initial) {
  const auto key = OwnerKey(child.meta);
  const auto kind = child.meta.labels.find(labels::kOwnerKind);
  if (!key || kind == child.meta.labels.end()) return;
  for (const auto& runner : runners_) {
    if (runner->Spec().kind.type.kind == kind->second) EnqueueSoon(*runner, *key, initial);
  }
}

void Wiring::EnqueueUsers(Runner& runner, const Lookup& lookup, const Object& object,
                          bool initial) {
  std::vector<ObjectPtr> users;
  cache_.StoreFor(object.key.cluster, runner.Spec().kind.type)
      .AppendIndexed(UsersOf(lookup), lookup.filed_under(object), users);
  for (const auto& user : users) EnqueueSoon(runner, user->key, initial);
  if (lookup.looked_up_by_child) EnqueueOwnersOfUsers(runner, lookup, object, initial);
}

void Wiring::EnqueueOwnersOfUsers(Runner& runner, const Lookup& lookup, const Object& object,
                                  bool initial) {
  std::vector<ObjectPtr> children;
  for (const auto& kind : runner.Spec().owns) {
    cache_.StoreFor(object.key.cluster, kind.type)
        .AppendIndexed(UsersOf(lookup), lookup.filed_under(object), children);
  }
  const Store& owners = cache_.StoreFor(object.key.cluster, runner.Spec().kind.type);
  for (const auto& child : children) {
    const auto key = OwnerKey(child->meta);
    const ObjectPtr owner = key ? owners.Find(*key) : nullptr;
    // The pod of another kind's object may bear the name of one of this kind.
    const bool own = owner && OwnerUid(child->meta) == owner->meta.uid;
    if (own && lookup.wanted(*owner)) EnqueueSoon(runner, *key, initial);
  }
}

bool Wiring::Synced(const Runner& runner) const {
  const auto missing = cache_.Unsynced();
  const auto& spec = runner.Spec();
  const auto is_missing = [&missing](const AnyResource& kind) {
    return missing.contains(kind.type);
  };
  return !is_missing(spec.kind) && std::ranges::none_of(spec.owns, is_missing) &&
         std::ranges::none_of(spec.looks_up, is_missing, &Lookup::kind);
}

void Wiring::Start() {
  for (auto& informer : informers_) informer->Start();
}

}  // namespace slipway
