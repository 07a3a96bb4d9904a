/* SPDX-License-Identifier: MIT */
/*
 * The logs on a disk that loses power, runs full and fails: a transaction that was acknowledged is there, one that was reported as failed is not, and the rest is a beginning
 * of what was appended.
 *
 * The store of this test is a real database file of which only the header is used: a checkpoint raises its folded LSN. What a transaction said follows from its number, so
 * "contained in the file" is a comparison of LSNs.
 */
#include "wal_fixture.h"

#include <errno.h>

typedef enum mini_fate { FATE_PENDING, FATE_ACKED, FATE_UNKNOWN, FATE_ABSENT } mini_fate;

typedef struct mini_entry {
    uint64_t txid;
    uint64_t lsn; /* 0: not known */
    mini_fate fate;
    uint64_t acked_at; /* operations done by then */
} mini_entry;

#define MOST_ENTRIES 256u

typedef struct mini {
    simfs *fs;
    rz_disk *disk;
    rz_wal *wal;
    rz_wal_found found;
    wal_seen seen;
    uint64_t next_txid;
    mini_entry entries[MOST_ENTRIES]; /* in the order of appending */
    uint32_t count;
    rz_error err;
} mini;

static ruzu_status mini_open(mini *store)
{
    rz_vfs *vfs = simfs_vfs(store->fs);
    bool present = false;
    rz_error *err = &store->err;
    rz_error_init(err);
    store->disk = NULL;
    store->wal = NULL;
    RZ_TRY(rz_disk_probe(vfs, WAL_PATH, &present, err));
    RZ_TRY(present ? rz_disk_open(vfs, rz_mem_root(), WAL_PATH, false, &store->disk, err)
                   : rz_disk_create(vfs, rz_mem_root(), WAL_PATH, &store->disk, err));
    return wal_recover_with(vfs, rz_mem_root(), rz_disk_header(store->disk), false, &store->seen, &store->found, &store->wal, err);
}

/* As after a crash of the process: nothing is written. */
static void mini_leave(mini *store)
{
    rz_error ignored;
    rz_error_init(&ignored);
    ruzu_status wal = rz_wal_close(store->wal, false, &ignored);
    ruzu_status disk = rz_disk_close(store->disk, &ignored);
    CHECK((wal == RUZU_OK && disk == RUZU_OK) == (ignored.code == RUZU_OK));
    store->wal = NULL;
    store->disk = NULL;
}

static ruzu_status mini_ready(mini *store)
{
    RZ_TRY(rz_disk_settle(store->disk, &store->err));
    RZ_TRY(rz_wal_resume(store->wal, &store->err));
    rz_file_header header = *rz_disk_header(store->disk);
    if (header.flags & RZ_HEADER_CLEAN) {
        header.flags = 0;
        RZ_TRY(rz_disk_header_write(store->disk, &header, &store->err));
    }
    return RUZU_OK;
}

static void mini_settle(mini *store, mini_fate fate)
{
    for (uint32_t i = 0; i < store->count; i++) {
        if (store->entries[i].fate == FATE_PENDING) {
            store->entries[i].fate = fate;
            store->entries[i].acked_at = simfs_op_count(store->fs);
        }
    }
}

/* Appends a transaction; syncs when `sync`. */
static bool mini_commit(mini *store, bool sync)
{
    rz_error_init(&store->err);
    mini_entry *entry = &store->entries[store->count++];
    CHECK(store->count < MOST_ENTRIES);
    *entry = (struct mini_entry){.txid = store->next_txid++, .fate = FATE_ABSENT};
    ruzu_status status = mini_ready(store);
    if (status != RUZU_OK) {
        return false;
    }
    uint64_t lsn = 0;
    status = wal_append(store->wal, entry->txid, &lsn, &store->err);
    if (status == RUZU_OK) {
        entry->fate = FATE_PENDING;
        entry->lsn = lsn;
    } else if (status == RUZU_ERROR_OUTCOME_UNKNOWN) {
        entry->fate = FATE_PENDING;
        mini_settle(store, FATE_UNKNOWN);
        return false;
    }
    if (status != RUZU_OK || !sync) {
        return status == RUZU_OK;
    }
    status = rz_wal_sync(store->wal, lsn, &store->err);
    mini_settle(store, status == RUZU_OK ? FATE_ACKED : FATE_UNKNOWN);
    return status == RUZU_OK;
}

