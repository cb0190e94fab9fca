# Wrappers over AddMLIR that keep our targets free of static MLIR copies:
# upstream libraries go through MLIR_LIBS (the shared libMLIR.so when enabled),
# our own through LINK_LIBS.

set(PRUNE_WARNING_FLAGS -Wall -Wextra -Wno-unused-parameter)
if(PRUNE_WERROR)
  list(APPEND PRUNE_WARNING_FLAGS -Werror)
endif()
set(PRUNE_SANITIZER_FLAGS)
if(PRUNE_SANITIZER)
  set(PRUNE_SANITIZER_FLAGS -fsanitize=${PRUNE_SANITIZER} -fno-omit-frame-pointer)
endif()

# Applies warnings and the chosen sanitizer to one target.
function(prune_target_options name)
  target_compile_options(${name} PRIVATE ${PRUNE_WARNING_FLAGS} ${PRUNE_SANITIZER_FLAGS})
  target_link_options(${name} PRIVATE ${PRUNE_SANITIZER_FLAGS})
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
endfunction()

# prune_add_tool(name a.cpp ... LINK_LIBS ours... MLIR_LIBS upstream...)
function(prune_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS;MLIR_LIBS" ${ARGN})
  add_llvm_executable(${name} ${ARG_UNPARSED_ARGUMENTS} DEPENDS PruneIncGen)
  prune_target_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS})
  mlir_target_link_libraries(${name} PRIVATE ${ARG_MLIR_LIBS})
  llvm_update_compile_flags(${name})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
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
