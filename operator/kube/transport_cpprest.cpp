// First, so that the library leaves its macro named U out.
#include "operator/kube/cpprest_connector.hpp"
// Then the others.
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <unordered_set>

#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/environment.hpp"
#include "operator/kube/fair_line.hpp"
#include "operator/kube/status_error.hpp"
#include "operator/kube/transport.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Runs the library's continuations where they arise. Its own scheduler posts each of them to
/// the pool, which is two thread changes for every chunk of a body.
class InlineScheduler final : public pplx::scheduler_interface {
 public:
  void schedule(pplx::TaskProc_t run, void* argument) override { run(argument); }
};

boost::asio::io_service& Service() { return crossplat::threadpool::shared_instance().service(); }

/// Runs a function on the HTTP library's thread. Requests are started and cancelled there only: a
/// cancellation closes the socket, which on any other thread can meet a handshake in the middle of
/// using it, and crashes.
template <class Function>
void OnLibraryThread(Function function) {
  boost::asio::post(Service(), std::move(function));
}

class Calls;

/// A request with a whole answer.
class Call final : public ExchangeHandler, public std::enable_shared_from_this<Call> {
 public:
  using Done = std::function<void(Result<HttpResponse>)>;

  Call(std::shared_ptr<Calls> calls, HttpRequest request, std::size_t max_body_bytes, Done done)
      : request_(std::make_shared<const HttpRequest>(std::move(request))),
        calls_(std::move(calls)),
        max_body_bytes_(max_body_bytes),
        timer_(Service()),
        done_(std::move(done)) {}

  void Arm(milliseconds deadline) {
    timer_.expires_after(deadline);
    timer_.async_wait(
        [call = shared_from_this(), deadline](const boost::system::error_code& error) {
          if (!error) call->GiveUp({Code::kTimeout, call->Late(deadline)});
        });
  }

  /// Ends the call for the caller; the connection ends when it can.
  void GiveUp(Error error) {
    Finish(tl::unexpected(std::move(error)));
    OnLibraryThread([call = shared_from_this()] { call->cancellation_.cancel(); });
  }

  std::shared_ptr<const HttpRequest> request() const { return request_; }
  pplx::cancellation_token token() const { return cancellation_.get_token(); }
  bool Finished() const { return finished_; }
  void SetStarted() { started_ = true; }

  void OnHeaders(int status, milliseconds retry_after, std::uint64_t content_length) override {
    response_.status = status;
    response_.retry_after = retry_after;
    response_.body.reserve(std::min<std::uint64_t>(content_length, max_body_bytes_));
  }
  bool OnBytes(std::string_view bytes) override {
    if (response_.body.size() + bytes.size() > max_body_bytes_) {
      Finish(Fail(Code::kTooLarge,
                  fmt::format("the answer to {} {} is larger than {} bytes",
                              ToString(request_->method), request_->target, max_body_bytes_)));
      return false;
    }
    response_.body += bytes;
    return true;
  }
  void OnEnd(Result<void> end) override;

 private:
  void Finish(Result<HttpResponse> result) {
    if (finished_.exchange(true)) return;
    const Done done = std::move(done_);
    done(std::move(result));
  }
  std::string Late(milliseconds deadline) const {
    // Rounded: the text may reach a status, which must not change with every try.
    return fmt::format("no answer to {} {} within {} s{}", ToString(request_->method),
                       request_->target, std::chrono::ceil<std::chrono::seconds>(deadline).count(),
                       started_ ? "" : ", all of them spent waiting for a free connection");
  }

  const std::shared_ptr<const HttpRequest> request_;
  const std::shared_ptr<Calls> calls_;
  const std::size_t max_body_bytes_;
  pplx::cancellation_token_source cancellation_;
  boost::asio::steady_timer timer_;
  Done done_;
  HttpResponse response_;
  std::atomic<bool> finished_{false};
  std::atomic<bool> started_{false};
};

/// All calls of one transport, of which a limited number is on the wire.
class Calls : public std::enable_shared_from_this<Calls> {
 public:
  explicit Calls(std::shared_ptr<CpprestConnector> connector)
      : connector_(std::move(connector)), line_(connector_->options().max_connections) {}

  void Submit(HttpRequest request, milliseconds deadline, Call::Done done) {
    const auto call = std::make_shared<Call>(shared_from_this(), std::move(request),
                                             connector_->options().max_body_bytes, std::move(done));
    call->Arm(deadline);
    {
      const MutexLock lock(mutex_);
      line_.Join(call->request()->ns, call);
    }
    LaunchNext();
  }

  /// The connection of that call is free again.
  void Release(const std::shared_ptr<Call>& call) {
    {
      const MutexLock lock(mutex_);
      on_wire_.erase(call);
      line_.Leave(call->request()->ns);
    }
    empty_.notify_all();
    LaunchNext();
  }