/* Folds in what the older log holds; with `beside`, transactions commit meanwhile. clean: names an empty log and ends the session. */
static ruzu_status mini_checkpoint(mini *store, bool beside, bool clean)
{
    rz_error_init(&store->err);
    RZ_TRY(mini_ready(store));
    rz_vfs *vfs = simfs_vfs(store->fs);
    rz_file_header header = *rz_disk_header(store->disk);
    rz_wal_positions positions;
    rz_wal_positions_get(store->wal, &positions);
    uint64_t lsn = positions.written_lsn;
    if (positions.generation == header.log_generation) {
        RZ_TRY(rz_wal_prepare(store->wal, header.log_generation + 1, header.log_salts[1], &store->err));
        if (beside) {
            (void)mini_commit(store, false);
            RZ_TRY(rz_wal_check(store->wal, &store->err));
        }
        RZ_TRY(rz_wal_switch(store->wal, &lsn, &store->err));
    } else {
        RZ_TRY(rz_wal_sync(store->wal, lsn, &store->err));
    }
    if (beside) {
        (void)mini_commit(store, true);
        (void)mini_commit(store, true);
        (void)mini_commit(store, false);
    }
    rz_error_init(&store->err);
    rz_wal_positions_get(store->wal, &positions);
    header.log_generation = positions.generation;
    header.folded_lsn = lsn;
    if (positions.generation != rz_disk_header(store->disk)->log_generation) {
        header.log_salts[0] = header.log_salts[1];
        vfs->random(vfs, &header.log_salts[1], sizeof header.log_salts[1]);
    }
    header.flags = clean && positions.size_bytes == 0 ? RZ_HEADER_CLEAN : 0;
    RZ_TRY(rz_disk_header_write(store->disk, &header, &store->err));
    return RUZU_OK;
}

static ruzu_status mini_close(mini *store)
{
    ruzu_status status = mini_checkpoint(store, false, true);
    rz_wal_positions positions;
    rz_wal_positions_get(store->wal, &positions);
    if (status == RUZU_OK && positions.size_bytes != 0) { /* the last checkpoint failed: this one begins a new log */
        status = mini_checkpoint(store, false, true);
    }
    rz_error_init(&store->err);
    bool remove = status == RUZU_OK && (rz_disk_header(store->disk)->flags & RZ_HEADER_CLEAN) != 0;
    ruzu_status closed = rz_wal_close(store->wal, remove, &store->err);
    store->wal = NULL;
    ruzu_status disk = rz_disk_close(store->disk, &store->err);
    store->disk = NULL;
    return status != RUZU_OK ? status : closed != RUZU_OK ? closed : disk;
}

/* The store in `fs` holds a beginning of the entries that are not absent, with all that were acknowledged by operation k. Returns how many, or -1. */
static int64_t mini_holds(const mini *model, mini *store, uint64_t k)
{
    uint64_t folded = rz_disk_header(store->disk)->folded_lsn;
    uint32_t replayed = 0;
    bool over = false;
    int64_t held = 0;
    for (uint32_t i = 0; i < model->count; i++) {
        const mini_entry *entry = &model->entries[i];
        if (entry->fate == FATE_ABSENT) {
            continue;
        }
        bool here = entry->lsn != 0 && entry->lsn <= folded;
        if (!here && replayed < store->seen.count && store->seen.txids[replayed] == entry->txid) {
            here = true;
            replayed++;
        }
        if ((here && over) || (!here && entry->fate == FATE_ACKED && entry->acked_at <= k)) {
            return -1;
        }
        over = over || !here;
        held += here;
    }
    return store->seen.wrong || store->seen.open || replayed != store->seen.count ? -1 : held;
}

/* ---- the workload: sessions with every step of the protocol in them ---- */

