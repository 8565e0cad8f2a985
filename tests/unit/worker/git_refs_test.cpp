#include "operator/worker/git_refs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slipway::worker {
namespace {

const std::string kOne(40, '1');
const std::string kTwo(40, '2');

std::string Packet(const std::string& text) {
  return fmt::format("{:04x}{}\n", text.size() + 5, text);
}

/// As git-http-backend of git 2.39 answers.
std::string Advertisement() {
  return Packet("# service=git-upload-pack") + "0000" +
         Packet(kOne + " HEAD" + std::string(1, '\0') +
                "multi_ack thin-pack symref=HEAD:refs/heads/main agent=git/2.39.5") +
         Packet(kOne + " refs/heads/main") + Packet(kTwo + " refs/heads/main-2") +
         Packet(kTwo + " refs/heads/team/next") + Packet(kTwo + " refs/tags/main") + "0000";
}

TEST(GitRefs, FindsTheCommitOfABranch) {
  EXPECT_EQ(*FindBranch(Advertisement(), "main"), kOne);
  EXPECT_EQ(*FindBranch(Advertisement(), "team/next"), kTwo);
}

TEST(GitRefs, TheFirstRefIsFollowedByWhatTheServerCanDo) {
  const std::string text = Packet("# service=git-upload-pack") + "0000" +
                           Packet(kTwo + " refs/heads/main" + std::string(1, '\0') + "thin-pack") +
                           "0000";
  EXPECT_EQ(*FindBranch(text, "main"), kTwo);
}

TEST(GitRefs, ABranchThatIsNotThereIsNamed) {
  const auto found = FindBranch(Advertisement(), "mai");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kNotFound);
  EXPECT_NE(found.error().message.find("no branch mai"), std::string::npos);
}

TEST(GitRefs, AnEmptyRepositoryHasNoBranch) {
  const std::string text = Packet("# service=git-upload-pack") + "0000" +
                           Packet(std::string(40, '0') + " capabilities^{}" + std::string(1, '\0') +
                                  "agent=git/2.39.5") +
                           "0000";
  EXPECT_EQ(FindBranch(text, "main").error().code, Code::kNotFound);
}

TEST(GitRefs, WhatIsNoAnswerOfGitIsRefused) {
  const std::string whole = Advertisement();
  for (const std::string& text :
       {std::string(), std::string("<html>sign in</html>"), kOne + "\trefs/heads/main\n",
        whole.substr(0, whole.size() - 30), whole.substr(0, 31) + "zzzz", std::string("0003"),
        Packet("# service=git-upload-pack") + "00000002", std::string("ffff# service"),
        Packet("# service=git-upload-pack") + "0000+00a"}) {
    const auto found = FindBranch(text, "absent");
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, Code::kInternal) << text;
    EXPECT_NE(found.error().message.find("smart HTTP"), std::string::npos);
  }
}

TEST(GitRefs, WhatIsNoHashIsNoCommit) {
  const std::string text =
      Packet("# service=git-upload-pack") + "0000" + Packet("abc refs/heads/main") + "0000";
  EXPECT_EQ(FindBranch(text, "main").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace slipway::worker
