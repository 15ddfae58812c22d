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

  // A pair for the life of one call's frame. Both may hold what is left of an earlier call: gRPC
  // clears the request before it parses another into it, EncodeAnswer replaces the answer.
  class Lent {
   public:
    explicit Lent(SpareMessages& owner) : owner_(owner), messages_(owner.Take()) {}
    ~Lent() { owner_.Keep(std::move(messages_)); }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

    Messages* operator->() const { return messages_.get(); }

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
