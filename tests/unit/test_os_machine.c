/* SPDX-License-Identifier: MIT */
/*
 * Memory maps, clocks, CPUs, and limits read from control groups.
 */
#include "os/os.h"

#include "os/unix.h"

#include "unit/check.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void map_is_zero_and_drops_pages(void)
{
    size_t size = (size_t)1 << 30;
    uint64_t *memory = (uint64_t *)rz_map_reserve(size);
    CHECK(memory != NULL);
    if (memory == NULL) {
        return;
    }
    size_t last = size / 8 - 1;
    CHECK_EQ_U64(memory[0], 0);
    CHECK_EQ_U64(memory[last], 0);
    memory[0] = 1;
    memory[512] = 2; /* on the second page */
    memory[last] = 3;
    rz_map_drop(memory, 4096);
    CHECK_EQ_U64(memory[0], 0);
    CHECK_EQ_U64(memory[512], 2);
    CHECK_EQ_U64(memory[last], 3);
    rz_map_drop(memory, 0);
    rz_map_release(memory, size);
    rz_map_release(NULL, 0);
}

static void locked_map_still_reads_zero_after_drop(void)
{
    char *memory = (char *)rz_map_reserve(65536);
    CHECK(memory != NULL);
    if (memory == NULL) {
        return;
    }
    memory[100] = 'x';
    (void)mlock(memory, 65536); /* makes the kernel refuse to drop; where locking is refused the drop just works */
    rz_map_drop(memory, 65536);
    CHECK_EQ_I64(memory[100], 0);
    rz_map_release(memory, 65536);
}

static void impossible_map_is_refused(void)
{
    CHECK(rz_map_reserve((size_t)1 << 62) == NULL);
}

static void clocks_run(void)
{
    uint64_t before = rz_now_monotonic_us();
    CHECK_EQ_I64(usleep(2000), 0);
    uint64_t after = rz_now_monotonic_us();
    CHECK(after >= before + 2000);
    CHECK(rz_now_wall_us() > UINT64_C(1600000000000000));
    CHECK_EQ_U64(rz_process_id(), getpid());
}

static void machine_has_something(void)
{
    CHECK(rz_cpu_count() >= 1);
    CHECK(rz_cpu_count() <= 65536);
    CHECK(rz_machine_memory() >= UINT64_C(16) << 20);
    CHECK(rz_machine_memory() <= UINT64_C(1) << 50);
    CHECK(rz_cpu() == rz_cpu());
#if defined(__AVX2__)
    CHECK(rz_cpu()->avx2);
#endif
    CHECK(!rz_cpu()->avx512 || rz_cpu()->avx2);
    CHECK(!rz_cpu()->avx2 || rz_cpu()->sse42);
}

static char tree[] = "/tmp/ruzu_test_machine_XXXXXX";

static void make_folder(const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    CHECK_EQ_I64(mkdir(path, 0700), 0);
}

static void write_text(const char *name, const char *text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    if (file != NULL) {
        CHECK(fputs(text, file) >= 0);
        CHECK_EQ_I64(fclose(file), 0);
    }
}

static uint64_t memory_of(const char *membership)
{
    char path[PATH_MAX];
    write_text("membership", membership);
    (void)snprintf(path, sizeof path, "%s/membership", tree);
    return rz_unix_cgroup_memory(path, tree);
}

static uint32_t cpus_of(const char *membership)
{
    char path[PATH_MAX];
    write_text("membership", membership);
    (void)snprintf(path, sizeof path, "%s/membership", tree);
    return rz_unix_cgroup_cpus(path, tree);
}

static void control_group_limits_are_found_at_every_level(void)
{
    make_folder("unit");
    make_folder("unit/job");
    make_folder("memory");
    make_folder("memory/box");
    make_folder("cpu");

    /* Version 2. */
    write_text("unit/job/memory.max", "max\n");
    CHECK_EQ_U64(memory_of("0::/unit/job\n"), UINT64_MAX);
    write_text("unit/memory.max", "1073741824\n");
    CHECK_EQ_U64(memory_of("0::/unit/job\n"), UINT64_C(1) << 30);
    write_text("unit/job/memory.max", "536870912\n");
    CHECK_EQ_U64(memory_of("0::/unit/job\n"), UINT64_C(1) << 29);
    CHECK_EQ_U64(memory_of("0::/unit/job"), UINT64_C(1) << 29);
    CHECK_EQ_U64(memory_of("0::/elsewhere\n"), UINT64_MAX);
    write_text("memory.max", "99999\n");
    CHECK_EQ_U64(memory_of("0::/\n"), 99999);
    CHECK_EQ_U64(memory_of("0::/path/of/the/host\n"), 99999); /* a container sees its own root only */

    /* Version 1, beside other hierarchies. */
    write_text("memory/memory.limit_in_bytes", "9223372036854771712\n");
    write_text("memory/box/memory.limit_in_bytes", "33554432\n");
    CHECK_EQ_U64(memory_of("11:pids:/box\n4:hugetlb,memory:/box\n"), 33554432);
    CHECK_EQ_U64(memory_of("11:memoryless:/box\n"), UINT64_MAX);
    CHECK_EQ_U64(memory_of("4:memory:/box\n0::/unit/job\n"), 99999);

    /* Nonsense sets nothing. */
    CHECK_EQ_U64(memory_of("nonsense"), UINT64_MAX);
    CHECK_EQ_U64(memory_of("1:\n::\n"), 99999);
    CHECK_EQ_U64(rz_unix_cgroup_memory("/nonexistent/cgroup", tree), UINT64_MAX);
    write_text("memory.max", "99999999999999999999999999\n");
    CHECK_EQ_U64(memory_of("0::/\n"), UINT64_MAX);

    write_text("cpu.max", "max 100000\n");
    CHECK_EQ_U64(cpus_of("0::/\n"), UINT32_MAX);
    write_text("cpu.max", "150000 100000\n");
    CHECK_EQ_U64(cpus_of("0::/\n"), 2);
    write_text("cpu.max", "1000\n");
    CHECK_EQ_U64(cpus_of("0::/\n"), UINT32_MAX);
    write_text("cpu/cpu.cfs_quota_us", "-1\n");
    write_text("cpu/cpu.cfs_period_us", "100000\n");
    CHECK_EQ_U64(cpus_of("3:cpu,cpuacct:/\n"), UINT32_MAX);
    write_text("cpu/cpu.cfs_quota_us", "50000\n");
    CHECK_EQ_U64(cpus_of("3:cpu,cpuacct:/deep/inside\n"), 1);
}

static void remove_tree(void)
{
    static const char *const names[] = {"unit/job/memory.max", "unit/memory.max", "memory.max",
                                        "memory/memory.limit_in_bytes", "memory/box/memory.limit_in_bytes", "cpu.max",
                                        "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "membership", "unit/job",
                                        "unit", "memory/box", "memory", "cpu"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", tree, names[i]);
        CHECK_EQ_I64(remove(path), 0);
    }
    CHECK_EQ_I64(rmdir(tree), 0);
}

int main(void)
{
    RUN(map_is_zero_and_drops_pages);
    RUN(locked_map_still_reads_zero_after_drop);
    RUN(impossible_map_is_refused);
    RUN(clocks_run);
    RUN(machine_has_something);
    if (mkdtemp(tree) == NULL) {
        perror("mkdtemp");
        return 1;
    }
    RUN(control_group_limits_are_found_at_every_level);
    RUN(remove_tree);
    return CHECK_DONE();
}
