#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/sink.h>

#include <atomic>
#include <utility>

#include "base/clock.h"
#include "base/log_file.h"

namespace limpet {

// What the thread does with each line that comes out of the queue.
class Log::Writer final : public spdlog::sinks::sink {
 public:
  Writer(const Options& options, std::unique_ptr<LogFile> file)
      : writes_(options.level != LogLevel::Off), format_(options.format), file_(std::move(file)) {}

  // Once, before the first line.
  void set_queue(spdlog::details::thread_pool& queue) noexcept { queue_ = &queue; }

  // An empty line is none: it wakes the thread.
  void log(const spdlog::details::log_msg& message) override {
    if (reopens_.exchange(false, std::memory_order_acquire)) {
      reopen();
    }
    if (message.payload.size() > 0) {
      file_->add({message.payload.data(), message.payload.size()});
    }
    const bool is_last = queue_->queue_size() == 0;
    if (!is_last && !file_->is_full()) {
      return;
    }
    if (file_->flush() && is_last) {
      tell_losses(lost_in_queue());
    }
  }
  // The queue has ended, and may look not empty until then: what is left is written here.
  void finish(std::uint64_t lost_in_queue) {
    if (file_->flush()) {
      tell_losses(lost_in_queue);
    }
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  void ask_reopen() noexcept { reopens_.store(true, std::memory_order_release); }
  [[nodiscard]] LogFile& file() noexcept { return *file_; }
  [[nodiscard]] std::uint64_t lost_in_queue() const { return queue_->overrun_counter(); }

 private:
  void add(LogLevel level, std::string_view event, LogFields fields) {
    if (writes_) {
      file_->add(log_line(format_, level, event, fields, SystemClock().wall_now()));
    }
  }

  void reopen() {
    auto reopened = file_->reopen();
    if (!reopened.ok()) {
      add(LogLevel::Error, "log_not_reopened", {{"detail", reopened.error().detail}});
    } else if (*reopened) {
      add(LogLevel::Info, "log_reopened", {{"file", file_->path()}});
    }
  }

  void tell_losses(std::uint64_t in_queue) {
    const std::uint64_t at_file = file_->lost();
    if (in_queue == told_in_queue_ && at_file == told_at_file_) {
      return;
    }
    add(LogLevel::Warning, "log_lines_lost",
        {{"queue_full", in_queue - told_in_queue_},
         {"not_written", at_file - told_at_file_},
         {"detail", file_->fault()}});
    if (file_->flush()) {
      told_in_queue_ = in_queue;
      told_at_file_ = at_file;
    }
  }

  bool writes_;
  LogFormat format_;
  std::unique_ptr<LogFile> file_;
  spdlog::details::thread_pool* queue_ = nullptr;
  std::atomic<bool> reopens_{false};
  std::uint64_t told_in_queue_ = 0;
  std::uint64_t told_at_file_ = 0;
};

struct Log::Thread {
  // Ends when everything that is queued has come out.
  void end() {
    writer->file().hurry();
    const std::uint64_t lost = writer->lost_in_queue();
    logger.reset();
    queue.reset();
    writer->finish(lost);
  }

  std::shared_ptr<Writer> writer;
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(LogLevel level, LogFormat format, std::unique_ptr<Thread> thread)
    : level_(level), format_(format), thread_(std::move(thread)) {}

Log::~Log() {
  if (thread_ != nullptr) {
    thread_->end();
  }
}

Result<std::unique_ptr<Log>> Log::open(const Options& options) {
  auto file = LogFile::open(options.file);
  if (!file.ok()) {
    return file.error();
  }
  auto thread = std::make_unique<Thread>();
  thread->writer = std::make_shared<Writer>(options, std::move(file).value());
  thread->queue = std::make_shared<spdlog::details::thread_pool>(kMostQueued, 1);
  thread->writer->set_queue(*thread->queue);
  thread->logger = std::make_shared<spdlog::async_logger>("limpet", thread->writer, thread->queue,
                                                          spdlog::async_overflow_policy::overrun_oldest);
  return std::unique_ptr<Log>(new Log(options.level, options.format, std::move(thread)));
}

std::unique_ptr<Log> Log::discard() {
  return std::unique_ptr<Log>(new Log(LogLevel::Off, LogFormat::Json, nullptr));
}

void Log::write(LogLevel level, std::string_view event, LogFields fields) {
  if (!enabled(level) || thread_ == nullptr) {
    return;
  }
  const std::string line = log_line(format_, level, event, fields, SystemClock().wall_now());
  thread_->logger->log(spdlog::level::info, spdlog::string_view_t(line));
}

void Log::reopen() {
  if (thread_ != nullptr) {
    thread_->writer->ask_reopen();
    thread_->logger->log(spdlog::level::info, spdlog::string_view_t());
  }
}

std::uint64_t Log::lines_lost() const {
  return thread_ == nullptr ? 0 : thread_->writer->lost_in_queue() + thread_->writer->file().lost();
}

}  // namespace limpet
