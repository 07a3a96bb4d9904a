/* SPDX-License-Identifier: MIT */
/*
 * Sorting relationships: radix passes over the bits in use within a run, a heap over the runs.
 */
#include "storage/table/sorter.h"

#define SORTER_FIRST_CAPACITY ((uint64_t)256)
#define SORTER_SPOOL_LIMIT ((size_t)64 * 1024)
#define SORTER_PAIR_BYTES 24u
#define SORTER_MAX_ROW_BYTES ((size_t)1 << 30) /* of a run: offsets are 32 bits */

void rz_sorter_init(rz_sorter *sorter, rz_mem *mem, rz_pool *pool, size_t budget_bytes, bool with_tags, bool with_rows, bool by_first)
{
    *sorter = (rz_sorter){.mem = mem, .pool = pool, .budget = budget_bytes, .with_tags = with_tags, .with_rows = with_rows, .by_first = by_first};
}

static bool sorter_has_tags(const rz_sorter *sorter)
{
    return sorter->with_tags || sorter->with_rows;
}

static void sorter_free_array(rz_sorter *sorter, rz_sorter_array *array, size_t item_size)
{
    rz_mem_free(sorter->mem, array->memory, array->capacity * item_size);
    *array = (rz_sorter_array){0};
}

static void sorter_free_rows(rz_sorter *sorter)
{
    rz_mem_free(sorter->mem, sorter->row_bytes, sorter->row_capacity);
    sorter_free_array(sorter, &sorter->off_array, sizeof(uint32_t));
    sorter->row_bytes = NULL;
    sorter->row_offs = NULL;
    sorter->row_fill = 0;
    sorter->row_capacity = 0;
}

static void sorter_free_arrays(rz_sorter *sorter)
{
    sorter_free_rows(sorter);
    sorter_free_array(sorter, &sorter->key_array, sizeof(uint64_t));
    sorter_free_array(sorter, &sorter->key_scratch_array, sizeof(uint64_t));
    sorter_free_array(sorter, &sorter->tag_array, sizeof(uint32_t));
    sorter_free_array(sorter, &sorter->tag_scratch_array, sizeof(uint32_t));
    sorter->keys = NULL;
    sorter->keys_scratch = NULL;
    sorter->tags = NULL;
    sorter->tags_scratch = NULL;
    sorter->capacity = 0;
}

/* ---- collecting ---- */

static bool sorter_regrow(rz_sorter *sorter, rz_sorter_array *array, size_t item_size, uint64_t capacity)
{
    if (array->capacity >= capacity) {
        return true;
    }
    void *memory = rz_mem_realloc(sorter->mem, array->memory, array->capacity * item_size, capacity * item_size);
    if (memory == NULL) {
        return false;
    }
    array->memory = memory;
    array->capacity = capacity;
    return true;
}

/* Room for more pairs in all arrays; scratch included, so that the run can be sorted without asking again. */
static bool sorter_grow(rz_sorter *sorter)
{
    uint64_t most = sorter->budget / SORTER_PAIR_BYTES;
    most = most < SORTER_FIRST_CAPACITY ? SORTER_FIRST_CAPACITY : most > UINT32_MAX ? UINT32_MAX : most;
    if (sorter->capacity >= most) {
        return false;
    }
    uint64_t capacity = sorter->capacity == 0 ? SORTER_FIRST_CAPACITY : sorter->capacity + sorter->capacity / 2;
    capacity = capacity < most ? capacity : most;
    bool good = sorter_regrow(sorter, &sorter->key_array, sizeof(uint64_t), capacity) &&
                sorter_regrow(sorter, &sorter->key_scratch_array, sizeof(uint64_t), capacity);
    if (good && sorter_has_tags(sorter)) {
        good = sorter_regrow(sorter, &sorter->tag_array, sizeof(uint32_t), capacity) &&
               sorter_regrow(sorter, &sorter->tag_scratch_array, sizeof(uint32_t), capacity);
    }
    if (good && sorter->with_rows) {
        good = sorter_regrow(sorter, &sorter->off_array, sizeof(uint32_t), capacity);
    }
    sorter->keys = (uint64_t *)sorter->key_array.memory;
    sorter->keys_scratch = (uint64_t *)sorter->key_scratch_array.memory;
    sorter->tags = (uint32_t *)sorter->tag_array.memory;
    sorter->tags_scratch = (uint32_t *)sorter->tag_scratch_array.memory;
    sorter->row_offs = (uint32_t *)sorter->off_array.memory;
    if (good) {
        sorter->capacity = capacity;
    }
    return good;
}

