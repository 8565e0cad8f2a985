#include "operator/base/tree_digest.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <regex>
#include <sstream>

#include "operator/base/digest.hpp"
#include "tests/unit/kube/temp_directory.hpp"

namespace slipway {
namespace {

namespace fs = std::filesystem;
using slipway::testing::TempDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Digest(const std::string& path) {
  const auto found = DigestOfPath(path);
  return found ? found->digest : "none: " + found.error().message;
}

std::string Of(std::string_view text) { return "sha256:" + PlainSha256Hex(text); }

/// A line for each file, with names whose order by folders is another than that by bytes.
void WriteModel(const TempDirectory& folder) {
  folder.Write("config.json", "{}");
  folder.Write("a/b", "one");
  folder.Write("a.b", "two");
  folder.Write("a-b", std::string(3 << 20, 'x'));
  folder.Write("-leading dash and spaces", "three");
  folder.Write("tokenizer/.hidden", "");
  folder.Write("tokenizer/gr\xc3\xbc\xc3\x9f", "four");
  folder.Write("bad\xff", "five");
}

/// What a program prints, without the line feed at its end.
std::string OutputOf(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): of this test alone.
  if (pipe == nullptr) return "no shell";
  std::array<char, 4096> piece{};
  while (const std::size_t size = fread(piece.data(), 1, piece.size(), pipe)) {
    text.append(piece.data(), size);
  }
  pclose(pipe);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string Documentation() {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/docs/operations.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(TreeDigest, OfAFileIsThatOfItsBytes) {
  const TempDirectory folder;
  const std::string file = folder.Write("model.onnx", "weights");
  EXPECT_EQ(Digest(file), Of("weights"));
  const auto found = DigestOfPath(file);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->files, 1);
  EXPECT_EQ(found->bytes, 7);
  EXPECT_EQ(Digest(folder.Write("empty", "")), Of(""));
}

TEST(TreeDigest, OfAFolderIsThatOfItsLines) {
  const TempDirectory folder;
  folder.Write("b", "two");
  folder.Write("a/c", "one");
  const std::string wanted =
      Of(PlainSha256Hex("one") + "  a/c\n" + PlainSha256Hex("two") + "  b\n");
  EXPECT_EQ(Digest(folder.path()), wanted);
  EXPECT_EQ(Digest(folder.path() + "/"), wanted);
  EXPECT_EQ(Digest(folder.path() + "/./"), wanted);
}

TEST(TreeDigest, IsWhatTheShellSays) {
  const TempDirectory folder;
  WriteModel(folder);
  std::smatch line;
  const std::string text = Documentation();
  ASSERT_TRUE(std::regex_search(text, line, std::regex("\n *(find \\. -type f[^\n]*)\n")));
  const std::string digits = OutputOf("cd '" + folder.path() + "' && " + line.str(1));
  EXPECT_EQ(digits, Digest(folder.path()).substr(7) + "  -") << line.str(1);
}

TEST(TreeDigest, IsWhatPythonSays) {
  const TempDirectory folder;
  WriteModel(folder);
  const std::string text = Documentation();
  const auto begin = text.find("import hashlib");
  ASSERT_NE(begin, std::string::npos);
  const std::string lines = text.substr(begin, text.find("```", begin) - begin);
  const TempDirectory beside;
  const std::string program = beside.Write(
      "digest.py", lines + "\nimport sys\nprint(*map(digest, sys.argv[1:]), sep='\\n')\n");
  const std::string file = folder / "a-b";
  EXPECT_EQ(OutputOf("python3 " + program + " '" + folder.path() + "' '" + file + "'"),
            Digest(folder.path()) + "\n" + Digest(file))
      << lines;
}

TEST(TreeDigest, ChangesWithWhateverIsLoaded) {
  const TempDirectory folder;
  WriteModel(folder);
  const std::string before = Digest(folder.path());
  const auto differs = [&] { return Digest(folder.path()) != before; };
  folder.Write("a/b", "onf");
  EXPECT_TRUE(differs()) << "a flipped bit";
  folder.Write("a/b", "one");
  EXPECT_FALSE(differs());
  folder.Write("a/c", "");
  EXPECT_TRUE(differs()) << "a file more";
  fs::remove(folder / "a/c");
  EXPECT_FALSE(differs());
  fs::rename(folder / "a.b", folder / "a.c");
  EXPECT_TRUE(differs()) << "another name";
  fs::rename(folder / "a.c", folder / "a.b");
  EXPECT_FALSE(differs());
  fs::remove(folder / "tokenizer/.hidden");
  EXPECT_TRUE(differs()) << "a file less";
  folder.Write("tokenizer/.hidden", "");
  fs::create_directories(folder / "without/files");
  fs::permissions(folder / "a.b", fs::perms::owner_read);
  EXPECT_FALSE(differs()) << "neither of these is loaded";
}

TEST(TreeDigest, NothingLeadsOut) {
  const TempDirectory outside;
  outside.Write("secret", "x");
  const TempDirectory folder;
  WriteModel(folder);
  for (const std::string& target : {outside / "secret", outside.path(), std::string("../x"),
                                    std::string("a/b"), std::string("nowhere")}) {
    fs::create_symlink(target, folder / "link");
    EXPECT_THAT(Digest(folder.path()), AllOf(HasSubstr("link"), HasSubstr("symbolic link")))
        << target;
    fs::remove(folder / "link");
  }
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(Digest(folder.path()), HasSubstr("pipe is neither a file nor a folder"));
  EXPECT_THAT(Digest(folder / "pipe"), HasSubstr("is no regular file"));
  EXPECT_THAT(Digest("/dev/zero"), HasSubstr("is no regular file"));
}

TEST(TreeDigest, NamesThatTheShellWouldWriteOtherwiseAreRefused) {
  for (const char* name : {"new\nline", "back\\slash", "carriage\rreturn", "d\x7f"}) {
    const TempDirectory folder;
    folder.Write(name, "x");
    EXPECT_THAT(Digest(folder.path()), HasSubstr("control character or a backslash"));
  }
}

TEST(TreeDigest, SaysWhatItCannotRead) {
  const TempDirectory folder;
  EXPECT_THAT(Digest(folder.path()), HasSubstr("holds no file"));
  EXPECT_THAT(Digest(folder / "nothing"), HasSubstr("No such file"));
  fs::create_directories(folder / "empty/folders");
  EXPECT_THAT(Digest(folder.path()), HasSubstr("holds no file"));
  fs::path deep = folder.path();
  for (int i = 0; i < 40; ++i) deep /= "d";
  fs::create_directories(deep);
  EXPECT_THAT(Digest(folder.path()), HasSubstr("more than 32 folders deep"));
}

/// What a user without rights gets to know; root may read everything.
std::string DigestAsNobody(const std::string& path) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    if (setresuid(65534, 65534, 65534) != 0) _exit(1);
    const std::string text = Digest(path);
    _exit(write(ends[1], text.data(), text.size()) < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::string text(4096, '\0');
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

TEST(TreeDigest, SaysWhoMayNotRead) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  const TempDirectory folder;
  fs::permissions(folder.path(), fs::perms(0755));
  const std::string file = folder.Write("model/weights", "x");
  fs::permissions(file, fs::perms(0600));
  EXPECT_THAT(DigestAsNobody(folder.path()),
              HasSubstr("weights cannot be read by user 65534: Permission denied"));
  fs::permissions(file, fs::perms(0644));
  EXPECT_EQ(DigestAsNobody(folder.path()), Digest(folder.path()));
  fs::create_directory(folder / "lost+found");
  fs::permissions(folder / "lost+found", fs::perms(0700));
  EXPECT_THAT(DigestAsNobody(folder.path()), HasSubstr("lost+found cannot be read"));
  fs::permissions(folder.path(), fs::perms(0700));
  EXPECT_THAT(DigestAsNobody(folder.path()), HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace slipway
