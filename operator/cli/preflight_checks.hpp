#pragma once

#include <string>
#include <vector>

#include "operator/cli/preflight.hpp"

/// The parts of a preflight, in the order in which they are told; each adds at least one line.
namespace slipway::cli {

/// A check whose objects could not be read.
Check Unseen(const std::string& check, const std::string& what, const std::string& why);
/// The same of the first of these that could not be read, if there is one.
std::optional<Check> FirstUnseen(const Facts& facts, const std::string& check,
                                 const std::vector<std::string>& sources);

void AddRights(const Facts& facts, std::vector<Check>& checks);
void AddServer(const Facts& facts, std::vector<Check>& checks);
void AddApis(const Facts& facts, std::vector<Check>& checks);
void AddDefinitions(const Facts& facts, const std::vector<crdgen::Crd>& crds,
                    std::vector<Check>& checks);
void AddOperator(const Facts& facts, std::string_view version, std::vector<Check>& checks);
void AddImages(const Facts& facts, const std::vector<crdgen::Crd>& crds,
               std::vector<Check>& checks);
void AddSignatures(const Facts& facts, std::vector<Check>& checks);
void AddStorage(const Facts& facts, std::vector<Check>& checks);
void AddPodSecurity(const Facts& facts, const std::vector<crdgen::Crd>& crds,
                    std::vector<Check>& checks);
void AddNames(const Facts& facts, std::vector<Check>& checks);
void AddNodes(const Facts& facts, std::vector<Check>& checks);
void AddClock(const Facts& facts, std::vector<Check>& checks);

/// "AKS", "OpenShift", ..., or "Kubernetes" where no label of a node tells more.
std::string Platform(const Facts& facts);

}  // namespace slipway::cli
