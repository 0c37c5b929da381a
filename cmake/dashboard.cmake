# The files of admin/dashboard/ as string constants in limpet_admin, byte by byte as they stand there.
file(GLOB LIMPET_DASHBOARD_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/admin/dashboard/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${LIMPET_DASHBOARD_FILES})

set(LIMPET_TYPE_html "text/html; charset=utf-8")
set(LIMPET_TYPE_css "text/css; charset=utf-8")
set(LIMPET_TYPE_js "text/javascript; charset=utf-8")
set(rows "")
foreach(file ${LIMPET_DASHBOARD_FILES})
  get_filename_component(name ${file} NAME)
  string(REGEX REPLACE "^.*\\." "" ending "${name}")
  if(NOT DEFINED LIMPET_TYPE_${ending})
    message(FATAL_ERROR "${file}: cmake/dashboard.cmake knows no type for .${ending}")
  endif()
  file(READ ${file} text)
  string(APPEND rows "    {\"${name}\", \"${LIMPET_TYPE_${ending}}\", R\"~~~~(${text})~~~~\"},\n")
endforeach()
set(generated ${CMAKE_BINARY_DIR}/generated/dashboard_files.cc)
file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[
#include <array>

#include "admin/dashboard.h"

namespace limpet::admin {

std::span<const DashboardFile> dashboard_files() noexcept {
  static constexpr auto kFiles = std::to_array<DashboardFile>({
@rows@  });
  return kFiles;
}

}  // namespace limpet::admin
]])
target_sources(limpet_admin PRIVATE ${generated})
