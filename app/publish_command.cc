#include "app/publish_command.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "admin/publish_call.h"
#include "app/admin_command.h"
#include "base/utf8.h"

namespace limpet::app {

namespace {

using admin::Json;

// Longer than the endpoint itself waits for slow clients.
constexpr Duration kPublishPatience = std::chrono::seconds(15);

struct PublishOptions {
  AdminOptions common;
  std::string text;
  std::string base64;
  std::string binary_file;
  std::string pool;
  std::string backend;
  std::string route;
  std::string key;
};

std::string counts_text(const Json& answer) {
  const auto number = [&answer](const char* name) { return answer.value(name, Json(0)).dump(); };
  const std::string nodes = answer.value("nodes", 1) > 1 ? " on " + number("nodes") + " nodes" : "";
  return number("matched") + " sessions" + nodes + ": " + number("sent") + " sent, " + number("queued") +
         " queued, " + number("dropped") + " dropped\n";
}

std::optional<std::string> read_whole(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return stream.is_open() && !stream.bad() ? std::optional(std::move(bytes)) : std::nullopt;
}

int run_publish(const PublishOptions& options, bool is_text) {
  if (!is_utf8(options.text + options.pool + options.backend + options.route + options.key)) {
    std::cerr << "limpet: what is not UTF-8 is no text: give --binary-file or --base64\n";
    return kBadUsage;
  }
  admin::PublishOrder order{.message = options.text,
                            .is_binary = !is_text,
                            .pool = options.pool,
                            .backend = options.backend,
                            .route = options.route,
                            .key = options.key};
  if (!options.binary_file.empty()) {
    auto bytes = read_whole(options.binary_file);
    if (!bytes) {
      std::cerr << "limpet: " << options.binary_file << " cannot be read\n";
      return kBadUsage;
    }
    order.message = std::move(*bytes);
  }
  Json body = admin::publish_order_json(order);
  if (!is_text && options.binary_file.empty()) {
    body["base64"] = options.base64;  // as it was typed: what is wrong with it is said over there
  }
  return report(
      options.common,
      fetch(options.common,
            {.method = "POST", .target = "/v1/publish", .body = body.dump(), .patience = kPublishPatience}),
      counts_text);
}

}  // namespace

void add_publish_command(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static PublishOptions options;
  CLI::App* const command = add_admin_command(
      app, options.common, "publish", "Send a message to every WebSocket client, between its messages");
  CLI::Option* const text = command->add_option("TEXT", options.text, "A text message");
  CLI::Option* const base64 =
      command->add_option("--base64", options.base64, "A binary message, in base64, instead of TEXT");
  CLI::Option* const file =
      command->add_option("--binary-file", options.binary_file, "A binary message from a file, likewise");
  text->excludes(base64)->excludes(file);
  base64->excludes(file);
  command->add_option("--pool", options.pool, "Only to clients of this pool");
  command->add_option("--backend", options.backend, "Only to clients on this backend");
  command->add_option(
      "--route", options.route,
      "Only to clients that came by this route: its host and path, such as chat.example.com/a");
  command->add_option("--key", options.key, "Only to the client with this affinity key");
  command->callback([&exit_code, text, base64, file] {
    if (text->count() + base64->count() + file->count() == 0) {
      throw CLI::RequiredError("TEXT, --base64 or --binary-file");
    }
    exit_code = run_publish(options, text->count() != 0);
  });
}

}  // namespace limpet::app
