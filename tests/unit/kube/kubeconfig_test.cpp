#include "operator/kube/kubeconfig.hpp"

#include <gmock/gmock.h>

#include "tests/unit/kube/temp_directory.hpp"

namespace slipway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::ScopedVariable;
using testing::TempDirectory;

constexpr const char* kTwoContexts = R"(
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: c1
  cluster: {server: "https://one:6443/", certificate-authority: pki/ca.crt}
- name: c2
  cluster:
    server: https://two:6443
    certificate-authority-data: Q0EtREFUQQ==
    tls-server-name: api.internal
    proxy-url: http://proxy:3128
users:
- name: files
  user: {client-certificate: ./pki/me.crt, client-key: /abs/me.key}
- name: data
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ, token: "12345"}
- name: tokenfile
  user: {tokenFile: token}
contexts:
- name: prod
  context: {cluster: c1, user: files, namespace: team-a}
- name: test
  context: {cluster: c2, user: data}
- name: third
  context: {cluster: c2, user: tokenfile}
- name: nobody
  context: {cluster: c2}
- name: broken
  context: {cluster: gone, user: data}
)";

class KubeconfigTest : public ::testing::Test {
 protected:
  Result<ClusterConfig> Load(const std::string& text, const std::string& context = "") {
    return LoadKubeconfig(directory_.Write("config", text), context);
  }
  /// A kubeconfig with one context whose cluster and user have these members.
  Result<ClusterConfig> LoadWith(const std::string& cluster, const std::string& user) {
    return Load(
        "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {" +
        cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n");
  }

  TempDirectory directory_;
  ScopedVariable no_proxy_{"HTTPS_PROXY", nullptr};
  ScopedVariable no_lower_proxy_{"https_proxy", nullptr};
};

TEST_F(KubeconfigTest, ReadsTheCurrentContextWithFilesBesideIt) {
  const auto config = Load(kTwoContexts);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://one:6443");
  EXPECT_EQ(config->ns, "team-a");
  EXPECT_EQ(config->ca, (TextSource{"", directory_ / "pki/ca.crt"}));
  EXPECT_EQ(config->certificate, (TextSource{"", directory_ / "pki/me.crt"}));
  EXPECT_EQ(config->key, (TextSource{"", "/abs/me.key"}));
  EXPECT_TRUE(config->token.Empty());
  EXPECT_FALSE(config->exec);
}

TEST_F(KubeconfigTest, ReadsAnotherContextWithInlineData) {
  const auto config = Load(kTwoContexts, "test");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://two:6443");
  EXPECT_EQ(config->tls_server_name, "api.internal");
  EXPECT_EQ(config->proxy, "http://proxy:3128");
  EXPECT_EQ(config->ca, (TextSource{"CA-DATA", ""}));
  EXPECT_EQ(config->certificate, (TextSource{"CERT", ""}));
  EXPECT_EQ(config->key, (TextSource{"KEY", ""}));
  EXPECT_EQ(config->token, (TextSource{"12345", ""}));
}

TEST_F(KubeconfigTest, ReadsATokenFileAndAContextWithoutUser) {
  EXPECT_EQ(Load(kTwoContexts, "third")->token, (TextSource{"", directory_ / "token"}));
  EXPECT_TRUE(Load(kTwoContexts, "nobody")->token.Empty());
}

TEST_F(KubeconfigTest, PrefersDataOverAFileAsKubectlDoes) {
  const auto config = LoadWith(
      "server: https://a, certificate-authority: f, "
      "certificate-authority-data: Q0E=",
      "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ca, (TextSource{"CA", ""}));
}

TEST_F(KubeconfigTest, ReadsAnExecPlugin) {
  const auto config = LoadWith("server: https://a", R"(exec: {
    apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [get-token, "7"],
    env: [{name: A, value: b}], installHint: get it, provideClusterInfo: true,
    interactiveMode: IfAvailable})");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, directory_ / "bin/login");
  EXPECT_THAT(config->exec->args, ElementsAre("get-token", "7"));
  EXPECT_THAT(config->exec->env, ElementsAre(Pair("A", "b")));
  EXPECT_EQ(config->exec->install_hint, "get it");
  EXPECT_TRUE(config->exec->provide_cluster_info);
}

TEST_F(KubeconfigTest, LeavesACommandOfThePathAlone) {
  const auto config =
      LoadWith("server: https://a",
               "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->exec->command, "kubelogin");
}

TEST_F(KubeconfigTest, MergesAListOfFilesTheFirstWins) {
  const std::string one = directory_.Write("one/config", R"(
clusters: [{name: c, cluster: {server: "https://first", certificate-authority: ca}}]
contexts: [{name: x, context: {cluster: c, user: u}}])");
  const std::string two = directory_.Write("two/config", R"(
current-context: x
clusters: [{name: c, cluster: {server: "https://second"}}]
users: [{name: u, user: {tokenFile: token}}])");
  const auto config = LoadKubeconfig(one + ":/does/not/exist:" + two, "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://first");
  EXPECT_EQ(config->ca.file, directory_ / "one/ca");
  EXPECT_EQ(config->token.file, directory_ / "two/token");
}

TEST_F(KubeconfigTest, TakesTheProxyOfTheEnvironmentOtherwise) {
  const ScopedVariable proxy("HTTPS_PROXY", "http://env-proxy:1");
  EXPECT_EQ(LoadWith("server: https://a", "")->proxy, "http://env-proxy:1");
  EXPECT_EQ(LoadWith("server: https://a, proxy-url: http://own:1", "")->proxy, "http://own:1");
}

TEST_F(KubeconfigTest, SaysWhatIsWrongAndWhatToDo) {
  const struct {
    std::string text;
    std::string context;
    std::vector<std::string> parts;
  } cases[] = {
      {"", "", {"empty or no YAML mapping"}},
      {"- a\n- b", "", {"empty or no YAML mapping"}},
      {"a: [", "", {"kubeconfig"}},
      {"a: b", "", {"no context is chosen", "--context"}},
      {kTwoContexts, "prd", {"no context \"prd\"", "prod", "test"}},
      {kTwoContexts, "broken", {"no cluster \"gone\"", "c1, c2"}},
      {"current-context: x", "", {"no context \"x\"; it has: none"}},
      {"current-context: [a]", "", {"kubeconfig"}},
  };
  for (const auto& test : cases) {
    const auto config = Load(test.text, test.context);
    ASSERT_FALSE(config) << test.text;
    EXPECT_EQ(config.error().code, Code::kInvalid);
    for (const auto& part : test.parts) EXPECT_THAT(config.error().message, HasSubstr(part));
  }
}

TEST_F(KubeconfigTest, RefusesWhatIsUnsafeOrUnsupported) {
  const struct {
    std::string cluster;
    std::string user;
    std::string complaint;
  } cases[] = {
      {"server: https://a, insecure-skip-tls-verify: true", "", "insecure-skip-tls-verify"},
      {"certificate-authority: x", "", "has no server"},
      {"server: {a: b}", "", "server is no text"},
      {"server: https://a, certificate-authority-data: '!!'", "",
       "certificate-authority-data is not base64"},
      {"server: https://a", "username: u, password: p", "username is not supported"},
      {"server: https://a", "auth-provider: {name: oidc}", "auth-provider is not supported"},
      {"server: https://a", "as: admin", "as is not supported"},
      {"server: https://a", "exec: {apiVersion: client.authentication.k8s.io/v1}",
       "exec has no command"},
      {"server: https://a", "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
       "\"client.authentication.k8s.io/v1alpha1\" is not supported"},
      {"server: https://a",
       "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
       "interactiveMode is Always"},
  };
  for (const auto& test : cases) {
    const auto config = LoadWith(test.cluster, test.user);
    ASSERT_FALSE(config) << test.complaint;
    EXPECT_EQ(config.error().code, Code::kInvalid);
    EXPECT_THAT(config.error().message,
                AllOf(HasSubstr(test.complaint), HasSubstr(directory_.path())));
  }
}

TEST_F(KubeconfigTest, SurvivesNestingAndAliasesMadeToHurt) {
  EXPECT_FALSE(Load(std::string(100'000, '[')));
  EXPECT_FALSE(
      Load("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
           "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nclusters: *c\n"));
  EXPECT_FALSE(Load("a: " + std::string(5U << 20U, 'x')));
}

TEST_F(KubeconfigTest, RefusesAFileThatIsNoUtf8) {
  const auto config = LoadWith("server: https://\xFF", "");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("is no UTF-8"));
}

TEST_F(KubeconfigTest, SaysThatAFileIsMissing) {
  const auto config = LoadKubeconfig(directory_ / "nothing", "");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("cannot be opened"));
}

TEST_F(KubeconfigTest, ReadsTheServiceAccountOfAPod) {
  directory_.Write("token", "t");
  directory_.Write("namespace", "slipway-system");
  const ScopedVariable host("KUBERNETES_SERVICE_HOST", "10.96.0.1");
  const ScopedVariable port("KUBERNETES_SERVICE_PORT", "443");
  const auto config = LoadInClusterConfig(directory_.path());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://10.96.0.1:443");
  EXPECT_EQ(config->ns, "slipway-system");
  EXPECT_EQ(config->ca.file, directory_ / "ca.crt");
  EXPECT_EQ(config->token.file, directory_ / "token");
}

TEST_F(KubeconfigTest, ReachesAnIpv6ServiceByItsName) {
  directory_.Write("token", "t");
  const ScopedVariable host("KUBERNETES_SERVICE_HOST", "fd00::1");
  const ScopedVariable port("KUBERNETES_SERVICE_PORT", "443");
  EXPECT_EQ(LoadInClusterConfig(directory_.path())->server, "https://kubernetes.default.svc:443");
}

TEST_F(KubeconfigTest, SaysThatItIsNoPod) {
  const ScopedVariable host("KUBERNETES_SERVICE_HOST", nullptr);
  const auto config = LoadInClusterConfig(directory_.path());
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("in no pod"));
}

TEST_F(KubeconfigTest, LooksInTheUsualPlacesInOrder) {
  const auto write = [&](const std::string& name, const std::string& server) {
    return directory_.Write(name,
                            "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                            "clusters: [{name: c, cluster: {server: " +
                                server + "}}]\n");
  };
  const std::string given = write("given", "https://given");
  const std::string from_variable = write("variable", "https://variable");
  write(".kube/config", "https://home");
  const ScopedVariable home("HOME", directory_.path().c_str());
  const ScopedVariable pod("KUBERNETES_SERVICE_HOST", nullptr);
  const ScopedVariable unset("KUBECONFIG", nullptr);
  EXPECT_EQ(LoadClusterConfig("", "")->server, "https://home");
  const ScopedVariable variable("KUBECONFIG", from_variable.c_str());
  EXPECT_EQ(LoadClusterConfig("", "")->server, "https://variable");
  EXPECT_EQ(LoadClusterConfig(given, "")->server, "https://given");
}

TEST_F(KubeconfigTest, SaysThatNoClusterIsGiven) {
  const ScopedVariable home("HOME", directory_.path().c_str());
  const ScopedVariable pod("KUBERNETES_SERVICE_HOST", nullptr);
  const ScopedVariable variable("KUBECONFIG", nullptr);
  const auto config = LoadClusterConfig("", "");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("--kubeconfig"));
}

}  // namespace
}  // namespace slipway
