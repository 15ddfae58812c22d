# How a folder of sources becomes a target. A room is a folder under server/ with one library; a
# new file needs no edit here. The table of layers in server/README.md is what `scripts/check`
# enforces.

# What every own target is compiled with; generated code and system headers are apart.
add_library(tournant_flags INTERFACE)
target_compile_options(tournant_flags INTERFACE
  -pthread -Wall -Wextra -Werror -Wno-unused-parameter -Wthread-safety -fno-omit-frame-pointer)
target_include_directories(tournant_flags INTERFACE ${PROJECT_SOURCE_DIR}/server)
target_compile_definitions(tournant_flags INTERFACE TOURNANT_VERSION="${PROJECT_VERSION}")

if(SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(NOT SANITIZE STREQUAL "")
  message(FATAL_ERROR "SANITIZE must be empty, address or thread, not '${SANITIZE}'")
endif()

# Half of compiling is reading headers, so builds with sanitizers read the common ones once. The release
# build does without: there each file has to include what it uses.
#
# tournant_precompile(TARGET [REUSE target] [HEADERS header...])
function(tournant_precompile target)
  cmake_parse_arguments(ARG "" "REUSE" "HEADERS" ${ARGN})
  if(SANITIZE STREQUAL "")
    return()
  endif()
  target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
  if(ARG_REUSE)
    target_precompile_headers(${target} REUSE_FROM ${ARG_REUSE})
  else()
    target_precompile_headers(${target} PRIVATE ${ARG_HEADERS})
  endif()
endfunction()

set(TOURNANT_COMMON_HEADERS
  <algorithm> <atomic> <chrono> <coroutine> <filesystem> <functional> <map> <memory> <optional> <span>
  <sstream> <stop_token> <string> <thread> <utility> <vector>
  <absl/container/flat_hash_map.h> <absl/status/statusor.h> <absl/strings/str_cat.h>)
set(TOURNANT_GRPC_HEADERS <google/protobuf/message.h> <grpcpp/grpcpp.h>)

# tournant_room(NAME DEPS target... [PRECOMPILE header...]): library tournant_NAME from
# server/NAME/*.cc. Files that end in _main.cc are binaries and left out.
function(tournant_room name)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS;PRECOMPILE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/server/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_main\\.cc$")
  if(sources)
    add_library(tournant_${name} STATIC ${sources})
    target_link_libraries(tournant_${name} PUBLIC tournant_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
    tournant_precompile(tournant_${name} HEADERS ${TOURNANT_COMMON_HEADERS} ${ARG_PRECOMPILE})
  else()
    add_library(tournant_${name} INTERFACE)
    target_link_libraries(tournant_${name} INTERFACE tournant_flags ${ARG_DEPS})
  endif()
endfunction()

# tournant_tests(NAME DEPS target...): binary NAME_tests from tests/NAME/*_test.cc.
function(tournant_tests name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_tests PRIVATE
    TOURNANT_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/conformance/data"
    TOURNANT_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  set_target_properties(${name}_tests PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/tests)
  target_link_libraries(${name}_tests PRIVATE ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  # What is tested is optimised; optimising assertions takes as long again as compiling them.
  target_compile_options(${name}_tests PRIVATE -O0)
  if(name STREQUAL "base")
    tournant_precompile(base_tests HEADERS ${TOURNANT_COMMON_HEADERS} ${TOURNANT_GRPC_HEADERS}
      <gmock/gmock.h> <gtest/gtest.h>)
  else()
    tournant_precompile(${name}_tests REUSE base_tests)
  endif()
  add_test(NAME ${name} COMMAND ${name}_tests)
endfunction()