static void workload(mini *store)
{
    if (mini_open(store) != RUZU_OK) {
        mini_leave(store);
        return;
    }
    (void)mini_commit(store, true);
    (void)mini_commit(store, false);
    (void)mini_commit(store, false);
    (void)mini_commit(store, true);
    (void)mini_checkpoint(store, true, false);
    (void)mini_commit(store, true);
    (void)mini_checkpoint(store, true, false);
    (void)mini_checkpoint(store, false, false);
    (void)mini_commit(store, false);
    (void)mini_commit(store, true);
    mini_leave(store); /* the process ends */
    if (mini_open(store) != RUZU_OK) {
        mini_leave(store);
        return;
    }
    (void)mini_commit(store, true);
    (void)mini_commit(store, true);
    (void)mini_close(store);
    if (mini_open(store) != RUZU_OK) {
        mini_leave(store);
        return;
    }
    (void)mini_commit(store, true);
    (void)mini_checkpoint(store, true, false);
    (void)mini_commit(store, true);
    mini_leave(store);
}

static mini *mini_create(simfs *fs)
{
    mini *store = (mini *)calloc(1, sizeof *store);
    store->fs = fs;
    store->next_txid = 1;
    return store;
}

static void report(const mini *model, const mini *store, const char *when, uint64_t k, const char *model_name)
{
    char text[256];
    fprintf(stderr, "%s, k %" PRIu64 " (after %s), %s: %u replayed, first %" PRIu64 ", folded %" PRIu64 ", wrong %d: %s\n", when, k,
            simfs_describe(model->fs, k == 0 ? 0 : k - 1, text, sizeof text), model_name, store->seen.count, store->seen.txids[0],
            store->disk == NULL ? 0 : rz_disk_header(store->disk)->folded_lsn, store->seen.wrong, store->err.message);
}

static uint64_t states;

/* The store that goes on where `store` was opened with the first `held` transactions of the model: takes its files over, commits, checkpoints, and leaves. */
static mini *go_on(const mini *model, mini *store, int64_t held)
{
    mini *then = mini_create(store->fs);
    uint32_t left = (uint32_t)held;
    for (uint32_t i = 0; i < model->count && left != 0; i++) {
        if (model->entries[i].fate != FATE_ABSENT) {
            then->entries[then->count] = model->entries[i];
            then->entries[then->count].fate = FATE_ACKED; /* what was seen stays */
            then->entries[then->count++].acked_at = 0;
            left--;
        }
    }
    then->next_txid = 1000;
    then->disk = store->disk;
    then->wal = store->wal;
    CHECK(mini_commit(then, true));
    CHECK(mini_checkpoint(then, true, false) == RUZU_OK);
    CHECK(mini_commit(then, true));
    mini_leave(then);
    return then;
}

/* Opens what `then` left in fs. */
static void check_whole(mini *then, simfs *fs, const mini *model, uint64_t k, const char *name)
{
    simfs *own = then->fs;
    then->fs = fs;
    ruzu_status reopened = mini_open(then);
    bool whole = reopened == RUZU_OK && mini_holds(then, then, UINT64_MAX) == (int64_t)then->count;
    if (!whole) {
        report(model, then, "reopened", k, name);
    }
    CHECK(whole);
    mini_leave(then);
    then->fs = own;
}

/* Opens `after` (freed), checks it, goes on with it; depth > 0: power fails during that, too. */
static void check_state(const mini *model, simfs *after, uint64_t k, const char *name, int depth)
{
    mini *store = mini_create(after);
    states++;
    ruzu_status status = mini_open(store);
    int64_t held = status == RUZU_OK ? mini_holds(model, store, k) : -1;
    if (held < 0) {
        report(model, store, "power loss", k, name);
    }
    CHECK(held >= 0);
    if (held >= 0) {
        uint64_t begin = simfs_op_count(after);
        mini *then = go_on(model, store, held);
        check_whole(then, after, model, k, name);
        if (depth > 0) {
            for (uint64_t again = begin; again != UINT64_MAX; again = simfs_next_crash_point(after, again)) {
                int pick = (int)(again % SIMFS_MODEL_COUNT);
                check_state(then, simfs_crash(after, again, (simfs_model)pick, again), again, simfs_model_name((simfs_model)pick), depth - 1);
            }
        }
        free(then);
    } else {
        mini_leave(store);
    }
    free(store);
    simfs_free(after);
}

