#pragma once

#include <cstddef>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "crds/gen/schema.hpp"
#include "operator/base/clock.hpp"

namespace slipway::cli {

/// An object as somebody wrote it, and where.
struct Document {
  std::string file;
  std::size_t number = 1;  ///< Of the document in the file, from 1.
  crdgen::Json body;

  /// "jobs.yaml, document 2".
  std::string Where() const;
};

/// What could be read, and a line for each thing that could not.
struct Reading {
  std::vector<Document> documents;
  std::vector<std::string> problems;
};

/// The documents of a file, of a folder (its *.yaml, *.yml and *.json, in the order of their names;
/// not those of sub-folders), or of `input` when the path is "-". The items of a List are documents
/// of their own.
Reading ReadDocuments(const std::string& path, std::istream& input);

/// Whether this is for Slipway: of its API group, or without a kind.
bool IsOurs(const Document& document);

/// "Secret/token", or "an object without a kind".
std::string Title(const Document& document);

/// The object as the API server would store it: with defaults, in a namespace (`ns` unless it names
/// one itself), with a UID of zeros, since only the API server gives one. Otherwise all that is
/// wrong with it as far as that can be said without a server; CEL rules cannot.
tl::expected<nlohmann::json, std::vector<std::string>> Admit(const std::vector<crdgen::Crd>& crds,
                                                             const Document& document,
                                                             const std::string& ns, Instant now);

}  // namespace slipway::cli
