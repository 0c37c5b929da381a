// StartCommand: how this process was started, to start another one like it. Control thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/fd.h"

namespace limpet::app {

struct StartCommand {
  std::string program;                 // an absolute path: what lies there then is started
  std::vector<std::string> arguments;  // the name it was called by, and what followed

  // To be asked at the start: names of folders and PATH count as they are then. Links are not followed, so
  // that one that points to the present version will point to the next. Error: it cannot be told.
  [[nodiscard]] static Result<StartCommand> of_this_process();
};

// Pure: `name` as a shell would find it from `folder`, or none.
[[nodiscard]] std::optional<std::string> find_program(std::string_view name, std::string_view folder,
                                                      std::string_view search_path);

// Starts it with `socket` as the line to this process, and nothing else but standard input, output and error.
[[nodiscard]] Result<pid_t> start_successor(const StartCommand& command, const net::Fd& socket);

// The other end of that line, in the process that was started so; not valid in others. Is not passed on to
// children. To be asked once.
[[nodiscard]] net::Fd line_to_predecessor();

}  // namespace limpet::app
