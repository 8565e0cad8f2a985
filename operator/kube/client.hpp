#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/metrics.hpp"
#include "operator/base/mutex.hpp"
#include "operator/base/result.hpp"
#include "operator/kube/credentials.hpp"
#include "operator/kube/identity.hpp"
#include "operator/kube/request.hpp"
#include "operator/kube/token_bucket.hpp"
#include "operator/kube/transport.hpp"

namespace slipway {

/// The client of one cluster: a Transport with the part of the retry rules (retry.hpp) that needs
/// no new plan, and with metrics. Thread-safe.
///
///  - 401: the credentials are read again and the request is repeated once,
///  - 429: repeated after Retry-After (one second without it) plus jitter,
///  - kUnavailable and kTimeout of a read: repeated once.
///
/// All of it within the caller's deadline: what could only succeed later is returned as the error
/// it is, with `retry_after`.
///
/// Requests beyond kRequestsPerSecond wait. That is far above what work needs and what an API
/// server bears for long; it bounds the harm of a mistake of ours that repeats itself.
class Client {
 public:
  static constexpr std::chrono::milliseconds kDefaultDeadline = std::chrono::seconds(10);
  static constexpr double kRequestsPerSecond = 500;
  static constexpr double kRequestBurst = 1000;

  Client(ClusterId cluster, std::unique_ptr<Transport> transport,
         std::shared_ptr<CredentialSource> credentials, Metrics& metrics, const Clock& clock);

  const ClusterId& cluster() const { return cluster_; }

  /// Sends and waits. Success is an answer of status 2xx; any other is the Error it means.
  Result<HttpResponse> Send(HttpRequest request,
                            std::chrono::milliseconds deadline = kDefaultDeadline);

  /// Sends independent requests together and waits for all; results are in the same order.
  std::vector<Result<HttpResponse>> SendAll(std::vector<HttpRequest> requests,
                                            std::chrono::milliseconds deadline = kDefaultDeadline);

  /// Transport::Stream with credentials read again (without a repetition) after a 401.
  Result<void> Stream(HttpRequest request, StreamLimits limits, std::stop_token stop,
                      std::function<void(std::string_view chunk)> sink);

  /// The UID of the namespace kube-system, by which a cluster is known.
  Result<std::string> ClusterUid();

  /// Fails when the address leads to another cluster than at the first call: nothing that is known
  /// is true there, and from then on every write is refused here. To be asked before a list. When
  /// the UID cannot be read, that is no failure.
  Result<void> ConfirmCluster();
  /// Whether ConfirmCluster has found another cluster.
  bool Frozen() const { return frozen_; }

 private:
  struct Exchange;

  void RunRound(std::vector<Exchange*>& round, SteadyInstant end);
  bool MayRetry(Exchange& exchange, SteadyInstant end);
  std::chrono::milliseconds TakeTurn(std::size_t requests);
  void Record(const HttpRequest& request, const std::string& code, SteadyInstant started);

  ClusterId cluster_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<CredentialSource> credentials_;
  Metrics& metrics_;
  const Clock& clock_;
  std::atomic<bool> frozen_{false};
  Mutex mutex_;
  std::string known_uid_ SLIPWAY_GUARDED_BY(mutex_);
  TokenBucket bucket_ SLIPWAY_GUARDED_BY(mutex_){kRequestsPerSecond, kRequestBurst};
};

}  // namespace slipway
