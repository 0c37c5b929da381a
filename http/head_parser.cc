#include "http/head_parser.h"

#include <cstring>

#include "base/text.h"
#include "http/connection_options.h"
#include "http/framing.h"
#include "http/head_scan.h"
#include "http/second_opinion.h"
#include "http/target.h"

namespace limpet::http {

namespace {

constexpr std::string_view kCrLf = "\r\n";

Refusal malformed(Fault fault) noexcept {
  return {.reason = CloseReason::MalformedRequest, .detail = fault};
}

Refusal too_large(Fault fault) noexcept {
  return {.reason = CloseReason::HeadTooLarge, .detail = fault};
}

// Reads the field lines and the blank line, behind which nothing may follow.
std::optional<Refusal> scan_fields(std::string_view rest, const HeadLimits& limits, Fields& fields) {
  while (true) {
    const auto line = take_line(rest);
    if (!line) {
      return malformed("a line is not ended by CR LF");
    }
    if (line->empty()) {
      return rest.empty() ? std::nullopt
                          : std::optional(malformed("bytes follow the blank line of the head"));
    }
    const FieldLine scanned = scan_field_line(*line);
    if (!scanned.fault.empty()) {
      return malformed(scanned.fault);
    }
    if (fields.size() == limits.fields) {
      return too_large("the head has too many fields");
    }
    fields.add(scanned.field);
  }
}

// Host: exactly once and well formed; HTTP/1.0 may do without (RFC 9112 3.2).
Fault read_host(RequestHead& out) noexcept {
  const std::size_t count = out.fields.count("Host");
  if (count == 0) {
    out.host = {};
    return out.version == Version::Http10 ? kNoFault : "Host is missing";
  }
  if (count > 1) {
    return "Host is repeated";
  }
  out.host = out.fields.find("Host")->value;
  return is_valid_host(out.host) ? kNoFault : "Host is not a host with or without a port";
}

Fault read_target_into(RequestHead& out, std::string_view raw_target) noexcept {
  const Target target = read_target(out.method, raw_target, out.host);
  out.target = target.target;
  out.path = target.path;
  out.query = target.query;
  return target.fault;
}

// What the fields of a request mean, in the order of what a refusal should name first.
Fault read_meaning(RequestHead& out, std::string_view raw_target) noexcept {
  if (const Fault fault = read_host(out); !fault.empty()) {
    return fault;
  }
  if (const Fault fault = read_target_into(out, raw_target); !fault.empty()) {
    return fault;
  }
  const DeclaredFraming framing = declared_framing(out.fields, out.version);
  if (!framing.fault.empty()) {
    return framing.fault;
  }
  const ConnectionOptions options = read_connection_options(out.fields);
  out.body = framing.plan;
  out.keep_alive = is_persistent(options, out.version);
  out.asks_upgrade = options.upgrade && out.fields.find("Upgrade") != nullptr;
  return options.fault;
}

std::optional<Refusal> scan_response(std::string_view head, const HeadLimits& limits, ResponseHead& out) {
  out.fields.clear();
  if (head.size() > limits.bytes) {
    return too_large("the head has too many bytes");
  }
  std::string_view rest = head;
  const auto line = take_line(rest);
  if (!line) {
    return malformed("the status line is not ended by CR LF");
  }
  const StatusLine start = scan_status_line(*line);
  if (!start.fault.empty()) {
    return malformed(start.fault);
  }
  out.status = start.status;
  out.reason = start.reason;
  out.version = start.version;
  return scan_fields(rest, limits, out.fields);
}

Fault read_meaning(std::string_view head, ResponseContext context, ResponseHead& out) noexcept {
  const DeclaredFraming framing = declared_framing(out.fields, out.version);
  if (!framing.fault.empty()) {
    return framing.fault;
  }
  const ConnectionOptions options = read_connection_options(out.fields);
  if (!options.fault.empty()) {
    return options.fault;
  }
  out.body = response_plan(framing.plan, out.status, context.to_head_request);
  out.keep_alive = is_persistent(options, out.version) && out.body.framing != Framing::UntilClose;
  out.keep_alive_s = keep_alive_timeout_s(out.fields);
  return second_opinion(
      head,
      ResponseFindings{
          .status = out.status, .version = out.version, .fields = out.fields, .declared = framing.plan});
}

}  // namespace

HeadEnd::Found HeadEnd::look(std::string_view gathered) noexcept {
  while (seen_ < gathered.size()) {
    const void* const found = std::memchr(gathered.data() + seen_, '\n', gathered.size() - seen_);
    if (found == nullptr) {
      seen_ = gathered.size();
      break;
    }
    const auto lf = static_cast<std::size_t>(static_cast<const char*>(found) - gathered.data());
    seen_ = lf + 1;
    if (lf == 0 || gathered[lf - 1] != '\r') {
      return Found::Malformed;
    }
    // An empty line at the very start is skipped, because one is allowed before a request line (RFC
    // 9112 2.2).
    if (lf > 1 && gathered[lf - 2] == '\n') {
      size_ = seen_;
      return Found::Complete;
    }
  }
  return Found::NotYet;
}

std::optional<Refusal> parse_request(std::string_view head, const HeadLimits& limits, RequestHead& out) {
  out.fields.clear();
  if (head.size() > limits.bytes) {
    return too_large("the head has too many bytes");
  }
  std::string_view rest = head;
  if (rest.starts_with(kCrLf)) {
    rest.remove_prefix(kCrLf.size());
  }
  const auto line = take_line(rest);
  if (!line) {
    return malformed("the request line is not ended by CR LF");
  }
  const RequestLine start = scan_request_line(*line);
  if (!start.fault.empty()) {
    return malformed(start.fault);
  }
  out.method = start.method;
  out.version = start.version;
  if (auto refusal = scan_fields(rest, limits, out.fields)) {
    return refusal;
  }
  if (const Fault fault = read_meaning(out, start.target); !fault.empty()) {
    return malformed(fault);
  }
  const Fault fault = second_opinion(head, RequestFindings{.method = out.method,
                                                           .raw_target = start.target,
                                                           .version = out.version,
                                                           .fields = out.fields,
                                                           .body = out.body,
                                                           .asks_upgrade = out.asks_upgrade});
  return fault.empty() ? std::nullopt : std::optional(malformed(fault));
}

// Whatever is wrong with an answer is the backend's fault, its size too: the client could not help it.
std::optional<Refusal> parse_response(std::string_view head, const HeadLimits& limits,
                                      ResponseContext context, ResponseHead& out) {
  const auto refusal = scan_response(head, limits, out);
  const Fault fault = refusal ? refusal->detail : read_meaning(head, context, out);
  return fault.empty() ? std::nullopt
                       : std::optional(Refusal{.reason = CloseReason::BadAnswer, .detail = fault});
}

}  // namespace limpet::http
