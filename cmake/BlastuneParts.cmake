# The few functions every part of the tree is declared with.

add_library(blastune_warnings INTERFACE)
target_compile_options(blastune_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wformat=2 -Wundef
  -Wdouble-promotion -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wextra-semi>
  # At -O3, g++ 12 sees copies that overlap in std::string's operator+ where none do.
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${BLASTUNE_WARNINGS_AS_ERRORS}>:-Werror>)

# blastune_add_part(NAME SOURCES file... [USES target...] [PRIVATE_USES target...])
# One folder of lib/ as a static library; headers are included as "part/header.h".
function(blastune_add_part name)
  cmake_parse_arguments(PART "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
  add_library(blastune_${name} STATIC ${PART_SOURCES})
  target_include_directories(blastune_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(blastune_${name} PUBLIC ${PART_USES} PRIVATE blastune_warnings ${PART_PRIVATE_USES})
endfunction()

# blastune_close_library(TARGET VERSION-SCRIPT)
# For what is loaded into other people's programs. The host may bring any C++ runtime and any zlib, or none: ours are
# inside, and nobody sees them. Unloading would leave threads in code that is gone, so it stays once it is loaded.
function(blastune_close_library target version_script)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${version_script})
  target_link_options(${target} PRIVATE
    -static-libstdc++ -static-libgcc
    LINKER:--version-script=${version_script}
    LINKER:--exclude-libs,ALL
    LINKER:-z,now LINKER:-z,nodelete LINKER:--as-needed LINKER:--gc-sections)
  # A sanitizer's own symbols are found in the program, when it runs.
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# blastune_add_test(NAME [ALONE] SOURCES file... [USES target...])
# One GoogleTest program for a part; every TEST in it becomes a ctest case. ALONE: none runs beside others.
include(GoogleTest)
function(blastune_add_test name)
  cmake_parse_arguments(TEST "ALONE" "" "SOURCES;USES" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name}_test PRIVATE ${TEST_USES} blastune_warnings GTest::gtest GTest::gtest_main)
  # Tests are held to the warnings, not to clang-tidy, which would take most of its time for them.
  set_target_properties(${name}_test PROPERTIES CXX_CLANG_TIDY "")
  # What else the tester's machine does must not decide: those that are about the load say so themselves.
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
    PROPERTIES ENVIRONMENT BLASTUNE_LOAD=0 RUN_SERIAL ${TEST_ALONE})
endfunction()
