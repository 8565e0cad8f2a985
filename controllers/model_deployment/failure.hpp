#pragma once

#include <optional>

#include "controllers/model_deployment/observe.hpp"

namespace slipway::model_deployment {

/// Why pods of the variant do not work: the newest pod with something to say. Without such a pod,
/// why none can be made; nullopt when nothing is in trouble.
std::optional<api::VariantFailure> LastFailure(const VariantState& variant);

/// "OOMKilled (exit code 137): <last words>".
std::string DescribeFailure(const api::VariantFailure& failure);

}  // namespace slipway::model_deployment
