#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/run/audit_record.hpp"

namespace slipway::cli {

/// What came of a look at the records of a log.
struct AuditReport {
  /// What is wrong with it, in the order in which it stands there; empty when every record that
  /// should be there is there, unchanged and in its place.
  std::vector<std::string> findings;
  /// What cannot be told from what was given.
  std::vector<std::string> notes;
  std::size_t records = 0;
  std::size_t chains = 0;
  std::string from;   ///< Time of the first record.
  std::string until;  ///< And of the last one.
};

/// Takes in a log line by line and says what is missing, edited, moved or doubled. Keeps some 300
/// bytes a record.
class AuditBook {
 public:
  /// A line that bears no record is passed over. What stands before a record in its line, such as
  /// the time that a container runtime puts there, is left out.
  void Add(const std::string& file, std::size_t number, std::string_view line);

  /// `head` is how far the log has come by the word of `source`, such as "the Lease".
  AuditReport Check(const std::optional<audit::Head>& head, const std::string& source) const;

 private:
  friend class AuditCheck;

  struct Entry {
    std::uint64_t seq = 0;
    std::string hash;
    std::string prev;
    std::string time;
    std::size_t at = 0;  ///< Of all lines that were taken in.
    std::size_t file = 0;
    std::size_t line = 0;
  };
  /// What the first record of a chain tells.
  struct Opening {
    std::string lease;
    std::int64_t term = 0;
    std::optional<audit::Head> follows;
  };
  struct Chain {
    std::vector<Entry> entries;  ///< As they stand in the log.
    std::optional<Opening> opening;
    std::uint64_t closed = 0;  ///< The number of the record that ends it; 0 when there is none.
  };
  /// What is wrong with a line by itself.
  struct Unsound {
    std::size_t at = 0;
    std::string text;
  };
  struct Loss {
    std::size_t at = 0;
    std::string text;
  };

  void AddRecord(const nlohmann::json& record, Entry entry);
  std::string Place(const Entry& entry) const;

  std::vector<std::string> files_;
  std::size_t lines_ = 0;
  std::map<std::string, Chain> chains_;
  std::vector<Unsound> unsound_;
  std::vector<Loss> losses_;
};

}  // namespace slipway::cli
