#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway {

/// What an HTTP answer that is no success means. The body is a metav1.Status in the good case; a
/// proxy or a load balancer in between may send HTML, text or nothing, in any encoding; the message
/// is UTF-8 always. `retry_after` is the value
/// of that header, zero without one; the Status' own hint is used when it is longer.
Error DecodeError(int http_status, std::string_view body,
                  std::chrono::milliseconds retry_after = {});

/// The same for a metav1.Status that came as data, e.g. inside an ERROR event of a watch.
Error DecodeStatus(const JsonView& status);

/// The value of a Retry-After header. Kubernetes sends seconds; for the date form of RFC 9110,
/// and for anything else that is no number, the answer is one second.
std::chrono::milliseconds ParseRetryAfter(std::string_view value);

}  // namespace slipway
