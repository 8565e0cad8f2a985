#include "operator/kube/transport.hpp"

#include <future>

namespace slipway {

Result<HttpResponse> Transport::Send(HttpRequest request, std::chrono::milliseconds deadline) {
  // Shared, because the callback may still be inside set_value when get has returned.
  const auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
  auto answer = promise->get_future();
  SendAsync(std::move(request), deadline,
            [promise](Result<HttpResponse> result) { promise->set_value(std::move(result)); });
  return answer.get();
}

}  // namespace slipway
