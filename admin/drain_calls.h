// The calls by which an operator takes a backend out of service and back, and ends sessions. Names and shapes
// of the JSON are a contract with whoever reads it. Pure but for what the Source does. Control thread.
#pragma once

#include "admin/answer.h"
#include "admin/routes.h"
#include "admin/source.h"

namespace limpet::admin {

[[nodiscard]] Outcome drain_backend(const Call& call, Source& source);
[[nodiscard]] Outcome enable_backend(const Call& call, Source& source);
[[nodiscard]] Outcome disable_backend(const Call& call, Source& source);

[[nodiscard]] Outcome end_session(const Call& call, Source& source);
[[nodiscard]] Answer ended_answer(const OrRefusal<EndedSession>& ended);

}  // namespace limpet::admin
