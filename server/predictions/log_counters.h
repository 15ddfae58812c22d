#pragma once

#include <cstdint>

namespace tournant {

// What has become of the records, at one moment. Always
//   enqueued = durable + dropped() + in_memory.
struct PredictionLogCounters {
  uint64_t enqueued = 0;           // Handed to Record.
  uint64_t durable = 0;            // On the disk, or acknowledged by whoever stores them.
  uint64_t dropped_full = 0;       // The queue had no room.
  uint64_t dropped_oversize = 0;   // One record was larger than allowed.
  uint64_t dropped_serialize = 0;  // It could not be encoded.
  uint64_t dropped_io = 0;         // The disk, or whatever stores them, refused.
  uint64_t dropped_shutdown = 0;   // Came after Close, or was left when its time was up.
  uint64_t in_memory = 0;          // Queued, or being written.

  // Not part of the sum.
  uint64_t in_memory_bytes = 0;  // What those take.
  uint64_t places = 0;           // Held by calls that have not handed in their record yet,
  uint64_t places_bytes = 0;     // and the room that these keep free.
  uint64_t refused = 0;          // Calls that were not let in for want of a place.
  uint64_t sampled_out = 0;      // Calls that were answered and not handed in.
  uint64_t retries = 0;          // Times that records with a place had to be written again.

  uint64_t dropped() const {
    return dropped_full + dropped_oversize + dropped_serialize + dropped_io + dropped_shutdown;
  }
};

}  // namespace tournant
