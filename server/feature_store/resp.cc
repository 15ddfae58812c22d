#include "feature_store/resp.h"

#include <hiredis/read.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {

void AppendRespHead(size_t count, std::string* out) { absl::StrAppend(out, "*", count, "\r\n"); }

void AppendRespArgument(absl::string_view argument, std::string* out) {
  absl::StrAppend(out, "$", argument.size(), "\r\n", argument, "\r\n");
}

void AppendRespCommand(std::initializer_list<absl::string_view> arguments, std::string* out) {
  AppendRespHead(arguments.size(), out);
  for (const absl::string_view argument : arguments) AppendRespArgument(argument, out);
}

std::string RespCommand(std::initializer_list<absl::string_view> arguments) {
  std::string command;
  AppendRespCommand(arguments, &command);
  return command;
}

absl::Status RedisError(absl::string_view text) {
  const std::string shown = absl::StrCat("Redis: ", Quote(text));
  // What is stored under the key is no hash, so no view is kept there.
  if (absl::StartsWith(text, "WRONGTYPE")) return absl::FailedPreconditionError(shown);
  return absl::UnavailableError(shown);
}

bool RespCursor::Array(size_t* size) {
  const RespReply::Element* element = Next();
  if (element == nullptr || element->type != RespType::kArray) return false;
  *size = element->size;
  return true;
}

bool RespCursor::Integer(int64_t* integer) {
  const RespReply::Element* element = Next();
  if (element == nullptr || element->type != RespType::kInteger) return false;
  *integer = element->integer;
  return true;
}

bool RespCursor::Text(absl::string_view* text) {
  const RespReply::Element* element = Next();
  if (element == nullptr) return false;
  if (element->type == RespType::kNil) {
    *text = "";
    return true;
  }
  if (element->type != RespType::kString && element->type != RespType::kStatus) return false;
  *text = reply_.Text(*element);
  return true;
}

bool RespCursor::Skip() {
  for (size_t left = 1; left > 0; --left) {
    const RespReply::Element* element = Next();
    if (element == nullptr) return false;
    if (element->type == RespType::kArray) left += element->size;
  }
  return true;
}

// hiredis keeps what these return as the parent of the next element; a flat reply needs none, so
// each returns the reader itself.
struct RespReader::Build {
  static void* Add(const redisReadTask* task, const RespReply::Element& element) {
    auto* reader = static_cast<RespReader*>(task->privdata);
    reader->reply_.elements_.push_back(element);
    return reader;
  }
  static void* String(const redisReadTask* task, char* text, size_t size) {
    auto* reader = static_cast<RespReader*>(task->privdata);
    RespReply::Element element;
    element.type = task->type == REDIS_REPLY_ERROR    ? RespType::kError
                   : task->type == REDIS_REPLY_STATUS ? RespType::kStatus
                                                      : RespType::kString;
    element.offset = reader->reply_.text_.size();
    element.size = size;
    reader->reply_.text_.append(text, size);
    return Add(task, element);
  }
  static void* Array(const redisReadTask* task, int size) {
    RespReply::Element element;
    element.type = RespType::kArray;
    element.size = static_cast<size_t>(size);
    return Add(task, element);
  }
  static void* Integer(const redisReadTask* task, long long integer) {
    RespReply::Element element;
    element.type = RespType::kInteger;
    element.integer = integer;
    return Add(task, element);
  }
  static void* Nil(const redisReadTask* task) { return Add(task, {}); }
  static void Free(void*) {}
};

const redisReplyObjectFunctions& RespReader::Functions() {
  static const redisReplyObjectFunctions kFunctions = {&Build::String, &Build::Array,
                                                       &Build::Integer, &Build::Nil, &Build::Free};
  return kFunctions;
}

// hiredis only reads the functions.
RespReader::RespReader(size_t max_reply_bytes)
    : max_reply_bytes_(max_reply_bytes),
      reader_(
          redisReaderCreateWithFunctions(const_cast<redisReplyObjectFunctions*>(&Functions()))) {
  reader_->privdata = this;
}

RespReader::~RespReader() { redisReaderFree(reader_); }

void RespReader::Feed(const char* bytes, size_t size) { redisReaderFeed(reader_, bytes, size); }

absl::Status RespReader::Next(const RespReply** reply) {
  *reply = nullptr;
  if (reader_->ridx == -1) {
    // Between two replies; otherwise the elements so far are kept.
    reply_.elements_.clear();
    reply_.text_.clear();
  }
  void* whole = nullptr;
  if (redisReaderGetReply(reader_, &whole) != REDIS_OK) {
    return absl::UnavailableError(
        absl::StrCat("it does not speak Redis's protocol: ", Quote(redisReaderGetError(reader_))));
  }
  if (reply_.text_.size() + (reader_->len - reader_->pos) > max_reply_bytes_ && whole == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("it sends a reply of more than ", max_reply_bytes_, " bytes"));
  }
  if (whole != nullptr) *reply = &reply_;
  return absl::OkStatus();
}

}  // namespace tournant
