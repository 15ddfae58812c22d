# Puts the status page and the description of the REST form into the library status/: one string
# each, so that the server needs no files beside it.
#
# Included, it adds the command that writes ${CMAKE_CURRENT_BINARY_DIR}/embedded_page.cc. Run as a
# script (cmake -DSOURCE=... -DOUT=... -P page.cmake) it is that command.
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
endif()
set(PAGE_SCRIPTS format.js history.js draw.js tables.js kitchen.js elements.js form.js main.js)

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(page ${PROJECT_SOURCE_DIR}/server/status/page)
  list(TRANSFORM PAGE_SCRIPTS PREPEND ${page}/ OUTPUT_VARIABLE page_scripts)
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/embedded_page.cc)
  add_custom_command(OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${page} -DOUT=${embedded} -DVERSION=${PROJECT_VERSION}
      -P ${CMAKE_CURRENT_LIST_FILE}
    DEPENDS ${page}/page.html ${page}/page.css ${page}/openapi.json ${page_scripts}
      ${CMAKE_CURRENT_LIST_FILE}
    VERBATIM)
  target_sources(tournant_status PRIVATE ${embedded})
  return()
endif()

# What is inside of <style> and <script>, and so what the Content-Security-Policy's hashes are of.
file(READ ${SOURCE}/page.css style)
set(script "")
foreach(file ${PAGE_SCRIPTS})
  file(READ ${SOURCE}/${file} text)
  string(APPEND script "${text}")
endforeach()
set(script "'use strict';\n{\n${script}}\n")
string(SHA256 style_hash "${style}")
string(SHA256 script_hash "${script}")

file(READ ${SOURCE}/page.html html)
string(REPLACE "@STYLE@" "${style}" html "${html}")
string(REPLACE "@SCRIPT@" "${script}" html "${html}")
file(READ ${SOURCE}/openapi.json openapi)
string(REPLACE "@VERSION@" "${VERSION}" openapi "${openapi}")

set(code "// Written by server/status/page.cmake.\n#include \"status/embedded_page.h\"\n\n")
string(APPEND code "namespace tournant {\n\n")
function(add_text name text)
  string(APPEND code "const char ${name}[] = R\"embedded(${text})embedded\";\n")
  set(code "${code}" PARENT_SCOPE)
endfunction()
add_text(kPageHtml "${html}")
add_text(kOpenApi "${openapi}")
add_text(kPageStyleHash "${style_hash}")
add_text(kPageScriptHash "${script_hash}")
string(APPEND code "\n}  // namespace tournant\n")
file(WRITE ${OUT} "${code}")
