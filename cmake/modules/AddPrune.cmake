# Wrappers over AddMLIR that keep our targets free of static MLIR copies:
# upstream libraries go through MLIR_LIBS (the shared libMLIR.so when enabled),
# our own through LINK_LIBS.

# LLVM's own flags switch off what g++ warns of without reason; a second -Wall
# would switch it on again. Its headers of intrinsics use values that are not set.
set(PRUNE_WARNING_FLAGS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND PRUNE_WARNING_FLAGS -Wno-maybe-uninitialized)
else()
  list(APPEND PRUNE_WARNING_FLAGS -Wall -Wextra -Wno-unused-parameter)
endif()
if(PRUNE_WERROR)
  list(APPEND PRUNE_WARNING_FLAGS -Werror)
endif()

# What the sanitizers need to know about code that is not instrumented, above all
# the packaged libMLIR.so. It fills our containers and arenas without telling the
# sanitizer, so their poisoning says nothing; both runtimes define the same names.
set(PRUNE_SANITIZER_ENVIRONMENT)
if(PRUNE_SANITIZER)
  set(suppressions ${PROJECT_SOURCE_DIR}/cmake/sanitizers)
  find_program(PRUNE_SYMBOLIZER NAMES llvm-symbolizer HINTS ${LLVM_TOOLS_BINARY_DIR})
  list(APPEND PRUNE_SANITIZER_ENVIRONMENT
    "ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0:detect_odr_violation=0"
    "LSAN_OPTIONS=suppressions=${suppressions}/leaks.txt:print_suppressions=0"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "ASAN_SYMBOLIZER_PATH=${PRUNE_SYMBOLIZER}"
    "UBSAN_SYMBOLIZER_PATH=${PRUNE_SYMBOLIZER}")
endif()

# Applies our warnings to one target.
function(prune_target_options name)
  target_compile_options(${name} PRIVATE ${PRUNE_WARNING_FLAGS})
endfunction()

# prune_add_library(Name a.cpp ... DEPENDS t... LINK_LIBS ours... MLIR_LIBS upstream...)
function(prune_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS;MLIR_LIBS" ${ARGN})
  add_mlir_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS} DISABLE_INSTALL
    DEPENDS ${ARG_DEPENDS} PruneIncGen)
  if(TARGET obj.${name})
    prune_target_options(obj.${name})
  endif()
  prune_target_options(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  mlir_target_link_libraries(${name} PUBLIC ${ARG_MLIR_LIBS})
  set_property(GLOBAL APPEND PROPERTY PRUNE_LIBS ${name})
  prune_install_library(${name})
endfunction()

# Installs a library for other projects (cmake/MLIRPruneConfig.cmake.in).
function(prune_install_library name)
  target_include_directories(${name} INTERFACE $<INSTALL_INTERFACE:include>)
  install(TARGETS ${name} EXPORT MLIRPruneTargets
    ARCHIVE DESTINATION lib COMPONENT development
    LIBRARY DESTINATION lib COMPONENT libraries)
endfunction()

# Run paths of what is installed: the tree itself, wherever it is moved, and LLVM's.
set(PRUNE_INSTALL_RPATH "$ORIGIN/../lib;${LLVM_LIBRARY_DIR}")

# prune_add_tool(name a.cpp ... LINK_LIBS ours... MLIR_LIBS upstream...)
function(prune_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS;MLIR_LIBS" ${ARGN})
  add_llvm_executable(${name} ${ARG_UNPARSED_ARGUMENTS} DEPENDS PruneIncGen)
  prune_target_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS})
  mlir_target_link_libraries(${name} PRIVATE ${ARG_MLIR_LIBS})
  llvm_update_compile_flags(${name})
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "${PRUNE_INSTALL_RPATH}")
  install(TARGETS ${name} RUNTIME DESTINATION bin COMPONENT tools)
  set_property(GLOBAL APPEND PROPERTY PRUNE_TEST_DEPENDS ${name})
endfunction()

# prune_tablegen_passes(Name): Passes.td in this folder to Passes.h.inc, and docs.
function(prune_tablegen_passes name)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name ${name})
  add_public_tablegen_target(MLIRPrune${name}PassesIncGen)
  add_dependencies(PruneIncGen MLIRPrune${name}PassesIncGen)
  add_mlir_doc(Passes Prune${name}Passes ./ -gen-pass-doc)
endfunction()

# prune_tablegen_interface(File): File.td to File.h.inc and File.cpp.inc.
function(prune_tablegen_interface file)
  set(LLVM_TARGET_DEFINITIONS ${file}.td)
  mlir_tablegen(${file}.h.inc -gen-op-interface-decls)
  mlir_tablegen(${file}.cpp.inc -gen-op-interface-defs)
  add_public_tablegen_target(MLIRPrune${file}IncGen)
  add_dependencies(PruneIncGen MLIRPrune${file}IncGen)
endfunction()
