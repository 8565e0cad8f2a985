#include "tests/unit/cli/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "controllers/registry.hpp"
#include "crds/gen/check.hpp"
#include "crds/gen/defaults.hpp"
#include "crds/gen/embedded.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/plan.hpp"
#include "operator/cli/status.hpp"
#include "operator/cli/why.hpp"
#include "tests/golden/decode.hpp"
#include "tests/golden/yaml_json.hpp"

namespace slipway::cli {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path GoldenFolder() { return fs::path(SLIPWAY_SOURCE_DIR) / "tests/golden"; }

void ExpectGolden(const fs::path& file, const std::string& actual) {
  const char* update = std::getenv("SLIPWAY_UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::ofstream(file) << actual;
    return;
  }
  std::ifstream input(file);
  std::stringstream expected;
  expected << input.rdbuf();
  EXPECT_EQ(expected.str(), actual)
      << file << ": run with SLIPWAY_UPDATE_GOLDEN=1 and read the diff if this is meant";
}

namespace {

json WithItsDefaults(const json& resource) {
  static const auto kCrds = crdgen::EmbeddedCrds().value();
  const auto ordered = crdgen::Json::parse(resource.dump());
  const auto* crd = crdgen::FindCrd(kCrds, ordered);
  return crd == nullptr ? resource : json::parse(crdgen::WithDefaults(crd->root, ordered).dump());
}

void Take(World& world, json object) {
  const std::string kind = Text(object, {"kind"});
  if (kind == "Pod") world.pods.push_back(std::move(object));
  if (kind == "Deployment") world.deployments.push_back(std::move(object));
  if (kind == "HorizontalPodAutoscaler") world.autoscalers.push_back(std::move(object));
  if (kind == "Event") world.events.push_back(std::move(object));
  if (kind == "ResourceQuota") world.quotas.push_back(std::move(object));
  if (kind == "Node") world.nodes.push_back(std::move(object));
  if (kind == "Lease") world.lease = std::move(object);
}

std::set<fs::path> FilesIn(const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml" || entry.is_directory()) files.insert(entry.path());
  }
  return files;
}

std::string Why(const World& world) {
  const Diagnosis diagnosis = Diagnose(world);
  EXPECT_EQ(DiagnosisText(diagnosis), DiagnosisText(Diagnose(world))) << "not a pure function";
  return DiagnosisText(diagnosis) +
         (diagnosis.findings.empty() ? "(exit code 0)\n" : "(exit code 3)\n");
}

}  // namespace

World ReadWorldFile(const fs::path& file) {
  const auto documents = golden::LoadYaml(file);
  World world;
  world.now = Time(documents.at(0), {"now"}).value();
  for (const std::string& name : Names(documents.at(0), {"unread"})) {
    world.unread[name] = Text(documents.at(0), {"unread", name});
  }
  world.lease_name = "slipway-system/slipway";
  world.resource = WithItsDefaults(documents.at(1));
  world.kind = Text(world.resource, {"kind"});
  for (std::size_t i = 2; i < documents.size(); ++i) Take(world, documents[i]);
  return world;
}

