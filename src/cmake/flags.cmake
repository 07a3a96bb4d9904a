# SPDX-License-Identifier: MIT
# Compiler flags, as the interface target rz_flags: linked by every object library, program and test of this project, and by
# nothing that is exported. Each optional flag is probed, so that an older or unknown compiler still builds.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLibraryExists)

add_library(rz_flags INTERFACE)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(rz_flags INTERFACE Threads::Threads)

# The mathematical part of libc is a library of its own on most systems.
check_library_exists(m pow "" RZ_HAVE_LIBM)
if(RZ_HAVE_LIBM)
    target_link_libraries(rz_flags INTERFACE m)
endif()

# Adds each flag that the compiler knows.
function(rz_add_flags)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "RZ_HAVE${flag}" variable)
        # gcc accepts any -Wno-…; no such flag is in use, so the probe is of the flag itself.
        check_c_compiler_flag("${flag}" ${variable})
        if(${variable})
            target_compile_options(rz_flags INTERFACE "${flag}")
        endif()
    endforeach()
endfunction()

# Code generation that the sources rely on: math functions leave errno alone, results do not depend on whether the compiler may
# fuse a multiplication with an addition, and bytes of pages are read as what they hold.
rz_add_flags(-fno-math-errno -fno-trapping-math -ffp-contract=off -fno-strict-aliasing)

if(RZ_WARNINGS)
    rz_add_flags(-Wall -Wextra -Wpedantic -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes
                 -Wold-style-definition -Wpointer-arith -Wcast-align -Wcast-qual -Wwrite-strings -Wconversion
                 -Wno-sign-conversion -Wformat=2 -Wvla -Wimplicit-fallthrough -Wdouble-promotion)
    # gcc's analysis reports impossible paths once -O3 has inlined everything: errors go to out parameters, which it does not
    # relate to the status that was checked. The debug and sanitizer presets keep the warning.
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
        rz_add_flags(-Wnull-dereference)
    endif()
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        rz_add_flags(-Wlogical-op -Wduplicated-cond -Wduplicated-branches)
    endif()
endif()
if(RZ_WERROR)
    target_compile_options(rz_flags INTERFACE -Werror)
endif()

if(RZ_ASSERTS)
    target_compile_definitions(rz_flags INTERFACE RZ_ASSERTS=1)
endif()
if(RZ_TINY)
    target_compile_definitions(rz_flags INTERFACE RZ_TINY=1)
endif()

if(RZ_SANITIZE)
    target_compile_options(rz_flags INTERFACE -fsanitize=${RZ_SANITIZE} -fno-sanitize-recover=all
                           -fno-omit-frame-pointer)
    target_link_options(rz_flags INTERFACE -fsanitize=${RZ_SANITIZE})
elseif(RZ_HARDEN)
    rz_add_flags(-fstack-protector-strong)
    if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
        # Older C libraries know level 2 only and warn about 3; some compilers predefine a level.
        foreach(level 3 2)
            set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level}")
            check_c_source_compiles("#include <string.h>\nint main(void) { return (int)strlen(\"\"); }"
                                    RZ_HAVE_FORTIFY_${level})
            unset(CMAKE_REQUIRED_FLAGS)
            if(RZ_HAVE_FORTIFY_${level})
                target_compile_options(rz_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level})
                break()
            endif()
        endforeach()
    endif()
endif()

if(RZ_COVERAGE)
    target_compile_options(rz_flags INTERFACE --coverage)
    target_link_options(rz_flags INTERFACE --coverage)
endif()
