#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"

namespace slipway::cli {

/// Rows under headings, in columns as wide as their longest cell, as kubectl prints them: three
/// spaces between columns, none at the end of a line. A cell is one line; "" is shown as "-".
std::string Table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows);

/// How long ago, as kubectl says it: "90s", "5m30s", "3h", "2d4h"
/// (https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration#HumanDuration). A time up to a second
/// ahead is "0s", one further ahead "<invalid>".
std::string Age(std::optional<Instant> time, Instant now);
/// The same for a length of time.
std::string Span(std::chrono::milliseconds length);

/// "1 pod", "3 pods".
std::string Count(std::size_t number, std::string_view noun);

/// What came from outside as one line of visible characters: no escape sequence of a program's last
/// words reaches the terminal.
std::string Line(std::string_view text);

}  // namespace slipway::cli
