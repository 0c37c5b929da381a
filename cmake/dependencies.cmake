# Every outside library, found here and nowhere else. docs/dependencies.md says why each one was chosen.

function(limpet_missing what)
  message(FATAL_ERROR "limpet needs ${what}, which was not found.\n"
    "Install everything limpet needs with:  scripts/setup\n")
endfunction()

find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  limpet_missing("pkg-config (package pkg-config)")
endif()

function(limpet_pkg variable module package)
  pkg_check_modules(${variable}_PC QUIET IMPORTED_TARGET ${module})
  if(NOT TARGET PkgConfig::${variable}_PC)
    limpet_missing("${module} (package ${package})")
  endif()
  set(${variable} PkgConfig::${variable}_PC PARENT_SCOPE)
endfunction()

limpet_pkg(LIMPET_LIBUV libuv libuv1-dev)
limpet_pkg(LIMPET_HIREDIS hiredis libhiredis-dev)
limpet_pkg(LIMPET_XXHASH libxxhash libxxhash-dev)
limpet_pkg(LIMPET_YAML_CPP yaml-cpp libyaml-cpp-dev)

foreach(row "OpenSSL|libssl-dev" "fmt|libfmt-dev" "spdlog|libspdlog-dev" "nlohmann_json|nlohmann-json3-dev"
            "CLI11|libcli11-dev" "Threads|build-essential")
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 name)
  list(GET row 1 package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    limpet_missing("${name} (package ${package})")
  endif()
endforeach()
if(LIMPET_BUILD_TESTS)
  find_package(Catch2 QUIET)
  if(NOT Catch2_FOUND)
    limpet_missing("Catch2 (package catch2)")
  endif()
endif()

# llhttp: the distribution's library where there is one, else the C sources that node-llhttp ships.
# The sources must be built strict: without LLHTTP_STRICT_MODE the 8.1 parser is loose whatever its flags say.
pkg_check_modules(LLHTTP_PC QUIET IMPORTED_TARGET libllhttp)
add_library(limpet_llhttp INTERFACE)
if(TARGET PkgConfig::LLHTTP_PC)
  target_link_libraries(limpet_llhttp INTERFACE PkgConfig::LLHTTP_PC)
else()
  find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
  find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
  if(NOT LLHTTP_SOURCES OR NOT LLHTTP_INCLUDE)
    limpet_missing("llhttp (package libllhttp-dev or node-llhttp)")
  endif()
  add_library(llhttp_strict STATIC ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
  target_compile_definitions(llhttp_strict PUBLIC LLHTTP_STRICT_MODE=1)
  target_include_directories(llhttp_strict SYSTEM PUBLIC ${LLHTTP_INCLUDE})
  target_link_libraries(limpet_llhttp INTERFACE llhttp_strict)
endif()