static void sorter_sort_run(rz_sorter *sorter)
{
    uint64_t *scratch = sorter->keys_scratch;
    uint32_t *tags = sorter_has_tags(sorter) ? sorter->tags : NULL;
    if (!sorter->by_first) {
        rz_radix_sort(sorter->keys, scratch, tags, sorter->tags_scratch, sorter->count, 0, rz_bit_width(sorter->max_second));
    }
    rz_radix_sort(sorter->keys, scratch, tags, sorter->tags_scratch, sorter->count, 32, 32 + rz_bit_width(sorter->max_first));
}

static ruzu_status sorter_write_rows(rz_sorter *sorter, rz_sorter_run *run, rz_error *err)
{
    for (uint64_t i = 0; i < sorter->count; i++) {
        uint32_t number = sorter->tags[i];
        size_t begin = sorter->row_offs[number];
        size_t end = number + (uint64_t)1 < sorter->count ? sorter->row_offs[number + 1] : sorter->row_fill;
        uint32_t size = (uint32_t)(end - begin);
        RZ_TRY(rz_spool_append(&run->rows, &size, sizeof size, err));
        RZ_TRY(rz_spool_append(&run->rows, sorter->row_bytes + begin, size, err));
    }
    return rz_spool_shed(&run->rows, err);
}

/* The run goes to temporary pages; its memory is used again. */
static ruzu_status sorter_spill(rz_sorter *sorter, rz_error *err)
{
    if (sorter->run_count == sorter->run_capacity) {
        uint32_t capacity = sorter->run_capacity == 0 ? 16 : sorter->run_capacity * 2;
        rz_sorter_run *runs = (rz_sorter_run *)rz_mem_realloc(sorter->mem, sorter->runs, sorter->run_capacity * sizeof *runs, capacity * sizeof *runs);
        RZ_TRY_ALLOC(runs, err, "sorting relationships");
        sorter->runs = runs;
        sorter->run_capacity = capacity;
    }
    rz_sorter_run *run = &sorter->runs[sorter->run_count++];
    rz_spool_init(&run->keys, sorter->mem, sorter->pool, SORTER_SPOOL_LIMIT);
    rz_spool_init(&run->tags, sorter->mem, sorter->pool, SORTER_SPOOL_LIMIT);
    rz_spool_init(&run->rows, sorter->mem, sorter->pool, SORTER_SPOOL_LIMIT);
    run->count = sorter->count;
    sorter_sort_run(sorter);
    RZ_TRY(rz_spool_append(&run->keys, sorter->keys, sorter->count * sizeof *sorter->keys, err));
    RZ_TRY(rz_spool_shed(&run->keys, err));
    if (sorter->with_tags) {
        RZ_TRY(rz_spool_append(&run->tags, sorter->tags, sorter->count * sizeof *sorter->tags, err));
        RZ_TRY(rz_spool_shed(&run->tags, err));
    }
    if (sorter->with_rows) {
        RZ_TRY(sorter_write_rows(sorter, run, err));
    }
    sorter->count = 0;
    sorter->row_fill = 0;
    sorter->max_first = 0;
    sorter->max_second = 0;
    return RUZU_OK;
}

/* Room for at least one pair: more memory, or the run is spilled. */
static ruzu_status sorter_room(rz_sorter *sorter, rz_error *err)
{
    if (sorter->count < sorter->capacity || sorter_grow(sorter)) {
        return RUZU_OK;
    }
    if (sorter->count == 0) {
        return rz_error_no_memory(err, "sorting relationships");
    }
    return sorter_spill(sorter, err);
}

static ruzu_status sorter_limit(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_LIMIT, "a bulk load of relationships takes nodes with offsets below 4294967296.");
}

