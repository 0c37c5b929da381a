// Forwarded and X-Forwarded-For: the answer is the peer, or an address that stands in a list; nothing left of
// an address that is not trusted changes it, and where the two lists lead to different clients the peer
// counts.
#include <array>
#include <string>

#include "base/text.h"
#include "http/forwarded.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using namespace limpet::http;
using limpet::fuzz::claim;

namespace {

const IpAddress kProxy = IpAddress::parse("10.0.0.1").value();
const IpAddress kHop = IpAddress::parse("10.0.0.9").value();
const IpAddress kStranger = IpAddress::parse("192.0.2.1").value();

Origin origin_of(const IpAddress& peer, std::initializer_list<Field> said) {
  static const std::array<IpNetwork, 2> trusted{IpNetwork::parse("10.0.0.0/8").value(),
                                                IpNetwork::parse("fd00::/8").value()};
  Fields fields;
  for (const Field& field : said) {
    fields.add(field);
  }
  return read_origin(peer, fields, trusted);
}

// True when some run of characters that an address may have, or a part of one, is that address.
bool stands_in(std::string_view list, const IpAddress& address) {
  constexpr std::string_view kAddressCharacters = "0123456789abcdefABCDEF.:";
  constexpr std::size_t kLongestAddress = 45;  // ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255
  for (std::size_t start = 0; start < list.size(); ++start) {
    const std::string_view run = list.substr(start, list.substr(start).find_first_not_of(kAddressCharacters))
                                     .substr(0, kLongestAddress);
    for (std::size_t size = run.size(); size > 1; --size) {
      if (IpAddress::parse(run.substr(0, size)) == address) {
        return true;
      }
    }
  }
  return false;
}

// `name` is the field, `before` what stands before an address in an element of it.
void check_list(std::string_view name, const std::string& list, const std::string& before) {
  const auto client_of = [name](const IpAddress& peer, const std::string& text) {
    return origin_of(peer, {{name, text}}).client;
  };
  claim(client_of(kStranger, list) == kStranger, "a stranger is the client");
  claim(client_of(kProxy, list + ", " + before + "192.0.2.1") == kStranger,
        "nothing left of a stranger counts");
  claim(client_of(kProxy, list + ", " + before + "10.0.0.9") == client_of(kHop, list),
        "a trusted hop stands for the peer");
  const IpAddress client = client_of(kProxy, list);
  claim(client == kProxy || stands_in(list, client), "an answer is the peer or stands in the list");
}

void check_tls(const std::string& list) {
  claim(!origin_of(kStranger, {{"Forwarded", list}, {"X-Forwarded-Proto", "https"}}).used_tls,
        "a stranger cannot say that it came over TLS");
  claim(!origin_of(kProxy, {{"Forwarded", list + ", for=192.0.2.1;proto=http"}}).used_tls,
        "a client cannot say that it came over TLS where its proxy says that it did not");
  claim(origin_of(kProxy, {{"Forwarded", list + ", for=192.0.2.1;proto=https"}}).used_tls,
        "a client cannot say that it did not come over TLS where its proxy says that it did");
}

void check_both(const std::string& elements, const std::string& entries) {
  const IpAddress one = origin_of(kProxy, {{"Forwarded", elements}}).client;
  const IpAddress other = origin_of(kProxy, {{"X-Forwarded-For", entries}}).client;
  const IpAddress both = origin_of(kProxy, {{"Forwarded", elements}, {"X-Forwarded-For", entries}}).client;
  claim(both == (one == other ? one : kProxy), "two lists lead to one client or to the peer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const std::string first(take_until(rest, '\n'));
  const std::string second(rest);
  check_list("X-Forwarded-For", first, "");
  check_list("Forwarded", first, "for=");
  check_tls(first);
  check_both(first, second);
  return 0;
}
