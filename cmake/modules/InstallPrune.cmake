# What `cmake --install` leaves besides tools and libraries: headers, TableGen files,
# and the package that find_package(MLIRPrune) reads. Everything is found relative to
# the package itself, so that the tree can be moved.
include(CMakePackageConfigHelpers)

foreach(tree ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  install(DIRECTORY ${tree}/ DESTINATION include COMPONENT development
    FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc"
    PATTERN "CMakeFiles" EXCLUDE)
endforeach()

# Files of the package are made in a folder where find_package does not look: with the
# tools of the build on the path it would find a package without targets.
set(package_folder lib/cmake/MLIRPrune)
install(EXPORT MLIRPruneTargets DESTINATION ${package_folder} COMPONENT development)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/MLIRPruneConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/MLIRPruneConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/MLIRPruneConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/MLIRPruneConfig.cmake
  ${PROJECT_BINARY_DIR}/package/MLIRPruneConfigVersion.cmake
  DESTINATION ${package_folder} COMPONENT development)

# A Debian package of the tools and what they load: `cpack --config build/dev/CPackConfig.cmake`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mlir-prune)
set(CPACK_PACKAGE_VENDOR "the authors of the pruning compiler")
set(CPACK_PACKAGE_CONTACT "${CPACK_PACKAGE_VENDOR}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Passes and tools that prune neural networks in MLIR")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL tools libraries)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib)
include(CPack)