  /// Ends all calls and waits until none is left.
  void Close() {
    std::vector<std::shared_ptr<Call>> calls;
    {
      const MutexLock lock(mutex_);
      calls = line_.TakeWaiting();
      calls.insert(calls.end(), on_wire_.begin(), on_wire_.end());
    }
    for (const auto& call : calls) call->GiveUp({Code::kUnavailable, "the client is shut down"});
    const MutexLock lock(mutex_);
    empty_.wait(mutex_, [this]() SLIPWAY_REQUIRES(mutex_) { return on_wire_.empty(); });
  }

 private:
  /// A free connection may be for more than one: others' limits depend on how many are free.
  void LaunchNext() {
    while (const auto call = Next()) {
      call->SetStarted();
      OnLibraryThread([connector = connector_, call] {
        connector->Start(call->request(), call->token(), call);
      });
    }
  }

  std::shared_ptr<Call> Next() {
    const MutexLock lock(mutex_);
    const auto next = line_.Next([](const auto& call) { return call->Finished(); });
    if (!next) return nullptr;
    on_wire_.insert(*next);
    return *next;
  }

  const std::shared_ptr<CpprestConnector> connector_;
  Mutex mutex_;
  std::condition_variable_any empty_;
  std::unordered_set<std::shared_ptr<Call>> on_wire_ SLIPWAY_GUARDED_BY(mutex_);
  FairLine<std::shared_ptr<Call>> line_ SLIPWAY_GUARDED_BY(mutex_);
};

void Call::OnEnd(Result<void> end) {
  boost::system::error_code ignored;
  timer_.cancel(ignored);
  if (end) {
    Finish(std::move(response_));
  } else {
    Finish(tl::unexpected(std::move(end.error())));
  }
  calls_->Release(shared_from_this());
}

/// A request whose answer is consumed while it comes in.
class StreamCall final : public ExchangeHandler, public std::enable_shared_from_this<StreamCall> {
 public:
  using Sink = std::function<void(std::string_view)>;

  StreamCall(StreamLimits limits, Sink sink)
      : limits_(limits), sink_(std::move(sink)), timer_(Service()) {}

  pplx::cancellation_token token() const { return cancellation_.get_token(); }

