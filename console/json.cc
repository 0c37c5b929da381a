#include "console/json.h"

namespace limpet::console {

const Json& field(const Json& object, std::string_view name) {
  static const Json kNull;
  if (!object.is_object()) {
    return kNull;
  }
  const auto found = object.find(name);
  return found != object.end() ? *found : kNull;
}

const Json& list(const Json& object, std::string_view name) {
  static const Json kEmpty = Json::array();
  const Json& value = field(object, name);
  return value.is_array() ? value : kEmpty;
}

double number(const Json& object, std::string_view name) {
  const Json& value = field(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

std::string text(const Json& object, std::string_view name) {
  const Json& value = field(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool is_true(const Json& object, std::string_view name) {
  const Json& value = field(object, name);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace limpet::console
