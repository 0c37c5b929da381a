// The file that pins are kept in over a restart: locked, read, replaced and kept aside. What is in it is said
// in affinity/pin_records.h. Every call may wait for a disk. Any thread, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "affinity/pin_records.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"
#include "settings/settings.h"

namespace limpet::app {

// Where the pins are kept: none when they are not.
[[nodiscard]] std::optional<std::string> pin_file_of(const settings::Settings& settings);

[[nodiscard]] affinity::PinStamp pin_stamp(WallTime now);

// Locks PATH.lock for as long as the descriptor, or a copy of it in another process, is open. Unavailable: it
// is locked already.
[[nodiscard]] Result<net::Fd> lock_pin_file(const std::string& path);

// Shows every pin of the file to `take`, or none of them: a file is read to its end before it is believed.
// False when there is no file. Malformed: it is damaged, foreign or of a newer format.
[[nodiscard]] Result<bool> read_pin_file(const std::string& path,
                                         const std::function<void(const affinity::PinReader&)>& take);

// Renames it to PATH.damaged, in the place of an earlier one. Answers the new path.
[[nodiscard]] Result<std::string> keep_aside(const std::string& path);

// Puts a new file (0600) in the place of the old one, at once or not at all: whatever happens meanwhile, the
// disk has one of the two. Answers its size.
[[nodiscard]] Result<std::uint64_t> replace_pin_file(const std::string& path,
                                                     const std::vector<std::string>& pieces);

}  // namespace limpet::app
