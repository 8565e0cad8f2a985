#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace slipway {

/// What went wrong, in the words of the Kubernetes API. What to do about it is decided in one
/// place, `RetryFor` in operator/kube/retry.hpp.
enum class Code {
  kNotFound,       ///< 404 of an object.
  kKindNotServed,  ///< 404 of a whole resource: its CRD or API group is absent.
  kConflict,       ///< 409: the object moved on, or a precondition (uid, resourceVersion) failed.
  kAlreadyExists,  ///< 409 of a create.
  kGone,           ///< 410: the resourceVersion is too old, list again.
  kUnauthorized,   ///< 401.
  kForbidden,      ///< 403: RBAC, quota or an admission policy.
  kTerminating,    ///< 403: nothing can be made in a namespace that is being deleted.
  kInvalid,        ///< 400, 413, 422: the same request can never succeed.
  kThrottled,      ///< 429.
  kTooLarge,       ///< The answer is larger than we take; what was asked for may be done.
  kUnavailable,    ///< 5xx, or no connection: nothing is known to have happened.
  kTimeout,        ///< No answer in time: the outcome of a write is unknown.
  kInternal,       ///< A reply that could not be understood.
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
  /// The server's Retry-After, zero when it gave none.
  std::chrono::milliseconds retry_after{0};
};

template <class T>
using Result = tl::expected<T, Error>;

/// Builds the failing arm of any Result.
inline tl::unexpected<Error> Fail(Code code, std::string message,
                                  std::chrono::milliseconds retry_after = {}) {
  return tl::unexpected(Error{code, std::move(message), retry_after});
}

/// The constant name of a code, used as metric label and log field, e.g. "Conflict".
constexpr std::string_view ToString(Code code) {
  switch (code) {
    case Code::kNotFound: return "NotFound";
    case Code::kKindNotServed: return "KindNotServed";
    case Code::kConflict: return "Conflict";
    case Code::kAlreadyExists: return "AlreadyExists";
    case Code::kGone: return "Gone";
    case Code::kUnauthorized: return "Unauthorized";
    case Code::kForbidden: return "Forbidden";
    case Code::kTerminating: return "Terminating";
    case Code::kInvalid: return "Invalid";
    case Code::kThrottled: return "Throttled";
    case Code::kTooLarge: return "TooLarge";
    case Code::kUnavailable: return "Unavailable";
    case Code::kTimeout: return "Timeout";
    case Code::kInternal: return "Internal";
  }
  return "Unknown";
}

}  // namespace slipway
