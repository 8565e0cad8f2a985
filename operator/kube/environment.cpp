#include "operator/kube/environment.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>

namespace slipway {
namespace {

/// A variable that is hidden, and what it was.
struct Hidden {
  const char* name;
  const char* replacement;
  std::optional<std::string> original;
};

std::array<Hidden, 2> hidden_variables = {{
    {"SSL_CERT_FILE", "/dev/null", std::nullopt},
    {"SSL_CERT_DIR", "/nonexistent", std::nullopt},
}};
std::once_flag hidden_once;
bool is_hidden = false;

bool IsReplacement(std::string_view entry) {
  for (const Hidden& variable : hidden_variables) {
    if (entry == std::string(variable.name) + "=" + variable.replacement) return true;
  }
  return false;
}

}  // namespace

void HideSystemCertificates() {
  std::call_once(hidden_once, [] {
    for (Hidden& variable : hidden_variables) {
      if (const char* value = std::getenv(variable.name)) variable.original = value;
      ::setenv(variable.name, variable.replacement, 1);
    }
    is_hidden = true;
  });
}

std::vector<std::string> ChildEnvironment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_hidden || !IsReplacement(*entry)) entries.emplace_back(*entry);
  }
  for (const Hidden& variable : hidden_variables) {
    if (variable.original) entries.push_back(std::string(variable.name) + "=" + *variable.original);
  }
  return entries;
}

}  // namespace slipway
