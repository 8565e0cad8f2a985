#pragma once

#include <optional>

#include "controllers/model_deployment/observe.hpp"

namespace slipway::model_deployment {

/// Why pods of the variant do not work: the newest pod with something to say. A container that
/// crashes shows how it ended only until it is started again, so what was `recorded` then stands
/// until the pods work or there is newer news. Without such a pod, why none can be made; nullopt
/// when nothing is in trouble.
std::optional<api::VariantFailure> LastFailure(const VariantState& variant,
                                               const std::optional<api::VariantFailure>& recorded);

/// "OOMKilled (exit code 137): <last words>".
std::string DescribeFailure(const api::VariantFailure& failure);

}  // namespace slipway::model_deployment
