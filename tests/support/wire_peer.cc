#include "tests/support/wire_peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace limpet::test {

namespace {

constexpr std::string_view kBlankLine = "\r\n\r\n";
constexpr std::string_view kCookie = "Set-Cookie: limpet=";
// Longer texts go in so many pieces instead of one byte a piece.
constexpr std::size_t kMostPieces = 2048;

std::string_view take(std::string_view& rest, std::size_t bytes) {
  const std::string_view taken = rest.substr(0, bytes);
  rest.remove_prefix(taken.size());
  return taken;
}

// Through `end`, or all.
std::string_view take_through(std::string_view& rest, std::string_view end) {
  const auto at = rest.find(end);
  return take(rest, at == std::string_view::npos ? rest.size() : at + end.size());
}

std::uint64_t number_in(std::string_view text, int base) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

// The data of all chunks in a row, and what ends them.
void append_merged(std::string& out, std::string_view& rest) {
  std::string last;
  while (!rest.empty() && last.empty()) {
    const std::string_view line = take_through(rest, "\r\n");
    const std::uint64_t size = number_in(line, 16);
    if (size > 0) {
      out += take(rest, static_cast<std::size_t>(size));
      take(rest, 2);
      continue;
    }
    last = line;
    for (std::string_view trailer = "-"; !trailer.empty() && trailer != "\r\n";) {
      trailer = take_through(rest, "\r\n");
      last += trailer;
    }
  }
  out += last;
}

std::string without_chunk_borders(std::string_view rest) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  std::string out;
  while (!rest.empty()) {
    const std::string_view head = take_through(rest, kBlankLine);
    out += head;
    if (head.find("\r\nTransfer-Encoding: chunked\r\n") != std::string_view::npos) {
      append_merged(out, rest);
    } else if (const auto at = head.find(kLength); at != std::string_view::npos) {
      out += take(rest, static_cast<std::size_t>(number_in(head.substr(at + kLength.size()), 10)));
    }
  }
  return out;
}

// The value of the affinity cookie is random: "*" stands for it. What a backend sets under that name is
// shorter.
void cover_cookies(std::string& text) {
  constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr std::size_t kLeast = 40;
  for (auto at = text.find(kCookie); at != std::string::npos; at = text.find(kCookie, at + 1)) {
    const auto begin = at + kCookie.size();
    const auto end = text.find_first_not_of(kBase64Url, begin);
    if (end != std::string::npos && text[end] == ';' && end - begin >= kLeast) {
      text.replace(begin, end - begin, "*");
    }
  }
}

// So is the name of a request that limpet has made.
void cover_request_ids(std::string& text) {
  constexpr std::string_view kField = "\r\nX-Request-Id: ";
  constexpr std::size_t kDigits = 32;
  for (auto at = text.find(kField); at != std::string::npos; at = text.find(kField, at + 1)) {
    const auto begin = at + kField.size();
    const auto end = text.find_first_not_of("0123456789abcdef", begin);
    if (end == begin + kDigits && text[end] == '\r') {
      text.replace(begin, kDigits, "*");
    }
  }
}

}  // namespace

std::string normalised(std::string_view bytes, bool merge_chunks) {
  return merge_chunks ? without_chunk_borders(bytes) : std::string(bytes);
}

WirePeer::WirePeer(Wire wire) : wire_(std::move(wire)) {
  const int at_once = 1;
  ::setsockopt(wire_.native(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
}

void WirePeer::say(std::string_view bytes, bool in_pieces) {
  const std::size_t piece = in_pieces ? std::max<std::size_t>(1, bytes.size() / kMostPieces) : bytes.size();
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    const ssize_t sent = ::send(wire_.native(), next.data(), next.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool WirePeer::listen() {
  pollfd entry{wire_.native(), POLLIN, 0};
  const auto patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
  if (end_ != WireEnd::StillOpen || ::poll(&entry, 1, patience) <= 0) {
    return false;
  }
  std::array<char, 65536> buffer;  // NOLINT: not cleared, only what was read is looked at
  const ssize_t got = ::recv(wire_.native(), buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    end_ = got == 0 ? WireEnd::Fin : WireEnd::Reset;
    return false;
  }
  heard_.append(buffer.data(), static_cast<std::size_t>(got));
  cover_cookies(heard_);
  cover_request_ids(heard_);
  return true;
}

bool WirePeer::hears(std::string_view expected, bool merge_chunks) {
  const std::string wanted = normalised(expected, merge_chunks);
  do {
    if (heard_.starts_with(expected)) {
      heard_.erase(0, expected.size());
      return true;
    }
    if (std::string merged = normalised(heard_, merge_chunks); merged.starts_with(wanted)) {
      heard_ = merged.substr(wanted.size());
      return true;
    }
  } while (listen());
  return false;
}

bool WirePeer::hears_the_end() {
  while (listen()) {
  }
  return end_ != WireEnd::StillOpen;
}

}  // namespace limpet::test
