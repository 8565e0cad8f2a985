#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "operator/cli/audit_verify_book.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {

using audit::Head;

namespace {

/// "record 17", "records 17 to 19".
std::string Records(std::uint64_t from, std::uint64_t to) {
  return from == to ? fmt::format("record {}", from) : fmt::format("records {} to {}", from, to);
}

std::string_view Are(std::uint64_t from, std::uint64_t to) { return from == to ? "is" : "are"; }

/// Which of `numbers` are in a longest part of them that only grows: the others were moved.
std::vector<bool> Growing(const std::vector<std::uint64_t>& numbers) {
  std::vector<std::size_t> ends;  // Where the best part of each length ends.
  std::vector<std::size_t> before(numbers.size(), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto place = std::ranges::lower_bound(ends, numbers[i], {},
                                                [&](std::size_t end) { return numbers[end]; });
    if (place != ends.begin()) before[i] = *std::prev(place);
    if (place == ends.end()) {
      ends.push_back(i);
    } else {
      *place = i;
    }
  }
  std::vector<bool> kept(numbers.size());
  for (std::size_t i = ends.empty() ? numbers.size() : ends.back(); i < numbers.size();
       i = before[i]) {
    kept[i] = true;
  }
  return kept;
}

}  // namespace

/// One look at a book.
class AuditCheck {
 public:
  explicit AuditCheck(const AuditBook& book) : book_(book) {}

  AuditReport Run(const std::optional<Head>& head, const std::string& source) {
    for (const auto& unsound : book_.unsound_) Find(unsound.at, unsound.text);
    for (const auto& loss : book_.losses_) Find(loss.at, loss.text);
    for (const auto& [name, chain] : book_.chains_) {
      Sorted sorted{name, &chain, InOrder(name, chain.entries)};
      CheckLinks(sorted);
      report_.records += sorted.entries.size();
      chains_.push_back(std::move(sorted));
    }
    std::ranges::stable_sort(chains_, {}, [](const Sorted& one) { return one.entries[0].time; });
    for (const auto& chain : chains_) CheckStart(chain);
    if (head) CheckAnchor(*head, source, nullptr);
    for (const auto& chain : chains_) NoteEnd(chain);
    std::ranges::stable_sort(findings_, {}, &Finding::first);
    for (auto& [at, text] : findings_) report_.findings.push_back(std::move(text));
    report_.chains = chains_.size();
    if (!chains_.empty()) report_.from = chains_.front().entries.front().time;
    for (const auto& chain : chains_) {
      report_.until = std::max(report_.until, chain.entries.back().time);
    }
    return std::move(report_);
  }

 private:
  using Entry = AuditBook::Entry;
  using Finding = std::pair<std::size_t, std::string>;
  struct Sorted {
    std::string name;
    const AuditBook::Chain* chain;
    std::vector<Entry> entries;  ///< By number, each once.
    std::uint64_t vouched = 0;   ///< Up to here something outside of the chain vouches for it.
  };

  void Find(std::size_t at, std::string text) { findings_.emplace_back(at, std::move(text)); }
  void Note(std::string text) { report_.notes.push_back(std::move(text)); }

  /// Each record once, by number. Files may be given in any order; within one the order counts.
  std::vector<Entry> InOrder(const std::string& name, const std::vector<Entry>& entries) {
    std::map<std::string, const Entry*> known;
    std::vector<Entry> once;
    for (const Entry& entry : entries) {
      const auto [first, added] = known.try_emplace(entry.hash, &entry);
      if (added) {
        once.push_back(entry);
      } else {
        Find(entry.at, fmt::format("record {} of {} stands twice: {} and {}{}", entry.seq,
                                   Line(name), book_.Place(*first->second), book_.Place(entry),
                                   first->second->file == entry.file
                                       ? ""
                                       : "; if these files overlap, give each part once"));
      }
    }
    CheckOrder(name, once);
    std::ranges::stable_sort(once, {}, &Entry::seq);
    return KeepOne(name, std::move(once));
  }

