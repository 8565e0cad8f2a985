#include "controllers/common/failures.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace slipway {
namespace {

std::string Describe(const WriteFailure& failure) {
  return fmt::format("{} {}", failure.type.kind, failure.key.ToString());
}

bool IsQuota(const Error& error) {
  return error.message.find("exceeded quota") != std::string::npos;
}

Problem ExplainForbidden(const WriteFailure& failure) {
  if (IsQuota(failure.error)) {
    return {"QuotaExceeded",
            fmt::format("{} does not fit the namespace's quota and is tried again: {}",
                        Describe(failure), failure.error.message)};
  }
  return {"Forbidden",
          fmt::format("the cluster does not let the operator write {} (check the RBAC rules for "
                      "{}{}{} and the admission policies of the namespace): {}",
                      Describe(failure), failure.type.plural, failure.type.group.empty() ? "" : ".",
                      failure.type.group, failure.error.message)};
}

Problem Explain(const WriteFailure& failure, std::string_view invalid_reason) {
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
    default:
      return {"WriteFailed", fmt::format("writing {} failed and is tried again: {}",
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

}  // namespace slipway
