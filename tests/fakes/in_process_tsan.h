#pragma once

// Include in exactly one source file of a test program that calls a server over
// Server::InProcessChannel.
//
// Over a socket the kernel copies a message; the in-process transport hands the very bytes that one
// thread wrote to the thread that reads them. gRPC passes them on under its own locks, which
// ThreadSanitizer cannot see in Debian's library, so it reports the serializer of one side against
// the parser of the other. Only those reports are silenced: everything but the bytes of a message
// in flight is still checked.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern "C" const char* __tsan_default_suppressions() { return "race:grpc::SerializationTraits\n"; }
#endif
#endif
