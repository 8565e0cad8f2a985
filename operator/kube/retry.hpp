#pragma once

#include <algorithm>
#include <chrono>

#include "operator/base/result.hpp"

namespace slipway {

enum class Retry {
  kAfterLogin,  ///< Read the credentials again and repeat once, at once; then as kBackoff.
  kBackoff,     ///< Look at the world again and plan anew after the caller's growing delay.
  kAfterHint,   ///< As kBackoff, but not before the server's Retry-After.
  kNever,       ///< The same request can never succeed: tell the user and wait for a change.
};

/// The one table that says what a failure means for trying again. "Again" is always a new look at
/// the world and a new plan, never a blind repetition of a write.
///
/// | code            | action      | because                                                     |
/// |-----------------|-------------|-------------------------------------------------------------|
/// | NotFound        | kBackoff    | gone since the plan was made; the next plan knows           |
/// | KindNotServed   | kBackoff    | its CRD may be installed later                              |
/// | Conflict        | kBackoff    | the object moved on; the next plan has seen it              |
/// | AlreadyExists   | kBackoff    | ours: done already; foreign: until somebody removes it      |
/// | Gone            | kBackoff    | the list has to start over                                  |
/// | Unauthorized    | kAfterLogin | tokens and certificates are rotated                         |
/// | Forbidden       | kBackoff    | roles and quotas are changed by people while we wait        |
/// | Terminating     | kNever      | the namespace goes, and the custom resource with it         |
/// | Invalid         | kNever      | only a change of the custom resource can help               |
/// | Throttled       | kAfterHint  | the server says when                                        |
/// | TooLarge        | kBackoff    | a list is asked for in smaller pages (watch.hpp)            |
/// | Unavailable     | kAfterHint  | the server, or what is before it, restarts                  |
/// | Timeout         | kAfterHint  | the outcome is unknown; names and versions make it harmless |
/// | Internal        | kBackoff    | a reply that was not understood, perhaps of a proxy         |
constexpr Retry RetryFor(Code code) {
  switch (code) {
    case Code::kUnauthorized: return Retry::kAfterLogin;
    case Code::kTerminating:
    case Code::kInvalid: return Retry::kNever;
    case Code::kThrottled:
    case Code::kUnavailable:
    case Code::kTimeout: return Retry::kAfterHint;
    case Code::kNotFound:
    case Code::kKindNotServed:
    case Code::kConflict:
    case Code::kAlreadyExists:
    case Code::kGone:
    case Code::kForbidden:
    case Code::kTooLarge:
    case Code::kInternal: return Retry::kBackoff;
  }
  return Retry::kBackoff;
}

/// A longer Retry-After is not believed: a broken proxy must not stop an object for a day.
inline constexpr std::chrono::milliseconds kLongestHint = std::chrono::seconds(60);

/// How long to wait before the next try, given the caller's own (jittered) back-off delay.
constexpr std::chrono::milliseconds RetryDelay(const Error& error,
                                               std::chrono::milliseconds backoff) {
  if (RetryFor(error.code) != Retry::kAfterHint) return backoff;
  return std::max(backoff, std::min(error.retry_after, kLongestHint));
}

}  // namespace slipway
