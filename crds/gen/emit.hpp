#pragma once

#include <map>
#include <string>

#include "crds/gen/model.hpp"

namespace slipway::crdgen {

/// The texts of generated/types.hpp, generated/codec.{hpp,cpp} and REFERENCE.md. The C++ is already
/// as clang-format wants it.
std::string EmitTypes(const Model& model);
std::string EmitCodecHeader(const Model& model);
std::string EmitCodecSource(const Model& model);
std::string EmitReference(const std::vector<Crd>& crds);

/// All generated files by their path relative to the folder of the CRDs.
Result<std::map<std::string, std::string>> Generate(const std::vector<Crd>& crds);

}  // namespace slipway::crdgen