namespace {

TEST(Why, SaysWhatIsInTheWay) {
  for (const fs::path& file : FilesIn(GoldenFolder() / "cli/worlds")) {
    SCOPED_TRACE(file.stem().string());
    ExpectGolden(fs::path(file).replace_extension(".why.txt"), Why(ReadWorldFile(file)));
  }
}

TEST(Status, TellsTheWholeStory) {
  for (const fs::path& file : FilesIn(GoldenFolder() / "cli/worlds")) {
    SCOPED_TRACE(file.stem().string());
    const World world = ReadWorldFile(file);
    ExpectGolden(fs::path(file).replace_extension(".status.txt"), StatusText(world));
    EXPECT_FALSE(StatusJson(world).dump().empty());
  }
}

/// What the operator makes of the world; what it could not write is not known here.
std::optional<json> StatusAfterAPass(const World& world) {
  Settings settings;
  settings.worker_image = "registry.example/slipway:1";
  settings.runtimes = {{"sklearn", "registry.example/sklearn:1", {}, {}}};
  for (const Controller& controller : MakeControllers(settings)) {
    if (controller.kind.type.kind != world.kind) continue;
    std::vector<json> seen{world.resource};
    const auto kinds = golden::Kinds(controller);
    for (const auto* objects :
         {&world.pods, &world.deployments, &world.autoscalers, &world.nodes}) {
      for (const json& object : *objects) {
        const auto owns = [&](const AnyResource& kind) {
          return kind.type.kind == Text(object, {"kind"});
        };
        if (std::ranges::any_of(kinds, owns)) seen.push_back(object);
      }
    }
    const Snapshot snapshot = golden::MakeSnapshot(controller, seen);
    return controller.reconcile({golden::KeyOf(world.resource), snapshot, world.now, {}}).status;
  }
  return std::nullopt;
}

/// Every state that a planner is tested in is one that somebody may ask about.
TEST(Why, HasAnAnswerInEveryWorldOfThePlanners) {
  for (const char* kind : {"training_job", "model_deployment", "drift_monitor"}) {
    std::string all;
    for (const fs::path& folder : FilesIn(GoldenFolder() / kind)) {
      SCOPED_TRACE(folder.string());
      World world = ReadWorldFile(folder / "world.yaml");
      if (auto status = StatusAfterAPass(world)) world.resource["status"] = std::move(*status);
      all += "### " + folder.filename().string() + "\n" + Why(world) + "\n";
      EXPECT_FALSE(StatusText(world).empty());
    }
    ExpectGolden(GoldenFolder() / "cli" / (std::string(kind) + ".why.txt"), all);
  }
}

std::string Plan(const std::string& file, Output output, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream problems;
  const int code = RunPlan({{file}, "default", output}, in, out, problems, Instant{});
  std::string text = out.str() + problems.str() + "(exit code " + std::to_string(code) + ")\n";
  const std::string root = GoldenFolder().string() + "/";
  for (auto at = text.find(root); at != std::string::npos; at = text.find(root)) {
    text.erase(at, root.size());
  }
  return text;
}

TEST(Plan, ShowsWhatWouldBeCreated) {
  for (const fs::path& file : FilesIn(GoldenFolder() / "cli/plan")) {
    SCOPED_TRACE(file.stem().string());
    ExpectGolden(fs::path(file).replace_extension(".txt"), Plan(file.string(), Output::kText));
    const std::string yaml = Plan(file.string(), Output::kYaml);
    if (file.stem() == "job") ExpectGolden(fs::path(file).replace_extension(".out"), yaml);
  }
}

TEST(Plan, ReadsAFolderAndStandardInput) {
  const std::string folder = Plan((GoldenFolder() / "cli/plan").string(), Output::kJson);
  EXPECT_NE(folder.find("\"kind\": \"List\""), std::string::npos);
  EXPECT_NE(folder.find("(exit code 1)"), std::string::npos);
  EXPECT_NE(Plan("-", Output::kText,
                 "apiVersion: slipway.dev/v1alpha1\nkind: TrainingJob\nmetadata: {name: x}\n"
                 "spec: {trainer: {image: x}}\n")
                .find("TrainingJob default/x: would create 2 objects"),
            std::string::npos);
  EXPECT_EQ(Plan("/nonexistent", Output::kText),
            "error: /nonexistent: cannot be read\n(exit code 1)\n");
}

struct Refusal {
  const char* name;
  const char* manifest;
  const char* said;
};

// What is no object of any kind; the rest of the refusals are tests/golden/cli/plan/refused.yaml.
TEST(Plan, RefusesWhatIsNoManifest) {
  const std::vector<Refusal> refusals{
      {"empty", "", "error: standard input: holds no object\n"},
      {"scalar", "hello",
       "an object without a kind: it needs apiVersion and kind; there are ClusterRuntime of"},
      {"list", "[1]", "an object without a kind"},
      {"no YAML", "a: [", "error: standard input:"},
      {"bytes", "a: \xff", "error: standard input: is no text in UTF-8"},
      {"others only",
       "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: aHVudGVyMg==}\n",
       "error: the manifests hold no object of Slipway"},
      {"old version", "apiVersion: slipway.dev/v1\nkind: TrainingJob\n",
       "kind TrainingJob of apiVersion slipway.dev/v1 is none of this version; there are "
       "ClusterRuntime of slipway.dev/v1alpha1"},
      {"metadata", "apiVersion: slipway.dev/v1alpha1\nkind: TrainingJob\nmetadata: x\n",
       "the object needs metadata with a name"},
  };
  for (const Refusal& refusal : refusals) {
    const std::string text = Plan("-", Output::kText, refusal.manifest);
    EXPECT_NE(text.find(refusal.said), std::string::npos) << refusal.name << ": " << text;
    EXPECT_NE(text.find("(exit code 1)"), std::string::npos) << refusal.name;
    EXPECT_EQ(text.find("aHVudGVyMg"), std::string::npos) << "a Secret's value is shown";
  }
}

/// Manifests of which the expected text does not tell whether a CEL rule says it.
bool SaysOnlyWhere(const std::string& name, bool& cel) {
  constexpr std::array kCel{"modeldeployment-env-port", "modeldeployment-env-reserved-prefix",
                            "modeldeployment-resources-request-above-limit"};
  cel = name.starts_with("trainingjob-env-reserved") || std::ranges::find(kCel, name) != kCel.end();
  return cel || name == "driftmonitor-metrics-empty";
}

/// Whether a manifest of tests/api/invalid breaks a rule that only the API server knows.
bool BreaksCel(const crdgen::Schema& schema, const std::string& expected) {
  const auto says = [&](const crdgen::Rule& rule) {
    return rule.message.find(expected) != std::string::npos;
  };
  if (std::ranges::any_of(schema.rules, says)) return true;
  for (const auto& property : schema.properties) {
    if (BreaksCel(property.schema, expected)) return true;
  }
  return (schema.items && BreaksCel(*schema.items, expected)) ||
         (schema.values && BreaksCel(*schema.values, expected));
}

TEST(Plan, RefusesExactlyWhatTheApiServerRefusesWithoutCel) {
  const auto crds = crdgen::EmbeddedCrds().value();
  const fs::path api = GoldenFolder().parent_path() / "api";
  for (const fs::path& file : FilesIn(api / "invalid")) {
    std::ifstream input(file);
    bool cel = false;
    for (std::string line; std::getline(input, line) && line.starts_with("# expect: ");) {
      const std::string expected = line.substr(10);
      if (expected.find(' ') == std::string::npos) continue;  // A field, which rules name, too.
      for (const auto& crd : crds) cel = cel || BreaksCel(crd.root, expected);
    }
    bool known = false;
    if (SaysOnlyWhere(file.stem().string(), known)) cel = known;
    const std::string said = Plan(file.string(), Output::kText);
    const bool refused = said.find("error: ") != std::string::npos &&
                         said.find("could never run") == std::string::npos;
    EXPECT_NE(refused, cel) << file << ": " << said;
  }
  for (const fs::path& file : FilesIn(api / "valid")) {
    const std::string said = Plan(file.string(), Output::kYaml);
    EXPECT_TRUE(said.find("error: ") == std::string::npos ||
                said.find("could never run") != std::string::npos)
        << file << ": " << said;
  }
}

}  // namespace
}  // namespace slipway::cli
