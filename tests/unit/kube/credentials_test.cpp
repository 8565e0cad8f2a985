#include "operator/kube/credentials.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <thread>

#include "operator/base/clock.hpp"
#include "operator/kube/environment.hpp"
#include "operator/kube/exec_plugin.hpp"
#include "tests/unit/kube/temp_directory.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScopedVariable;
using testing::TempDirectory;

/// Waits for what another thread brings about; false after two seconds.
bool Eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 200; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return holds();
}

class CredentialsTest : public ::testing::Test {
 protected:
  std::shared_ptr<CredentialSource> Make() {
    auto source = MakeCredentialSource(config_);
    EXPECT_TRUE(source) << source.error().message;
    return source ? *source : nullptr;
  }
  void UsePlugin(const std::string& script) {
    config_.exec = ExecPlugin{directory_.WriteProgram("plugin", script), {}, {},
                              "client.authentication.k8s.io/v1",         "", false};
  }
  static std::string Answer(const std::string& status) {
    return R"(echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
           R"("status":{)" +
           status + "}}'\n";
  }

  static ClusterConfig Basic() {
    ClusterConfig config;
    config.server = "https://a";
    config.ca.text = "CA";
    return config;
  }

  TempDirectory directory_;
  ClusterConfig config_ = Basic();
};

TEST_F(CredentialsTest, AreWhatTheConfigurationSays) {
  config_.certificate.text = "CERT";
  config_.key.text = "KEY";
  config_.token = {"", directory_.Write("token", "abc\n")};
  EXPECT_EQ(*Make()->Current(), (Credentials{"CA", "CERT", "KEY", "abc"}));
}

TEST_F(CredentialsTest, AreReadAgainWhenAFileIsReplaced) {
  config_.token = {"", directory_.Write("token", "one")};
  const auto source = Make();
  directory_.Write("token", "two");
  EXPECT_TRUE(Eventually([&] { return source->Current()->token == "two"; }));
}

TEST_F(CredentialsTest, AreReadAgainWhenAFileIsWrittenInPlace) {
  config_.token = {"", directory_.Write("token", "one")};
  const auto source = Make();
  std::ofstream(directory_ / "token") << "two";
  EXPECT_TRUE(Eventually([&] { return source->Current()->token == "two"; }));
}

TEST_F(CredentialsTest, AreReadAgainWhenAKubeletSwapsItsLink) {
  namespace fs = std::filesystem;
  directory_.Write("..v1/token", "one");
  directory_.Write("..v2/token", "two");
  fs::create_symlink("..v1", directory_ / "..data");
  fs::create_symlink("..data/token", directory_ / "token");
  config_.token.file = directory_ / "token";
  const auto source = Make();
  EXPECT_EQ(source->Current()->token, "one");
  fs::create_symlink("..v2", directory_ / "..data_tmp");
  fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  fs::remove_all(directory_ / "..v1");
  EXPECT_TRUE(Eventually([&] { return source->Current()->token == "two"; }));
}

TEST_F(CredentialsTest, StayWhenAFileCannotBeRead) {
  config_.token = {"", directory_.Write("token", "one")};
  const auto source = Make();
  std::filesystem::remove(directory_ / "token");
  EXPECT_FALSE(source->Refresh());
  EXPECT_EQ(source->Current()->token, "one");
}

TEST_F(CredentialsTest, AreReadAtOnceAfterARefusal) {
  config_.token = {"", directory_.Write("token", "one")};
  const auto source = Make();
  directory_.Write("token", "two");
  // The thread that follows the file may have been faster; then nothing is left to change.
  const bool changed = source->Refresh();
  EXPECT_EQ(source->Current()->token, "two");
  EXPECT_EQ(source->Refresh(), changed) << "within a second the first answer counts for all";
}

TEST_F(CredentialsTest, RefuseAMissingOrEmptyFileAtTheStart) {
  for (const bool exists : {false, true}) {
    if (exists) directory_.Write("token", "");
    config_.token.file = directory_ / "token";
    const auto source = MakeCredentialSource(config_);
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, Code::kInvalid);
    EXPECT_THAT(source.error().message, HasSubstr(directory_ / "token"));
  }
}

TEST_F(CredentialsTest, ComeFromAPlugin) {
  UsePlugin(Answer(R"("token":"t","clientCertificateData":"C","clientKeyData":"K")"));
  EXPECT_EQ(*Make()->Current(), (Credentials{"CA", "C", "K", "t"}));
}

