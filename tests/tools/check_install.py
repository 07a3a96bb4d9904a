#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs a build into a fresh prefix and builds applications against it.

    check_install.py --cmake CMAKE --source TREE --build BUILD --cc CC [--cxx CXX] [--generator NAME]

Looked at: the files installed, the CMake package, the pkg-config file (also after the prefix was moved), shared and static
linking, C and C++, and configuring as a subproject.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile


class Failure(Exception):
    pass


def run(*command, **environment):
    merged = dict(os.environ, **environment)
    done = subprocess.run(command, env=merged, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failure('%s\nended with %d:\n%s' % (' '.join(command), done.returncode, done.stdout))
    return done.stdout


def one(pattern):
    found = sorted(glob.glob(pattern, recursive=True))
    if len(found) != 1:
        raise Failure('expected one of %s, found %r' % (pattern, found))
    return found[0]


def check_files(prefix):
    headers = [os.path.relpath(path, prefix) for path in glob.glob(prefix + '/include/**/*', recursive=True)]
    if headers != ['include/ruzu.h']:
        raise Failure('installed headers: %r' % headers)
    one(prefix + '/lib*/**/libruzu.a')
    shared = one(prefix + '/lib*/**/libruzu.so')
    real = os.path.realpath(shared)
    if not os.path.islink(shared) or real == shared:
        raise Failure('%s is not a link to a versioned library' % shared)
    if shutil.which('readelf'):
        soname = [line for line in run('readelf', '-d', real).split('\n') if 'SONAME' in line]
        if len(soname) != 1 or '[libruzu.so.' not in soname[0]:
            raise Failure('SONAME of %s: %r' % (real, soname))
    one(prefix + '/lib*/**/cmake/ruzu/ruzu-config.cmake')
    one(prefix + '/lib*/**/cmake/ruzu/ruzu-config-version.cmake')
    one(prefix + '/lib*/**/pkgconfig/ruzu.pc')


def check_package(options, prefix, work):
    arguments = [options.cmake, '-S', os.path.join(options.source, 'tests/install'), '-B', work,
                 '-DCMAKE_PREFIX_PATH=' + prefix, '-DCMAKE_C_COMPILER=' + options.cc,
                 '-DWITH_CXX=' + ('ON' if options.cxx else 'OFF')]
    if options.cxx:
        arguments.append('-DCMAKE_CXX_COMPILER=' + options.cxx)
    if options.generator:
        arguments += ['-G', options.generator]
    run(*arguments)
    run(options.cmake, '--build', work)
    programs = sorted(glob.glob(work + '/consume_c*_ruzu*'))
    programs = [path for path in programs if os.access(path, os.X_OK) and os.path.isfile(path)]
    if len(programs) != (4 if options.cxx else 2):
        raise Failure('built programs: %r' % programs)
    for program in programs:
        run(program)


def check_pkg_config(options, prefix, work):
    folder = os.path.dirname(one(prefix + '/lib*/**/pkgconfig/ruzu.pc'))
    environment = {'PKG_CONFIG_PATH': folder, 'PKG_CONFIG_LIBDIR': folder}
    compile_flags = run('pkg-config', '--cflags', 'ruzu', **environment).split()
    link_flags = run('pkg-config', '--libs', 'ruzu', **environment).split()
    if '-lruzu' not in link_flags:
        raise Failure('pkg-config --libs: %r' % link_flags)
    source = os.path.join(options.source, 'tests/install/consume.c')
    program = os.path.join(work, 'by_pkg_config')
    run(options.cc, '-std=c11', *compile_flags, source, '-o', program, *link_flags)
    run(program, LD_LIBRARY_PATH=os.path.dirname(one(prefix + '/lib*/**/libruzu.so')))
    static_flags = [flag for flag in run('pkg-config', '--static', '--libs', 'ruzu', **environment).split()
                    if flag != '-lruzu' and not flag.startswith('-L')]
    run(options.cc, '-std=c11', *compile_flags, source, '-o', program + '_static',
        one(prefix + '/lib*/**/libruzu.a'), *static_flags)
    run(program + '_static')


def check_all(options, work):
    prefix = os.path.join(work, 'prefix')
    run(options.cmake, '--install', options.build, '--prefix', prefix)
    check_files(prefix)
    check_package(options, prefix, os.path.join(work, 'package'))
    moved = os.path.join(work, 'moved')
    os.rename(prefix, moved)
    check_package(options, moved, os.path.join(work, 'package_moved'))
    if shutil.which('pkg-config'):
        check_pkg_config(options, moved, work)
    else:
        print('pkg-config is not there: ruzu.pc was not tried')
    embedded = [options.cmake, '-S', os.path.join(options.source, 'tests/install/embedded'),
                '-B', os.path.join(work, 'embedded'), '-DRUZU_SOURCE_DIR=' + options.source,
                '-DCMAKE_C_COMPILER=' + options.cc]
    run(*embedded, *(['-G', options.generator] if options.generator else []))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    for name in ('--cmake', '--source', '--build', '--cc'):
        parser.add_argument(name, required=True)
    parser.add_argument('--cxx')
    parser.add_argument('--generator')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='ruzu_install_') as work:
        try:
            check_all(options, work)
        except Failure as failure:
            print(failure)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
