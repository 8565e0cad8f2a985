// Versions are numbered without gaps and without duplicates, one for each job: whoever leads,
// however old its view of the world is, and wherever it dies.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "controllers/training_job/controller.hpp"
#include "operator/kube/labels.hpp"
#include "tests/golden/decode.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

constexpr int kJobs = 5;

/// A Complete job whose gate passed, and which owes a version.
json MakeJob(int number) {
  const std::string id = std::to_string(number);
  const json complete = {{"type", "Complete"},      {"status", "True"},
                         {"reason", "Complete"},    {"message", ""},
                         {"observedGeneration", 1}, {"lastTransitionTime", "2026-09-01T12:00:00Z"}};
  return {{"apiVersion", "slipway.dev/v1alpha1"},
          {"kind", "TrainingJob"},
          {"metadata",
           {{"name", "job-" + id},
            {"namespace", "team"},
            {"uid", "uid-" + id},
            {"resourceVersion", "1"},
            {"generation", 1}}},
          {"spec",
           {{"framework", "Custom"},
            {"suspend", false},
            {"cleanPodPolicy", "Running"},
            {"failurePolicy", {{"maxRestarts", 0}, {"backoffSeconds", 0}}},
            {"trainer", {{"image", "a"}, {"numNodes", 1}, {"numProcPerNode", "auto"}}},
            {"output", {{"modelName", "m"}, {"uri", "s3://m"}, {"register", "Always"}}}}},
          {"status", {{"observedGeneration", 1}, {"conditions", json::array({complete})}}}};
}

/// What the API server has, and what it was at every moment before.
class Registry {
 public:
  /// False when the name is taken, as the API server answers.
  bool Create(const slipway::Create& create) {
    for (const auto& version : history_.back()) {
      if (version["metadata"]["name"] == create.key.name) return false;
    }
    json version = create.body;
    version["apiVersion"] = create.type.ApiVersion();
    version["kind"] = create.type.kind;
    version["metadata"]["name"] = create.key.name;
    version["metadata"]["namespace"] = create.key.ns;
    version["metadata"]["uid"] = "uid-" + create.key.name;
    std::vector<json> next = history_.back();
    next.push_back(std::move(version));
    history_.push_back(std::move(next));
    return true;
  }

  const std::vector<json>& Versions() const { return history_.back(); }
  const std::vector<json>& AsOf(std::size_t moment) const { return history_.at(moment); }
  std::size_t Moments() const { return history_.size(); }

 private:
  std::vector<std::vector<json>> history_{{}};
};

class Numbering : public testing::TestWithParam<unsigned> {
 protected:
  int Random(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }

  /// One pass over a job with a view of the registry that may be of any earlier moment.
  void Pass(json& job) {
    const auto& seen = registry_.AsOf(
        static_cast<std::size_t>(Random(4) == 0 ? Random(static_cast<int>(registry_.Moments()))
                                                : static_cast<int>(registry_.Moments()) - 1));
    std::vector<json> objects{job};
    objects.insert(objects.end(), seen.begin(), seen.end());
    const Snapshot world = golden::MakeSnapshot(controller_, objects);
    const ObjectKey key = golden::KeyOf(job);
    Outcome outcome = controller_.reconcile({key, world, Instant{}, {}});
    std::vector<WriteFailure> failures;
    for (const auto& action : outcome.plan.actions) {
      const auto& create = std::get<slipway::Create>(action);
      ASSERT_TRUE(create.outlives_owner);
      if (Random(5) == 0) return;  // It dies before the write.
      if (!registry_.Create(create) && !IsOwn(create.key.name, job)) {
        failures.push_back({create.type, create.key, {Code::kAlreadyExists, "taken", {}}, true});
      }
    }
    if (Random(5) == 0) return;  // It dies before the status is written.
    if (!failures.empty()) outcome = controller_.reconcile({key, world, Instant{}, failures});
    if (outcome.status) job["status"] = *outcome.status;
  }

  /// What the executor finds out when the name is taken.
  bool IsOwn(const std::string& name, const json& job) const {
    for (const auto& version : registry_.Versions()) {
      if (version["metadata"]["name"] != name) continue;
      return version["spec"]["lineage"]["trainingJob"]["uid"] == job["metadata"]["uid"];
    }
    return false;
  }

  std::mt19937 random_{GetParam()};
  Controller controller_ = MakeTrainingJobController({});
  Registry registry_;
};

TEST_P(Numbering, HasNeitherGapsNorDuplicates) {
  std::vector<json> jobs;
  for (int number = 0; number < kJobs; ++number) jobs.push_back(MakeJob(number));
  const auto settled = [](const json& job) { return job["status"].contains("modelVersionRef"); };
  int passes = 0;
  while (!std::ranges::all_of(jobs, settled)) {
    ASSERT_LT(++passes, 1000) << "it never ends";
    Pass(jobs[static_cast<std::size_t>(Random(kJobs))]);
  }
  std::set<int> numbers;
  std::set<std::string> owners;
  for (const auto& version : registry_.Versions()) {
    EXPECT_TRUE(numbers.insert(version["spec"]["version"].get<int>()).second);
    EXPECT_TRUE(owners.insert(version["spec"]["lineage"]["trainingJob"]["uid"]).second)
        << "a job has two";
  }
  EXPECT_EQ(numbers.size(), std::size_t{kJobs});
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), kJobs);
  for (const auto& job : jobs) {
    EXPECT_TRUE(IsOwn(job["status"]["modelVersionRef"]["name"], job)) << job.dump();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Numbering, testing::Range(0U, 200U));

}  // namespace
}  // namespace slipway::training_job
