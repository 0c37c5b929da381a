// POST /v1/publish: how a message is written in JSON, and what is answered. Pure. Control thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "admin/answer.h"
#include "admin/json.h"
#include "admin/publish_info.h"

namespace limpet::admin {

// {"text": "..."} or {"base64": "..."}, and the filters "pool", "backend" and "key" where wanted.
[[nodiscard]] OrRefusal<PublishOrder> read_publish_order(std::string_view json);
// What read_publish_order() reads as this order.
[[nodiscard]] Json publish_order_json(const PublishOrder& order);
// The counts under their names.
[[nodiscard]] Json counts_json(const PublishInfo& counts);
// The longest body that says a message of `most_message_bytes`, however it is escaped.
[[nodiscard]] std::size_t publish_body_bytes(std::size_t most_message_bytes) noexcept;

[[nodiscard]] Answer published_answer(const OrRefusal<PublishInfo>& published);

}  // namespace limpet::admin
