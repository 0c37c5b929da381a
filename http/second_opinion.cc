#include "http/second_opinion.h"

#include <llhttp.h>

#include "base/text.h"

// Without the macro version 8 is loose whatever its flags say; version 9 has no loose build.
#if LLHTTP_VERSION_MAJOR < 9
static_assert(LLHTTP_STRICT_MODE == 1,
              "llhttp must be built strict: cmake/dependencies.cmake defines the macro");
#endif

namespace limpet::http {

namespace {

constexpr Fault kReadersDiffer = "two readers of this head understand it differently";

// What the callbacks compare and count while llhttp reads. All spans come from one buffer, read in one call,
// so that each arrives whole.
struct Comparison {
  std::string_view raw_target;
  const Fields& fields;
  std::size_t names = 0;
  std::size_t values = 0;
  std::size_t targets = 0;
};

Comparison& comparison_of(llhttp_t* parser) noexcept {
  return *static_cast<Comparison*>(parser->data);
}

bool same_span(std::string_view ours, const char* at, std::size_t length) noexcept {
  return ours.size() == length && (length == 0 || ours.data() == at);
}

int on_target(llhttp_t* parser, const char* at, std::size_t length) noexcept {
  Comparison& comparison = comparison_of(parser);
  ++comparison.targets;
  return same_span(comparison.raw_target, at, length) ? HPE_OK : HPE_USER;
}

int on_name(llhttp_t* parser, const char* at, std::size_t length) noexcept {
  Comparison& comparison = comparison_of(parser);
  const std::size_t index = comparison.names++;
  const bool agrees =
      index < comparison.fields.size() &&
      same_span((comparison.fields.begin() + static_cast<std::ptrdiff_t>(index))->name, at, length);
  return agrees ? HPE_OK : HPE_USER;
}

int on_value(llhttp_t* parser, const char* at, std::size_t length) noexcept {
  Comparison& comparison = comparison_of(parser);
  const std::size_t index = comparison.values++;
  // llhttp leaves the white space behind a value in it.
  const std::string_view value = trim_ows({at, length});
  const bool agrees = comparison.values == comparison.names &&
                      same_span((comparison.fields.begin() + static_cast<std::ptrdiff_t>(index))->value,
                                value.data(), value.size());
  return agrees ? HPE_OK : HPE_USER;
}

int on_head_end(llhttp_t*) noexcept {
  return HPE_PAUSED;
}

llhttp_settings_t make_settings() noexcept {
  llhttp_settings_t settings{};
  settings.on_url = on_target;
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_head_end;
  return settings;
}

// Reads the head with a parser that is used for nothing else.
Fault read(llhttp_t& parser, llhttp_type_t type, std::string_view head, Comparison& comparison) noexcept {
  static const llhttp_settings_t settings = make_settings();
  llhttp_init(&parser, type, &settings);
  parser.data = &comparison;
  const llhttp_errno_t answer = llhttp_execute(&parser, head.data(), head.size());
  if (answer != HPE_PAUSED) {
    const char* const why = llhttp_get_error_reason(&parser);  // static text, except after HPE_USER: none
    return answer == HPE_USER || why == nullptr || *why == '\0' ? kReadersDiffer : Fault(why);
  }
  const bool read_all = llhttp_get_error_pos(&parser) == head.data() + head.size();
  const bool same_fields =
      comparison.names == comparison.fields.size() && comparison.values == comparison.names;
  return read_all && same_fields ? kNoFault : kReadersDiffer;
}

bool same_version(const llhttp_t& parser, Version version) noexcept {
  return parser.http_major == 1 && parser.http_minor == (version == Version::Http11 ? 1 : 0);
}

bool same_framing(const llhttp_t& parser, BodyPlan plan) noexcept {
  const bool has_length = (parser.flags & F_CONTENT_LENGTH) != 0;
  const bool is_chunked = (parser.flags & F_CHUNKED) != 0;
  const bool has_encoding = (parser.flags & F_TRANSFER_ENCODING) != 0;
  return has_length == (plan.framing == Framing::Length) &&
         is_chunked == (plan.framing == Framing::Chunked) && has_encoding == is_chunked &&
         (!has_length || parser.content_length == plan.length);
}

bool asks_upgrade(const llhttp_t& parser) noexcept {
  return (parser.flags & F_UPGRADE) != 0 && (parser.flags & F_CONNECTION_UPGRADE) != 0;
}

}  // namespace

Fault second_opinion(std::string_view head, const RequestFindings& findings) noexcept {
  llhttp_t parser;
  Comparison comparison{.raw_target = findings.raw_target, .fields = findings.fields};
  if (const Fault fault = read(parser, HTTP_REQUEST, head, comparison); !fault.empty()) {
    return fault;
  }
  const auto method = static_cast<llhttp_method_t>(llhttp_get_method(&parser));
  const bool agrees = comparison.targets == 1 && findings.method == llhttp_method_name(method) &&
                      same_version(parser, findings.version) && same_framing(parser, findings.body) &&
                      asks_upgrade(parser) == findings.asks_upgrade;
  return agrees ? kNoFault : kReadersDiffer;
}

Fault second_opinion(std::string_view head, const ResponseFindings& findings) noexcept {
  llhttp_t parser;
  Comparison comparison{.raw_target = {}, .fields = findings.fields};
  if (const Fault fault = read(parser, HTTP_RESPONSE, head, comparison); !fault.empty()) {
    return fault;
  }
  const bool agrees = llhttp_get_status_code(&parser) == findings.status &&
                      same_version(parser, findings.version) && same_framing(parser, findings.declared);
  return agrees ? kNoFault : kReadersDiffer;
}

}  // namespace limpet::http
