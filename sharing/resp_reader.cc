#include "sharing/resp_reader.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace limpet::sharing {

namespace {

using Kind = Reply::Kind;

// What a reader is given at once: it moves what is left to the front of its buffer for every KiB it has used.
constexpr std::size_t kSliceBytes = std::size_t{16} * 1024;
// In front of a string, and behind it.
constexpr std::size_t kFramingBytes = 64;

constexpr std::size_t kMostWaitingBytes = RespReader::kMostTextBytes + kFramingBytes + kSliceBytes;

// The reply under construction. hiredis passes it on as `privdata`.
struct Construction {
  Reply root;
  std::size_t elements = 0;
  std::size_t text_bytes = 0;
  std::string_view fault{};  // empty = within all bounds
};

// Where a task of hiredis puts what it has read. An array has its elements made before they are read.
Reply& place_of(const redisReadTask& task, Construction& construction) {
  if (task.parent == nullptr) {
    return construction.root;
  }
  return static_cast<Reply*>(task.parent->obj)->elements[static_cast<std::size_t>(task.idx)];
}

Construction& construction_of(const redisReadTask& task) {
  return *static_cast<Construction*>(task.privdata);
}

// Of an array: 1 = it stands in no other.
std::size_t depth_of(const redisReadTask& task) {
  std::size_t depth = 1;
  for (const redisReadTask* outer = task.parent; outer != nullptr; outer = outer->parent) {
    ++depth;
  }
  return depth;
}

// Null makes hiredis give up.
void* refuse(Construction& construction, std::string_view fault) {
  construction.fault = fault;
  return nullptr;
}

Kind kind_of_text(int type) {
  return type == REDIS_REPLY_ERROR ? Kind::Error : type == REDIS_REPLY_STATUS ? Kind::Status : Kind::Text;
}

void* create_text(const redisReadTask* task, char* bytes, std::size_t size) {
  Construction& construction = construction_of(*task);
  construction.text_bytes += size;
  if (size > RespReader::kMostTextBytes) {
    return refuse(construction, "a string of more than 1 MiB");
  }
  if (construction.text_bytes > RespReader::kMostReplyBytes) {
    return refuse(construction, "a reply with more than 4 MiB of text");
  }
  Reply& reply = place_of(*task, construction);
  reply.kind = kind_of_text(task->type);
  reply.text.assign(bytes, size);
  return &reply;
}

// The count is an int, and a size_t from hiredis 1.0 on.
template <typename Count>
void* create_array(const redisReadTask* task, Count count) {
  Construction& construction = construction_of(*task);
  if (task->type != REDIS_REPLY_ARRAY) {
    return refuse(construction, "a type of RESP3, which was not asked for");
  }
  const auto elements = static_cast<std::size_t>(count);
  if (elements > RespReader::kMostElements - construction.elements) {
    return refuse(construction, "a reply of more than 4096 elements");
  }
  if (depth_of(*task) > RespReader::kMostDepth) {
    return refuse(construction, "a reply of more than seven arrays inside each other");
  }
  construction.elements += elements;
  Reply& reply = place_of(*task, construction);
  reply.kind = Kind::Array;
  reply.elements.resize(elements);
  return &reply;
}

void* create_integer(const redisReadTask* task, long long value) {
  Reply& reply = place_of(*task, construction_of(*task));
  reply.kind = Kind::Integer;
  reply.integer = value;
  return &reply;
}

void* create_nil(const redisReadTask* task) {
  Reply& reply = place_of(*task, construction_of(*task));
  reply.kind = Kind::Nil;
  return &reply;
}

// The construction owns everything.
void free_nothing(void*) {}

redisReplyObjectFunctions own_functions() {
  redisReplyObjectFunctions functions{};
  functions.createString = &create_text;
  functions.createArray = &create_array;
  functions.createInteger = &create_integer;
  functions.createNil = &create_nil;
  functions.freeObject = &free_nothing;
#if HIREDIS_MAJOR >= 1
  functions.createDouble = [](const redisReadTask* task, double, char*, std::size_t) {
    return refuse(construction_of(*task), "a type of RESP3, which was not asked for");
  };
  functions.createBool = [](const redisReadTask* task, int) {
    return refuse(construction_of(*task), "a type of RESP3, which was not asked for");
  };
#endif
  return functions;
}

struct FreeReader {
  void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
};

}  // namespace

struct RespReader::Inner {
  redisReplyObjectFunctions functions = own_functions();
  Construction construction;
  std::unique_ptr<redisReader, FreeReader> reader{redisReaderCreateWithFunctions(&functions)};
  std::string waiting;    // fed and not given to hiredis yet
  std::size_t given = 0;  // of that
  std::string error{};    // empty = everything was well so far

  void give_slice() {
    const std::size_t size = std::min(kSliceBytes, waiting.size() - given);
    redisReaderFeed(reader.get(), waiting.data() + given, size);
    given += size;
    if (given == waiting.size()) {
      waiting.clear();
      given = 0;
    }
  }

  // False = it is incomplete, or there is an error.
  bool read_one() {
    void* root = nullptr;
    if (redisReaderGetReply(reader.get(), &root) != REDIS_OK) {
      error = construction.fault.empty() ? reader->errstr : construction.fault;
      return false;
    }
    if (root == nullptr && reader->len - reader->pos > kMostWaitingBytes) {
      error = "a string or line of more than 1 MiB";
    }
    return root != nullptr;
  }
};

RespReader::RespReader() : inner_(std::make_unique<Inner>()) {
  LIMPET_ASSERT(inner_->reader != nullptr, "out of memory ends the process");
  inner_->reader->privdata = &inner_->construction;
}

RespReader::~RespReader() = default;

void RespReader::feed(std::string_view bytes) {
  if (inner_->error.empty()) {
    inner_->waiting.append(bytes);
  }
}

Result<std::optional<Reply>> RespReader::next() {
  Inner& inner = *inner_;
  while (inner.error.empty()) {
    if (inner.read_one()) {
      Reply reply = std::exchange(inner.construction, {}).root;
      return std::optional(std::move(reply));
    }
    if (inner.error.empty() && inner.waiting.empty()) {
      return std::optional<Reply>();
    }
    if (inner.error.empty()) {
      inner.give_slice();
    }
  }
  inner.waiting.clear();
  return Error{ErrorCode::Malformed, Side::Backend, inner.error};
}

void append_command(std::string& out, std::span<const std::string_view> words) {
  LIMPET_ASSERT(!words.empty(), "a command has a name");
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const auto size =
      redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts.data(), sizes.data());
  LIMPET_ASSERT(size >= 0, "out of memory ends the process");
  out.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
}

}  // namespace limpet::sharing
