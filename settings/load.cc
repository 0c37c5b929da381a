#include "settings/load.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "settings/check.h"
#include "settings/reader.h"

namespace limpet::settings {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

Problems whole_file(const std::string& file, std::string message) {
  return {Problem{file, 0, 0, {}, std::move(message)}};
}

std::variant<std::string, Problems> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return whole_file(path, "expected a file, found a directory");
  }
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    return whole_file(path, std::string("cannot be opened: ") + std::strerror(errno));
  }
  // One byte more than is allowed is enough for parse_yaml() to refuse a file, or a device, without end.
  std::string text(kLargestFile + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return whole_file(path, std::string("cannot be read: ") + std::strerror(errno));
  }
  return text;
}

// `look_around`: what else is checked, beyond the text.
std::variant<LoadedFile, Problems> load(std::string_view text, const std::string& name,
                                        void (*look_around)(const Settings& settings, Report& report)) {
  const auto parsed = parse_yaml(text);
  if (const auto* error = std::get_if<YamlError>(&parsed)) {
    return Problems{{name, error->place.line, error->place.column, {}, error->message}};
  }
  const YamlNode& root = std::get<YamlNode>(parsed);
  if (root.kind == YamlNode::Kind::Nothing) {
    return whole_file(name, "the file is empty: expected at least listeners and backends");
  }
  Report report(name);
  Settings settings = read_settings(root, environment_variable, report);
  check(settings, report);
  look_around(settings, report);
  Problems problems = report.take();
  if (!problems.empty()) {
    return problems;
  }
  return LoadedFile{std::move(settings), report.places()};
}

Loaded without_places(std::variant<LoadedFile, Problems> loaded) {
  if (auto* const problems = std::get_if<Problems>(&loaded)) {
    return std::move(*problems);
  }
  return std::move(std::get<LoadedFile>(loaded).settings);
}

}  // namespace

Loaded load_text(std::string_view text, const std::string& name) {
  return without_places(load(text, name, [](const Settings&, Report&) {}));
}

Loaded load_file(const std::string& path) {
  return without_places(load_file_with_places(path));
}

std::variant<LoadedFile, Problems> load_file_with_places(const std::string& path) {
  const auto text = read_file(path);
  if (const auto* problems = std::get_if<Problems>(&text)) {
    return *problems;
  }
  return load(std::get<std::string>(text), path, check_files);
}

}  // namespace limpet::settings
