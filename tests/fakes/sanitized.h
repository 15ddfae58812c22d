#pragma once

namespace tournant {

// Whether a sanitizer watches, which makes code many times as slow: what a test does again and
// again in search of a rare moment it then does less often.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace tournant
