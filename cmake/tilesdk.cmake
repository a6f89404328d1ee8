# How every folder declares its library and its tests.
#
#   tilesdk_add_library(NAME MLIR|LLVM|PLAIN SOURCES ... [DEPENDS ...])
#   tilesdk_add_unit_test(NAME MLIR|LLVM|PLAIN SOURCES ... [DEPENDS ...])
#
# PLAIN code sees neither LLVM nor MLIR headers, LLVM code sees LLVMSupport's,
# MLIR code sees all and shares one precompiled header.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# -g1 keeps line tables for backtraces without doubling compile time and size.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
if(TILESDK_ASSERTIONS)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO
                 "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
  string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO
                 "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
endif()

find_program(TILESDK_CCACHE ccache)
if(TILESDK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header is cacheable only with these; clang needs
  # -fno-pch-timestamp for the same reason.
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${TILESDK_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

add_library(tilesdk_options INTERFACE)
target_include_directories(tilesdk_options INTERFACE
  ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/api/include)
target_compile_options(tilesdk_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter -ffunction-sections -fdata-sections
  "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
if(TILESDK_SANITIZER)
  target_compile_options(tilesdk_options INTERFACE
    -fsanitize=${TILESDK_SANITIZER} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
endif()

include(llvm_static)

# lld: the archives of LLVM link in about a second instead of six.
set(TILESDK_LINK_OPTIONS -B${TILESDK_LLVM_PREFIX}/bin -fuse-ld=lld
    -Wl,--gc-sections -Wl,--as-needed)
add_link_options(${TILESDK_LINK_OPTIONS})
if(TILESDK_SANITIZER)
  # Programs that are linked like a user's, without our options, need the runtime
  # of an instrumented libtilesdk too.
  add_link_options(-fsanitize=${TILESDK_SANITIZER})
endif()

if(TILESDK_BUILD_COMPILER)
  # The one precompiled header, owned by a target of its own and reused.
  add_library(tilesdk_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(tilesdk_pch PUBLIC tilesdk_options tilesdk_mlir_headers)
  target_compile_options(tilesdk_pch PRIVATE -fno-rtti)
  target_precompile_headers(tilesdk_pch PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:${CMAKE_SOURCE_DIR}/cmake/pch.h>)
endif()

function(tilesdk_configure_target target kind)
  target_link_libraries(${target} PUBLIC tilesdk_options)
  if(kind STREQUAL "MLIR")
    target_link_libraries(${target} PUBLIC tilesdk_mlir_headers)
    target_compile_options(${target} PRIVATE
                           $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
    target_precompile_headers(${target} REUSE_FROM tilesdk_pch)
  elseif(kind STREQUAL "LLVM")
    target_link_libraries(${target} PUBLIC tilesdk_llvm_support_headers)
    target_compile_options(${target} PRIVATE
                           $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
  elseif(NOT kind STREQUAL "PLAIN")
    message(FATAL_ERROR "${target}: kind must be MLIR, LLVM or PLAIN")
  endif()
endfunction()

function(tilesdk_add_library name kind)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  tilesdk_configure_target(${name} ${kind})
  if(ARG_DEPENDS)
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  endif()
endfunction()

if(TILESDK_BUILD_TESTS)
  find_package(GTest REQUIRED)
  add_custom_target(tilesdk_tests)
endif()

function(tilesdk_add_unit_test name kind)
  if(NOT TILESDK_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  # GoogleTest is built with RTTI; only LLVM's own headers need it off.
  target_link_libraries(${name} PRIVATE tilesdk_options ${ARG_DEPENDS}
                        GTest::gtest GTest::gtest_main)
  if(kind STREQUAL "MLIR")
    target_link_libraries(${name} PRIVATE tilesdk_mlir_headers)
    # The precompiled header is -fPIC, an executable would be -fPIE.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fno-rtti -fPIC)
    target_precompile_headers(${name} REUSE_FROM tilesdk_pch)
  elseif(kind STREQUAL "LLVM")
    target_link_libraries(${name} PRIVATE tilesdk_llvm_support)
    target_compile_options(${name} PRIVATE -fno-rtti)
  endif()
  target_compile_definitions(${name} PRIVATE
    TILESDK_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    TILESDK_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
  add_dependencies(tilesdk_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
