// Asks llhttp (strict build) to read a head that our own scan has accepted, and holds its findings against
// ours: what two readers understand differently is a way to smuggle. The one file that uses llhttp. Pure. Any
// thread.
#pragma once

#include <string_view>

#include "http/fault.h"
#include "http/head.h"

namespace limpet::http {

// What our own reading found.
struct RequestFindings {
  std::string_view method;
  std::string_view raw_target;  // as it stands in the request line
  Version version = Version::Http11;
  const Fields& fields;
  BodyPlan body;
  bool asks_upgrade = false;
};
struct ResponseFindings {
  int status = 0;
  Version version = Version::Http11;
  const Fields& fields;
  BodyPlan declared;  // as the fields say
};

// `head`: the same bytes that the findings point into. Empty answer = llhttp takes the head to its last byte
// and found the same method, target, status, version, fields one by one, body length, chunking and upgrade.
[[nodiscard]] Fault second_opinion(std::string_view head, const RequestFindings& findings) noexcept;
[[nodiscard]] Fault second_opinion(std::string_view head, const ResponseFindings& findings) noexcept;

}  // namespace limpet::http
