# Warnings are errors; sanitizers by LIMPET_SANITIZE ("address,undefined" or "thread"), coverage for libFuzzer by
# LIMPET_BUILD_FUZZ.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")

add_library(limpet_options INTERFACE)
target_compile_options(limpet_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-align -Wold-style-cast -Wimplicit-fallthrough -Werror
  # The same float results on every build: the hash walk must agree between nodes.
  -ffp-contract=off)
target_include_directories(limpet_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(limpet_options INTERFACE LIMPET_VERSION="${PROJECT_VERSION}"
  $<$<CONFIG:Debug>:LIMPET_CHECKS=1>)

set(LIMPET_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")
if(LIMPET_SANITIZE)
  add_compile_options(-fsanitize=${LIMPET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LIMPET_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 sees uninitialized values in the standard library once it is instrumented.
    target_compile_options(limpet_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(LIMPET_BUILD_FUZZ)
  # Every object tells libFuzzer which way it went; only the targets of tests/fuzz link its main program.
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "The fuzz targets need clang with libFuzzer.\nBuild and run them with:  scripts/fuzz\n")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Large headers of others are read once a target. The preset debug does without: there a file shows that leans on what another
# one includes.
option(LIMPET_PRECOMPILE "Precompile the large headers of libraries" ON)
function(limpet_precompile target)
  if(LIMPET_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

find_program(LIMPET_CCACHE ccache)
if(LIMPET_CCACHE)
  # What the manual of ccache asks for where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LIMPET_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${LIMPET_CCACHE})
endif()
