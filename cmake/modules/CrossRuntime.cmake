# Static runtimes for other targets than this computer: what a shared object with
# --target is linked with. Clang compiles for any target but needs its C and C++
# headers: Debian's packages libc6-dev-arm64-cross and libstdc++-12-dev-arm64-cross,
# where clang finds them by itself, or a folder that PRUNE_CROSS_FLAGS names.

set(found)
if(EXISTS /usr/aarch64-linux-gnu/include/stdlib.h AND EXISTS /usr/aarch64-linux-gnu/include/c++)
  set(found aarch64-linux-gnu)
endif()
set(PRUNE_CROSS_TARGETS "${found}" CACHE STRING
  "Targets besides this computer that networks can be compiled for")
set(PRUNE_CROSS_FLAGS "" CACHE STRING "Flags of clang for those targets, as --sysroot=FOLDER")

# prune_add_cross_runtime(TRIPLE prune_runtime_static flags...): the sources of a static
# runtime for a target, in lib/TRIPLE.
function(prune_add_cross_runtime triple runtime)
  find_program(PRUNE_CROSS_COMPILER NAMES clang++-22 clang++
    HINTS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
  find_program(PRUNE_CROSS_AR NAMES llvm-ar-22 llvm-ar HINTS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
  get_target_property(sources ${runtime} SOURCES)
  set(objects)
  foreach(source ${sources})
    string(REPLACE "/" "-" object "${triple}/${runtime}/${source}.o")
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${object})
    add_custom_command(OUTPUT ${object}
      COMMAND ${PRUNE_CROSS_COMPILER} --target=${triple} ${PRUNE_CROSS_FLAGS} -std=c++17
        -DNDEBUG -DPRUNE_RT_STATIC ${ARGN} -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti
        -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables
        -I${CMAKE_CURRENT_SOURCE_DIR}/include -MD -MF ${object}.d
        -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMENT "Building ${source} for ${triple}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(archive ${LLVM_LIBRARY_OUTPUT_INTDIR}/${triple}/lib${runtime}.a)
  add_custom_command(OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${LLVM_LIBRARY_OUTPUT_INTDIR}/${triple}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
    COMMAND ${PRUNE_CROSS_AR} rcsD ${archive} ${objects}
    DEPENDS ${objects} COMMENT "Linking ${runtime} for ${triple}" VERBATIM)
  add_custom_target(${runtime}-${triple} ALL DEPENDS ${archive})
  install(FILES ${archive} DESTINATION lib/${triple})
  set_property(GLOBAL APPEND PROPERTY PRUNE_TEST_DEPENDS ${runtime}-${triple})
endfunction()
