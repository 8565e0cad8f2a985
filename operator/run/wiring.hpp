#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "operator/cache/informer.hpp"
#include "operator/run/leader.hpp"
#include "operator/run/runner.hpp"
#include "operator/run/spec_changes.hpp"

namespace slipway {

/// Connects one cluster's kinds with the runners: which informer feeds which store, and which
/// custom resource a changed object concerns.
class Wiring {
 public:
  Wiring(Cache& cache, std::vector<std::unique_ptr<Runner>>& runners, Metrics& metrics,
         const Clock& clock)
      : cache_(cache), runners_(runners), metrics_(metrics), clock_(clock) {}

  /// Makes an informer for every kind that a controller reconciles, looks up or owns; what is only
  /// owned is watched by our own label. `ns` empty: all namespaces. Called for several namespaces,
  /// it watches once what has no namespace, or is in one of its own.
  void Watch(Client& client, const std::string& ns);
  void Start();

  /// Whether all is known that the runner's controller reconciles, owns and looks up. Kinds do not
  /// wait for each other: one that is not installed, or may not be read, stops nobody else.
  bool Synced(const Runner& runner) const;

 private:
  void AddInformer(Client& client, const AnyResource& resource, const std::string& ns,
                   const std::string& selector);
  /// Indexes by which what is looked up is found, and those who look it up.
  void AddIndexes(const ClusterId& cluster);
  /// Queues every custom resource that the object concerns.
  void OnChange(const Object& object, bool initial);
  /// Queues the custom resource that a child belongs to.
  void EnqueueOwner(const Object& child, bool initial);
  /// Queues the custom resources that look the object up.
  void EnqueueUsers(Runner& runner, const Lookup& lookup, const Object& object, bool initial);
  /// Queues those whose children look it up.
  void EnqueueOwnersOfUsers(Runner& runner, const Lookup& lookup, const Object& object,
                            bool initial);

  Cache& cache_;
  std::vector<std::unique_ptr<Runner>>& runners_;
  Metrics& metrics_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Informer>> informers_;
  /// Those that are not in the namespaces that are served.
  std::set<std::pair<ClusterId, ResourceType>> watched_once_;
  SpecChanges spec_changes_;
};

}  // namespace slipway
