// TlsRecords: any bytes instead of records, and any content that a peer who has the keys may seal.
#include "net/tls_records.h"

#include <algorithm>
#include <array>

#include "tests/fuzz/pieces.h"
#include "tests/net/tls_records_pair.h"

using namespace limpet;
using fuzz::claim;
using fuzz::take_byte;
using net::TlsContent;
using net::TlsRecords;
using test::RecordsEnd;
using test::Sealed;
using Found = TlsRecords::Found;

namespace {

using namespace std::string_view_literals;

constexpr std::array kSuites{test::kAes128, test::kAes256, test::kChaCha};
constexpr std::string_view kUpdateAndAnswer = "\x18\0\0\x01\x01"sv;

// Without the keys nobody is believed.
void play_garbage(std::string_view input, std::uint16_t suite) {
  RecordsEnd server(true, suite);
  Sealed sealed(input.begin(), input.end());
  const std::size_t whole = TlsRecords::whole_record(sealed);
  const auto opened = server.open(sealed);
  claim(opened.found == (whole == 0 ? Found::NeedMore : Found::Fault), "garbage is waited for or refused");
  claim(whole == 0 || (server.records.alert() != 0 && !server.records.fault().empty()),
        "with an alert and a reason");
}

// Both ends change their sealing keys, as an honest peer does.
void play_update(RecordsEnd& asking, RecordsEnd& asked) {
  Sealed question = asking.seal(kUpdateAndAnswer, TlsContent::Handshake);
  claim(asked.open(question).found == Found::Nothing, "a KeyUpdate is taken");
  claim(asked.records.owes_key_update(), "and owed");
}

struct Story {
  explicit Story(std::uint16_t suite) : client(false, suite), server(true, suite) {}

  // False when it is over.
  bool pass(TlsContent type, std::string_view content) {
    Sealed sealed = client.seal(content, type);
    std::span<std::uint8_t> rest = sealed;
    while (!rest.empty()) {
      for (const std::size_t part : {std::size_t{0}, TlsRecords::kHeaderBytes, rest.size() - 1}) {
        claim(part >= TlsRecords::whole_record(rest) || TlsRecords::whole_record(rest.first(part)) == 0,
              "a part is no record");
      }
      const auto opened = server.open(rest);
      const bool is_last = opened.taken == rest.size();
      if (opened.found == Found::Fault || opened.found == Found::End) {
        claim(
            opened.found == Found::Fault || type == TlsContent::Alert || static_cast<std::uint8_t>(type) == 0,
            "an end is an alert");
        return false;
      }
      claim(opened.found == Found::Data || opened.found == Found::Nothing, "a whole record is taken");
      claim(opened.taken > 0, "and gone");
      if (is_last && type == TlsContent::Data) {
        claim(server.data(opened) == content, "data arrives as it was");
      }
      rest = rest.subspan(opened.taken);
    }
    return true;
  }
  // What the server owes and says next is understood.
  void answer() {
    Sealed sealed = server.seal("answer");
    std::span<std::uint8_t> rest = sealed;
    while (!rest.empty()) {
      const auto opened = client.open(rest);
      claim(opened.found == Found::Data || opened.found == Found::Nothing, "the answer is understood");
      rest = rest.subspan(opened.taken);
    }
  }

  RecordsEnd client;
  RecordsEnd server;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t steer = take_byte(input);
  const std::uint16_t suite = kSuites[steer % kSuites.size()];
  constexpr std::uint8_t kGarbage = 0x80;
  if ((steer & kGarbage) != 0) {
    play_garbage(input, suite);
    return 0;
  }
  Story story(suite);
  bool goes_on = true;
  bool was_asked = false;
  while (goes_on && !input.empty()) {
    const std::uint8_t type = take_byte(input);
    constexpr std::uint8_t kAsk = 0xff;
    if (type == kAsk && !was_asked) {
      was_asked = true;  // its own key goes on for it, not for the question: once a story
      play_update(story.server, story.client);
      continue;
    }
    const std::size_t length = take_byte(input);
    const std::string_view content = input.substr(0, length);
    input.remove_prefix(content.size());
    goes_on = story.pass(static_cast<TlsContent>(type), content);
    if (goes_on && !was_asked) {
      story.answer();
    }
  }
  return 0;
}
