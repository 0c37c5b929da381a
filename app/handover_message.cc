#include "app/handover_message.h"

#include <array>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/byte_codec.h"

namespace limpet::app {

namespace {

// Longer than any path or address, or name of a backend.
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::uint64_t kLongestRateMs = std::chrono::milliseconds(std::chrono::hours(1)).count();
constexpr std::size_t kMaxTicketKeyBytes = 1024;
// Of words in one message, as far as they take bytes.
constexpr std::size_t kMaxWordsBytes = 64 * 1024;
constexpr std::uint64_t kMaxWords = kMaxWordsBytes;
constexpr auto kLastUse = static_cast<std::uint8_t>(SocketUse::PinLock);
constexpr auto kLastHealth = static_cast<std::uint8_t>(backends::Health::Awaited);
constexpr auto kLastMode = static_cast<std::uint8_t>(backends::Mode::Disabled);

void append(std::string& out, const Hello& hello) {
  append_fixed(out, hello.version);
  append_fixed(out, hello.pid);
}
void append(std::string& out, const Sockets& sockets) {
  append_fixed(out, static_cast<std::uint8_t>(sockets.use));
  append_fixed(out, static_cast<std::uint8_t>(sockets.begins));
  append_fixed(out, static_cast<std::uint8_t>(sockets.lent));
  append_text(out, sockets.name);
}
void append(std::string& out, const BackendWord& word) {
  append_text(out, word.pool);
  append_text(out, word.name);
  append_fixed(out, static_cast<std::uint8_t>(word.health));
  append_fixed(out, static_cast<std::uint8_t>(word.mode));
  append_fixed(out, static_cast<std::uint8_t>(word.closes));
  append_fixed(out, static_cast<std::uint8_t>(word.rate.has_value()));
  const settings::Rate rate = word.rate.value_or(settings::Rate());
  append_fixed(out, rate.events);
  append_fixed(out, static_cast<std::uint64_t>(rate.per.count()));
}
void append(std::string& out, const Backends& backends) {
  append_varint(out, backends.words.size());
  for (const BackendWord& word : backends.words) {
    append(out, word);
  }
}
void append(std::string& out, const TicketKeys& keys) {
  append_text(out, keys.bytes);
}
void append(std::string& out, const Pins& pins) {
  append_text(out, pins.bytes);
}
void append(std::string& out, const Failed& failed) {
  append_text(out, std::string_view(failed.detail).substr(0, kMaxDetailBytes));
}
void append(std::string& out, const Sessions& sessions) {
  append_fixed(out, sessions.left);
}
template <typename T>
requires std::is_empty_v<T>
void append(std::string&, const T&) {}

// Each answers none when the bytes are wrong in a way that ByteReader does not see.
template <typename T>
std::optional<T> read(ByteReader&) {
  static_assert(std::is_empty_v<T>);
  return T{};
}
template <>
std::optional<Hello> read(ByteReader& bytes) {
  Hello hello;
  hello.version = bytes.fixed<std::uint32_t>();
  hello.pid = bytes.fixed<std::uint32_t>();
  return hello;
}
template <>
std::optional<Sockets> read(ByteReader& bytes) {
  const auto use = bytes.fixed<std::uint8_t>();
  const auto begins = bytes.fixed<std::uint8_t>();
  const auto lent = bytes.fixed<std::uint8_t>();
  Sockets sockets{.use = static_cast<SocketUse>(use),
                  .begins = begins != 0,
                  .name = std::string(bytes.text(kMaxNameBytes)),
                  .lent = lent != 0};
  return use <= kLastUse && begins <= 1 && lent <= 1 ? std::optional(std::move(sockets)) : std::nullopt;
}
template <>
std::optional<BackendWord> read(ByteReader& bytes) {
  BackendWord word;
  word.pool = bytes.text(kMaxNameBytes);
  word.name = bytes.text(kMaxNameBytes);
  const auto health = bytes.fixed<std::uint8_t>();
  const auto mode = bytes.fixed<std::uint8_t>();
  const auto closes = bytes.fixed<std::uint8_t>();
  word.health = static_cast<backends::Health>(health);
  word.mode = static_cast<backends::Mode>(mode);
  word.closes = closes != 0;
  const auto has_rate = bytes.fixed<std::uint8_t>();
  const auto events = bytes.fixed<std::uint32_t>();
  const auto per = bytes.fixed<std::uint64_t>();
  const bool is_known = health <= kLastHealth && mode <= kLastMode && closes <= 1 && has_rate <= 1 &&
                        per > 0 && per <= kLongestRateMs;
  const settings::Rate rate{.events = events, .per = Duration(static_cast<Duration::rep>(per))};
  if (has_rate == 1) {
    word.rate = rate;
  } else if (rate != settings::Rate()) {
    return std::nullopt;  // where there is none, a rate has one spelling
  }
  return is_known ? std::optional(std::move(word)) : std::nullopt;
}
template <>
std::optional<Backends> read(ByteReader& bytes) {
  Backends backends;
  // Each takes its bytes, so that a count that is not true ends soon.
  for (std::uint64_t count = bytes.varint(kMaxWords); count > 0 && bytes.ok(); --count) {
    auto word = read<BackendWord>(bytes);
    if (!word) {
      return std::nullopt;
    }
    backends.words.push_back(std::move(*word));
  }
  return backends;
}
template <>
std::optional<TicketKeys> read(ByteReader& bytes) {
  return TicketKeys{std::string(bytes.text(kMaxTicketKeyBytes))};
}
template <>
std::optional<Pins> read(ByteReader& bytes) {
  return Pins{std::string(bytes.text(kMaxPinBytes))};
}
template <>
std::optional<Failed> read(ByteReader& bytes) {
  return Failed{std::string(bytes.text(kMaxDetailBytes))};
}
template <>
std::optional<Sessions> read(ByteReader& bytes) {
  return Sessions{bytes.fixed<std::uint64_t>()};
}

// The number of a kind is its place in HandoverMessage.
template <std::size_t kind>
std::optional<HandoverMessage> read_kind(ByteReader& bytes) {
  auto message = read<std::variant_alternative_t<kind, HandoverMessage>>(bytes);
  return message ? std::optional<HandoverMessage>(std::move(*message)) : std::nullopt;
}

using ReadKind = std::optional<HandoverMessage> (*)(ByteReader&);

template <std::size_t... kinds>
constexpr auto readers(std::index_sequence<kinds...>) {
  return std::array<ReadKind, sizeof...(kinds)>{read_kind<kinds>...};
}

constexpr auto kReaders = readers(std::make_index_sequence<std::variant_size_v<HandoverMessage>>());

}  // namespace

std::string encode(const HandoverMessage& message) {
  std::string out;
  append_fixed(out, static_cast<std::uint8_t>(message.index()));
  std::visit([&out](const auto& one) { append(out, one); }, message);
  return out;
}

Result<HandoverMessage> decode_handover(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto kind = reader.fixed<std::uint8_t>();
  if (reader.ok() && kind < kReaders.size()) {
    auto message = kReaders[kind](reader);
    if (message && reader.ok() && reader.at_end()) {
      return std::move(*message);
    }
  }
  return Error{ErrorCode::Malformed, Side::Self, "the other process said what this one does not understand"};
}

std::vector<Backends> split(std::vector<BackendWord> words) {
  constexpr std::size_t kMostOfAWord = 32;  // what an encoded one has beside its names
  std::vector<Backends> messages;
  std::size_t bytes = kMaxWordsBytes;
  for (BackendWord& word : words) {
    const std::size_t size = word.pool.size() + word.name.size() + kMostOfAWord;
    if (word.pool.size() > kMaxNameBytes || word.name.size() > kMaxNameBytes) {
      continue;
    }
    if (bytes + size > kMaxWordsBytes) {
      messages.emplace_back();
      bytes = 0;
    }
    messages.back().words.push_back(std::move(word));
    bytes += size;
  }
  return messages;
}

}  // namespace limpet::app