  void WatchOver() {
    timer_.expires_after(std::max(std::min(limits_.idle, limits_.line) / 4, milliseconds(1)));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto stream = weak.lock();
      if (error || !stream || stream->Ended()) return;
      stream->CheckLimits();
      stream->WatchOver();
    });
  }

  /// Blocks until the stream has ended; the sink is not called afterwards.
  Result<void> Wait(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] { Break({Code::kUnavailable, "stopped"}); });
    Result<void> end;
    {
      const MutexLock lock(mutex_);
      ended_.wait(mutex_, [this]() SLIPWAY_REQUIRES(mutex_) { return end_.has_value(); });
      end = *end_;
    }
    const MutexLock lock(sink_mutex_);
    closed_ = true;
    if (end && status_ != 200) return tl::unexpected(DecodeError(status_, refusal_, retry_after_));
    return end;
  }

  void OnHeaders(int status, milliseconds retry_after, std::uint64_t /*length*/) override {
    const MutexLock lock(sink_mutex_);
    status_ = status;
    retry_after_ = retry_after;
    last_activity_ = Now();
  }

  bool OnBytes(std::string_view bytes) override {
    const MutexLock lock(sink_mutex_);
    if (closed_) return false;
    if (status_ != 200) {
      refusal_ += bytes.substr(0, kMaxRefusalBytes - std::min(refusal_.size(), kMaxRefusalBytes));
      return refusal_.size() < kMaxRefusalBytes;
    }
    busy_ = true;
    const bool within_limit = CountLine(bytes);
    if (within_limit) sink_(bytes);
    last_activity_ = Now();
    busy_ = false;
    return within_limit;
  }

  void OnEnd(Result<void> end) override { SetEnd(std::move(end)); }

 private:
  static constexpr std::size_t kMaxRefusalBytes = 1U << 20U;
  static constexpr steady_clock::rep kNoLine = 0;

  static steady_clock::rep Now() { return steady_clock::now().time_since_epoch().count(); }

  /// Keeps the age and size of the line that the stream is in the middle of.
  bool CountLine(std::string_view bytes) SLIPWAY_REQUIRES(sink_mutex_) {
    const std::size_t newline = bytes.rfind('\n');
    if (newline == std::string_view::npos) {
      if (line_bytes_ == 0) line_started_ = Now();
      line_bytes_ += bytes.size();
    } else {
      line_bytes_ = bytes.size() - newline - 1;
      line_started_ = line_bytes_ == 0 ? kNoLine : Now();
    }
    if (line_bytes_ <= limits_.max_line_bytes) return true;
    SetEnd(Fail(Code::kTooLarge, fmt::format("a line of the stream is longer than {} bytes",
                                             limits_.max_line_bytes)));
    return false;
  }

  void CheckLimits() {
    if (busy_) return;  // The sink holds the sender up.
    const auto age = [now = Now()](steady_clock::rep since) {
      return std::chrono::duration_cast<milliseconds>(steady_clock::duration(now - since));
    };
    if (age(last_activity_) >= limits_.idle) {
      Break({Code::kTimeout, fmt::format("the stream was silent for {} ms", limits_.idle.count())});
    } else if (line_started_ != kNoLine && age(line_started_) >= limits_.line) {
      Break({Code::kTimeout,
             fmt::format("a line of the stream took over {} ms", limits_.line.count())});
    }
  }

  bool Ended() {
    const MutexLock lock(mutex_);
    return end_.has_value();
  }

  /// Ends the stream for the caller; the connection ends when it can.
  void Break(Error error) {
    SetEnd(tl::unexpected(std::move(error)));
    OnLibraryThread([stream = shared_from_this()] { stream->cancellation_.cancel(); });
  }

  /// The first end counts.
  void SetEnd(Result<void> end) {
    {
      const MutexLock lock(mutex_);
      if (end_) return;
      end_ = std::move(end);
    }
    ended_.notify_all();
  }

  const StreamLimits limits_;
  const Sink sink_;
  pplx::cancellation_token_source cancellation_;
  boost::asio::steady_timer timer_;

  Mutex mutex_;
  std::condition_variable_any ended_;
  std::optional<Result<void>> end_ SLIPWAY_GUARDED_BY(mutex_);

  Mutex sink_mutex_;  ///< Held while the sink runs.
  bool closed_ SLIPWAY_GUARDED_BY(sink_mutex_) = false;
  int status_ SLIPWAY_GUARDED_BY(sink_mutex_) = 0;
  milliseconds retry_after_ SLIPWAY_GUARDED_BY(sink_mutex_){0};
  std::string refusal_ SLIPWAY_GUARDED_BY(sink_mutex_);
  std::size_t line_bytes_ SLIPWAY_GUARDED_BY(sink_mutex_) = 0;

  std::atomic<bool> busy_{false};
  std::atomic<steady_clock::rep> last_activity_{Now()};
  std::atomic<steady_clock::rep> line_started_{kNoLine};
};

class CpprestTransport final : public Transport {
 public:
  explicit CpprestTransport(std::shared_ptr<CpprestConnector> connector)
      : connector_(std::move(connector)), calls_(std::make_shared<Calls>(connector_)) {}
  ~CpprestTransport() override { calls_->Close(); }
  CpprestTransport(const CpprestTransport&) = delete;
  CpprestTransport& operator=(const CpprestTransport&) = delete;

  void SendAsync(HttpRequest request, milliseconds deadline, Call::Done done) override {
    calls_->Submit(std::move(request), deadline, std::move(done));
  }

  Result<void> Stream(HttpRequest request, StreamLimits limits, std::stop_token stop,
                      StreamCall::Sink sink) override {
    const auto stream = std::make_shared<StreamCall>(limits, std::move(sink));
    stream->WatchOver();
    auto message = std::make_shared<const HttpRequest>(std::move(request));
    OnLibraryThread([connector = connector_, message = std::move(message), stream] {
      connector->Start(message, stream->token(), stream);
    });
    return stream->Wait(stop);
  }

 private:
  const std::shared_ptr<CpprestConnector> connector_;
  const std::shared_ptr<Calls> calls_;
};

}  // namespace

void InitTransportLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    // The library's thread ends with the process only, and closes connections until then. Without
    // this OpenSSL has by then freed its locks in a handler of exit, and that thread spins on one.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    HideSystemCertificates();
    try {
      pplx::set_ambient_scheduler(std::make_shared<InlineScheduler>());
      crossplat::threadpool::initialize_with_threads(1);
    } catch (const std::exception& error) {
      log::Warn("the HTTP library was in use before it was prepared; it keeps its defaults",
                {{"reason", error.what()}});
    }
  });
}

Result<std::unique_ptr<Transport>> MakeCpprestTransport(
    TransportOptions options, std::shared_ptr<CredentialSource> credentials) {
  InitTransportLibrary();
  auto connector = CpprestConnector::Make(std::move(options), std::move(credentials));
  if (!connector) return tl::unexpected(std::move(connector.error()));
  return std::make_unique<CpprestTransport>(std::move(*connector));
}

}  // namespace slipway
