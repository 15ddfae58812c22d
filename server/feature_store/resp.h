#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

struct redisReader;                // NOLINT(readability-identifier-naming): hiredis's
struct redisReplyObjectFunctions;  // NOLINT(readability-identifier-naming)

namespace tournant {

// Redis's protocol (RESP2).

// Appends an argument, or the head of a command that `count` arguments follow.
void AppendRespHead(size_t count, std::string* out);
void AppendRespArgument(absl::string_view argument, std::string* out);
void AppendRespCommand(std::initializer_list<absl::string_view> arguments, std::string* out);
std::string RespCommand(std::initializer_list<absl::string_view> arguments);

enum class RespType { kString, kStatus, kError, kInteger, kNil, kArray };

// One reply, flat: the elements of an array follow it, each with its own elements. A value type.
class RespReply {
 public:
  struct Element {
    RespType type = RespType::kNil;
    int64_t integer = 0;  // kInteger
    size_t offset = 0;    // kString, kStatus, kError: of the text
    size_t size = 0;      // of the text; kArray: how many elements it has
  };

  const Element& root() const { return elements_.front(); }
  const std::vector<Element>& elements() const { return elements_; }
  absl::string_view Text(const Element& element) const {
    return absl::string_view(text_).substr(element.offset, element.size);
  }
  bool IsError() const { return root().type == RespType::kError; }

 private:
  friend class RespReader;
  std::vector<Element> elements_;
  std::string text_;
};

// The status that stands for an error reply which no other node or later try can mend.
absl::Status RedisError(absl::string_view text);

// Walks over a reply's elements in order; every step fails once something is not as expected.
class RespCursor {
 public:
  explicit RespCursor(const RespReply& reply) : reply_(reply) {}

  bool Array(size_t* size);
  bool Integer(int64_t* integer);
  bool Text(absl::string_view* text);  // nil reads as ""
  bool Skip();                         // one element with all that it holds

 private:
  const RespReply::Element* Next() {
    return at_ < reply_.elements().size() ? &reply_.elements()[at_++] : nullptr;
  }

  const RespReply& reply_;
  size_t at_ = 0;
};

// Bytes to replies. Owned by a connection, used by its thread.
class RespReader {
 public:
  explicit RespReader(size_t max_reply_bytes);
  ~RespReader();
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;

  void Feed(const char* bytes, size_t size);
  // The next whole reply, valid until the next call; null when more bytes are needed. An error when
  // the bytes are no RESP or a reply is too large: the reader is of no more use then.
  absl::Status Next(const RespReply** reply);

 private:
  // What hiredis calls for each element that it has found.
  struct Build;
  static const redisReplyObjectFunctions& Functions();

  const size_t max_reply_bytes_;
  redisReader* const reader_;
  RespReply reply_;  // of which the first elements may be there
};

}  // namespace tournant
