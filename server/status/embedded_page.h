#pragma once

namespace tournant {

// Files of status/page/, put into the library when it is built (page.cmake).
extern const char kPageHtml[];        // The page, with style and script in it.
extern const char kOpenApi[];         // The REST form in OpenAPI 3, as JSON.
extern const char kPageStyleHash[];   // SHA-256 of what is in its <style>, in hexadecimal.
extern const char kPageScriptHash[];  // And of its <script>.

}  // namespace tournant
