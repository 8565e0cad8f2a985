#pragma once

#include "tests/faults/explorer/kind.hpp"

/// What is the same around every kind: pods and their kubelet, garbage collection, rivals, watches
/// that stop, time.
namespace slipway::explorer {

/// Numbers of changes of an object; those of one kind begin at kOwnChanges.
enum : std::uint32_t {
  kPodStarts = 1,
  kPodFails,
  kPodSucceeds,
  kGracefulDelete,
  kLabelsRemoved,
  kPodEvicted,
  kOwnChanges = 100,
};

struct PodFacts {
  std::string phase;
  bool live = false;  ///< Its program runs, or may yet.
};
PodFacts ReadPod(const Facts& facts);
bool IsPod(const Facts& facts);
/// Bears the reference to the present custom resource.
bool IsOwned(const Machine& machine, const State& state, Blob blob);
bool HasCondition(const nlohmann::json& status, std::string_view type);

Blob StartPod(Blobs& blobs, Blob pod);
/// `message` is what the program leaves behind; `variant` tells messages apart.
Blob EndPod(Blobs& blobs, Blob pod, bool fails, const std::string& message, std::uint32_t variant);
/// As the API server deletes: what runs ends within its grace period, the rest is gone at once.
Blob GracefulDelete(Blobs& blobs, Blob blob);

/// The user changes the spec. The number of the change stands for the function, as in Blobs.
void UserEdit(const Machine& machine, const State& state, std::uint32_t change,
              std::string_view what, const std::function<void(nlohmann::json& spec)>& function,
              const Emit& emit);
void UserDelete(const Machine& machine, const State& state, const Emit& emit);

/// All that is the same for every kind, faults included.
void CommonMoves(const Machine& machine, const State& state, const Emit& emit);
/// Everything so much later.
void PassTime(const Machine& machine, State& state, std::chrono::seconds time);
/// Garbage collection and the ends of pods that are being deleted; false without any.
bool FairCollection(const Machine& machine, State& state);
/// Pods of ours start, then end; false when all have ended.
bool FairPods(const Machine& machine, State& state, bool fails, const std::string& message);

/// What holds for the status of every kind.
std::string CheckAnyStatus(const ObjectMeta& resource, const nlohmann::json& status);

}  // namespace slipway::explorer