/* The process starts again after a failure, without a power loss: the system may still show what never reached the disk. It goes on, and then power is lost. */
static void check_restart(const mini *model, const char *name)
{
    mini *store = mini_create(model->fs);
    ruzu_status status = mini_open(store);
    int64_t held = status == RUZU_OK ? mini_holds(model, store, UINT64_MAX) : -1;
    if (held < 0) {
        report(model, store, "restart", UINT64_MAX, name);
        CHECK(false);
        mini_leave(store);
    } else {
        mini *then = go_on(model, store, held);
        simfs *after = simfs_crash(model->fs, simfs_op_count(model->fs), SIMFS_DROP, 1);
        check_whole(then, after, model, UINT64_MAX, name);
        simfs_free(after);
        free(then);
    }
    free(store);
}

static void power_loss_at_any_operation_loses_nothing_acknowledged(void)
{
    simfs *fs = wal_new_disk();
    uint64_t begin = simfs_op_count(fs);
    mini *model = mini_create(fs);
    workload(model);
    for (uint32_t i = 0; i < model->count; i++) {
        CHECK(model->entries[i].fate == FATE_ACKED);
    }
    CHECK(model->count > 20);
    states = 0;
    for (uint64_t k = begin; k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        for (int i = 0; i < SIMFS_MODEL_COUNT; i++) {
            uint64_t seeds = simfs_model_is_random((simfs_model)i) ? 2 : 1;
            for (uint64_t seed = 0; seed < seeds; seed++) {
                check_state(model, simfs_crash(fs, k, (simfs_model)i, k * 7 + seed), k, simfs_model_name((simfs_model)i), (k + i + seed) % 37 == 0);
            }
        }
    }
    printf("%" PRIu64 " states after power loss\n", states);
    CHECK(states > 1000);
    free(model);
    simfs_free(fs);
}

/* ---- failing operations ---- */

static const struct {
    simfs_action action;
    int error;
    simfs_sync_failure sync_failure;
    bool forever;
    const char *name;
} failures[] = {
    {SIMFS_FAIL, EIO, SIMFS_SYNC_LOSE, false, "EIO once"},
    {SIMFS_FAIL, EIO, SIMFS_SYNC_KEEP, false, "EIO once, sync keeps"},
    {SIMFS_FAIL, EIO, SIMFS_SYNC_LATE, false, "EIO once, sync fails late"},
    {SIMFS_FAIL, EIO, SIMFS_SYNC_LOSE, true, "EIO for ever"},
    {SIMFS_FAIL, ENOSPC, SIMFS_SYNC_LOSE, false, "ENOSPC once"},
    {SIMFS_FAIL, ENOSPC, SIMFS_SYNC_LOSE, true, "ENOSPC for ever"},
    {SIMFS_SHORT_WRITE, EIO, SIMFS_SYNC_LOSE, false, "short write, EIO"},
    {SIMFS_SHORT_WRITE, ENOSPC, SIMFS_SYNC_LOSE, false, "short write, ENOSPC"},
    {SIMFS_POWER_OFF, EIO, SIMFS_SYNC_LOSE, false, "power off"},
};

static void failing_operations_tell_the_truth(void)
{
    uint64_t runs = 0, unknown = 0, absent = 0;
    for (size_t f = 0; f < sizeof failures / sizeof failures[0]; f++) {
        bool hit = true;
        for (uint64_t op = 0; hit; op++) {
            simfs *fs = wal_new_disk();
            uint64_t base = simfs_op_count(fs);
            simfs_add_fault(fs, (simfs_fault){.op = failures[f].forever ? SIMFS_ANY_OP : base + op,
                                              .skip = failures[f].forever ? (uint32_t)op : 0,
                                              .forever = failures[f].forever,
                                              .action = failures[f].action,
                                              .error_number = failures[f].error,
                                              .sync_failure = failures[f].sync_failure});
            mini *model = mini_create(fs);
            workload(model);
            hit = base + op < simfs_op_count(fs);
            simfs_clear_faults(fs);
            uint64_t end = simfs_op_count(fs);
            for (uint32_t i = 0; i < model->count; i++) {
                unknown += model->entries[i].fate == FATE_UNKNOWN;
                absent += model->entries[i].fate == FATE_ABSENT;
            }
            /* Opened again at once, and after a power loss. */
            simfs_model models[] = {SIMFS_KEEP, op % 2 == 0 ? SIMFS_DROP : SIMFS_SUBSET};
            for (uint32_t i = 0; i < 2; i++) {
                char name[128];
                (void)snprintf(name, sizeof name, "%s at operation %" PRIu64 ", then %s", failures[f].name, op, simfs_model_name(models[i]));
                check_state(model, simfs_crash(fs, end, models[i], op), UINT64_MAX, name, 0);
            }
            char name[128];
            (void)snprintf(name, sizeof name, "%s at operation %" PRIu64, failures[f].name, op);
            check_restart(model, name);
            runs++;
            free(model);
            simfs_free(fs);
        }
    }
    printf("%" PRIu64 " runs with a failure: %" PRIu64 " commits refused, %" PRIu64 " of unknown outcome\n", runs, absent, unknown);
    CHECK(unknown > 10 && absent > 100);
}