ruzu_status rz_sorter_add(rz_sorter *sorter, const uint64_t *firsts, const uint64_t *seconds, const uint32_t *tags, uint32_t count, rz_error *err)
{
    while (count != 0) {
        RZ_TRY(sorter_room(sorter, err));
        uint64_t room = sorter->capacity - sorter->count;
        uint32_t take = count < room ? count : (uint32_t)room;
        uint64_t any_first = 0, any_second = 0;
        uint64_t *keys = sorter->keys + sorter->count;
        for (uint32_t i = 0; i < take; i++) {
            any_first |= firsts[i];
            any_second |= seconds[i];
            keys[i] = firsts[i] << 32 | seconds[i];
        }
        if (((any_first | any_second) >> 32) != 0) {
            return sorter_limit(err);
        }
        /* Only the width of the greatest matters. */
        sorter->max_first |= any_first;
        sorter->max_second |= any_second;
        if (sorter->with_tags) {
            memcpy(sorter->tags + sorter->count, tags, take * sizeof *tags);
            tags += take;
        }
        sorter->count += take;
        sorter->total += take;
        firsts += take;
        seconds += take;
        count -= take;
    }
    return RUZU_OK;
}

/* How many of the next rows go into the run together: at least one. */
static uint32_t sorter_rows_fit(const rz_sorter *sorter, const size_t *sizes, uint32_t count)
{
    size_t most = sorter->budget < SORTER_MAX_ROW_BYTES ? sorter->budget : SORTER_MAX_ROW_BYTES;
    size_t bytes = sorter->row_fill + sorter->count * SORTER_PAIR_BYTES;
    uint32_t fit = 0;
    while (fit < count) {
        size_t need = sizes[fit] + SORTER_PAIR_BYTES;
        bool alone = sorter->count == 0 && fit == 0; /* then it has to fit */
        if (!alone && (bytes >= most || need > most - bytes)) {
            break;
        }
        bytes += need;
        fit++;
    }
    uint64_t room = sorter->capacity - sorter->count;
    return fit < room ? fit : (uint32_t)room;
}

static ruzu_status sorter_reserve_bytes(rz_sorter *sorter, size_t size, rz_error *err)
{
    if (size > sorter->row_capacity - sorter->row_fill) {
        size_t capacity = sorter->row_capacity == 0 ? RZ_PAGE_SIZE : sorter->row_capacity + sorter->row_capacity / 2;
        capacity = capacity < sorter->row_fill + size ? sorter->row_fill + size : capacity;
        uint8_t *bytes = (uint8_t *)rz_mem_realloc(sorter->mem, sorter->row_bytes, sorter->row_capacity, capacity);
        RZ_TRY_ALLOC(bytes, err, "sorting relationships");
        sorter->row_bytes = bytes;
        sorter->row_capacity = capacity;
    }
    return RUZU_OK;
}

ruzu_status rz_sorter_add_rows(rz_sorter *sorter, const uint64_t *firsts, const uint64_t *seconds, const size_t *sizes, uint32_t count,
                               uint8_t **out_places, uint32_t *out_taken, rz_error *err)
{
    *out_taken = 0;
    RZ_TRY(sorter_room(sorter, err));
    uint32_t take = sorter_rows_fit(sorter, sizes, count);
    if (take == 0) {
        RZ_TRY(sorter_spill(sorter, err));
        take = sorter_rows_fit(sorter, sizes, count);
    }
    size_t bytes = 0;
    uint64_t any_first = 0, any_second = 0;
    for (uint32_t i = 0; i < take; i++) {
        bytes += sizes[i];
        any_first |= firsts[i];
        any_second |= seconds[i];
    }
    if (((any_first | any_second) >> 32) != 0) {
        return sorter_limit(err);
    }
    if (bytes > SORTER_MAX_ROW_BYTES) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "the properties of one relationship take more than 1 GiB.");
    }
    RZ_TRY(sorter_reserve_bytes(sorter, bytes, err));
    for (uint32_t i = 0; i < take; i++) {
        uint32_t number = (uint32_t)sorter->count;
        sorter->keys[number] = firsts[i] << 32 | seconds[i];
        sorter->tags[number] = number;
        sorter->row_offs[number] = (uint32_t)sorter->row_fill;
        out_places[i] = sorter->row_bytes + sorter->row_fill;
        sorter->row_fill += sizes[i];
        sorter->count++;
    }
    sorter->max_first |= any_first;
    sorter->max_second |= any_second;
    sorter->total += take;
    *out_taken = take;
    return RUZU_OK;
}

/* ---- merging runs ---- */

struct rz_sorter_input {
    uint64_t key; /* of its next pair */
    uint64_t left; /* pairs, that one included */
    uint32_t run;  /* earlier runs go first among equals */
    rz_spool_reader keys;
    rz_spool_reader tags;
    rz_spool_reader rows;
};

