# What `cmake --install` puts where: the command line in bin, the daemons in sbin (as Debian does), libbackbone with
# its headers, and what finds it (pkg-config, CMake). The manual is installed by docs/CMakeLists.txt. Programs and
# libraries hold what they need of this tree, so that nothing installed looks back into it; no configuration is
# written to /etc, the examples are documentation.
include(CMakePackageConfigHelpers)

install(TARGETS backbone RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS backbone-broker backbone-measurement backbone-communication RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})

set_target_properties(bb_client_shared PROPERTIES EXPORT_NAME backbone)
install(TARGETS bb_client_shared EXPORT backbone
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY client/lib/backbone DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS bb_client_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# find_package(backbone) and its target backbone::backbone
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/backbone)
install(EXPORT backbone NAMESPACE backbone:: FILE backbone-config.cmake DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/backbone-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/backbone-config-version.cmake DESTINATION ${package})

# Folders are told from where the file lies, so that they are right under every --prefix.
set(here ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${here} OUTPUT_VARIABLE BB_TO_PREFIX)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${here} OUTPUT_VARIABLE BB_TO_INCLUDE)
configure_file(${CMAKE_CURRENT_LIST_DIR}/backbone.pc.in ${CMAKE_BINARY_DIR}/backbone.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/backbone.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES deploy/broker.conf deploy/measurement.conf deploy/communication.conf deploy/nftables/backbone.nft docs/examples/report.c docs/examples/subscriber.c
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
