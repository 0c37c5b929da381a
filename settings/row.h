// How rows of the schema are made: a key's description, the kind of its value and the field it is stored in.
// Only schema.cc includes this.
#pragma once

#include <utility>

#include "settings/schema.h"
#include "settings/values.h"

namespace limpet::settings {

template <typename Owner, typename T>
struct Field {
  std::function<T(const Owner&)> get;
  std::function<void(Owner&, T)> set;
};

template <typename Owner, typename T>
[[nodiscard]] Field<Owner, T> at(T Owner::*member) {
  return {[member](const Owner& owner) { return owner.*member; },
          [member](Owner& owner, T value) { owner.*member = std::move(value); }};
}

template <typename Owner, typename Part, typename T>
[[nodiscard]] Field<Owner, T> at(Part Owner::*part, T Part::*member) {
  return {[part, member](const Owner& owner) { return owner.*part.*member; },
          [part, member](Owner& owner, T value) { owner.*part.*member = std::move(value); }};
}

template <typename Owner, typename T>
[[nodiscard]] Row<Owner> row(Key key, const ValueType<T>& type, const Field<Owner, T>& field) {
  key.type = type.name;
  key.expects = type.expects;
  key.fault = type.fault;
  const auto store = [type, field](Owner& owner, std::string_view text) {
    std::optional<T> value = type.parse(text);
    if (!value) {
      return false;
    }
    field.set(owner, std::move(*value));
    return true;
  };
  const auto show = [type, field](const Owner& owner) {
    return std::vector<std::string>{type.print(field.get(owner))};
  };
  return {std::move(key), store, show};
}

template <typename Owner, typename T>
[[nodiscard]] Row<Owner> list_row(Key key, const ValueType<T>& type,
                                  const Field<Owner, std::vector<T>>& field) {
  key.is_list = true;
  key.type = type.name;
  key.expects = type.expects;
  key.fault = type.fault;
  const auto store = [type, field](Owner& owner, std::string_view text) {
    std::optional<T> value = type.parse(text);
    if (!value) {
      return false;
    }
    std::vector<T> items = field.get(owner);
    items.push_back(std::move(*value));
    field.set(owner, std::move(items));
    return true;
  };
  const auto show = [type, field](const Owner& owner) {
    std::vector<std::string> texts;
    for (const T& item : field.get(owner)) {
      texts.push_back(type.print(item));
    }
    return texts;
  };
  return {std::move(key), store, show};
}

}  // namespace limpet::settings
