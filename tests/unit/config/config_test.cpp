#include "operator/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace slipway {
namespace {

using ::testing::HasSubstr;

class ConfigFileTest : public ::testing::Test {
 protected:
  Result<ConfigSource> Read(const std::string& yaml) {
    std::ofstream(path_) << yaml;
    return ReadConfigFile(path_);
  }
  std::string Refusal(const std::string& yaml) {
    const auto source = Read(yaml);
    if (!source) return source.error().message;
    const auto config = MakeConfig({*source});
    return config ? "" : config.error().message;
  }

  const std::string path_ = ::testing::TempDir() + "slipway-config-test.yaml";
};

TEST_F(ConfigFileTest, ReadsNestedKeysListsAndRuntimes) {
  const auto source = Read(R"(
logLevel: debug
workers: 4
watchNamespaces: [a, b]
leaderElection: {enabled: false, leaseName: l, leaseNamespace: n}
runtimes:
- {name: sklearn, image: registry.corp/sk:1, command: [python3, serve.py], args: [--port, "8080"]}
)");
  ASSERT_TRUE(source) << source.error().message;
  const auto config = MakeConfig({*source});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->log_level, log::Level::kDebug);
  EXPECT_EQ(config->workers, 4u);
  EXPECT_FALSE(config->leader_elect);
  EXPECT_EQ(config->lease_namespace, "n");
  EXPECT_EQ(config->watch_namespaces, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(config->settings.runtimes.size(), 1u);
  EXPECT_EQ(config->settings.runtimes[0].args, (std::vector<std::string>{"--port", "8080"}));
}

TEST_F(ConfigFileTest, MlflowIsAServerWithoutAUserInItsAddress) {
  const auto source = Read("mlflow: {trackingUri: 'https://mlflow.corp/x', secretName: s}\n");
  ASSERT_TRUE(source) << source.error().message;
  const auto config = MakeConfig({*source});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings.mlflow_tracking_uri, "https://mlflow.corp/x");
  EXPECT_EQ(config->settings.mlflow_secret, "s");
  EXPECT_THAT(Refusal("mlflow: {trackingUri: 'sqlite:///a.db'}\n"),
              HasSubstr("mlflow.trackingUri is \"sqlite:///a.db\" but must be a URL"));
  const std::string refusal = Refusal("mlflow: {trackingUri: 'http://me:secret@mlflow'}\n");
  EXPECT_THAT(refusal, HasSubstr("without a user in it"));
  EXPECT_THAT(refusal, ::testing::Not(HasSubstr("secret@")));
  EXPECT_THAT(Refusal("mlflow: {secretName: ''}\n"),
              HasSubstr("mlflow.secretName is \"\" but must be the name of a Secret"));
}

TEST_F(ConfigFileTest, AnEmptyFileChangesNothing) { EXPECT_EQ(Refusal(""), ""); }

TEST_F(ConfigFileTest, ReportsAllErrorsAtOnce) {
  const std::string refusal =
      Refusal("logLevel: loud\nworkers: 1\nleaderElection: {enabled: yes}\n");
  EXPECT_THAT(refusal, HasSubstr("logLevel is \"loud\" but must be debug, info, warn or error"));
  EXPECT_THAT(refusal, HasSubstr("workers is \"1\" but must be a number from 3 to 256"));
  EXPECT_THAT(refusal, HasSubstr("leaderElection.enabled is \"yes\" but must be true or false"));
}

TEST_F(ConfigFileTest, TakesReportsOnlyWherePodsCanReachThem) {
  const auto source = Read("reports: {address: ':8081', url: 'http://reports.ns.svc:8081'}\n");
  const auto config = MakeConfig({*source});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->report_address, ":8081");
  EXPECT_EQ(config->settings.report_url, "http://reports.ns.svc:8081");
  EXPECT_THAT(Refusal("reports: {address: ':8081'}\n"),
              HasSubstr("reports.url is \"\" but must be"));
  EXPECT_THAT(Refusal("reports: {url: 'http://a:1'}\n"),
              HasSubstr("reports.address is \"\" but must be set as well"));
  EXPECT_THAT(Refusal("reports: {address: ':8081', url: 'a:1'}\n"),
              HasSubstr("reports.url is \"a:1\" but must be a URL such as http://"));
}

TEST_F(ConfigFileTest, TheCanaryIsBesideTheReports) {
  const std::string reports = "address: ':8081', url: 'http://reports.ns.svc:8081'";
  const auto source = Read("reports: {" + reports + ", canaryAddress: '0.0.0.0:8082'}\n");
  const auto config = MakeConfig({*source});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->canary_address, "0.0.0.0:8082");
  EXPECT_EQ(config->settings.probe_reachable, "reports.ns.svc:8081");
  EXPECT_EQ(config->settings.probe_refused, "reports.ns.svc:8082");
  const auto without = MakeConfig({*Read("reports: {" + reports + "}\n")});
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(without->settings.probe_reachable + without->settings.probe_refused, "");
  EXPECT_THAT(Refusal("reports: {canaryAddress: ':8082'}\n"),
              HasSubstr("reports.canaryAddress is \":8082\" but must be left out, or"));
  EXPECT_THAT(Refusal("reports: {" + reports + ", canaryAddress: '8082'}\n"),
              HasSubstr("reports.canaryAddress is \"8082\" but must be HOST:PORT or :PORT"));
  EXPECT_THAT(Refusal("reports: {" + reports + ", canaryAddress: ':8081'}\n"),
              HasSubstr("must be of another port than reports.url"));
}

