/* SPDX-License-Identifier: MIT */
/*
 * Two threads read snapshots of a node table, one checkpoints and trims it, while transactions change both columns of rows together, delete, insert and give new keys.
 */
#include "storage/table/ntab.h"
#include "unit/table_fixture.h"

#define CAPACITY RZ_VECTOR_CAPACITY
#define TABLE_ID 9

#define READERS 2

typedef struct shared {
    rz_ntab *table;
    rz_mutex lock;
    uint64_t timestamp;        /* lock */
    uint64_t using_[READERS];  /* lock: snapshots that are read; UINT64_MAX: none */
    uint64_t rows;             /* always as many */
    _Atomic bool stop;
    _Atomic uint64_t wrong;
    _Atomic uint64_t rounds[READERS];
    _Atomic uint64_t folds;
} shared;

typedef struct watcher {
    shared *all;
    uint32_t idx;
} watcher;

static void watch_round(watcher *w, rz_mem *mem, rz_vec **vecs, uint64_t *random)
{
    shared *all = w->all;
    rz_error err;
    rz_ntab_reader *reader = NULL;
    static uint32_t rows_of[READERS][CAPACITY];
    static uint64_t offsets_of[READERS][CAPACITY];
    uint32_t *rows = rows_of[w->idx];
    uint64_t *offsets = offsets_of[w->idx];
    rz_error_init(&err);
    rz_mutex_lock(&all->lock);
    rz_snapshot snapshot = {.timestamp = all->timestamp};
    all->using_[w->idx] = snapshot.timestamp;
    rz_mutex_unlock(&all->lock);
    for (uint32_t again = 0; again < 2; again++) { /* of the same snapshot, the second one later */
        if (rz_ntab_reader_create(all->table, &snapshot, mem, &reader, &err) != RUZU_OK) {
            atomic_fetch_add(&all->wrong, 1);
            break;
        }
        uint64_t end = rz_ntab_offset_end(reader);
        atomic_fetch_add(&all->wrong, rz_ntab_visible_rows(reader) != all->rows);
        for (uint32_t i = 0; i < 4; i++) {
            *random = rz_hash_u64(*random + 1);
            uint64_t first = *random % end;
            uint32_t count = end - first < CAPACITY ? (uint32_t)(end - first) : CAPACITY;
            uint32_t visible = 0, wrong = 0;
            bool every = rz_ntab_visible(reader, first, count, rows, &visible);
            for (uint32_t c = 0; c < 3; c++) {
                wrong += rz_ntab_read(reader, c, first, count, vecs[c], &err) != RUZU_OK;
            }
            visible = every ? count : visible;
            for (uint32_t k = 0; k < visible; k++) {
                uint32_t row = every ? k : rows[k];
                wrong += fx_i64(vecs[1], row) != fx_i64(vecs[2], row); /* always changed together */
            }
            if (visible != 0) {
                uint32_t row = every ? 0 : rows[0];
                wrong += rz_ntab_lookup(reader, vecs[0], &(rz_sel){&row, 1}, offsets, &err) != RUZU_OK || offsets[row] != first + row;
            }
            atomic_fetch_add(&all->wrong, wrong);
        }
        rz_ntab_reader_free(reader);
    }
    rz_mutex_lock(&all->lock);
    all->using_[w->idx] = UINT64_MAX;
    rz_mutex_unlock(&all->lock);
    atomic_fetch_add(&all->rounds[w->idx], 1);
}

static void watch(void *arg)
{
    watcher *w = (watcher *)arg;
    rz_mem mem;
    rz_arena arena;
    rz_error err;
    rz_vec *vecs[3] = {NULL, NULL, NULL};
    uint64_t random = w->idx;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    rz_error_init(&err);
    for (uint32_t i = 0; i < 3; i++) {
        atomic_fetch_add(&w->all->wrong, rz_vec_create(&arena, &arena, RZ_INT64, CAPACITY, &vecs[i], &err) != RUZU_OK);
    }
    while (!atomic_load(&w->all->stop) && atomic_load(&w->all->wrong) == 0) {
        watch_round(w, &mem, vecs, &random);
    }
    rz_arena_free(&arena);
    atomic_fetch_add(&w->all->wrong, atomic_load(&mem.used) != 0);
}

static void fold_and_trim(void *arg)
{
    shared *all = (shared *)arg;
    rz_error err;
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    rz_error_init(&err);
    while (!atomic_load(&all->stop) && atomic_load(&all->wrong) == 0) {
        rz_mutex_lock(&all->lock);
        uint64_t timestamp = all->timestamp;
        rz_mutex_unlock(&all->lock);
        rz_str_clear(&directory);
        rz_file_header header = *rz_disk_header(fx.disk);
        if (rz_ntab_checkpoint(all->table, timestamp, &directory, &err) != RUZU_OK || rz_disk_header_write(fx.disk, &header, &err) != RUZU_OK) {
            atomic_fetch_add(&all->wrong, 1);
        }
        rz_ntab_saved(all->table);
        rz_mutex_lock(&all->lock);
        uint64_t oldest = all->timestamp;
        for (uint32_t i = 0; i < READERS; i++) {
            oldest = all->using_[i] < oldest ? all->using_[i] : oldest;
        }
        rz_mutex_unlock(&all->lock);
        rz_ntab_trim(all->table, oldest);
        atomic_fetch_add(&all->folds, 1);
    }
    rz_str_free(&directory);
}

