#include "operator/kube/client.hpp"

#include <algorithm>
#include <latch>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "operator/base/log.hpp"
#include "operator/kube/json_view.hpp"
#include "operator/kube/retry.hpp"
#include "operator/kube/status_error.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDefaultHint = std::chrono::seconds(1);
constexpr std::string_view kOtherCluster =
    "the API server's address leads to another cluster than before (its namespace kube-system has "
    "another UID); nothing is written until the operator is restarted";
constexpr ResourceType kNamespaces{"", "v1", "Namespace", "namespaces"};

bool IsRead(const HttpRequest& request) { return request.method == HttpRequest::Method::kGet; }

/// Up to a quarter more, so that clients who were refused together do not return together.
milliseconds WithJitter(milliseconds delay) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return delay + milliseconds(std::uniform_int_distribution<milliseconds::rep>(
                     0, delay.count() / 4)(random));
}

/// An answer of any status but success becomes the Error it means.
Result<HttpResponse> RequireSuccess(Result<HttpResponse> answer) {
  if (!answer || (answer->status >= 200 && answer->status < 300)) return answer;
  return tl::unexpected(DecodeError(answer->status, answer->body, answer->retry_after));
}

std::string CodeLabel(const Result<HttpResponse>& answer) {
  return answer ? std::to_string(answer->status) : std::string(ToString(answer.error().code));
}

}  // namespace

/// A request of a batch and what has become of it so far.
struct Client::Exchange {
  HttpRequest request;
  Result<HttpResponse> result = Fail(Code::kTimeout, "not sent");
  std::shared_ptr<const Credentials> used{};
  bool logged_in_again = false;
  bool read_again = false;
  milliseconds wait{0};  ///< Before the next try.
};

Client::Client(ClusterId cluster, std::unique_ptr<Transport> transport,
               std::shared_ptr<CredentialSource> credentials, Metrics& metrics, const Clock& clock)
    : cluster_(std::move(cluster)),
      transport_(std::move(transport)),
      credentials_(std::move(credentials)),
      metrics_(metrics),
      clock_(clock) {}

Result<HttpResponse> Client::Send(HttpRequest request, milliseconds deadline) {
  std::vector<HttpRequest> one;
  one.push_back(std::move(request));
  return std::move(SendAll(std::move(one), deadline).front());
}

std::vector<Result<HttpResponse>> Client::SendAll(std::vector<HttpRequest> requests,
                                                  milliseconds deadline) {
  const SteadyInstant end = clock_.Steady() + deadline;
  std::vector<Exchange> exchanges;
  exchanges.reserve(requests.size());
  for (HttpRequest& request : requests) exchanges.push_back({std::move(request)});
  std::vector<Exchange*> round;
  for (Exchange& exchange : exchanges) {
    if (frozen_ && !IsRead(exchange.request)) {
      exchange.result = Fail(Code::kUnavailable, std::string(kOtherCluster));
    } else {
      round.push_back(&exchange);
    }
  }
  while (!round.empty()) {
    const milliseconds turn = TakeTurn(round.size());
    if (clock_.Steady() + turn >= end) break;  // Nothing is sent that outlasts the deadline.
    std::this_thread::sleep_for(turn);
    RunRound(round, end);
    std::erase_if(round, [&](Exchange* exchange) { return !MayRetry(*exchange, end); });
    milliseconds wait{0};
    for (const Exchange* exchange : round) wait = std::max(wait, exchange->wait);
    if (wait.count() > 0) std::this_thread::sleep_for(wait);
  }
  std::vector<Result<HttpResponse>> results;
  results.reserve(exchanges.size());
  for (Exchange& exchange : exchanges) results.push_back(std::move(exchange.result));
  return results;
}

void Client::RunRound(std::vector<Exchange*>& round, SteadyInstant end) {
  // Shared, because the last callback may still be inside count_down when wait has returned.
  const auto answered = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(round.size()));
  const SteadyInstant started = clock_.Steady();
  const auto left = std::max(std::chrono::ceil<milliseconds>(end - started), milliseconds(1));
  for (Exchange* exchange : round) {
    exchange->used = credentials_->Current();
    transport_->SendAsync(exchange->request, left,
                          [this, exchange, started, answered](Result<HttpResponse> answer) {
                            Record(exchange->request, CodeLabel(answer), started);
                            exchange->result = RequireSuccess(std::move(answer));
                            answered->count_down();
                          });
  }
  answered->wait();
}

bool Client::MayRetry(Exchange& exchange, SteadyInstant end) {
  if (exchange.result) return false;
  Error& error = exchange.result.error();
  exchange.wait = milliseconds(0);
  switch (error.code) {
    case Code::kUnauthorized:
      // They may have been renewed while the request was on its way.
      return !std::exchange(exchange.logged_in_again, true) &&
             (credentials_->Refresh() || credentials_->Current() != exchange.used);
    case Code::kThrottled:
      if (error.retry_after.count() == 0) error.retry_after = kDefaultHint;
      exchange.wait = WithJitter(std::min(error.retry_after, kLongestHint));
      return clock_.Steady() + exchange.wait < end;
    case Code::kUnavailable:
    case Code::kTimeout:
      return IsRead(exchange.request) && !std::exchange(exchange.read_again, true) &&
             clock_.Steady() < end;
    default: return false;
  }
}

Result<void> Client::Stream(HttpRequest request, StreamLimits limits, std::stop_token stop,
                            std::function<void(std::string_view chunk)> sink) {
  auto end = transport_->Stream(std::move(request), limits, std::move(stop), std::move(sink));
  if (!end && end.error().code == Code::kUnauthorized) credentials_->Refresh();
  return end;
}

Result<std::string> Client::ClusterUid() {
  const auto answer = Send(request::Get(kNamespaces, {cluster_, "", "kube-system"}));
  if (!answer) return tl::unexpected(answer.error());
  JsonParser parser;
  const auto object = parser.Parse(answer->body);
  if (!object) return tl::unexpected(object.error());
  std::string uid = (*object)["metadata"]["uid"].Text();
  if (uid.empty()) return Fail(Code::kInternal, "the namespace kube-system has no metadata.uid");
  return uid;
}

Result<void> Client::ConfirmCluster() {
  const auto uid = ClusterUid();
  if (!uid) return {};
  const MutexLock lock(mutex_);
  if (known_uid_.empty()) known_uid_ = *uid;
  if (known_uid_ == *uid) return {};
  log::Error(kOtherCluster, {{"cluster", cluster_.name}, {"before", known_uid_}, {"now", *uid}});
  frozen_ = true;
  return Fail(Code::kUnavailable, std::string(kOtherCluster));
}

milliseconds Client::TakeTurn(std::size_t requests) {
  const MutexLock lock(mutex_);
  return bucket_.Take(static_cast<double>(requests), clock_.Steady());
}

void Client::Record(const HttpRequest& request, const std::string& code, SteadyInstant started) {
  metrics_.ApiRequestDuration(request.verb, request.resource, code)
      .Observe(clock_.Steady() - started);
}

}  // namespace slipway
