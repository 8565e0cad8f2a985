#include "crds/gen/names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

namespace slipway::crdgen {
namespace {

constexpr std::size_t kColumns = 100;

// The keywords that are plausible as names of properties.
constexpr std::array<std::string_view, 28> kCppKeywords{
    "auto",    "bool",   "case",     "class",    "const",     "continue", "default",
    "delete",  "do",     "enum",     "explicit", "export",    "extern",   "float",
    "for",     "if",     "int",      "long",     "namespace", "new",      "operator",
    "private", "public", "register", "short",    "switch",    "template", "union"};

bool IsUpper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
char Upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }
char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// A word starts at an upper-case letter after a lower-case one, and at the last letter of a run of
// upper-case letters that is followed by a lower-case one ("CPUUtilization").
bool StartsWord(std::string_view name, std::size_t i) {
  if (i == 0 || !IsUpper(name[i])) return false;
  if (!IsUpper(name[i - 1])) return true;
  return i + 1 < name.size() && !IsUpper(name[i + 1]) && name[i + 1] != 's';
}

}  // namespace

std::string PascalCase(std::string_view name) {
  std::string pascal(name);
  if (!pascal.empty()) pascal[0] = Upper(pascal[0]);
  return pascal;
}

std::string MemberName(std::string_view name) {
  std::string member;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (StartsWord(name, i)) member += '_';
    member += Lower(name[i]);
  }
  if (std::ranges::find(kCppKeywords, member) != kCppKeywords.end()) member += '_';
  return member;
}

std::string Singular(std::string_view name) {
  if (name.ends_with("ies")) return std::string(name.substr(0, name.size() - 3)) + "y";
  if (name.ends_with("s") && !name.ends_with("ss")) {
    return std::string(name.substr(0, name.size() - 1));
  }
  return std::string(name);
}

std::string EnumeratorName(std::string_view value) { return "k" + PascalCase(value); }

std::string Comment(std::string_view prefix, std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string comment;
  std::string line(prefix);
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kColumns) {
      comment += line + "\n";
      line = prefix;
    }
    line += " " + word;
  }
  return comment + line + "\n";
}

std::string Fill(std::string_view open, const std::vector<std::string>& words,
                 std::string_view close) {
  std::string text;
  std::string line(open);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string after(i + 1 < words.size() ? std::string_view(",") : close);
    const bool first = line.size() == open.size();
    if (!first && line.size() + 1 + words[i].size() + after.size() > kColumns) {
      text += line + "\n";
      line = std::string(open.size(), ' ');
    } else if (!first) {
      line += ' ';
    }
    line += words[i] + after;
  }
  return text + line + "\n";
}

std::string Function(const std::string& signature, const std::vector<std::string>& statements) {
  if (statements.size() == 1) {
    const std::string line = signature + " { " + statements[0] + " }\n";
    if (line.size() <= kColumns + 1) return line;
  }
  std::string text = signature + " {\n";
  for (const std::string& statement : statements) text += "  " + statement + "\n";
  return text + "}\n";
}

std::string FirstSentence(std::string_view text) {
  const auto end = text.find(". ");
  return std::string(end == std::string_view::npos ? text : text.substr(0, end + 1));
}

}  // namespace slipway::crdgen
