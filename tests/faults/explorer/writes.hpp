#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator/run/write.hpp"
#include "tests/faults/explorer/blobs.hpp"
#include "tests/faults/explorer/mutants.hpp"

namespace slipway::explorer {

using ActionId = std::uint32_t;
/// 0 is none.
using FailureId = std::uint16_t;

/// What happens to a request on its way.
enum class Fate : std::uint8_t {
  kAnswered,
  kDropped,  ///< It never arrives.
  kLost,     ///< It takes effect, and nobody hears the answer.
};

/// One action of a plan, independent of which state it is in.
struct KnownAction {
  Owner owner;
  Action action;
  ResourceType type;
  ObjectKey key;
  Name name = 0;
  bool is_delete = false;
};

/// What one request of a write has led to.
struct Step {
  bool finished = false;  ///< Otherwise the write goes on with a second request.
  FailureId failure = 0;
  Blob live = 0;  ///< What is there afterwards.
  std::string_view violation;
};

/// The operator's own writes (operator/run/write.hpp), driven request by request against an API
/// server that holds one object. What comes of a request is a function of the action, of what the
/// view showed and of what is there, so each is worked out once.
class Writes {
 public:
  Writes(Blobs& blobs, Mutant mutant) : blobs_(blobs), mutant_(mutant), failures_(1) {}

  ActionId Add(const Owner& owner, const Action& action);
  const KnownAction& Known(ActionId action) const { return actions_[action]; }

  struct Request {
    ActionId action = 0;
    Blob viewed = 0;      ///< What the view showed under that name.
    bool second = false;  ///< The write has sent one request already, when ...
    Blob seen = 0;        ///< ... this was there.
    Blob live = 0;
    Fate fate = Fate::kAnswered;
    std::uint8_t uid = 0;  ///< Number for the UID of a new object.
    bool operator==(const Request&) const = default;
  };
  const Step& Send(const Request& request);

  FailureId AddFailure(const WriteFailure& failure);
  const WriteFailure& Failure(FailureId failure) const { return failures_[failure]; }

 private:
  struct RequestHash {
    std::size_t operator()(const Request& request) const;
  };
  Step Work(const Request& request);
  Blob ExchangeOne(Write& write, const Request& request, Blob there, bool changed, Fate fate,
                   Step& step);

  Blobs& blobs_;
  const Mutant mutant_;
  std::deque<KnownAction> actions_;
  std::unordered_map<std::string, ActionId> by_text_;
  std::unordered_map<Request, Step, RequestHash> steps_;
  std::deque<WriteFailure> failures_;
  std::map<std::string, FailureId> failure_ids_;
};

}  // namespace slipway::explorer
