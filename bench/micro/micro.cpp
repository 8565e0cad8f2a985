#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <string>

#include "controllers/registry.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/cache/cache.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/queue/work_queue.hpp"
#include "operator/run/write.hpp"

namespace slipway {
namespace {

using nlohmann::json;

/// A TrainingJob of four nodes as the API server stores it.
const char* const kJob = R"({"apiVersion":"slipway.dev/v1alpha1","kind":"TrainingJob",
"metadata":{"name":"churn","namespace":"team","uid":"3b1c5c1e-0000-4000-8000-000000000001",
"resourceVersion":"41","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z"},
"spec":{"framework":"Torch","suspend":false,"failurePolicy":{"maxRestarts":3,"backoffSeconds":10},
"cleanPodPolicy":"Running","trainer":{"image":"registry.corp/train:1","command":["python","train.py"],
"numNodes":4,"numProcPerNode":"auto"}},"status":{"observedGeneration":-1}})";

/// The pods that the planner wants for kJob, running, as the API server would send them.
json PodOf(const Create& create, const Owner& owner, int version) {
  json pod = StampBody(owner, create.type, create.key, create.body, false);
  pod["metadata"]["uid"] = "pod-" + std::to_string(version);
  pod["metadata"]["resourceVersion"] = std::to_string(version);
  pod["metadata"]["creationTimestamp"] = "2026-01-01T00:00:01Z";
  pod["status"] = {
      {"phase", "Running"},
      {"podIP", "10.0.0.1"},
      {"startTime", "2026-01-01T00:00:02Z"},
      {"conditions",
       {{{"type", "PodScheduled"}, {"status", "True"}}, {{"type", "Ready"}, {"status", "True"}}}},
      {"containerStatuses",
       {{{"name", "trainer"},
         {"ready", true},
         {"restartCount", 0},
         {"state", {{"running", json::object()}}}}}}};
  return pod;
}

template <class T>
ObjectPtr ToObject(const Resource<T>& resource, const std::string& text) {
  JsonParser parser;
  const auto view = parser.Parse(text);
  auto object = std::make_shared<Object>();
  object->type = resource.type;
  object->meta = *DecodeMeta(*view);
  object->key = {kHomeCluster, object->meta.ns, object->meta.name};
  object->body = std::make_shared<const T>(*resource.decode(*view));
  return object;
}

struct World {
  World() {
    const ObjectPtr job = ToObject(training_job::kTrainingJobs, kJob);
    key = job->key;
    objects = {job};
    const Owner owner{job->type, job->key, job->meta.uid, 1};
    const auto outcome = controller.reconcile({key, Snapshot(objects), now, {}});
    int version = 100;
    for (const auto& action : outcome.plan.actions) {
      const auto* create = std::get_if<Create>(&action);
      if (create == nullptr || create->type != kPods.type) continue;
      pods.push_back(PodOf(*create, owner, ++version).dump());
      objects.push_back(ToObject(kPods, pods.back()));
    }
  }

  Settings settings;
  Controller controller = MakeControllers(settings).front();
  Instant now{std::chrono::seconds(1767225700)};
  ObjectKey key;
  std::vector<ObjectPtr> objects;
  std::vector<std::string> pods;
};

void DecodePodEvent(benchmark::State& state) {
  const World world;
  JsonParser parser;
  for (auto _ : state) {
    const auto view = parser.Parse(world.pods.front());
    benchmark::DoNotOptimize(DecodeMeta(*view));
    benchmark::DoNotOptimize(DecodePod(*view));
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(world.pods.front().size()));
}
BENCHMARK(DecodePodEvent);

void DecodeTrainingJob(benchmark::State& state) {
  const std::string text = kJob;
  JsonParser parser;
  for (auto _ : state) {
    const auto view = parser.Parse(text);
    benchmark::DoNotOptimize(training_job::kTrainingJobs.decode(*view));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(DecodeTrainingJob);

/// One object among `range` others.
void StoreUpsert(benchmark::State& state) {
  Store store(kHomeCluster, kPods.type);
  const World world;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    auto pod = std::make_shared<Object>(*world.objects.back());
    pod->key.name += std::to_string(i);
    pod->meta.uid = std::to_string(i);
    pod->meta.labels[std::string(labels::kOwnerUid)] = std::to_string(i / 4);
    store.Upsert(pod);
  }
  std::uint64_t version = 1000;
  for (auto _ : state) {
    auto pod = std::make_shared<Object>(*world.objects.back());
    pod->meta.resource_version.text = std::to_string(++version);
    benchmark::DoNotOptimize(store.Upsert(std::move(pod)));
  }
}
BENCHMARK(StoreUpsert)->Arg(1000)->Arg(100000);

void QueueAddTakeDone(benchmark::State& state) {
  SystemClock clock;
  WorkQueue queue(clock, 6, 1);
  const std::stop_token never;
  const ObjectKey key{kHomeCluster, "team", "churn"};
  for (auto _ : state) {
    queue.Add(key);
    benchmark::DoNotOptimize(queue.Take(never));
    queue.Done(key);
  }
}
BENCHMARK(QueueAddTakeDone);

/// The first pass of a job of four nodes: service and pods are planned.
void PlanNewJob(benchmark::State& state) {
  const World world;
  const Snapshot empty({world.objects.front()});
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.controller.reconcile({world.key, empty, world.now, {}}));
  }
}
BENCHMARK(PlanNewJob);

/// A pass over a job whose pods all run, as each of their events causes.
void PlanRunningJob(benchmark::State& state) {
  const World world;
  const Snapshot running(world.objects);
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.controller.reconcile({world.key, running, world.now, {}}));
  }
}
BENCHMARK(PlanRunningJob);

}  // namespace
}  // namespace slipway
