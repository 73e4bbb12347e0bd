# Debian packages by CPack, for a tree that is configured with prefix /usr; scripts/package.sh makes them. What says
# COMPONENT client, client-dev, preload or python is a library package's, COMPONENT upstream nobody's, and the rest is blastune's.
set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_VENDOR "The blastune authors")
# Each package has a first line of its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL blastune client client-dev preload python)
set(CPACK_DEB_COMPONENT_INSTALL ON)
# The real prefix while installing: the unit names full paths, and configuration goes to /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/compress_documentation.cmake)

# Whoever publishes packages names a mailbox that is read.
set(BLASTUNE_MAINTAINER "The blastune authors <maintainers@blastune.example>" CACHE STRING "of the Debian packages")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${BLASTUNE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(debian ${CMAKE_CURRENT_LIST_DIR}/debian)
set(debian_configured ${CMAKE_CURRENT_BINARY_DIR}/debian)
configure_file(${debian}/preinst.in ${debian_configured}/preinst @ONLY)

# blastune_describe_package(COMPONENT NAME SECTION SUMMARY TEXT)
macro(blastune_describe_package component name section summary text)
  string(TOUPPER ${component} key)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${key}_DESCRIPTION "${summary}\n${text}")
  install(FILES ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component})
  install(FILES ${debian}/changelog DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component}
          RENAME changelog.Debian)
endmacro()

blastune_describe_package(blastune blastune math
  "finds and keeps the best OpenBLAS thread count for each matrix multiply"
  "OpenBLAS uses every processor it sees for almost any multiply, though fewer
are often faster. blastune measures this on the machine itself, keeps what it
learns in a table, and answers from it. blastuned, which is not enabled by
being installed, keeps the table of the whole machine right while nobody else
needs the processors.")
set(CPACK_DEBIAN_BLASTUNE_PACKAGE_DEPENDS adduser)
# There may be one that no package knows of.
set(CPACK_DEBIAN_BLASTUNE_PACKAGE_RECOMMENDS "libopenblas0-pthread | libopenblas0")
set(CPACK_DEBIAN_BLASTUNE_PACKAGE_CONTROL_EXTRA
  ${debian_configured}/preinst ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
install(FILES ${debian}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME blastune)

blastune_describe_package(client libblastune-client0 libs
  "applies the best OpenBLAS thread count, from within a program"
  "The library sets OpenBLAS's thread count before a matrix multiply and
restores it after, by the table that blastune keeps. It needs the C library
only, and finds the OpenBLAS that the program has loaded.")
set(CPACK_DEBIAN_CLIENT_PACKAGE_SUGGESTS blastune)
set(CPACK_DEBIAN_CLIENT_PACKAGE_CONTROL_EXTRA ${debian}/triggers)

blastune_describe_package(client-dev libblastune-dev libdevel
  "applies the best OpenBLAS thread count (development files)"
  "The headers for C and C++ of libblastune-client, and what CMake and
pkg-config need.")
set(CPACK_DEBIAN_CLIENT-DEV_PACKAGE_DEPENDS
  "libblastune-client0 (= ${CPACK_DEBIAN_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

blastune_describe_package(preload blastune-preload libs
  "applies the best OpenBLAS thread count in unmodified programs"
  "\"blastune run -- PROGRAM\" starts any program with a library before its own
that lets each OpenBLAS multiply run with the thread count that blastune has
measured to be best, as NumPy's, SciPy's, Octave's and R's.")
# The client's package is made by the same run, and so unknown to the tool that looks for dependencies.
set(CPACK_DEBIAN_PRELOAD_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PRELOAD_PACKAGE_DEPENDS
  "libc6, libblastune-client0 (= ${CPACK_DEBIAN_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_PRELOAD_PACKAGE_RECOMMENDS blastune)

blastune_describe_package(python python3-blastune python
  "applies the best OpenBLAS thread count, from within Python"
  "Says how many threads OpenBLAS should use for a matrix multiply, by the table
that blastune keeps, and lets a block or a function of a program run with them.")
set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS
  "python3, libblastune-client0 (>= ${CPACK_DEBIAN_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_PYTHON_PACKAGE_RECOMMENDS blastune)
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA ${debian}/python/postinst ${debian}/python/prerm)

include(CPack)