  void CheckOrder(const std::string& name, const std::vector<Entry>& entries) {
    std::map<std::size_t, std::vector<const Entry*>> files;
    for (const Entry& entry : entries) files[entry.file].push_back(&entry);
    for (const auto& [file, records] : files) {
      std::vector<std::uint64_t> numbers;
      for (const Entry* entry : records) numbers.push_back(entry->seq);
      const auto kept = Growing(numbers);
      std::vector<std::uint64_t> in_place;
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (kept[i]) in_place.push_back(numbers[i]);
      }
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (kept[i] || std::ranges::binary_search(in_place, numbers[i])) continue;
        const std::string after = i == 0 ? "first" : fmt::format("after record {}", numbers[i - 1]);
        Find(records[i]->at, fmt::format("{}: record {} of {} was moved: it stands {}",
                                         book_.Place(*records[i]), numbers[i], Line(name), after));
      }
    }
  }

  /// Of two records with one number that is kept from which the chain goes on.
  std::vector<Entry> KeepOne(const std::string& name, std::vector<Entry> sorted) {
    std::vector<Entry> kept;
    for (std::size_t i = 0; i < sorted.size();) {
      std::size_t end = i + 1;
      while (end < sorted.size() && sorted[end].seq == sorted[i].seq) ++end;
      std::size_t right = i;
      for (std::size_t j = i; j < end && end < sorted.size(); ++j) {
        if (sorted[j].hash == sorted[end].prev) right = j;
      }
      for (std::size_t j = i; j < end; ++j) {
        if (j == right) continue;
        Find(sorted[j].at, fmt::format("{}: a second record {} of {} was put in, beside {}",
                                       book_.Place(sorted[j]), sorted[j].seq, Line(name),
                                       book_.Place(sorted[right])));
      }
      kept.push_back(sorted[right]);
      i = end;
    }
    return kept;
  }

  /// Lines that are no sound records between two places: each stands for one that was there.
  std::size_t UnsoundBetween(std::size_t after, std::size_t before) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        book_.unsound_, [&](const auto& one) { return one.at > after && one.at < before; }));
  }

  void CheckLinks(const Sorted& sorted) {
    const auto& entries = sorted.entries;
    for (std::size_t i = 1; i < entries.size(); ++i) {
      const Entry& one = entries[i - 1];
      const Entry& next = entries[i];
      const std::uint64_t gap = next.seq - one.seq - 1;
      if (gap == 0 && next.prev != one.hash) {
        Find(one.at, fmt::format("{}: record {} of {} was edited: record {}, {}, goes on from "
                                 "another one",
                                 book_.Place(one), one.seq, Line(sorted.name), next.seq,
                                 book_.Place(next)));
      }
      if (gap == 0 || UnsoundBetween(one.at, next.at) >= gap) continue;
      Find(next.at,
           fmt::format("{} of {} {} missing: dropped between {} and {}",
                       Records(one.seq + 1, next.seq - 1), Line(sorted.name),
                       Are(one.seq + 1, next.seq - 1), book_.Place(one), book_.Place(next)));
    }
  }

  /// Of its Lease, as far as that is known of those before it.
  bool IsEarliest(const Sorted& sorted) const {
    const auto& opening = sorted.chain->opening;
    for (const Sorted& former : chains_) {
      if (&former == &sorted) return true;
      const auto& known = former.chain->opening;
      if (!opening || !known || known->lease == opening->lease) return false;
    }
    return true;
  }

  /// The first chain of its Lease may begin anywhere, since logs are not kept for ever. Each other
  /// one begins with its first record, and goes on from another one.
  void CheckStart(const Sorted& sorted) {
    const Entry& first = sorted.entries.front();
    const auto& opening = sorted.chain->opening;
    const bool earliest = IsEarliest(sorted);
    if (first.seq > 1 && UnsoundBetween(0, first.at) < first.seq - 1) {
      if (earliest) {
        Note(fmt::format("the log begins with record {} of {}: what was before is not looked at",
                         first.seq, Line(sorted.name)));
      } else {
        Find(first.at,
             fmt::format("{} of {} {} missing: dropped before {}", Records(1, first.seq - 1),
                         Line(sorted.name), Are(1, first.seq - 1), book_.Place(first)));
      }
    }
    if (!opening) return;
    const std::string who = fmt::format("the first record of {}", Line(sorted.name));
    if (opening->follows) {
      CheckFormer(sorted, earliest, who);
    } else if (opening->lease.empty()) {
      if (&sorted != &chains_.front()) {
        Note(
            fmt::format("{} goes on from none, since the operator runs without a Lease: whether "
                        "there was another one before it cannot be told",
                        Line(sorted.name)));
      }
    } else if (!earliest) {
      Find(first.at,
           fmt::format("{}: {} goes on from none, although there was one before it: the Lease was "
                       "deleted meanwhile, or lost its annotation {}; check what comes after by "
                       "itself",
                       book_.Place(first), Line(sorted.name), audit::kHeadAnnotation));
    }
  }

  void CheckFormer(const Sorted& sorted, bool earliest, const std::string& who) {
    const Head& former = *sorted.chain->opening->follows;
    const Sorted* found = Chain(former.chain);
    if (found == nullptr && earliest) {
      return Note(
          fmt::format("the log begins with {}: {}, which had come to record {}, is not "
                      "looked at",
                      Line(sorted.name), Line(former.chain), former.seq));
    }
    CheckAnchor(former, who, &sorted.entries.front());
    if (found == nullptr || !found->chain->opening) return;
    if (sorted.chain->opening->term > found->chain->opening->term + 1) {
      Note(
          fmt::format("between {} and {} another replica led and left no record: it ended within "
                      "seconds, or has no audit log",
                      Line(former.chain), Line(sorted.name)));
    }
  }

  /// Whether the log holds the record that `who` names.
  void CheckAnchor(const Head& head, const std::string& who, const Entry* by) {
    Sorted* found = Chain(head.chain);
    const std::size_t end = by == nullptr ? book_.lines_ + 1 : by->at;
    if (found == nullptr) {
      return Find(end, fmt::format("all records of {} are missing: {} says that it had come to "
                                   "record {}",
                                   Line(head.chain), who, head.seq));
    }
    const Entry& last = found->entries.back();
    found->vouched = std::max(found->vouched, head.seq);
    if (last.seq < head.seq) {
      if (UnsoundBetween(last.at, end) >= head.seq - last.seq) return;
      return Find(last.at,
                  fmt::format("{} of {} {} missing: dropped after {}; {} says that it had "
                              "come to record {}",
                              Records(last.seq + 1, head.seq), Line(head.chain),
                              Are(last.seq + 1, head.seq), book_.Place(last), who, head.seq));
    }
    const auto record = std::ranges::lower_bound(found->entries, head.seq, {}, &Entry::seq);
    if (record->seq == head.seq && record->hash != head.hash) {
      Find(record->at, fmt::format("{}: record {} of {} was edited, with all that come after what "
                                   "was changed: {} has another hash of it",
                                   book_.Place(*record), head.seq, Line(head.chain), who));
    }
  }

  void NoteEnd(const Sorted& sorted) {
    const Entry& last = sorted.entries.back();
    if (sorted.vouched >= last.seq || sorted.chain->closed == last.seq) return;
    const std::string from =
        sorted.vouched == 0 ? "nothing outside of it vouches for it"
                            : fmt::format("what vouches for it names record {}", sorted.vouched);
    Note(
        fmt::format("{} ends with record {} and was not closed; {}: whether later ones are missing "
                    "cannot be told",
                    Line(sorted.name), last.seq, from));
  }

  Sorted* Chain(const std::string& name) {
    const auto found = std::ranges::find(chains_, name, &Sorted::name);
    return found == chains_.end() ? nullptr : &*found;
  }

  const AuditBook& book_;
  std::vector<Sorted> chains_;
  std::vector<Finding> findings_;
  AuditReport report_;
};

AuditReport AuditBook::Check(const std::optional<Head>& head, const std::string& source) const {
  return AuditCheck(*this).Run(head, source);
}

}  // namespace slipway::cli