TEST_F(CredentialsTest, ComeFromAPluginAgainAfterARefusal) {
  // Counts its runs.
  UsePlugin("echo >> " + directory_.path() + "/runs\n" + R"(N=$(wc -l < )" + directory_.path() +
            "/runs)\n" +
            R"(echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)" +
            R"("status":{"token":"t'$N'"}}')");
  const auto source = Make();
  EXPECT_EQ(source->Current()->token, "t1");
  EXPECT_TRUE(source->Refresh());
  EXPECT_EQ(source->Current()->token, "t2");
  EXPECT_TRUE(source->Refresh()) << "a second refusal within a second does not run it again";
  EXPECT_EQ(source->Current()->token, "t2");
}

TEST_F(CredentialsTest, TellThePluginWhatItIsAskedFor) {
  UsePlugin("printf %s \"$KUBERNETES_EXEC_INFO\" > " + directory_.path() + "/info\n" +
            "printf %s \"$A-$1\" > " + directory_.path() + "/env\n" + Answer(R"("token":"t")"));
  config_.exec->env["A"] = "b";
  config_.exec->args = {"$(touch pwned); c d"};
  config_.exec->provide_cluster_info = true;
  Make();
  std::string info;
  std::string env;
  std::getline(std::ifstream(directory_ / "info"), info);
  std::getline(std::ifstream(directory_ / "env"), env);
  EXPECT_THAT(info, HasSubstr(R"("server":"https://a")"));
  EXPECT_THAT(info, HasSubstr(R"("certificate-authority-data":"Q0E=")"));
  EXPECT_THAT(info, HasSubstr(R"("interactive":false)"));
  EXPECT_EQ(env, "b-$(touch pwned); c d") << "no shell between us and the plugin";
}

TEST_F(CredentialsTest, SayWhyAPluginFailed) {
  const struct {
    std::string script;
    std::string complaint;
  } cases[] = {
      {"echo please log in >&2; exit 3\n", "status 3: please log in"},
      {"echo nonsense\n", "no ExecCredential in JSON"},
      {"true\n", "no ExecCredential in JSON"},
      {"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"x\"}'\n", "apiVersion \"x\""},
      {Answer(""), "neither a token nor a client certificate"},
  };
  for (const auto& test : cases) {
    UsePlugin(test.script);
    const auto source = MakeCredentialSource(config_);
    ASSERT_FALSE(source) << test.script;
    EXPECT_EQ(source.error().code, Code::kUnauthorized);
    EXPECT_THAT(source.error().message, HasSubstr(test.complaint));
  }
}

TEST_F(CredentialsTest, ShowTheInstallHintOfAMissingPlugin) {
  UsePlugin("");
  config_.exec->command = "slipway-no-such-plugin";
  config_.exec->install_hint = "Get it at the counter.";
  const auto source = MakeCredentialSource(config_);
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("Get it at the counter."));
}

TEST_F(CredentialsTest, DoNotWaitForAPluginForEver) {
  UsePlugin("exec sleep 10\n");
  const auto start = std::chrono::steady_clock::now();
  const auto credential = RunExecPlugin(config_, "CA", 100ms);
  ASSERT_FALSE(credential);
  EXPECT_THAT(credential.error().message, HasSubstr("no answer within 100 ms"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(CredentialsTest, DoNotWaitForAPluginThatClosesItsOutputAndStays) {
  UsePlugin("exec sleep 10 >&- 2>&-\n");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(RunExecPlugin(config_, "CA", 100ms));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(CredentialsTest, LimitThePluginsOutput) {
  UsePlugin("head -c 5000000 /dev/zero\n");
  EXPECT_FALSE(RunExecPlugin(config_, "CA", 2s));
}

TEST(DecodeExecCredential, ReadsTheExpiry) {
  const auto credential = DecodeExecCredential(
      R"({"kind":"ExecCredential","apiVersion":"v","status":{"token":"t",
          "expirationTimestamp":"2026-09-01T12:00:00Z"}})",
      "v");
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->expires, ParseTime("2026-09-01T12:00:00Z"));
}

TEST(ChildEnvironment, DoesNotPassOnThatCertificatesAreHidden) {
  HideSystemCertificates();
  EXPECT_STREQ(std::getenv("SSL_CERT_FILE"), "/dev/null");
  EXPECT_THAT(ChildEnvironment(), Not(Contains("SSL_CERT_FILE=/dev/null")));
  EXPECT_THAT(ChildEnvironment(), Not(Contains("SSL_CERT_DIR=/nonexistent")));
  const ScopedVariable other("SLIPWAY_TEST_VARIABLE", "x");
  EXPECT_THAT(ChildEnvironment(), Contains("SLIPWAY_TEST_VARIABLE=x"));
}

TEST(StaticCredentials, NeverChange) {
  const auto source = MakeStaticCredentials({"CA", "", "", "t"});
  EXPECT_EQ(source->Current()->token, "t");
  EXPECT_FALSE(source->Refresh());
}

}  // namespace
}  // namespace slipway
