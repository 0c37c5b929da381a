#include "tests/simulation/strict_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace limpet::test {

namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || kTokenMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c < 127; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Takes a line off the front; false while it is not whole. A line with a stray CR or LF keeps it.
bool take_line(std::string_view& rest, std::string_view& line) {
  const auto end = rest.find(kEnd);
  if (end == std::string_view::npos) {
    return false;
  }
  line = rest.substr(0, end);
  rest.remove_prefix(end + kEnd.size());
  return true;
}

bool has_control(std::string_view line) {
  return std::any_of(line.begin(), line.end(),
                     [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; });
}

bool parse_size(std::string_view text, int base, std::size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

bool StrictReader::refuse(std::string why) {
  fault_ = std::move(why);
  return false;
}

void StrictReader::read(std::string_view all, bool may_have_switched) {
  std::string_view rest = all.substr(seen_);
  while (fault_.empty() && !rest.empty()) {
    if (may_have_switched && !requests_.empty() && requests_.back().is_upgrade) {
      rest = {};
      break;
    }
    const std::size_t before = rest.size();
    const bool goes_on = in_body_ ? read_body(rest) : read_head(rest);
    if (!goes_on || rest.size() == before) {
      break;
    }
  }
  seen_ = all.size() - rest.size();
}

bool StrictReader::read_head(std::string_view& rest) {
  const auto end = rest.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return false;
  }
  std::string_view head = rest.substr(0, end + kEnd.size());
  rest.remove_prefix(end + 2 * kEnd.size());
  std::string_view line;
  take_line(head, line);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  ReadRequest request;
  if (has_control(line) || first == std::string_view::npos || first == last ||
      line.substr(last + 1) != "HTTP/1.1") {
    return refuse("not a request line: " + std::string(line));
  }
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  if (!is_token(request.method) || !is_visible(request.target)) {
    return refuse("not a method and a target: " + std::string(line));
  }
  lengths_ = codings_ = hosts_ = 0;
  left_ = 0;
  is_chunked_ = in_trailers_ = false;
  requests_.push_back(std::move(request));
  while (take_line(head, line)) {
    if (!read_field(line)) {
      return false;
    }
  }
  if (lengths_ + codings_ > 1 || hosts_ > 1) {
    return refuse("framed twice, or two Hosts");
  }
  in_body_ = is_chunked_ || left_ > 0;
  requests_.back().is_complete = !in_body_;
  return true;
}

bool StrictReader::read_field(std::string_view line) {
  const auto colon = line.find(':');
  if (has_control(line) || colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return refuse("not a field: " + std::string(line));
  }
  const std::string name = lower(line.substr(0, colon));
  const std::string value = lower(line.substr(std::min(line.size(), colon + 2)));
  if (line.substr(colon, 2) != ": ") {
    return refuse("limpet writes one space behind the colon: " + std::string(line));
  }
  hosts_ += name == "host" ? 1 : 0;
  if (name == "content-length") {
    ++lengths_;
    return parse_size(value, 10, left_) || refuse("not a length: " + value);
  }
  if (name == "transfer-encoding") {
    ++codings_;
    is_chunked_ = value == "chunked";
    return is_chunked_ || refuse("not a coding: " + value);
  }
  requests_.back().is_upgrade |= name == "upgrade";
  return name != "upgrade" || value == "websocket" || refuse("an upgrade to " + value);
}

bool StrictReader::read_body(std::string_view& rest) {
  if (is_chunked_) {
    return read_chunk(rest);
  }
  const std::size_t part = std::min(left_, rest.size());
  requests_.back().body += rest.substr(0, part);
  rest.remove_prefix(part);
  left_ -= part;
  in_body_ = left_ > 0;
  requests_.back().is_complete = !in_body_;
  return true;
}

// A whole chunk, or a whole line of the trailer section.
bool StrictReader::read_chunk(std::string_view& rest) {
  std::string_view copy = rest;
  std::string_view line;
  if (!take_line(copy, line)) {
    return false;
  }
  if (in_trailers_) {
    rest = copy;
    in_body_ = !line.empty();
    requests_.back().is_complete = line.empty();
    return line.empty() || read_field(line);
  }
  std::size_t size = 0;
  if (!parse_size(line, 16, size)) {
    return refuse("not a chunk size: " + std::string(line));
  }
  if (size == 0) {
    rest = copy;
    in_trailers_ = true;
    return true;
  }
  if (copy.size() < size + kEnd.size()) {
    return false;
  }
  if (copy.substr(size, kEnd.size()) != kEnd) {
    return refuse("a chunk is not ended by CR LF");
  }
  requests_.back().body += copy.substr(0, size);
  rest = copy.substr(size + kEnd.size());
  return true;
}

}  // namespace limpet::test
