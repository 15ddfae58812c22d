#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"

namespace tournant {

// Messages of calls that are over, for the calls to come: to build and free a request and an answer
// takes some thirty allocations, to use them again none. Part of a Lane; its loop's thread only.
class SpareMessages {
 public:
  struct Messages {
    inference::ModelInferRequest request;
    inference::ModelInferResponse response;
  };

  // A pair for one call, part of its frame. Both may hold what is left of an earlier call: gRPC
  // clears the request before it parses another into it, EncodeAnswer replaces the answer.
  class Lent {
   public:
    explicit Lent(SpareMessages& owner) : owner_(owner) {}
    ~Lent() { GiveBack(); }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

    // Lends a pair when there is none.
    Messages* operator->() {
      if (messages_ == nullptr) messages_ = owner_.Take();
      return messages_.get();
    }
    // For while the call waits and needs neither: a kilobyte for each of many calls. The pair of
    // the next use may be another one.
    void GiveBack() {
      if (messages_ != nullptr) owner_.Keep(std::move(messages_));
    }

   private:
    SpareMessages& owner_;
    std::unique_ptr<Messages> messages_;
  };

 private:
  std::unique_ptr<Messages> Take();
  // Frees what is large instead.
  void Keep(std::unique_ptr<Messages> messages);

  std::vector<std::unique_ptr<Messages>> spare_;
};

}  // namespace tournant
