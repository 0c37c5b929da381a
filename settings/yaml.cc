#include "settings/yaml.h"

#include "settings/plain_text.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <utility>

namespace limpet::settings {

namespace {

constexpr std::size_t kDeepest = 32;  // The deepest key of the schema stands on level 5.

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

// What is YAML, but not for limpet. Leaves the parser like its own errors and is caught beside them.
class Refusal final : public YAML::ParserException {
 public:
  using YAML::ParserException::ParserException;
};

// The parser's messages are terse, and nearly always mean one of these.
constexpr const char* kSyntaxHint =
    " (is the indentation right, every quote and bracket closed? "
    "values with [ ] { } # or \": \" need quotes)";

// Collects the parser's events into a tree. The names of its events are the library's.
class TreeBuilder final : public YAML::EventHandler {
 public:
  [[nodiscard]] YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) {
      refuse(mark, "expected one document, found a second one");
    }
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    put(mark, YamlNode{YamlNode::Kind::Nothing, place_of(mark), {}, {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "aliases (*name) are not supported: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    put(mark, YamlNode{YamlNode::Kind::Scalar, place_of(mark), value, {}, {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::List);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::Mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;  // set between a key of a mapping and its value
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& why) {
    throw Refusal(mark, why);
  }
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      refuse(mark, "anchors (&name) are not supported: write the value out");
    }
  }
  // The parser itself marks plain scalars with "?" and quoted ones with "!".
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, "tags (!name) are not supported");
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (expects_key()) {
      refuse(mark, "expected a word as key, found a list or a mapping");
    }
    if (open_.size() == kDeepest) {
      refuse(mark, "nested too deeply: more than " + std::to_string(kDeepest) + " levels");
    }
    open_.push_back({YamlNode{kind, place_of(mark), {}, {}, {}}, std::nullopt});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    attach(std::move(node));
  }

  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::Mapping && !open_.back().key;
  }

  void put(const YAML::Mark& mark, YamlNode node) {
    if (!expects_key()) {
      attach(std::move(node));
      return;
    }
    if (node.kind != YamlNode::Kind::Scalar) {
      refuse(mark, "expected a word as key, found nothing");
    }
    open_.back().key = std::move(node);
  }

  // Into the innermost open list or mapping, or as the root.
  void attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::List) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    YamlNode key = std::move(*parent.key);
    parent.key.reset();
    if (node.kind == YamlNode::Kind::Nothing) {
      node.place = key.place;  // The parser's mark is that of the next token, often lines below.
    }
    parent.node.members.push_back({std::move(key.text), key.place, std::move(node)});
  }

  YamlNode root_;
  std::vector<Open> open_;  // innermost last
  bool started_ = false;
};

Place place_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t column = offset - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0, the start of the text.
  return {static_cast<int>(line), static_cast<int>(column)};
}

// The place of a syntax error, which the parser may see only behind the end of the text.
Place place_within(std::string_view text, const YAML::Mark& mark) {
  const Place place = place_of(mark);
  const Place end = place_at(text, text.find_last_not_of("\r\n") + 1);
  return place.line > end.line ? end : place;
}

// yaml-cpp takes byte 4 for the end of the file, guesses UTF-16 from zero bytes and lets broken UTF-8 pass.
std::optional<YamlError> check_text(std::string_view text) {
  if (const auto offset = find_non_text(text, Layout::Lines)) {
    return YamlError{place_at(text, *offset),
                     "expected text in UTF-8, found a control character or a byte that is none"};
  }
  return std::nullopt;
}

}  // namespace

std::variant<YamlNode, YamlError> parse_yaml(std::string_view text) {
  if (text.size() > kLargestFile) {
    return YamlError{{}, "expected at most 1MiB, found a larger file"};
  }
  if (auto error = check_text(text)) {
    return *error;
  }
  TreeBuilder builder;
  try {
    // When the last line is empty, the parser takes the end of the file for a missing closing quote.
    std::istringstream stream{std::string(text) + "\n#"};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      // The builder refuses a second document.
    }
  } catch (const Refusal& refusal) {
    return YamlError{place_of(refusal.mark), refusal.msg};
  } catch (const YAML::Exception& error) {
    return YamlError{place_within(text, error.mark), "not valid YAML: " + error.msg + kSyntaxHint};
  } catch (const std::exception& error) {
    return YamlError{{}, std::string("not valid YAML: ") + error.what()};
  }
  return builder.take();
}

}  // namespace limpet::settings