static void full_disk_costs_only_what_does_not_fit(void)
{
    uint64_t refused = 0, accepted_after = 0;
    wal_scale = 40;
    for (uint64_t quota = 3; quota < 1200; quota += quota < 300 ? 7 : 41) {
        simfs *fs = wal_new_disk();
        mini *store = mini_create(fs);
        simfs_set_quota(fs, quota * 4096);
        if (mini_open(store) == RUZU_OK) {
            uint32_t before = store->count;
            for (uint32_t i = 0; i < 30; i++) {
                bool ok = mini_commit(store, i % 3 != 0);
                refused += !ok;
                if (!ok && i % 7 == 3) {
                    (void)mini_checkpoint(store, false, false);
                }
            }
            CHECK(store->count == before + 30);
            simfs_set_quota(fs, UINT64_MAX);
            rz_error_init(&store->err);
            if (rz_wal_check(store->wal, &store->err) == RUZU_OK) { /* the same handle goes on */
                bool ok = mini_commit(store, true);
                if (ok) {
                    accepted_after++;
                } else {
                    CHECK(store->err.code == RUZU_ERROR_POISONED); /* the database file's header could not be written */
                }
            }
        }
        mini_leave(store);
        uint64_t end = simfs_op_count(fs);
        simfs_set_quota(fs, UINT64_MAX);
        check_state(store, simfs_crash(fs, end, SIMFS_DROP, quota), UINT64_MAX, "full disk", 0);
        free(store);
        simfs_free(fs);
    }
    wal_scale = 1;
    printf("full disk: %" PRIu64 " commits refused, %" PRIu64 " handles went on\n", refused, accepted_after);
    CHECK(refused > 40 && accepted_after > 20);
}

/* ---- refused memory ---- */

static bool refuse_counted(void *user, size_t size)
{
    uint64_t *left = (uint64_t *)user;
    (void)size;
    return (*left)-- == 0;
}

static void refused_memory_is_a_clean_failure(void)
{
    bool refused = true;
    for (uint64_t n = 0; refused; n++) {
        simfs *fs = wal_new_disk();
        mini *store = mini_create(fs);
        uint64_t left = n;
        rz_mem_set_test_hook(refuse_counted, &left);
        workload(store);
        rz_mem_set_test_hook(NULL, NULL);
        refused = left > UINT64_MAX / 2;
        for (uint32_t i = 0; i < store->count; i++) {
            CHECK(store->entries[i].fate == FATE_ACKED || store->entries[i].fate == FATE_ABSENT);
        }
        check_state(store, simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, n), UINT64_MAX, "refused memory", 0);
        free(store);
        simfs_free(fs);
    }
}

int main(void)
{
    wal_step = 16384;
    uint64_t before = atomic_load(&rz_mem_root()->used);
    RUN(power_loss_at_any_operation_loses_nothing_acknowledged);
    RUN(failing_operations_tell_the_truth);
    RUN(full_disk_costs_only_what_does_not_fit);
    RUN(refused_memory_is_a_clean_failure);
    CHECK_EQ_U64(atomic_load(&rz_mem_root()->used), before);
    return CHECK_DONE();
}
