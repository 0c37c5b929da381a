// YamlNode: a YAML document as a plain tree that knows the place of its every part. yaml.cc is the only file
// that uses yaml-cpp, and no exception leaves it. Pure. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace limpet::settings {

// Counted from 1; 0 = the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
};

struct Member;

struct YamlNode {
  enum class Kind : std::uint8_t { Nothing, Scalar, List, Mapping };

  Kind kind = Kind::Nothing;
  Place place;                  // of the value; where there is none, of its key or of the next list item
  std::string text;             // Scalar only
  std::vector<YamlNode> items;  // List only
  std::vector<Member> members;  // Mapping only, in the order of the file; a key given twice stands here twice
};

struct Member {
  std::string key;
  Place place;  // of the key
  YamlNode value;
};

struct YamlError {
  Place place;
  std::string message;
};

// In bytes, 1 MiB: room for thousands of backends, and no surprise in memory.
inline constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

// One document. Refuses what limpet has no use for and an attacker or an accident might: aliases and anchors,
// tags, control characters, several documents, deep nesting, more than kLargestFile bytes. An empty text
// gives Nothing.
[[nodiscard]] std::variant<YamlNode, YamlError> parse_yaml(std::string_view text);

}  // namespace limpet::settings
