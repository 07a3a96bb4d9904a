#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the source tree keeps to its architecture (docs/architecture.md, "Layers and folders").

    check_architecture.py includes SRC            include lines point one way, at module headers only
    check_architecture.py names SRC               file-scope names are unique in the whole tree (the amalgamation needs it)
    check_architecture.py imports SRC OBJECTS NM  only os imports system calls, only common/mem.c the allocator
    check_architecture.py exports LIBRARY NM      the shared library exports ruzu_* and nothing else
    check_architecture.py self-test               each kind of violation is found in a tree made for it

OBJECTS is the build directory of src (with CMakeFiles/rz_<module>.dir below). Prints one line a violation; exit status 1 then.
"""
import os
import re
import subprocess
import sys
import tempfile

STORAGE = ['storage/page', 'storage/buffer', 'storage/wal', 'storage/column', 'storage/index', 'storage/table',
           'storage/checkpoint']

# What each module may include besides itself.
ALLOWED = {
    'os': [],
    'common': ['os'],
    'types': ['os', 'common'],
    'function': ['os', 'common', 'types'],
    'catalog': ['os', 'common', 'types'] + STORAGE,
    'transaction': ['os', 'common', 'types', 'catalog'] + STORAGE,
    'parser': ['os', 'common'],
    'binder': ['os', 'common', 'types', 'function', 'catalog', 'transaction', 'parser'] + STORAGE,
    'planner': ['os', 'common', 'types', 'function', 'catalog', 'transaction', 'parser', 'binder'] + STORAGE,
    'io': ['os', 'common', 'types', 'function'] + STORAGE,
    'executor': ['os', 'common', 'types', 'function', 'catalog', 'transaction', 'binder', 'planner', 'io'] + STORAGE,
    'api': ['os', 'common', 'types', 'function', 'catalog', 'transaction', 'parser', 'binder', 'planner', 'io',
            'executor'] + STORAGE,
    'shell': [],
}
for position, module in enumerate(STORAGE):
    ALLOWED[module] = ['os', 'common', 'types'] + STORAGE[:position]

# Headers that others may include beside <module>/<module>.h.
ALSO_PUBLIC = {'os/compiler.h', 'transaction/write.h'}

# Imports that only objects of os may have: the operating system, threads, clocks, randomness, streams, process state.
OS_ONLY = set('''
open openat creat close read write pread pwrite readv writev preadv pwritev lseek fsync fdatasync sync syncfs
sync_file_range ftruncate truncate posix_fallocate fallocate posix_fadvise rename renameat renameat2 unlink unlinkat remove
rmdir mkdir mkdirat opendir fdopendir readdir readdir_r closedir scandir glob stat fstat lstat fstatat statx statvfs fstatvfs
access faccessat fcntl flock lockf ioctl dup dup2 dup3 pipe pipe2 link linkat symlink symlinkat readlink realpath chdir fchdir
getcwd umask chmod fchmod mkstemp mkostemp mkdtemp mktemp tmpfile tmpnam sendfile copy_file_range
mmap munmap mprotect madvise posix_madvise mremap mlock munlock mlockall msync shm_open memfd_create brk sbrk
fork vfork execve execv execvp posix_spawn system popen pclose wait waitpid kill raise signal sigaction sigprocmask alarm
setitimer timer_create poll select epoll_create1 eventfd socket connect bind syscall
pthread_create pthread_join pthread_detach pthread_self pthread_once pthread_atfork pthread_kill pthread_sigmask
pthread_key_create pthread_getspecific pthread_setspecific thrd_create thrd_join mtx_init mtx_lock mtx_unlock cnd_init
cnd_wait cnd_signal call_once sem_init sem_wait sem_post
clock_gettime clock_getres gettimeofday time clock times ftime nanosleep clock_nanosleep usleep sleep localtime localtime_r
gmtime gmtime_r mktime timegm strftime tzset
getrandom getentropy rand srand rand_r random srandom drand48 lrand48 arc4random
getpid getppid gettid getuid geteuid sysconf getpagesize sysinfo get_nprocs get_nprocs_conf getrusage getrlimit setrlimit
sched_yield sched_getaffinity sched_setaffinity sched_getcpu uname gethostname getauxval
abort exit _exit _Exit quick_exit atexit at_quick_exit
printf fprintf vprintf vfprintf dprintf vdprintf puts fputs fputc putc putchar fwrite fopen fdopen freopen fclose fread fgets
fgetc getc getchar fflush fseek fseeko ftell ftello setvbuf perror getline getdelim stdin stdout stderr strerror strerror_r
psignal getenv secure_getenv setenv putenv unsetenv setlocale localeconv newlocale uselocale fesetround fesetenv
setjmp _setjmp sigsetjmp longjmp siglongjmp dlopen dlsym backtrace
'''.split())
OS_ONLY_PREFIXES = ('pthread_mutex', 'pthread_cond', 'pthread_rwlock', 'pthread_spin', 'pthread_attr', 'pthread_barrier')

# Imports that only common/mem.c may have: whatever allocates.
MEM_ONLY = set('''
malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign valloc pvalloc malloc_usable_size
strdup strndup wcsdup asprintf vasprintf open_memstream regcomp
'''.split())
MEM_FILES = {'common/mem.c'}

# Imports that nobody may have: they depend on the locale, keep hidden state or cannot be bounded.
NOBODY = set('''
strtod strtof strtold atof sscanf vsscanf scanf fscanf strcasecmp strncasecmp strcoll strxfrm toupper tolower isalpha isdigit
isalnum isspace isupper islower isprint ispunct iscntrl isxdigit isgraph isblank mblen mbtowc wctomb mbstowcs wcstombs towlower towupper
__ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc gets strtok strcpy strcat sprintf vsprintf alloca
'''.split())


def source_files(src):
    for folder, _, names in os.walk(src):
        for name in sorted(names):
            if name.endswith(('.c', '.h')):
                yield os.path.relpath(os.path.join(folder, name), src).replace(os.sep, '/')


def module_of(path):
    """The module that a path below src belongs to, or None."""
    folder = os.path.dirname(path)
    while folder and folder not in ALLOWED:
        folder = os.path.dirname(folder)
    return folder or None


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def check_includes(src):
    problems = []
    for path in source_files(src):
        module = module_of(path)
        if module is None:
            problems.append('%s: belongs to no module' % path)
            continue
        for number, line in enumerate(read(os.path.join(src, path)).split('\n'), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            where = '%s:%d: ' % (path, number)
            target = match.group(2)
            if match.group(1) == '<':
                if target.startswith('ruzu'):
                    problems.append(where + 'ruzu.h is included with quotes')
                continue
            if target == 'ruzu.h':
                continue
            if '..' in target.split('/'):
                problems.append(where + '"%s" is not written from src/' % target)
                continue
            other = module_of(target)
            if other is None:
                problems.append(where + '"%s" is in no module' % target)
            elif other == module:
                continue
            elif other not in ALLOWED[module]:
                problems.append(where + '%s may not know %s' % (module, other))
            elif target != '%s/%s.h' % (other, other.split('/')[-1]) and target not in ALSO_PUBLIC:
                problems.append(where + '"%s" is private to %s' % (target, other))
    return problems


def strip_comments_and_strings(text):
    """Blanks comments and literals, keeping line structure."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)


