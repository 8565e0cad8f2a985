#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::crdgen {

/// "numNodes" -> "NumNodes".
std::string PascalCase(std::string_view name);

/// "numNodes" -> "num_nodes", "targetCPUUtilizationPercentage" ->
/// "target_cpu_utilization_percentage". A C++ keyword gets a trailing underscore.
std::string MemberName(std::string_view name);

/// "variants" -> "variant", "policies" -> "policy"; a word that is no English plural stays.
std::string Singular(std::string_view name);

/// "Torch" -> "kTorch".
std::string EnumeratorName(std::string_view value);

/// The text as comment lines of at most 100 columns, each led by `prefix`, ending in a newline.
std::string Comment(std::string_view prefix, std::string_view text);

/// `open` and the comma-separated words behind it, broken where clang-format would break them: at
/// 100 columns, the next line starting below the first word.
std::string Fill(std::string_view open, const std::vector<std::string>& words,
                 std::string_view close);

/// A function definition; on one line when it has one statement and fits, as clang-format has it.
std::string Function(const std::string& signature, const std::vector<std::string>& statements);

/// The first sentence of a description.
std::string FirstSentence(std::string_view text);

}  // namespace slipway::crdgen
