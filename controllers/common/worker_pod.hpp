#pragma once

#include "operator/kube/resource.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {

/// A pod of the operator's own image that does one thing, says what came of it, and ends. Points
/// into the snapshot, so it lives no longer than one pass.
struct WorkerPod {
  const ObjectKey* key = nullptr;
  const ObjectMeta* meta = nullptr;
  const PodView* view = nullptr;

  bool Ending() const { return meta->deleted.has_value(); }
  /// It has a result. One that fails because somebody deletes it has none; its work is done again.
  bool Ended() const {
    return view->phase == PodView::Phase::kSucceeded ||
           (view->phase == PodView::Phase::kFailed && !Ending());
  }
};

}  // namespace slipway
