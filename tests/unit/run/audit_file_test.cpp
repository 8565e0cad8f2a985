#include "operator/run/audit_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/kube/temp_directory.hpp"

namespace slipway {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class AuditFileTest : public ::testing::Test {
 protected:
  void Append(AuditFile& file, std::string_view text) {
    std::string why;
    EXPECT_EQ(file.Append(text, why), text.size()) << why;
  }
  testing::TempDirectory folder_;
  fs::path path_ = fs::path(folder_.path()) / "audit.jsonl";
};

TEST_F(AuditFileTest, GoesOnWhereTheFileEnds) {
  std::ofstream(path_) << "before\n";
  auto file = AuditFile::Open(path_, "x");
  ASSERT_TRUE(file);
  Append(*file, "a\n");
  EXPECT_EQ(Read(path_), "before\na\n");
}

TEST_F(AuditFileTest, InAFolderEachHasAFileOfItsOwn) {
  auto file = AuditFile::Open(folder_.path(), "me.jsonl");
  ASSERT_TRUE(file);
  Append(*file, "a\n");
  EXPECT_EQ(Read(fs::path(folder_.path()) / "me.jsonl"), "a\n");
}

TEST_F(AuditFileTest, AFileThatWasMovedAwayIsMadeAnew) {
  auto file = AuditFile::Open(path_, "x");
  ASSERT_TRUE(file);
  Append(*file, "a\n");
  const fs::path moved = path_.string() + ".1";
  fs::rename(path_, moved);
  Append(*file, "b\n");
  EXPECT_EQ(Read(moved), "a\n");
  EXPECT_EQ(Read(path_), "b\n");
}

TEST_F(AuditFileTest, WhatCannotBeOpenedIsExplained) {
  const auto file = AuditFile::Open(folder_.path() + std::string("/no/such"), "x");
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("No such file or directory"), std::string::npos);
  EXPECT_NE(file.error().message.find("mount a volume"), std::string::npos);
}

TEST_F(AuditFileTest, AFullDiskIsAnErrorOfThatWriteAlone) {
  auto file = AuditFile::Open("/dev/full", "x");
  ASSERT_TRUE(file);
  std::string why;
  EXPECT_EQ(file->Append("a\n", why), 0U);
  EXPECT_NE(why.find("No space left"), std::string::npos) << why;
}

}  // namespace
}  // namespace slipway
