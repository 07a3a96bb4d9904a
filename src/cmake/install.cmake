# SPDX-License-Identifier: MIT
# What `cmake --install` lays down: the header, both libraries, the program, a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

install(FILES include/ruzu.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(rz_install_targets ruzu_static)
if(RZ_BUILD_SHARED)
    list(APPEND rz_install_targets ruzu_shared)
endif()
install(TARGETS ${rz_install_targets} EXPORT ruzu_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET ruzu_shell)
    install(TARGETS ruzu_shell RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(rz_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ruzu")
install(EXPORT ruzu_targets NAMESPACE ruzu:: FILE ruzu-targets.cmake DESTINATION ${rz_package_dir})
configure_package_config_file(src/cmake/ruzu-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/ruzu-config.cmake"
                              INSTALL_DESTINATION ${rz_package_dir})
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/ruzu-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/ruzu-config.cmake" "${CMAKE_CURRENT_BINARY_DIR}/ruzu-config-version.cmake"
        DESTINATION ${rz_package_dir})

# The prefix is found relative to the .pc file, so that an installed tree may be moved.
file(RELATIVE_PATH rz_pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" rz_pc_prefix "${rz_pc_prefix}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(rz_pc_prefix_line "${CMAKE_INSTALL_PREFIX}")
    set(rz_pc_libdir "${CMAKE_INSTALL_LIBDIR}")
else()
    set(rz_pc_prefix_line "\${pcfiledir}/${rz_pc_prefix}")
    set(rz_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(rz_pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
    set(rz_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(rz_pc_private "${CMAKE_THREAD_LIBS_INIT}")
if(RZ_HAVE_LIBM)
    string(APPEND rz_pc_private " -lm")
endif()
configure_file(src/cmake/ruzu.pc.in "${CMAKE_CURRENT_BINARY_DIR}/ruzu.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/ruzu.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