static bool sorter_before(const rz_sorter_input *a, const rz_sorter_input *b)
{
    return a->key != b->key ? a->key < b->key : a->run < b->run;
}

static void sorter_sift_down(rz_sorter *sorter, uint32_t at)
{
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < sorter->heap_count; child++) {
            if (sorter_before(&sorter->inputs[child], &sorter->inputs[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        rz_sorter_input swap = sorter->inputs[at];
        sorter->inputs[at] = sorter->inputs[least];
        sorter->inputs[least] = swap;
        at = least;
    }
}

static void sorter_close_input(rz_sorter_input *input)
{
    rz_spool_reader_deinit(&input->keys);
    rz_spool_reader_deinit(&input->tags);
    rz_spool_reader_deinit(&input->rows);
}

void rz_sorter_deinit(rz_sorter *sorter)
{
    if (sorter->mem == NULL) {
        return;
    }
    for (uint32_t i = 0; i < sorter->heap_count; i++) {
        sorter_close_input(&sorter->inputs[i]);
    }
    if (sorter->inputs != NULL) {
        rz_mem_free(sorter->mem, sorter->inputs, sorter->run_count * sizeof *sorter->inputs);
    }
    for (uint32_t i = 0; i < sorter->run_count; i++) {
        rz_spool_deinit(&sorter->runs[i].keys);
        rz_spool_deinit(&sorter->runs[i].tags);
        rz_spool_deinit(&sorter->runs[i].rows);
    }
    rz_mem_free(sorter->mem, sorter->runs, sorter->run_capacity * sizeof *sorter->runs);
    rz_mem_free(sorter->mem, sorter->batch_bytes, sorter->batch_capacity);
    sorter_free_arrays(sorter);
    *sorter = (rz_sorter){0};
}

bool rz_sorter_in_memory(const rz_sorter *sorter)
{
    return sorter->run_count == 0;
}

/* Room that growing left over goes back: a load takes more memory for other things from now on. */
static void sorter_fit(rz_sorter *sorter, rz_sorter_array *array, size_t item_size)
{
    void *memory = sorter->count == 0 ? NULL : rz_mem_realloc(sorter->mem, array->memory, array->capacity * item_size, sorter->count * item_size);
    if (memory != NULL) {
        array->memory = memory;
        array->capacity = sorter->count;
        sorter->capacity = sorter->capacity < sorter->count ? sorter->capacity : sorter->count;
    }
}

ruzu_status rz_sorter_sort(rz_sorter *sorter, rz_error *err)
{
    sorter->sorted = true;
    sorter->next = 0;
    if (sorter->run_count == 0) {
        sorter_fit(sorter, &sorter->key_array, sizeof(uint64_t));
        sorter_fit(sorter, &sorter->key_scratch_array, sizeof(uint64_t));
        sorter->keys = (uint64_t *)sorter->key_array.memory;
        sorter->keys_scratch = (uint64_t *)sorter->key_scratch_array.memory;
        sorter_sort_run(sorter);
        return RUZU_OK;
    }
    if (sorter->count != 0) {
        RZ_TRY(sorter_spill(sorter, err));
    }
    sorter_free_arrays(sorter);
    sorter->inputs = (rz_sorter_input *)rz_mem_calloc(sorter->mem, sorter->run_count, sizeof *sorter->inputs);
    RZ_TRY_ALLOC(sorter->inputs, err, "sorting relationships");
    for (uint32_t i = 0; i < sorter->run_count; i++) {
        rz_sorter_input *input = &sorter->inputs[sorter->heap_count++];
        input->run = i;
        input->left = sorter->runs[i].count;
        rz_spool_reader_init(&input->keys, &sorter->runs[i].keys);
        rz_spool_reader_init(&input->tags, &sorter->runs[i].tags);
        rz_spool_reader_init(&input->rows, &sorter->runs[i].rows);
        RZ_TRY(rz_spool_read(&input->keys, &input->key, sizeof input->key, err));
    }
    for (uint32_t i = sorter->heap_count; i-- > 0;) {
        sorter_sift_down(sorter, i);
    }
    return RUZU_OK;
}

/* The row of the heap's first input to the end of batch_bytes. */
static ruzu_status sorter_read_row(rz_sorter *sorter, rz_sorter_input *input, size_t *out_at, rz_error *err)
{
    uint32_t size;
    RZ_TRY(rz_spool_read(&input->rows, &size, sizeof size, err));
    if (size > sorter->batch_capacity - sorter->batch_fill) {
        size_t capacity = sorter->batch_capacity * 2 < sorter->batch_fill + size ? sorter->batch_fill + size : sorter->batch_capacity * 2;
        uint8_t *bytes = (uint8_t *)rz_mem_realloc(sorter->mem, sorter->batch_bytes, sorter->batch_capacity, capacity);
        RZ_TRY_ALLOC(bytes, err, "sorting relationships");
        sorter->batch_bytes = bytes;
        sorter->batch_capacity = capacity;
    }
    *out_at = sorter->batch_fill;
    RZ_TRY(rz_spool_read(&input->rows, sorter->batch_bytes + sorter->batch_fill, size, err));
    sorter->batch_fill += size;
    return RUZU_OK;
}

static ruzu_status sorter_pull_merged(rz_sorter *sorter, rz_sorted_batch *batch, rz_error *err)
{
    uint32_t count = 0;
    sorter->batch_fill = 0;
    while (count < RZ_SORTER_BATCH && sorter->heap_count != 0) {
        rz_sorter_input *input = &sorter->inputs[0];
        batch->first[count] = input->key >> 32;
        batch->second[count] = input->key & UINT32_MAX;
        if (sorter->with_tags) {
            RZ_TRY(rz_spool_read(&input->tags, &batch->tag[count], sizeof batch->tag[0], err));
        }
        if (sorter->with_rows) {
            RZ_TRY(sorter_read_row(sorter, input, &batch->row_at[count], err));
        }
        count++;
        if (--input->left == 0) {
            sorter_close_input(input);
            *input = sorter->inputs[--sorter->heap_count];
        } else {
            RZ_TRY(rz_spool_read(&input->keys, &input->key, sizeof input->key, err));
        }
        sorter_sift_down(sorter, 0);
    }
    for (uint32_t i = 0; i < count && sorter->with_rows; i++) {
        batch->row[i] = sorter->batch_bytes + batch->row_at[i];
    }
    batch->count = count;
    return RUZU_OK;
}

ruzu_status rz_sorter_pull(rz_sorter *sorter, rz_sorted_batch *batch, rz_error *err)
{
    RZ_ASSERT(sorter->sorted);
    if (!rz_sorter_in_memory(sorter)) {
        return sorter_pull_merged(sorter, batch, err);
    }
    uint64_t left = sorter->count - sorter->next;
    uint32_t count = left < RZ_SORTER_BATCH ? (uint32_t)left : RZ_SORTER_BATCH;
    const uint64_t *keys = sorter->keys + sorter->next;
    for (uint32_t i = 0; i < count; i++) {
        batch->first[i] = keys[i] >> 32;
        batch->second[i] = keys[i] & UINT32_MAX;
    }
    if (sorter->with_tags && count != 0) {
        memcpy(batch->tag, sorter->tags + sorter->next, count * sizeof batch->tag[0]);
    }
    for (uint32_t i = 0; i < count && sorter->with_rows; i++) {
        batch->row[i] = sorter->row_bytes + sorter->row_offs[sorter->tags[sorter->next + i]];
    }
    sorter->next += count;
    batch->count = count;
    return RUZU_OK;
}

ruzu_status rz_sorter_reverse(rz_sorter *sorter, rz_error *err)
{
    RZ_ASSERT(rz_sorter_in_memory(sorter) && sorter->next == sorter->count);
    sorter_free_rows(sorter);
    if (!sorter_regrow(sorter, &sorter->tag_array, sizeof(uint32_t), sorter->count) ||
        !sorter_regrow(sorter, &sorter->tag_scratch_array, sizeof(uint32_t), sorter->count)) {
        return rz_error_no_memory(err, "sorting relationships");
    }
    sorter->tags = (uint32_t *)sorter->tag_array.memory;
    sorter->tags_scratch = (uint32_t *)sorter->tag_scratch_array.memory;
    for (uint64_t i = 0; i < sorter->count; i++) {
        sorter->keys[i] = sorter->keys[i] << 32 | sorter->keys[i] >> 32;
        sorter->tags[i] = (uint32_t)i;
    }
    uint64_t swap = sorter->max_first;
    sorter->max_first = sorter->max_second;
    sorter->max_second = swap;
    sorter->with_rows = false;
    sorter->with_tags = true;
    sorter->by_first = true; /* they are in the order of what is now the second part */
    return rz_sorter_sort(sorter, err);
}