def file_scope_names(text):
    """(line, kind, name) of what a source or private header defines for its own use: static functions and objects, macros."""
    text = strip_comments_and_strings(text)
    undefined = set(re.findall(r'^\s*#\s*undef\s+(\w+)', text, re.M))
    in_macro = False
    for number, line in enumerate(text.split('\n'), 1):
        continued = in_macro
        in_macro = line.endswith('\\')
        if continued:
            continue
        match = re.match(r'#\s*define\s+(\w+)', line)
        if match:
            if match.group(1) not in undefined:
                yield number, 'macro', match.group(1)
            continue
        match = re.match(r'(?:static|RZ_FORCE_INLINE)\b([^=;{]*)', line)
        if not match:
            continue
        head = re.sub(r'(?:__attribute__|RZ_[A-Z_]+)\s*\((?:[^()]|\([^()]*\))*\)', ' ', match.group(1))
        function = re.search(r'\b(\w+)\s*\(', head)
        variable = re.search(r'(\w+)\s*(?:\[[^\]]*\]\s*)*$', head)
        declared = function or variable
        if declared and not (function and line.rstrip().endswith(';')):
            yield number, 'function' if function else 'object', declared.group(1)


def check_names(src):
    """A template (*_tmpl.h) is included several times on purpose and names by parameter: not looked at, and the parameters it
    undefines itself are no names."""
    problems = []
    seen = {}
    parameters = set()
    for path in source_files(src):
        if path.endswith('_tmpl.h'):
            parameters.update(re.findall(r'^\s*#\s*undef\s+(\w+)', read(os.path.join(src, path)), re.M))
    for path in source_files(src):
        if path.endswith('_tmpl.h') or module_of(path) == 'shell':
            continue
        here = {}
        for number, kind, name in file_scope_names(read(os.path.join(src, path))):
            if name in here or (kind == 'macro' and name in parameters):
                continue  # conditional alternatives of one file; parameters of a template
            here[name] = True
            place = '%s:%d' % (path, number)
            if name in seen:
                problems.append('%s: %s %s stands at %s too' % (place, kind, name, seen[name]))
            else:
                seen[name] = place
    return problems


