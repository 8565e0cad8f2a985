#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/faults/explorer/moves.hpp"

namespace slipway::explorer {

/// How a search is set up.
struct Scenario {
  int nodes = 2;
  int restarts = 1;
  bool deadline = false;  ///< tj: activeDeadlineSeconds, by which every job ends somehow.
  int steps = 0;          ///< tj: so many steps before the training, and one behind it.
  int ttl = -1;           ///< tj: ttlSecondsAfterFinished, unless negative.
  bool members = false;   ///< tj: a rule restarts the node that failed and no other.
  bool elastic = false;   ///< tj: the group goes on with fewer nodes, of which one is enough.
  bool autoscaled = false;
};

/// What is particular to one kind of custom resource: its world, apart from what the operator does,
/// and what must hold in it.
class Kind {
 public:
  virtual ~Kind() = default;

  const Controller& Planner() const { return controller_; }

  /// The custom resource as the user creates it.
  virtual nlohmann::json Resource() const = 0;
  /// What controllers, kubelets and the user may do next. A change by the user counts in `edits`.
  virtual void Moves(const Machine& machine, const State& state, const Emit& emit) const = 0;
  /// Everything that kubelets and other controllers do without being asked, one step of it. False
  /// when they have nothing to do. `fails` decides how programs end.
  virtual bool FairStep(const Machine& machine, State& state, bool fails) const = 0;
  /// So often a deadline may pass before the world has to be at rest.
  virtual int Wakes() const { return 30; }

  /// Empty when all is well, as the others.
  virtual std::string CheckState(const Machine& machine, const State& state) const = 0;
  /// Of a world in which nothing happens any more.
  virtual std::string CheckRest(const Machine& machine, const State& state, bool fails) const = 0;
  virtual std::string CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                                const Outcome& outcome) const = 0;
  virtual std::string CheckStatus(const Blobs& blobs, Blob before, Blob after) const = 0;

 protected:
  explicit Kind(Controller controller) : controller_(std::move(controller)) {}

 private:
  const Controller controller_;
};

std::unique_ptr<Kind> MakeTrainingJobKind(const Scenario& scenario);
std::unique_ptr<Kind> MakeModelDeploymentKind(const Scenario& scenario);
std::unique_ptr<Kind> MakeDriftMonitorKind(const Scenario& scenario);

}  // namespace slipway::explorer
