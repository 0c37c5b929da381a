#include "http/trailer_section.h"

#include "http/field_rules.h"
#include "http/head_scan.h"

namespace limpet::http {

namespace {

// Half of a default head: trailers carry a checksum or a status, not content.
constexpr std::size_t kMaxBytes = std::size_t{8} * 1024;
constexpr std::uint32_t kMaxLines = 64;

}  // namespace

Fault TrailerSection::check_line(std::string_view line) noexcept {
  const FieldLine scanned = scan_field_line(line);
  if (!scanned.fault.empty()) {
    return scanned.fault;
  }
  if (has_rule(rules_of(scanned.field.name), kNotInTrailer)) {
    return "a trailer has a field that may not stand there";
  }
  return ++lines_ > kMaxLines ? "there are too many trailers" : kNoFault;
}

TrailerSection::Answer TrailerSection::read(std::string_view input) {
  // One byte beyond the bound is looked at, so that the fault comes with the same byte however the input is
  // cut.
  const std::size_t bound = kMaxBytes - text_.size() + 1;
  const std::string_view readable = input.substr(0, bound);
  const auto lf = readable.find('\n');
  const bool whole = lf != std::string_view::npos;
  const std::size_t taken = whole ? lf + 1 : readable.size();
  if (taken == bound) {
    return {.consumed = taken, .complete = false, .fault = "the trailers have too many bytes"};
  }
  text_.append(input.substr(0, taken));
  if (!whole) {
    return {.consumed = taken, .complete = false, .fault = kNoFault};
  }
  std::string_view rest = std::string_view(text_).substr(line_start_);
  const auto line = take_line(rest);
  if (!line) {
    return {.consumed = taken, .complete = false, .fault = "a trailer line is not ended by CR LF"};
  }
  if (line->empty()) {
    text_.resize(line_start_);
    return {.consumed = taken, .complete = true, .fault = kNoFault};
  }
  line_start_ = static_cast<std::uint32_t>(text_.size());
  return {.consumed = taken, .complete = false, .fault = check_line(*line)};
}

}  // namespace limpet::http
