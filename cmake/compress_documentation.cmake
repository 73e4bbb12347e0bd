# Run by CPack before it makes the packages: manual pages and changelogs compressed as Debian has them, and
# reproducibly (without name and time).
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*.[1-8]
                        ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/changelog.Debian)
foreach(page IN LISTS pages)
  execute_process(COMMAND gzip -9nf ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
