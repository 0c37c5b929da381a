// Bytes that say to be pins: whatever they are, they are read the same way in pieces as whole, and what is
// accepted is within its bounds.
//
// The first byte chooses whether checksums are right: a fuzzer would never guess one.
#include <xxhash.h>

#include <string>
#include <string_view>

#include "affinity/pin_records.h"
#include "tests/fuzz/pieces.h"

namespace {

using limpet::affinity::PinReader;
using limpet::affinity::PinStamp;
using limpet::affinity::PinWriter;
using limpet::fuzz::claim;

struct Summary {
  PinReader::Step last = PinReader::Step::NeedMore;
  std::string problem;
  std::string pins;
};

void read_on(PinReader& reader, Summary& summary) {
  while ((summary.last = reader.next()) == PinReader::Step::Pin) {
    const auto& record = reader.record();
    claim(record.target < reader.targets().size(), "a pin names a target");
    claim(!record.key.empty() && record.key.size() <= limpet::affinity::kMaxKeyBytes, "a key has its bounds");
    claim(record.idle.count() >= 0 && record.age.count() >= 0 && record.ttl.count() >= 0,
          "no time is negative");
    summary.pins += std::string(record.key) + "/" + std::to_string(record.target) + " ";
  }
  claim(reader.targets().size() <= PinWriter::kMaxTargets, "there are so many targets at most");
}

Summary read_whole(std::string_view bytes) {
  PinReader reader;
  Summary summary;
  reader.add(bytes);
  read_on(reader, summary);
  summary.last = reader.finish();
  summary.problem = reader.problem();
  return summary;
}

Summary read_in_pieces(std::string_view bytes) {
  PinReader reader;
  Summary summary;
  limpet::fuzz::Pieces pieces(bytes, bytes.size());
  while (!pieces.empty() && summary.last != PinReader::Step::Refused) {
    reader.add(pieces.next());
    read_on(reader, summary);
  }
  summary.last = reader.finish();
  summary.problem = reader.problem();
  return summary;
}

// The input as the payloads of blocks, each led by its length.
std::string framed(std::string_view input) {
  std::string bytes = PinWriter::begin(PinStamp{.wall = {}, .since_boot = {}, .boot = "boot"});
  for (std::uint64_t block = 1; !input.empty(); ++block) {
    const std::size_t size = limpet::fuzz::take_byte(input);
    const std::string_view payload = input.substr(0, size);
    input.remove_prefix(payload.size());
    limpet::append_fixed(bytes, static_cast<std::uint32_t>(payload.size()));
    limpet::append_fixed(
        bytes, static_cast<std::uint64_t>(XXH3_64bits_withSeed(payload.data(), payload.size(), block)));
    bytes += payload;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = limpet::fuzz::as_text(data, size);
  const bool is_framed = limpet::fuzz::take_byte(input) % 2 == 1;
  const std::string bytes = is_framed ? framed(input) : std::string(input);
  const Summary whole = read_whole(bytes);
  const Summary pieces = read_in_pieces(bytes);
  claim(whole.last == pieces.last, "pieces end as the whole");
  claim(whole.pins == pieces.pins, "pieces say what the whole says");
  return 0;
}
