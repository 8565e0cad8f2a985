#include "controllers/training_trigger/schedule_grammar.hpp"

#include <boost/fusion/include/adapt_struct.hpp>
#include <boost/spirit/home/x3.hpp>

BOOST_FUSION_ADAPT_STRUCT(slipway::training_trigger::FieldPart, low, high, step)

namespace slipway::training_trigger {
namespace {

namespace x3 = boost::spirit::x3;

x3::symbols<int> NamesOf(FieldNames names) {
  x3::symbols<int> table;
  int number = names == FieldNames::kMonths ? 1 : 0;
  if (names == FieldNames::kMonths) {
    for (const char* name :
         {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}) {
      table.add(name, number++);
    }
  } else if (names == FieldNames::kDaysOfWeek) {
    for (const char* name : {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}) {
      table.add(name, number++);
    }
  }
  return table;
}

}  // namespace

std::optional<std::vector<FieldPart>> ParseField(std::string_view text, FieldNames names) {
  static const x3::uint_parser<int> number;
  const x3::symbols<int> table = NamesOf(names);
  const auto value = number | x3::no_case[table];
  const auto low = (x3::omit[x3::char_("*?")] >> x3::attr(int{FieldPart::kAll})) | value;
  const auto high = ('-' >> value) | x3::attr(int{FieldPart::kNone});
  const auto step = ('/' >> number) | x3::attr(int{FieldPart::kNone});
  const auto part = x3::rule<struct PartTag, FieldPart>{"part"} = low >> high >> step;

  std::vector<FieldPart> parts;
  const bool fits = x3::parse(text.begin(), text.end(), (part % ',') >> x3::eoi, parts);
  if (!fits) return std::nullopt;
  return parts;
}

}  // namespace slipway::training_trigger
