#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "operator/base/log.hpp"
#include "operator/base/metrics.hpp"
#include "operator/cache/store.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/watch.hpp"

namespace slipway {

/// Keeps one Store true to one kind of one cluster by list and watch, on a thread of its own.
class Informer final : private WatchSink {
 public:
  /// Told of every object that appeared, changed or vanished, after the store knows. `initial`
  /// tells the first list from what happens later. Must not block.
  using OnChange = std::function<void(const Object& object, bool initial)>;

  Informer(Client& client, Store& store, AnyResource resource, WatchMachine::Options options,
           Metrics& metrics, const Clock& clock, OnChange on_change);

  void Start();

 private:
  void Run(const std::stop_token& stop);
  log::Scope LogScope() const;
  void LogListFailure(const Error& error) const;
  void TakeListFailure(const Error& error);
  void Step(const WatchMachine::Step& step, const std::stop_token& stop);
  void Wait(unsigned backoff_step, const std::stop_token& stop);

  void OnListStart() override;
  void OnListItem(const JsonView& object) override;
  void OnListComplete(const ResourceVersion& version) override;
  void OnUpsert(const JsonView& object, const ResourceVersion& version) override;
  void OnDelete(const JsonView& object, const ResourceVersion& version) override;
  void OnBookmark(const ResourceVersion& version) override;
  void OnRegression(const ResourceVersion& seen, const ResourceVersion& listed,
                    bool accepted) override;

  /// The object decoded, or nullptr after it was counted and logged as undecodable.
  std::shared_ptr<Object> Decode(const JsonView& object);

  Client& client_;
  Store& store_;
  const std::string scope_;
  AnyResource resource_;
  WatchMachine machine_;
  AgeGauge age_;
  Counter undecodable_;
  Metrics& metrics_;
  const Clock& clock_;
  OnChange on_change_;
  std::vector<ObjectPtr> listed_;                     ///< Of the list that is being received.
  Store::History history_ = Store::History::kGoesOn;  ///< Of that list.
  bool absent_ = false;  ///< The kind was not served when it was last listed.
  std::mt19937 jitter_{std::random_device{}()};
  std::jthread thread_;
};

}  // namespace slipway
