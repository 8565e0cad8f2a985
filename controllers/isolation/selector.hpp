#pragma once

#include <optional>

#include "crds/generated/types.hpp"
#include "operator/kube/meta.hpp"

/// Label selectors, as
/// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors has
/// them.
namespace slipway::isolation {

/// Whether the selector selects what bears these labels. An empty one selects everything; one with
/// a requirement that this version does not know selects everything that its others select.
bool Selects(const api::LabelSelector& selector, const Labels& labels);

/// What both select; nullopt when nothing can be.
std::optional<api::LabelSelector> Both(const api::LabelSelector& one,
                                       const api::LabelSelector& other);

}  // namespace slipway::isolation
