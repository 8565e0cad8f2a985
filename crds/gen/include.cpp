#include "crds/gen/include.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

namespace slipway::crdgen {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kEnd = "# END include";

Lines Split(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// npos for a blank line.
std::size_t Indent(const std::string& line) { return line.find_first_not_of(' '); }

std::size_t LineOf(const YAML::Node& node) { return static_cast<std::size_t>(node.Mark().line); }

/// A value and the lines that it stands on, from its key to the next one.
struct Span {
  YAML::Node node;
  std::size_t begin = 0, end = 0;
};

struct Member {
  std::string name;
  Span span;
};

/// The members of a map. Each ends where the next one begins.
std::vector<Member> Members(const Span& map) {
  std::vector<Member> members;
  for (const auto& member : map.node) {
    const std::size_t line = LineOf(member.first);
    if (!members.empty()) members.back().span.end = line;
    members.push_back({member.first.Scalar(), {member.second, line, map.end}});
  }
  return members;
}

std::vector<Span> Items(const Span& list) {
  std::vector<Span> items;
  for (const YAML::Node& item : list.node) {
    if (!items.empty()) items.back().end = LineOf(item);
    items.push_back({item, LineOf(item), list.end});
  }
  return items;
}

std::optional<Span> Find(const Span& map, const std::string& name) {
  for (Member& member : Members(map)) {
    if (member.name == name) return std::move(member.span);
  }
  return std::nullopt;
}

/// The schema at a way such as "spec.trainer" of a CRD with one version.
std::optional<Span> FindSchema(const Span& document, const std::string& way) {
  std::istringstream names("spec/versions/0/schema/openAPIV3Schema/properties/" +
                           std::regex_replace(way, std::regex(R"(\.)"), "/properties/"));
  std::optional<Span> found = document;
  for (std::string name; found && std::getline(names, name, '/');) {
    const bool only = found->node.IsSequence() && found->node.size() == 1;
    found = only ? Items(*found).front() : Find(*found, name);
  }
  return found;
}

/// What of a schema is not included, as lines.
class Omitted {
 public:
  void Add(const Span& span) {
    for (std::size_t line = span.begin; line < span.end; ++line) lines_.insert(line);
  }
  bool Has(std::size_t line) const { return lines_.contains(line); }

  /// Adds the transition rules of the schema and of all below it. The error is a rule that shares
  /// its line with something else.
  Result<void> AddTransitionRules(const Span& schema) {
    for (const auto& [name, span] : Members(schema)) {
      Result<void> added;
      if (name == "x-kubernetes-validations") {
        added = AddRulesOf(span);
      } else if (name == "properties") {
        for (const Member& property : Members(span)) {
          if (added) added = AddTransitionRules(property.span);
        }
      } else if ((name == "items" || name == "additionalProperties") && span.node.IsMap()) {
        added = AddTransitionRules(span);
      }
      if (!added) return added;
    }
    return {};
  }

 private:
  Result<void> AddRulesOf(const Span& rules) {
    static const std::regex kTransition(R"(\boldSelf\b)");
    std::size_t kept = 0;
    for (const Span& rule : Items(rules)) {
      if (!std::regex_search(rule.node["rule"].as<std::string>(""), kTransition)) {
        ++kept;
      } else if (rule.begin == rules.begin) {
        return Fail(Code::kInvalid, fmt::format("line {}: a rule with oldSelf cannot be left out "
                                                "of an include; write each rule on lines of its "
                                                "own, led by '- '",
                                                rule.begin + 1));
      } else {
        Add(rule);
      }
    }
    if (kept == 0) Add(rules);
    return {};
  }

  std::set<std::size_t> lines_;
};

/// The keys that a map has above `marker`, on the lines with the marker's indent.
std::set<std::string> KeysAbove(const Lines& lines, std::size_t marker) {
  std::set<std::string> keys;
  const std::size_t indent = Indent(lines[marker]);
  for (std::size_t i = marker; i-- > 0 && Indent(lines[i]) >= indent;) {
    const auto colon = lines[i].find(':');
    if (Indent(lines[i]) != indent || colon == std::string::npos) continue;
    keys.insert(lines[i].substr(indent, colon - indent));
  }
  return keys;
}

/// The text that belongs below the marker.
Result<Lines> Excerpt(const std::string& source, const std::string& way,
                      const std::set<std::string>& overridden, std::size_t indent) {
  const Lines lines = Split(source);
  const auto schema = FindSchema({YAML::Load(source), 0, lines.size()}, way);
  if (!schema || !schema->node.IsMap()) {
    return Fail(Code::kNotFound, fmt::format("has no schema {}", way));
  }
  Omitted omitted;
  if (auto added = omitted.AddTransitionRules(*schema); !added) {
    return tl::unexpected(added.error());
  }
  const auto members = Members(*schema);
  for (const Member& member : members) {
    if (overridden.contains(member.name)) omitted.Add(member.span);
  }
  Lines excerpt;
  const std::size_t begin = members.front().span.begin;
  const std::size_t former = Indent(lines[begin]);
  for (std::size_t i = begin; i < schema->end; ++i) {
    if (omitted.Has(i)) continue;
    if (lines[i].find("# BEGIN include") != std::string::npos) {
      return Fail(Code::kInvalid, fmt::format("line {}: includes do not nest; name the file that "
                                              "the region comes from",
                                              i + 1));
    }
    const bool blank = lines[i].size() <= former;
    excerpt.push_back(blank ? "" : std::string(indent, ' ') + lines[i].substr(former));
  }
  return excerpt;
}

Result<std::string> Fill(const Texts& texts, const std::string& file) {
  static const std::regex kBegin(R"( *# BEGIN include (\S+) (\S+))");
  const Lines lines = Split(texts.at(file));
  std::string filled;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    filled += lines[i] + "\n";
    std::smatch begin;
    if (!std::regex_match(lines[i], begin, kBegin)) continue;
    const auto where = [&] { return fmt::format("{}:{}: ", file, i + 1); };
    const auto source = texts.find(begin[1]);
    if (source == texts.end()) {
      return Fail(Code::kNotFound,
                  where() + "there is no file " + begin[1].str() + " beside this one");
    }
    auto excerpt = Excerpt(source->second, begin[2], KeysAbove(lines, i), Indent(lines[i]));
    if (!excerpt) {
      return Fail(excerpt.error().code, where() + begin[1].str() + " " + excerpt.error().message);
    }
    for (const std::string& line : *excerpt) filled += line + "\n";
    const std::string end = std::string(Indent(lines[i]), ' ') + std::string(kEnd);
    const auto close = std::find(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.end(), end);
    if (close == lines.end()) {
      return Fail(Code::kInvalid, where() + "needs a line '" + end + "' below it");
    }
    i = static_cast<std::size_t>(close - lines.begin());
    filled += end + "\n";
  }
  return filled;
}

}  // namespace

Result<std::string> FillIncludes(const Texts& texts, const std::string& file) {
  try {
    return Fill(texts, file);
  } catch (const YAML::Exception& error) {
    return Fail(Code::kInvalid,
                fmt::format("{}: an included file is not YAML: {}", file, error.what()));
  }
}

Result<Texts> FillAllIncludes(const Texts& texts) {
  Texts filled;
  for (const auto& [file, text] : texts) {
    if (text.find("# BEGIN include") == std::string::npos) continue;
    auto made = FillIncludes(texts, file);
    if (!made) return tl::unexpected(made.error());
    filled.emplace(file, std::move(*made));
  }
  return filled;
}

}  // namespace slipway::crdgen
