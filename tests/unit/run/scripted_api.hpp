#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operator/base/mutex.hpp"
#include "operator/kube/client.hpp"

namespace slipway {

/// An API server that is one function, and what it was asked.
class ScriptedApi {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;

  explicit ScriptedApi(Answer answer) : answer_(std::move(answer)) {}

  std::unique_ptr<Client> Connect(Metrics& metrics, const Clock& clock) {
    return std::make_unique<Client>(kHomeCluster, std::make_unique<Wire>(*this),
                                    MakeStaticCredentials({}), metrics, clock);
  }

  /// "GET /api/..." of each request, in order.
  std::vector<std::string> Asked() const {
    const MutexLock lock(mutex_);
    return asked_;
  }
  std::vector<std::chrono::milliseconds> Deadlines() const {
    const MutexLock lock(mutex_);
    return deadlines_;
  }

 private:
  class Wire final : public Transport {
   public:
    explicit Wire(ScriptedApi& api) : api_(api) {}
    void SendAsync(HttpRequest request, std::chrono::milliseconds deadline,
                   std::function<void(Result<HttpResponse>)> done) override {
      {
        const MutexLock lock(api_.mutex_);
        api_.asked_.push_back(std::string(ToString(request.method)) + " " + request.target);
        api_.deadlines_.push_back(deadline);
      }
      done(api_.answer_(request));
    }
    Result<void> Stream(HttpRequest, StreamLimits, std::stop_token,
                        std::function<void(std::string_view)>) override {
      return Fail(Code::kInternal, "no streams here");
    }

   private:
    ScriptedApi& api_;
  };

  const Answer answer_;
  mutable Mutex mutex_;
  std::vector<std::string> asked_ SLIPWAY_GUARDED_BY(mutex_);
  std::vector<std::chrono::milliseconds> deadlines_ SLIPWAY_GUARDED_BY(mutex_);
};

}  // namespace slipway