/* One transaction: some rows get new values in both columns, some are deleted, as many inserted; a few of them move to new keys. */
static void thread_change(shared *all, rz_vec **values, uint64_t *inserted_end, int64_t *key)
{
    enum { N = 8 };
    rz_id ids[N], fresh[N];
    rz_ntab_reader *reader = NULL;
    uint64_t count = 0, end = *inserted_end;
    fx_begin();
    FX_OK(rz_ntab_reader_create(all->table, &fx.writer.snapshot, &fx.mem, &reader, &fx.err));
    uint32_t found = 0;
    for (uint64_t offset = fx_below(end), seen = 0; found < N && seen < end; offset = (offset + 1 + fx_below(3)) % end, seen++) {
        if (rz_ntab_is_visible(reader, offset)) {
            ids[found++] = rz_id_make(TABLE_ID, offset);
        }
    }
    rz_ntab_reader_free(reader);
    for (uint32_t i = 0; i < N; i++) {
        fx_set_i64(values[0], i, (*key)++);
        fx_set_i64(values[1], i, (int64_t)fx_random());
        fx_set_i64(values[2], i, fx_i64(values[1], i));
    }
    rz_sel some = {NULL, found};
    FX_OK(rz_ntab_update(all->table, &fx.writer, 1, ids, values[1], &some, &fx.err));
    FX_OK(rz_ntab_update(all->table, &fx.writer, 2, ids, values[2], &some, &fx.err));
    FX_OK(rz_ntab_update(all->table, &fx.writer, 0, ids, values[0], &(rz_sel){NULL, 2}, &fx.err));
    FX_OK(rz_ntab_delete(all->table, &fx.writer, ids, &(rz_sel){NULL, 4}, &count, &fx.err));
    for (uint32_t i = 0; i < N; i++) {
        fx_set_i64(values[0], i, (*key)++);
    }
    FX_OK(rz_ntab_insert(all->table, &fx.writer, values, &(rz_sel){NULL, (uint32_t)count}, fresh, &fx.err));
    bool commit = fx_below(4) != 0;
    for (uint32_t i = 0; i < count && commit; i++) {
        *inserted_end = rz_id_offset(fresh[i]) >= *inserted_end ? rz_id_offset(fresh[i]) + 1 : *inserted_end;
    }
    if (!commit) {
        fx_rollback();
        return;
    }
    rz_mutex_lock(&all->lock);
    fx_commit();
    all->timestamp = fx.timestamp;
    rz_mutex_unlock(&all->lock);
}

static void readers_beside_a_writer_and_a_checkpoint(void)
{
    rz_column_def defs[3] = {{1, "id", RZ_INT64}, {2, "a", RZ_INT64}, {3, "b", RZ_INT64}};
    static shared all;
    watcher watchers[READERS];
    rz_thread threads[READERS + 1];
    rz_vec *values[3];
    uint64_t end = 0;
    int64_t key = 1;
    memset(&all, 0, sizeof all);
    FX_OK(rz_mutex_init(&all.lock));
    FX_OK(rz_ntab_create(&fx.env, TABLE_ID, "T", defs, 3, 0, &all.table, &fx.err));
    all.rows = 3 * CAPACITY;
    fx_begin();
    for (uint32_t i = 0; i < 3; i++) {
        values[i] = fx_vec(RZ_INT64, 3 * CAPACITY);
    }
    for (uint32_t i = 0; i < all.rows; i++) {
        fx_set_i64(values[0], i, key++);
        fx_set_i64(values[1], i, i);
        fx_set_i64(values[2], i, i);
    }
    FX_OK(rz_ntab_insert(all.table, &fx.writer, values, &(rz_sel){NULL, (uint32_t)all.rows}, NULL, &fx.err));
    fx_commit();
    end = all.rows;
    all.timestamp = fx.timestamp;
    for (uint32_t i = 0; i < READERS; i++) {
        all.using_[i] = UINT64_MAX;
        watchers[i] = (watcher){&all, i};
        FX_OK(rz_thread_start(&threads[i], 0, watch, &watchers[i]));
    }
    FX_OK(rz_thread_start(&threads[READERS], 0, fold_and_trim, &all));
    uint64_t started = rz_now_monotonic_us();
    for (uint32_t i = 0; i < 3000 && atomic_load(&all.wrong) == 0; i++) {
        thread_change(&all, values, &end, &key);
        bool seen = atomic_load(&all.folds) > 20 && atomic_load(&all.rounds[0]) > 50 && atomic_load(&all.rounds[1]) > 50;
        if (i > 300 && (seen || rz_now_monotonic_us() - started > 2500000)) {
            break;
        }
    }
    atomic_store(&all.stop, true);
    for (uint32_t i = 0; i <= READERS; i++) {
        rz_thread_join(threads[i]);
    }
    CHECK_EQ_U64(atomic_load(&all.wrong), 0);
    CHECK(atomic_load(&all.folds) != 0);
    rz_ntab_destroy(all.table);
    rz_mutex_destroy(&all.lock);
}

int main(void)
{
    RUN_TABLE_IN_MEMORY(readers_beside_a_writer_and_a_checkpoint);
    return CHECK_DONE();
}
