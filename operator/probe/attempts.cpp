#include "operator/probe/attempts.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>

namespace slipway::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Found {
  bool too_many = false;
  std::vector<asio::ip::address> addresses;
};

/// One connection that is tried.
struct Attempt {
  Attempt(asio::io_context& io, std::size_t of) : target(of), socket(io) {}

  std::size_t target;
  tcp::socket socket;
  ProbeSeen seen = ProbeSeen::kTimedOut;
  Clock::duration took{0};
  bool ended = false;
};

/// Each name once, so that all of its ports are looked for at the same addresses.
std::map<std::string, Found> FindAddresses(asio::io_context& io,
                                           const std::vector<Target>& targets) {
  std::map<std::string, Found> found;
  for (const auto& target : targets) found[target.where.host];
  tcp::resolver resolver(io);
  // Without flags: addresses of a family that this pod has none of count as well.
  for (auto& [host, addresses] : found) {
    resolver.async_resolve(
        host, "", tcp::resolver::flags(),
        [&into = addresses](const error_code& error, const tcp::resolver::results_type& results) {
          if (error) return;
          into.too_many = results.size() > kMaxAddresses;
          for (const auto& result : results) into.addresses.push_back(result.endpoint().address());
        });
  }
  io.run();
  io.restart();
  return found;
}

/// The end of an attempt. One that was cancelled may have got through just before.
void End(Attempt& attempt, const error_code& outcome, Clock::time_point began) {
  error_code no_peer;
  if (outcome == asio::error::operation_aborted) attempt.socket.remote_endpoint(no_peer);
  const bool aborted = outcome == asio::error::operation_aborted;
  attempt.seen = !aborted  ? Classify(outcome)
                 : no_peer ? ProbeSeen::kTimedOut
                           : ProbeSeen::kConnected;
  attempt.took = Clock::now() - began;
  attempt.ended = true;
  error_code ignored;
  attempt.socket.close(ignored);
}

void TryAll(asio::io_context& io, const std::vector<Target>& targets,
            const std::map<std::string, Found>& found, std::deque<Attempt>& attempts) {
  const auto began = Clock::now();
  asio::steady_timer timer(io, kAttempt);
  std::size_t open = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Found& at = found.at(targets[i].where.host);
    if (at.too_many) continue;
    for (const auto& address : at.addresses) {
      Attempt& attempt = attempts.emplace_back(io, i);
      ++open;
      attempt.socket.async_connect({address, targets[i].where.port},
                                   [&, began](const error_code& outcome) {
                                     End(attempt, outcome, began);
                                     if (--open == 0) timer.cancel();
                                   });
    }
  }
  if (open == 0) return;
  timer.async_wait([&](const error_code& cancelled) {
    if (cancelled) return;
    for (auto& attempt : attempts) {
      error_code ignored;
      if (!attempt.ended) attempt.socket.cancel(ignored);
    }
  });
  io.run();
}

ProbeCheck Sum(const Target& target, std::size_t index, const Found& found,
               const std::deque<Attempt>& attempts) {
  std::vector<ProbeSeen> outcomes;
  Clock::duration took{0};
  for (const auto& attempt : attempts) {
    if (attempt.target != index) continue;
    outcomes.push_back(attempt.seen);
    took = std::max(took, attempt.took);
  }
  const ProbeSeen seen = found.too_many ? ProbeSeen::kFailed : Combine(outcomes);
  return {ToString(target.where), target.reachable, seen,
          std::chrono::duration_cast<milliseconds>(took)};
}

}  // namespace

ProbeSeen Classify(const error_code& outcome) {
  namespace errc = boost::system::errc;
  if (!outcome) return ProbeSeen::kConnected;
  switch (outcome.value()) {
    // Only a connection that was there can be reset, or have been closed by the other side.
    case errc::connection_reset:
    case errc::broken_pipe: return ProbeSeen::kConnected;
    case errc::connection_refused: return ProbeSeen::kRefused;
    case errc::timed_out: return ProbeSeen::kTimedOut;
    case errc::host_unreachable:
    case errc::network_unreachable:
    case errc::network_down:
    case errc::permission_denied:  // ICMPv6: administratively prohibited.
    case errc::address_not_available:
    case errc::address_family_not_supported: return ProbeSeen::kUnreachable;
    default: return ProbeSeen::kFailed;
  }
}

ProbeSeen Combine(const std::vector<ProbeSeen>& outcomes) {
  if (outcomes.empty()) return ProbeSeen::kUnresolved;
  // From what says most to what says least, where being refused is to be shown.
  for (const auto seen :
       {ProbeSeen::kConnected, ProbeSeen::kFailed, ProbeSeen::kTimedOut, ProbeSeen::kRefused}) {
    if (std::ranges::find(outcomes, seen) != outcomes.end()) return seen;
  }
  return ProbeSeen::kUnreachable;
}

Look LookAt(const std::vector<Target>& targets) {
  asio::io_context io(1);
  const auto found = FindAddresses(io, targets);
  std::deque<Attempt> attempts;
  Look look{Clock::now(), {}};
  TryAll(io, targets, found, attempts);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    look.checks.push_back(Sum(targets[i], i, found.at(targets[i].where.host), attempts));
  }
  return look;
}

}  // namespace slipway::probe
