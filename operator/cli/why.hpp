#pragma once

#include <string>
#include <vector>

#include "operator/cli/world.hpp"

namespace slipway::cli {

/// A reason why the resource is not where it is meant to be.
struct Finding {
  std::string cause;               ///< One sentence, no full stop.
  std::vector<std::string> facts;  ///< In the words of scheduler, kubelet, API server or program.
  std::string waits_for;           ///< Empty when waiting does not help.
  std::string way_out;
};

/// The answer to "why is it not running, or ready?".
struct Diagnosis {
  std::string headline;            ///< Which object, in which state.
  std::vector<Finding> findings;   ///< The first is the answer; none when nothing is in the way.
  std::vector<std::string> notes;  ///< What else is worth knowing, such as what could not be read.
};

/// A pure function of what was read.
Diagnosis Diagnose(const World& world);

/// One screen of text.
std::string DiagnosisText(const Diagnosis& diagnosis);

}  // namespace slipway::cli