TEST_F(ConfigFileTest, RefusesWhatIsNoSetting) {
  EXPECT_THAT(Refusal("loglevel: info\n"), HasSubstr("loglevel is not a setting"));
  EXPECT_THAT(Refusal("leaderElection: {enable: true}\n"),
              HasSubstr("leaderElection.enable is not a setting"));
  EXPECT_THAT(Refusal("logLevel: [info]\n"), HasSubstr("logLevel must be a single value"));
  EXPECT_THAT(Refusal("just a text\n"), HasSubstr("must be a map of settings"));
  EXPECT_THAT(Refusal("a: [b\n"), HasSubstr("slipway-config-test.yaml"));
}

TEST_F(ConfigFileTest, DoesNotFollowAMapIntoItself) {
  EXPECT_THAT(Refusal("a: &x {b: *x}\n"), HasSubstr("a is not a setting"));
  EXPECT_THAT(Refusal("leaderElection: &x {enabled: true, leaderElection: *x}\n"),
              HasSubstr("leaderElection.leaderElection is not a setting"));
}

TEST_F(ConfigFileTest, RefusesWhatIsNoUtf8) {
  EXPECT_THAT(Refusal("clusterDomain: \"\xFF\"\n"), HasSubstr("is no UTF-8"));
  const auto config = MakeConfig({{"flag", {{"workerImage", "a\xFF"}}, {}, {}, {}}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message,
            "flag: workerImage is \"a\xEF\xBF\xBD\" but must be UTF-8 text\n");
}

TEST_F(ConfigFileTest, SaysThatAFileCannotBeRead) {
  for (const std::string path : {"/nonesuch.yaml", "/tmp"}) {
    const auto source = ReadConfigFile(path);
    ASSERT_FALSE(source) << path;
    EXPECT_EQ(source.error().message, path + ": cannot be read; check name and rights");
  }
}

TEST_F(ConfigFileTest, RefusesListsThatAreNone) {
  EXPECT_THAT(Refusal("watchNamespaces: team-a\n"),
              HasSubstr("watchNamespaces must be a list of texts"));
  EXPECT_THAT(Refusal("watchNamespaces: [[a]]\n"), HasSubstr("watchNamespaces must be a list"));
  EXPECT_THAT(Refusal("runtimes: torch\n"), HasSubstr("runtimes must be a list"));
  EXPECT_EQ(Refusal("watchNamespaces:\nruntimes:\n"), "");
}

TEST_F(ConfigFileTest, RefusesARuntimeThatIsNone) {
  EXPECT_THAT(Refusal("runtimes: [{name: a, image: b, command: sh -c x}]\n"),
              HasSubstr("runtimes[0].command must be a list of texts"));
  EXPECT_THAT(Refusal("runtimes: [{name: a, imagee: b}]\n"),
              AllOf(HasSubstr("runtimes[0].imagee is not a setting"),
                    HasSubstr("runtimes[0].image is missing")));
  EXPECT_THAT(Refusal("runtimes: [a]\n"), HasSubstr("runtimes[0] must be a map"));
  EXPECT_THAT(Refusal("runtimes: [{image: b, name: [a]}]\n"),
              HasSubstr("runtimes[0].name must be a single value"));
}

TEST_F(ConfigFileTest, ReportsWhatIsWrongWithTheFileBesideWhatIsWrongWithItsValues) {
  const std::string refusal = Refusal("loglevel: info\nworkers: many\n");
  EXPECT_THAT(refusal, HasSubstr("loglevel is not a setting"));
  EXPECT_THAT(refusal, HasSubstr("workers is \"many\""));
}

TEST_F(ConfigFileTest, GangsNeedAViewOfAllNamespaces) {
  EXPECT_EQ(Refusal("gangScheduler: Barrier\n"), "");
  EXPECT_EQ(Refusal("gangScheduler: None\nwatchNamespaces: [a]\n"), "");
  EXPECT_THAT(
      Refusal("gangScheduler: barrier\n"),
      HasSubstr("gangScheduler is \"barrier\" but must be None, Barrier, Volcano or Coscheduling"));
  EXPECT_THAT(Refusal("gangScheduler: Barrier\nwatchNamespaces: [a]\n"),
              HasSubstr("must be None with watchNamespaces"));
}

TEST_F(ConfigFileTest, SchedulersThatKnowGroupsMayBeNamed) {
  EXPECT_EQ(Refusal("gangScheduler: Volcano\nwatchNamespaces: [a]\n"), "");
  EXPECT_EQ(Refusal("gangScheduler: Coscheduling\ngangSchedulerName: gangs\n"), "");
  EXPECT_THAT(
      Refusal("gangScheduler: Barrier\ngangSchedulerName: gangs\n"),
      HasSubstr("gangSchedulerName is \"gangs\" but must be left out unless gangScheduler is "
                "Volcano or Coscheduling"));
}

TEST(ConfigSources, AFlagBeatsTheEnvironmentAndThatTheFile) {
  const ConfigSource flag{"flag", {{"workers", "5"}}, {}, {}, {}};
  const ConfigSource file{
      "file", {{"workers", "7"}, {"clusterDomain", "corp"}, {"logLevel", "warn"}}, {}, {}, {}};
  const auto environment = ReadEnvironment([](const char* name) -> const char* {
    const std::string_view wanted = name;
    if (wanted == "SLIPWAY_WORKERS") return "6";
    return wanted == "SLIPWAY_LOG_LEVEL" ? "error" : nullptr;
  });
  const auto config = MakeConfig({flag, environment, file});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->workers, 5u);
  EXPECT_EQ(config->log_level, log::Level::kError);
  EXPECT_EQ(config->settings.cluster_domain, "corp");
}

}  // namespace
}  // namespace slipway
