#include "operator/run/wiring.hpp"

#include <algorithm>
#include <set>

#include "operator/kube/labels.hpp"

namespace slipway {
namespace {

/// Children change in bursts: a pod is created, scheduled and started, and so are its neighbours.
/// Their owner is looked at once for what comes within this time.
constexpr std::chrono::milliseconds kBurst{200};

Priority PriorityOf(bool initial) { return initial ? Priority::kInitial : Priority::kLive; }

}  // namespace

void Wiring::Watch(Client& client, const std::string& ns) {
  std::set<ResourceType> owned;
  for (const auto& runner : runners_) {
    AddInformer(client, runner->Spec().kind, ns, "",
                [runner = runner.get()](const Object& object, bool initial) {
                  runner->Enqueue(object.key, PriorityOf(initial));
                });
    for (const auto& child : runner->Spec().owns) {
      if (!owned.insert(child.type).second) continue;
      AddInformer(client, child, ns, std::string(labels::kSelector),
                  [this](const Object& object, bool initial) { EnqueueOwner(object, initial); });
    }
  }
}

void Wiring::AddInformer(Client& client, const AnyResource& resource, const std::string& ns,
                         const std::string& selector, Informer::OnChange on_change) {
  WatchMachine::Options options;
  options.type = resource.type;
  options.ns = ns;
  options.label_selector = selector;
  informers_.push_back(
      std::make_unique<Informer>(client, cache_.StoreFor(client.cluster(), resource.type), resource,
                                 std::move(options), metrics_, clock_, std::move(on_change)));
}

void Wiring::EnqueueOwner(const Object& child, bool initial) {
  const auto key = OwnerKey(child.meta);
  const auto kind = child.meta.labels.find(labels::kOwnerKind);
  if (!key || kind == child.meta.labels.end()) return;
  for (const auto& runner : runners_) {
    if (runner->Spec().kind.type.kind != kind->second) continue;
    if (initial) {
      runner->Enqueue(*key, Priority::kInitial);
    } else {
      runner->EnqueueAfter(*key, kBurst);
    }
  }
}

bool Wiring::Synced(const Runner& runner) const {
  const auto missing = cache_.Unsynced();
  const auto& spec = runner.Spec();
  return !missing.contains(spec.kind.type) &&
         std::none_of(spec.owns.begin(), spec.owns.end(),
                      [&missing](const auto& child) { return missing.contains(child.type); });
}

void Wiring::Start() {
  for (auto& informer : informers_) informer->Start();
}

}  // namespace slipway
