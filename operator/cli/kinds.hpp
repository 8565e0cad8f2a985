#pragma once

#include <string>
#include <vector>

#include "operator/cli/why.hpp"

/// What each kind can be kept from its goal by. What does not keep it, but is worth a word, becomes
/// a note.
namespace slipway::cli {

std::vector<Finding> JobFindings(const World& world, std::vector<std::string>& notes);
std::vector<Finding> DeploymentFindings(const World& world, std::vector<std::string>& notes);
std::vector<Finding> MonitorFindings(const World& world, std::vector<std::string>& notes);
std::vector<Finding> TriggerFindings(const World& world, std::vector<std::string>& notes);

/// A trigger has few pods of its own, and short ones: its jobs, what waits for a job, and the
/// sources that it looks at.
std::string TriggerJobs(const World& world);

/// When nothing else was found: what the status says.
Finding Unexplained(const World& world);

}  // namespace slipway::cli