def plain_symbol(name):
    """Without version, large-file and fortify decorations: open64 -> open, __pread_chk -> pread."""
    name = name.split('@')[0]
    fortified = re.fullmatch(r'__(\w+?)(?:64)?_(?:chk|2)', name)
    if fortified:
        name = fortified.group(1)
    name = re.sub(r'^__(open|open64|fxstat|xstat|lxstat|isoc99|isoc23)_?', r'\1', name) if name.startswith('__') else name
    name = re.sub(r'^isoc(?:99|23)', '', name)
    name = {'fxstat': 'fstat', 'xstat': 'stat', 'lxstat': 'lstat'}.get(name, name)
    return name[:-2] if name.endswith('64') and name[:-2] in OS_ONLY else name


def undefined_symbols(nm, path):
    output = subprocess.run([nm, '--undefined-only', '-P', path], check=True, capture_output=True, text=True).stdout
    return sorted({line.split()[0] for line in output.split('\n') if line.strip()})


def judge_import(path, symbol):
    """Why the source file `path` may not import symbol, or None."""
    module = module_of(path)
    name = plain_symbol(symbol)
    if name in NOBODY:
        return 'imports %s, which depends on the locale or hidden state' % name
    if name in MEM_ONLY and path not in MEM_FILES:
        return 'imports %s: memory comes from common/mem.c' % name
    if (name in OS_ONLY or name.startswith(OS_ONLY_PREFIXES)) and module != 'os':
        return 'imports %s: the operating system is called in os only' % name
    return None


def check_imports(src, objects, nm):
    problems = []
    count = 0
    root = os.path.join(objects, 'CMakeFiles')
    for folder, _, names in os.walk(root):
        inside = re.match(r'rz_\w+\.dir/(.*)', os.path.relpath(folder, root).replace(os.sep, '/') + '/')
        for name in sorted(names):
            if not inside or not name.endswith('.c.o'):
                continue
            path = inside.group(1) + name[:-2]
            if not os.path.exists(os.path.join(src, path)):
                continue  # left over from a source that is gone
            count += 1
            for symbol in undefined_symbols(nm, os.path.join(folder, name)):
                reason = judge_import(path, symbol)
                if reason:
                    problems.append('%s: %s' % (path, reason))
    if count == 0:
        problems.append('%s: no objects found' % root)
    return problems


# What linkers and C runtimes define in every shared object.
LINKER_SYMBOLS = {'_init', '_fini', '__bss_start', '_edata', '_end'}


def judge_export(name):
    return name.startswith('ruzu_') or name in LINKER_SYMBOLS


def check_exports(library, nm):
    output = subprocess.run([nm, '-D', '--defined-only', '-P', library], check=True, capture_output=True,
                            text=True).stdout
    names = [line.split()[0] for line in output.split('\n') if line.strip()]
    return ['%s exports %s' % (library, name) for name in names if not judge_export(name.split('@')[0])]


