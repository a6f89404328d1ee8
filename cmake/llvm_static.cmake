# Finds LLVM, MLIR and lld 22 and makes their archives linkable statically.
#
# Debian's MLIR and lld targets name the shared libLLVM in their link interface,
# so a "static" link would carry two LLVMs. `tilesdk_llvm_static` replaces it.
# Measured: shared/llvm22-facts is summarised in docs/building.md.

set(TILESDK_LLVM_PREFIX "/usr/lib/llvm-22" CACHE PATH
    "Installation prefix of LLVM, MLIR and lld 22")
find_package(LLVM 22.1 REQUIRED CONFIG
             PATHS ${TILESDK_LLVM_PREFIX}/lib/cmake/llvm NO_DEFAULT_PATH)

add_library(tilesdk_llvm_support_headers INTERFACE)
target_include_directories(tilesdk_llvm_support_headers SYSTEM INTERFACE
                           ${LLVM_INCLUDE_DIRS})
separate_arguments(TILESDK_LLVM_DEFINITIONS NATIVE_COMMAND ${LLVM_DEFINITIONS})
target_compile_options(tilesdk_llvm_support_headers INTERFACE
                       ${TILESDK_LLVM_DEFINITIONS})

# zlib and zstd as archives where there are any, so that our libraries need
# nothing but libc and libm.
find_library(TILESDK_ZLIB NAMES libz.a)
find_library(TILESDK_ZSTD NAMES libzstd.a)
function(tilesdk_link_archives target)
  get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
  if(links AND TILESDK_ZLIB)
    list(TRANSFORM links REPLACE "ZLIB::ZLIB" "${TILESDK_ZLIB}")
  endif()
  if(links AND TILESDK_ZSTD)
    list(TRANSFORM links REPLACE "zstd::libzstd[a-z_]*" "${TILESDK_ZSTD}")
  endif()
  if(links)
    set_property(TARGET ${target} PROPERTY INTERFACE_LINK_LIBRARIES "${links}")
  endif()
endfunction()
tilesdk_link_archives(LLVMSupport)

# LLVMSupport alone, for the thin library and tools.
add_library(tilesdk_llvm_support INTERFACE)
target_link_libraries(tilesdk_llvm_support INTERFACE
                      tilesdk_llvm_support_headers LLVMSupport)

if(TILESDK_BUILD_COMPILER)
  find_package(MLIR 22.1 REQUIRED CONFIG
               PATHS ${TILESDK_LLVM_PREFIX}/lib/cmake/mlir NO_DEFAULT_PATH)
  find_package(LLD 22.1 REQUIRED CONFIG
               PATHS ${TILESDK_LLVM_PREFIX}/lib/cmake/lld NO_DEFAULT_PATH)
  list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
  include(TableGen)
  include(AddLLVM)
  include(AddMLIR)

  add_library(tilesdk_mlir_headers INTERFACE)
  target_link_libraries(tilesdk_mlir_headers INTERFACE
                        tilesdk_llvm_support_headers)
  target_include_directories(tilesdk_mlir_headers SYSTEM INTERFACE
                             ${MLIR_INCLUDE_DIRS} ${LLD_INCLUDE_DIRS})

  # The targets the SDK generates code for. Others stay unlinked: lld's calls to
  # their initialisers meet no-op definitions in core/codegen.
  set(TILESDK_LLVM_TARGETS X86 NVPTX AMDGPU)
  set(components)
  foreach(target IN LISTS TILESDK_LLVM_TARGETS)
    list(APPEND components ${target}CodeGen ${target}Desc ${target}Info)
    if(TARGET LLVM${target}AsmParser)
      list(APPEND components ${target}AsmParser)
    endif()
  endforeach()
  llvm_map_components_to_libnames(TILESDK_LLVM_LIBS ${components}
    Passes LTO DTLTO Option Support FrontendOpenMP BitReader BitWriter IRReader
    Linker IPO)
  add_library(tilesdk_llvm_static INTERFACE)
  target_link_libraries(tilesdk_llvm_static INTERFACE ${TILESDK_LLVM_LIBS}
                        tilesdk_llvm_support_headers)
  # LLVMExtensions is Polly's hook; core/codegen defines getPollyPluginInfo.
  get_target_property(lto_libs LLVMLTO INTERFACE_LINK_LIBRARIES)
  list(REMOVE_ITEM lto_libs LLVMExtensions)
  set_property(TARGET LLVMLTO PROPERTY INTERFACE_LINK_LIBRARIES "${lto_libs}")
  get_property(mlir_libs GLOBAL PROPERTY MLIR_ALL_LIBS)
  foreach(lib IN LISTS mlir_libs ITEMS lldCommon lldELF MLIROptLib)
    if(TARGET ${lib})
      get_target_property(links ${lib} INTERFACE_LINK_LIBRARIES)
      if(links)
        list(TRANSFORM links REPLACE "^LLVM$" "tilesdk_llvm_static")
        set_property(TARGET ${lib} PROPERTY INTERFACE_LINK_LIBRARIES "${links}")
      endif()
    endif()
  endforeach()
  foreach(lib IN ITEMS lldCommon lldELF LLVMObject LLVMProfileData)
    tilesdk_link_archives(${lib})
  endforeach()
endif()
