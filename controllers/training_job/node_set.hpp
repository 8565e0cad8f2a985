#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::training_job {

/// A set of node indexes; member n tells whether node n is in it.
using NodeSet = std::vector<bool>;

/// "0,2-4" for the nodes 0, 2, 3 and 4, the form of batch/v1 Job's completedIndexes.
std::string FormatNodes(const NodeSet& nodes);

/// The opposite, for a group of `size` nodes. What is no index of the group is left out.
NodeSet ParseNodes(std::string_view text, std::size_t size);

}  // namespace slipway::training_job
