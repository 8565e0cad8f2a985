#include "controllers/common/failures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "controllers/common/conditions.hpp"

namespace slipway {
namespace {

constexpr std::string_view kForbidden = "Forbidden";
constexpr std::string_view kQuotaExceeded = "QuotaExceeded";
constexpr std::string_view kWriteFailed = "WriteFailed";
constexpr std::string_view kHeld = "IsolationPending";
constexpr std::string_view kKindNotServed = "KindNotServed";

std::string Describe(const WriteFailure& failure) {
  return fmt::format("{} {}", failure.type.kind, failure.key.ToString());
}

bool IsQuota(const Error& error) {
  return error.message.find("exceeded quota") != std::string::npos;
}

Problem ExplainForbidden(const WriteFailure& failure) {
  if (IsQuota(failure.error)) {
    return {
        std::string(kQuotaExceeded),
        fmt::format("{} does not fit the namespace's quota and is tried again within a minute: {}",
                    Describe(failure), failure.error.message)};
  }
  return {std::string(kForbidden),
          fmt::format("the cluster does not let the operator write {} (check the RBAC rules for "
                      "{}{}{} and the admission policies of the namespace); it is tried again "
                      "within a minute: {}",
                      Describe(failure), failure.type.plural, failure.type.group.empty() ? "" : ".",
                      failure.type.group, failure.error.message)};
}

Problem Explain(const WriteFailure& failure, std::string_view invalid_reason) {
  if (!failure.held.empty()) return {failure.held, failure.error.message, failure.held_for_good};
  if (failure.foreign) {
    return {"NameConflict",
            fmt::format("{} exists and does not belong to this object, so it is left alone; "
                        "delete or rename it, or give this object another name",
                        Describe(failure)),
            true};
  }
  switch (failure.error.code) {
    case Code::kInvalid:
      return {
          std::string(invalid_reason),
          fmt::format("the API server refuses {}: {}", Describe(failure), failure.error.message),
          true};
    case Code::kForbidden: return ExplainForbidden(failure);
    case Code::kTerminating:
      return {"NamespaceTerminating",
              fmt::format("namespace {} is being deleted, and this object with it, so {} is not "
                          "made; to keep the object, create it in another namespace",
                          failure.key.ns, Describe(failure))};
    case Code::kKindNotServed:
      return {
          std::string(kKindNotServed),
          fmt::format("the cluster has no kind {} of {}, so {} cannot be made; it is tried again "
                      "within a minute: install what serves that kind, or change the setting of "
                      "the operator that asks for it",
                      failure.type.kind, failure.type.ApiVersion(), failure.key.ToString())};
    default:
      return {std::string(kWriteFailed),
              fmt::format("writing {} failed and is tried again within a minute: {}",
                          Describe(failure), failure.error.message)};
  }
}

}  // namespace

std::optional<Problem> ExplainFailures(const std::vector<WriteFailure>& failures,
                                       std::string_view invalid_reason) {
  std::optional<Problem> first;
  for (const auto& failure : failures) {
    Problem problem = Explain(failure, invalid_reason);
    if (problem.stalled) return problem;
    if (!first) first = std::move(problem);
  }
  return first;
}

std::optional<EmitEvent> BarredEvent(const std::vector<api::Condition>& before,
                                     const std::vector<api::Condition>& after) {
  constexpr std::array kBarred{kForbidden, kQuotaExceeded, kWriteFailed, kKindNotServed, kHeld};
  const api::Condition* now = FindCondition(after, condition::kReconciling);
  const api::Condition* earlier = FindCondition(before, condition::kReconciling);
  if (now == nullptr || std::ranges::find(kBarred, now->reason) == kBarred.end()) return {};
  if (earlier != nullptr && earlier->reason == now->reason) return {};
  return EmitEvent{EmitEvent::Type::kWarning, now->reason, "Write", now->message, false};
}

}  // namespace slipway