def self_test():
    failures = []

    def expect(what, problems, fragments):
        for fragment in fragments:
            if not any(fragment in problem for problem in problems):
                failures.append('%s: nothing said about %r in %r' % (what, fragment, problems))
        if len(problems) != len(fragments):
            failures.append('%s: %d problems, expected %d: %r' % (what, len(problems), len(fragments), problems))

    with tempfile.TemporaryDirectory() as src:
        def write(path, text):
            os.makedirs(os.path.join(src, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(src, path), 'w', encoding='utf-8') as file:
                file.write(text)

        write('common/good.c', '#include "common/common.h"\n#include "os/os.h"\n#include "os/compiler.h"\n'
                               '#include "ruzu.h"\n#include <stdio.h>\n#include "common/private.h"\n')
        write('common/up.c', '#include "types/types.h"\n')
        write('types/private.c', '#  include "common/private.h"\n')
        write('types/dots.c', '#include "../common/common.h"\n')
        write('types/unknown.c', '#include "nowhere.h"\n')
        write('storage/page/up.c', '#include "storage/table/table.h"\n')
        write('storage/table/good.c', '#include "storage/page/page.h"\n#include "storage/table/inner.h"\n')
        write('storage/table/private.c', '#include "storage/page/inner.h"\n')
        write('executor/parser.c', '#include "parser/parser.h"\n')
        write('shell/inner.c', '#include "ruzu.h"\n#include "common/common.h"\n')
        write('stray.c', '')
        write('api/bracket.c', '#include <ruzu.h>\n')
        expect('includes', check_includes(src),
               ['common may not know types', '"common/private.h" is private', 'not written from src/',
                '"nowhere.h" is in no module', 'storage/page may not know storage/table',
                '"storage/page/inner.h" is private', 'executor may not know parser', 'shell may not know common',
                'stray.c: belongs to no module', 'included with quotes'])

    with tempfile.TemporaryDirectory() as src:
        os.makedirs(os.path.join(src, 'os'))
        for name, text in (
                ('a.c', 'static int twice(int x)\n{\n    return x;\n}\nstatic int once(void);\nstatic int once(void)\n{\n'
                        '    static int local;\n    return local;\n}\n#define SHARED 1\n#define PARAMETER 1\n#define GONE 1\n#undef GONE\n'
                        'static const char *const table[] = {"static int listed(void)"};\nstatic int value = 3;\n'
                        'RZ_PRINTF(1, 2)\nstatic void attributed(const char *f, ...)\n{\n}\n'),
                ('b.c', '/* static int once(void) { */\nstatic void twice(void)\n{\n}\n#define SHARED 2\n#define GONE 2\n'
                        '#undef GONE\n#define PARAMETER 2\nstatic int table;\nstatic uint64_t value;\nstatic int local;\n'
                        'static void attributed(void)\n{\n}\n'),
                ('sum_tmpl.h', 'static int PARAMETER(void)\n{\n}\n#undef PARAMETER\n')):
            with open(os.path.join(src, 'os', name), 'w', encoding='utf-8') as file:
                file.write(text)
        expect('names', check_names(src),
               ['function twice', 'macro SHARED', 'object table', 'object value', 'function attributed'])

    for path, symbol, bad in (
            ('storage/page/disk.c', 'pread64', True), ('os/os_unix.c', 'pread64', False),
            ('types/a.c', '__open_2', True), ('types/a.c', '__open64_2', True), ('types/a.c', '__read_chk', True),
            ('types/a.c', 'pthread_mutex_lock', True), ('os/thread.c', 'pthread_mutex_lock', False),
            ('types/a.c', 'malloc@GLIBC_2.2.5', True), ('common/mem.c', 'malloc', False), ('common/str.c', 'free', True),
            ('os/map.c', 'malloc', True), ('types/a.c', 'strtod', True), ('os/a.c', 'strtod', True),
            ('types/a.c', '__isoc99_sscanf', True), ('types/a.c', '__fprintf_chk', True), ('types/a.c', 'memcpy', False),
            ('types/a.c', '__vsnprintf_chk', False), ('types/a.c', '__memcpy_chk', False), ('types/a.c', '__xstat', True),
            ('types/a.c', '__stack_chk_fail', False), ('types/a.c', 'pow', False), ('types/a.c', 'time', True),
            ('types/a.c', 'rz_file_open', False), ('types/a.c', '__errno_location', False)):
        if (judge_import(path, symbol) is not None) != bad:
            failures.append('import of %s by %s: expected %s' % (symbol, path, 'a violation' if bad else 'none'))
    for name, good in (('ruzu_open', True), ('rz_mem_alloc', False), ('_init', True), ('main', False)):
        if judge_export(name) != good:
            failures.append('export of %s' % name)
    return failures


def main(arguments):
    commands = {'includes': (check_includes, 1), 'names': (check_names, 1), 'imports': (check_imports, 3),
                'exports': (check_exports, 2), 'self-test': (self_test, 0)}
    if not arguments or arguments[0] not in commands or len(arguments) - 1 != commands[arguments[0]][1]:
        sys.stderr.write(__doc__)
        return 2
    problems = commands[arguments[0]][0](*arguments[1:])
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
