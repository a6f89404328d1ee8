# What an installed tilesdk consists of, as components a packager can split:
#
#   runtime   libtilesdk, the plugins
#   compiler  libtilesdk_compiler
#   devel     headers, CMake package, pkg-config file
#   tools     the tilesdk command
#
# The tree is relocatable: libtilesdk finds its siblings beside its own file.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(TILESDK_PLUGIN_INSTALL_DIR ${CMAKE_INSTALL_LIBDIR}/tilesdk/plugins)
set(TILESDK_CMAKE_INSTALL_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/tilesdk)

install(TARGETS tilesdk EXPORT tilesdk_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
        NAMELINK_COMPONENT devel
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET tilesdk_compiler)
  install(TARGETS tilesdk_compiler
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compiler)
endif()
install(TARGETS tilesdk_plugin_amd tilesdk_plugin_cpu tilesdk_plugin_nvidia
        tilesdk_plugin_sim
        LIBRARY DESTINATION ${TILESDK_PLUGIN_INSTALL_DIR} COMPONENT runtime)
install(TARGETS tilesdk_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        COMPONENT tools)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/api/include/tilesdk
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT devel
        FILES_MATCHING PATTERN "*.h")

install(EXPORT tilesdk_targets NAMESPACE tilesdk::
        DESTINATION ${TILESDK_CMAKE_INSTALL_DIR} COMPONENT devel)
configure_package_config_file(
  ${CMAKE_SOURCE_DIR}/cmake/tilesdk-config.cmake.in
  ${CMAKE_BINARY_DIR}/tilesdk-config.cmake
  INSTALL_DESTINATION ${TILESDK_CMAKE_INSTALL_DIR}
  PATH_VARS TILESDK_PLUGIN_INSTALL_DIR CMAKE_INSTALL_LIBDIR
            CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${CMAKE_BINARY_DIR}/tilesdk-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tilesdk-config.cmake
              ${CMAKE_BINARY_DIR}/tilesdk-config-version.cmake
        DESTINATION ${TILESDK_CMAKE_INSTALL_DIR} COMPONENT devel)

configure_file(${CMAKE_SOURCE_DIR}/cmake/tilesdk.pc.in
               ${CMAKE_BINARY_DIR}/tilesdk.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/tilesdk.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT devel)
