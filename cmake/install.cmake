# What `cmake --install` puts where. The modules install themselves
# (worker/modules/CMakeLists.txt). tests/install tries it all from outside the tree.
include(CMakePackageConfigHelpers)

target_include_directories(reapq INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/common/include>
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/producer/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(DIRECTORY common/include/reapq producer/include/reapq worker/include/reapq
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS reapq EXPORT reapqTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS reapq_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET reapq-worker)
  install(TARGETS reapq-worker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET reapq-runner)
  # Not for people to run: the worker starts it.
  install(TARGETS reapq-runner
    RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/reapq)
endif()
if(TARGET reapq-repro)
  install(TARGETS reapq-repro
    RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/reapq)
endif()
if(TARGET reapq-symbolize)
  install(TARGETS reapq-symbolize
    RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/reapq)
endif()

file(GLOB man_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.[1-8])
foreach(page IN LISTS man_pages)
  string(REGEX REPLACE ".*\\.([1-8])$" "\\1" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# pkg-config: the paths follow the file, so that a staged or moved prefix works too.
file(RELATIVE_PATH REAPQ_PC_PREFIX
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/reapq.pc.in ${PROJECT_BINARY_DIR}/reapq.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/reapq.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# find_package(reapq) gives reapq::reapq.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/reapq)
install(EXPORT reapqTargets NAMESPACE reapq:: DESTINATION ${package_dir})
configure_package_config_file(cmake/reapqConfig.cmake.in
  ${PROJECT_BINARY_DIR}/reapqConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break programs.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/reapqConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/reapqConfig.cmake
  ${PROJECT_BINARY_DIR}/reapqConfigVersion.cmake
  DESTINATION ${package_dir})
