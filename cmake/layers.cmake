# One static library a folder. cmake/layers.txt is the one table of who may use whom: it decides what is linked
# here, and tests/layers_test.cc reads it to check every #include.

file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/layers.txt LIMPET_LAYER_ROWS REGEX "^[a-z]+:")

function(limpet_layer_uses name out)
  foreach(row ${LIMPET_LAYER_ROWS})
    if(row MATCHES "^${name}:(.*)$")
      string(STRIP "${CMAKE_MATCH_1}" uses)
      string(REGEX REPLACE " +" ";" uses "${uses}")
      set(${out} ${uses} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "cmake/layers.txt has no row for ${name}")
endfunction()

function(limpet_layer name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;OWN_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  limpet_layer_uses(${name} uses)
  add_library(limpet_${name} STATIC ${sources})
  target_link_libraries(limpet_${name} PUBLIC limpet_options ${ARG_LIBRARIES} Threads::Threads)
  # Those whose headers stay inside the folder.
  target_link_libraries(limpet_${name} PRIVATE ${ARG_OWN_LIBRARIES})
  foreach(used ${uses})
    if(TARGET limpet_${used})
      target_link_libraries(limpet_${name} PUBLIC limpet_${used})
    endif()
  endforeach()
endfunction()
