#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "tests/faults/explorer/search.hpp"
#include "tests/faults/explorer/self_test.hpp"

namespace {

using namespace slipway::explorer;

long PeakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int Report(const SearchResult& result) {
  fmt::print(
      "{} states{}, {} transitions, depth {}, {:.1f} s, {:.0f} states/s, {} MiB\n"
      "{} versions of objects, {} views planned from; liveness from {} states, {} passes for it\n",
      result.states, result.exhausted ? " (all)" : "", result.transitions, result.depth,
      result.time.count(), static_cast<double>(result.states) / result.time.count(), PeakMiB(),
      result.objects, result.plans, result.settled, result.walked);
  fmt::print("the resource was {}\n", fmt::join(result.seen, ", "));
  if (result.violation.empty()) {
    fmt::print("all properties hold\n");
    return 0;
  }
  fmt::print("VIOLATION: {}\n", result.violation);
  for (std::size_t i = 0; i < result.path.size(); ++i)
    fmt::print("{:4} {}\n", i + 1, result.path[i]);
  return 1;
}

Mutant ParseMutant(const std::string& name) {
  if (name.empty()) return Mutant::kNone;
  const auto mutant = FindMutant(name);
  if (mutant) return *mutant;
  std::string all;
  for (const auto& item : kMutants) all += fmt::format("\n  {:<18} {}", item.name, item.what);
  throw std::runtime_error("no such mutant: " + name + "; there are" + all);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Explores what can happen around a planner; see README.md beside the sources."};
  SearchOptions options;
  std::string mutant;
  bool self_test = false;
  int faults = 2;
  int edits = 3;
  int ticks = 8;
  int lag = 3;
  int leaders = 1;
  FaultKinds& kinds = options.limits.kinds;
  app.add_option("--kind", options.kind, "tj, md or dm");
  app.add_option("--states", options.states, "end after so many states");
  app.add_option("--faults", faults, "faults on a path");
  app.add_option("--edits", edits, "changes by the user on a path");
  app.add_option("--ticks", ticks, "deadlines that pass on a path");
  app.add_option("--lag", lag, "changes that a stopped watch may be behind");
  app.add_option("--leaders", leaders, "replicas that write at the same time");
  app.add_option("--nodes", options.scenario.nodes, "tj: spec.trainer.numNodes");
  app.add_option("--restarts", options.scenario.restarts, "tj: spec.failurePolicy.maxRestarts");
  app.add_option("--steps", options.scenario.steps,
                 "tj: with so many steps before the training, and one behind it");
  app.add_flag("--deadline", options.scenario.deadline, "tj: with spec.activeDeadlineSeconds");
  app.add_flag("--members", options.scenario.members,
               "tj: a node that fails is restarted by itself");
  app.add_flag("--elastic", options.scenario.elastic,
               "tj: with spec.elasticPolicy, of which one node is enough");
  app.add_option("--ttl", options.scenario.ttl, "tj: spec.ttlSecondsAfterFinished");
  app.add_flag("--autoscaled", options.scenario.autoscaled, "md: with spec.autoscaling");
  app.add_option("--sample", options.sample, "check liveness from one state in so many");
  app.add_option("--small", options.small, "... and from each of the first so many");
  app.add_option("--mutant", mutant, "plant this bug");
  app.add_flag("!--no-requests", kinds.requests, "no request is lost");
  app.add_flag("!--no-crashes", kinds.crashes, "the operator does not die");
  app.add_flag("!--no-stalls", kinds.stalls, "no watch stops");
  app.add_flag("--takeovers", kinds.takeovers, "a replica with old views takes over");
  app.add_flag("!--no-rivals", kinds.rivals, "nobody else touches what is ours");
  app.add_flag("--in-order", options.limits.in_order, "send the writes of a plan in its order");
  app.add_flag("--progress", options.progress, "tell how far it has come");
  app.add_flag("--self-test", self_test, "show that planted bugs are found");
  CLI11_PARSE(app, argc, argv);
  try {
    if (self_test) return SelfTest() ? 0 : 1;
    const auto small = [](int value) { return static_cast<std::uint8_t>(value); };
    options.mutant = ParseMutant(mutant);
    options.limits.faults = small(faults);
    options.limits.edits = small(edits);
    options.limits.ticks = small(ticks);
    options.limits.lag = small(lag);
    options.limits.leaders = small(leaders);
    return Report(Search(options));
  } catch (const std::exception& error) {
    fmt::print(stderr, "explorer: {}\n", error.what());
    return 2;
  }
}
