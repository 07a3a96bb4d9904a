/* SPDX-License-Identifier: MIT */
/*
 * MERGE: below, an optional match has looked for the pattern before anything was written; rows in which it found nothing create it here, unless an earlier row of this MERGE with
 * the same keys has. Then ON CREATE SET and ON MATCH SET.
 *
 *   matched   the pattern's columns are there
 *   creates   no match, and no record of the same keys: the pattern is inserted, and recorded
 *   repeats   no match, but a record: the row gets what was created then, and counts as a match
 *
 * Rows are handled in runs. With assignments a run ends before a row that touches what a row of the run has touched or created, so that each row sees the work of those
 * before it; without, a run is a chunk. A NULL key equals nothing: such rows always create.
 *
 * The chunk `work` is laid out as the input, but for the pattern's columns, which this operator makes.
 */
#include "executor/change.h"
#include "executor/insert.h"

typedef enum merge_kind { MERGE_MATCHED, MERGE_CREATES, MERGE_REPEATS } merge_kind;

#define MERGE_NO_RECORD UINT32_MAX

/* One of the pattern's new columns. */
typedef struct merge_column {
    bool is_rel;
    int32_t position;         /* in the input */
    rz_vec *shown;            /* in work */
    RZ_ARRAY(rz_id) ids;      /* by record */
    RZ_ARRAY(rz_rel_ref) refs;
} merge_column;

/* What was created, by keys: open addressing over hashes; keys in row form. */
typedef struct merge_records {
    uint32_t *slots;          /* record + 1; 0: free */
    uint32_t mask;
    RZ_ARRAY(uint64_t) hashes;
    RZ_ARRAY(const uint8_t *) keys; /* NULL: never found again */
} merge_records;

typedef struct op_merge {
    rz_op op;
    rz_inserter *inserter;
    rz_assigner *on_match;
    rz_assigner *on_create;
    bool assigns;
    const int32_t *positions;  /* of the output in work */
    merge_column *columns;     /* nodes, then relationships, as in bound->create */
    uint32_t column_count;
    int32_t probe;
    int32_t *key_positions;
    rz_vec **keys;
    merge_records records;
    rz_touched touched;
    rz_arena insert_heap;
    rz_chunk work;
    rz_chunk *input;           /* being handled; NULL: the next one is due */
    uint32_t *rows;            /* its selected rows */
    uint64_t *hashes;          /* by row */
    uint8_t *kinds;            /* merge_kind by row */
    uint32_t *record_of;       /* by row */
    uint32_t row_count;
    uint32_t next;
    uint32_t *created;         /* rows of the run, by what happens to them */
    uint32_t *matched;
    uint32_t created_count;
    uint32_t matched_count;
} op_merge;

/* ---- opening ---- */

static ruzu_status merge_open_column(op_merge *op, merge_column *column, uint32_t id, bool is_rel, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_plan *input = base->input->plan;
    column->is_rel = is_rel;
    column->position = rz_plan_position(input, id);
    if (column->position < 0) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of MERGE", id);
    }
    RZ_TRY(rz_vec_create(&base->worker->arena, &base->heap, input->types[column->position], RZ_VECTOR_CAPACITY, &column->shown, err));
    op->work.columns[column->position] = column->shown;
    return RUZU_OK;
}

static ruzu_status merge_open_columns(op_merge *op, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_bound_create *create = &base->plan->u.merge.bound->create;
    const rz_plan *input = base->input->plan;
    rz_arena *arena = &base->worker->arena;
    op->column_count = create->node_count + create->rel_count;
    op->columns = RZ_NEW_ARRAY(arena, merge_column, op->column_count);
    op->work.columns = RZ_NEW_ARRAY(arena, rz_vec *, input->column_count);
    if (op->columns == NULL || op->work.columns == NULL) {
        return rz_error_no_memory(err, "building MERGE");
    }
    op->work.column_count = input->column_count;
    for (uint32_t i = 0; i < create->node_count; i++) {
        RZ_TRY(merge_open_column(op, &op->columns[i], create->nodes[i].column, false, err));
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        RZ_TRY(merge_open_column(op, &op->columns[create->node_count + i], create->rels[i].column, true, err));
    }
    for (uint32_t i = 0; i < input->column_count; i++) {
        if (op->work.columns[i] == NULL) {
            RZ_TRY(rz_vec_create_empty(arena, &base->heap, input->types[i], &op->work.columns[i], err));
        }
    }
    op->probe = rz_plan_position(input, base->plan->u.merge.probe);
    return RUZU_OK;
}

static ruzu_status merge_open_keys(op_merge *op, rz_error *err)
{
    rz_op *base = &op->op;
    uint32_t count = base->plan->u.merge.key_count;
    rz_arena *arena = &base->worker->arena;
    op->key_positions = RZ_NEW_ARRAY(arena, int32_t, count);
    op->keys = RZ_NEW_ARRAY(arena, rz_vec *, count);
    op->records.slots = RZ_NEW_ARRAY(arena, uint32_t, 64);
    if (op->key_positions == NULL || op->keys == NULL || op->records.slots == NULL) {
        return rz_error_no_memory(err, "building MERGE");
    }
    op->records.mask = 63;
    for (uint32_t i = 0; i < count; i++) {
        op->key_positions[i] = rz_plan_position(base->input->plan, base->plan->u.merge.keys[i]);
        if (op->key_positions[i] < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of MERGE", base->plan->u.merge.keys[i]);
        }
    }
    return RUZU_OK;
}

static ruzu_status merge_open(rz_op *base, rz_error *err)
{
    op_merge *op = (op_merge *)base;
    const rz_bound_merge *merge = base->plan->u.merge.bound;
    const rz_plan *input = base->input->plan;
    rz_arena *arena = &base->worker->arena;
    rz_arena_init(&op->insert_heap, rz_op_account(base));
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kinds = RZ_NEW_ARRAY(arena, uint8_t, RZ_VECTOR_CAPACITY);
    op->record_of = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->created = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->matched = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->rows == NULL || op->hashes == NULL || op->kinds == NULL || op->record_of == NULL || op->created == NULL || op->matched == NULL) {
        return rz_error_no_memory(err, "building MERGE");
    }
    RZ_TRY(merge_open_columns(op, err));
    RZ_TRY(merge_open_keys(op, err));
    RZ_TRY(rz_inserter_create(base->worker, &op->insert_heap, &merge->create, input, true, &op->inserter, err));
    RZ_TRY(rz_assigner_create(base->worker, &merge->on_match, input, &op->on_match, err));
    RZ_TRY(rz_assigner_create(base->worker, &merge->on_create, input, &op->on_create, err));
    op->assigns = merge->on_match.item_count + merge->on_create.item_count != 0;
    uint32_t touches = op->column_count + merge->on_match.item_count + merge->on_create.item_count;
    RZ_TRY(rz_touched_init(&op->touched, arena, RZ_VECTOR_CAPACITY * touches, err));
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
}

static void merge_close(rz_op *base)
{
    rz_arena_free(&((op_merge *)base)->insert_heap);
}

/* ---- records ---- */

static bool record_equals(const op_merge *op, uint32_t record, uint32_t row)
{
    const uint8_t *data = op->records.keys.items[record];
    if (data == NULL || op->records.hashes.items[record] != op->hashes[row]) {
        return false;
    }
    for (uint32_t i = 0; i < op->op.plan->u.merge.key_count; i++) {
        if (!rz_row_value_equal(data, op->keys[i], row, &data)) {
            return false;
        }
    }
    return true;
}

static bool merge_has_null_key(const op_merge *op, uint32_t row)
{
    for (uint32_t i = 0; i < op->op.plan->u.merge.key_count; i++) {
        if (rz_vec_is_null(op->keys[i], row)) {
            return true;
        }
    }
    return false;
}

static uint32_t record_find(const op_merge *op, uint32_t row)
{
    const merge_records *records = &op->records;
    for (uint32_t slot = (uint32_t)op->hashes[row] & records->mask; records->slots[slot] != 0; slot = (slot + 1) & records->mask) {
        if (record_equals(op, records->slots[slot] - 1, row)) {
            return records->slots[slot] - 1;
        }
    }
    return MERGE_NO_RECORD;
}

static void record_place(merge_records *records, uint32_t record)
{
    uint32_t slot = (uint32_t)records->hashes.items[record] & records->mask;
    while (records->slots[slot] != 0) {
        slot = (slot + 1) & records->mask;
    }
    records->slots[slot] = record + 1;
}

static ruzu_status record_grow(op_merge *op, rz_error *err)
{
    merge_records *records = &op->records;
    if (records->hashes.count >= MERGE_NO_RECORD / 4) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "MERGE cannot create more than %u patterns in one statement.", MERGE_NO_RECORD / 4);
    }
    uint32_t size = (records->mask + 1) * 2;
    uint32_t *slots = RZ_NEW_ARRAY(&op->op.worker->arena, uint32_t, size);
    RZ_TRY_ALLOC(slots, err, "merging");
    records->slots = slots;
    records->mask = size - 1;
    for (uint32_t i = 0; i < records->hashes.count; i++) {
        if (records->keys.items[i] != NULL) {
            record_place(records, i);
        }
    }
    return RUZU_OK;
}

/* A record for what the row is about to create. */
static ruzu_status record_add(op_merge *op, uint32_t row, uint32_t *out_record, rz_error *err)
{
    merge_records *records = &op->records;
    rz_arena *arena = &op->op.worker->arena;
    uint8_t *data = NULL;
    if (records->hashes.count * 2 >= records->mask) {
        RZ_TRY(record_grow(op, err));
    }
    if (!merge_has_null_key(op, row)) {
        size_t size = 1;
        for (uint32_t i = 0; i < op->op.plan->u.merge.key_count; i++) {
            size += rz_row_value_size(op->keys[i], row);
        }
        data = (uint8_t *)rz_arena_alloc(arena, size);
        RZ_TRY_ALLOC(data, err, "merging");
        uint8_t *end = data;
        for (uint32_t i = 0; i < op->op.plan->u.merge.key_count; i++) {
            end = rz_row_value_write(op->keys[i], row, end);
        }
    }
    *out_record = records->hashes.count;
    bool added = RZ_ARRAY_PUSH(&records->hashes, arena, op->hashes[row]) && RZ_ARRAY_PUSH(&records->keys, arena, data);
    for (uint32_t i = 0; i < op->column_count && added; i++) {
        merge_column *column = &op->columns[i];
        added = column->is_rel ? RZ_ARRAY_PUSH(&column->refs, arena, ((rz_rel_ref){0})) : RZ_ARRAY_PUSH(&column->ids, arena, 0);
    }
    if (!added) {
        return rz_error_no_memory(err, "merging");
    }
    if (data != NULL) {
        record_place(records, *out_record);
    }
    return RUZU_OK;
}

/* ---- runs ---- */

typedef bool (*merge_visit_fn)(op_merge *op, rz_id id);

static bool merge_is_free(op_merge *op, rz_id id)
{
    return !rz_touched_has(&op->touched, id);
}

static bool merge_touch(op_merge *op, rz_id id)
{
    rz_touched_add(&op->touched, id);
    return true;
}

static bool merge_visit_targets(op_merge *op, const rz_assigner *assigner, uint32_t row, merge_visit_fn visit)
{
    const int32_t *targets = NULL;
    uint32_t count = rz_assigner_targets(assigner, &targets);
    for (uint32_t i = 0; i < count; i++) {
        rz_id id = 0;
        if (rz_change_id(op->input->columns[targets[i]], row, &id) && !visit(op, id)) {
            return false;
        }
    }
    return true;
}

/* Visits all that the row touches, as far as it exists already; false when a visit was. */
static bool merge_visit(op_merge *op, uint32_t row, merge_visit_fn visit)
{
    for (uint32_t i = 0; i < op->column_count; i++) {
        const merge_column *column = &op->columns[i];
        rz_id id = 0;
        if (op->kinds[row] == MERGE_MATCHED) {
            if (rz_change_id(op->input->columns[column->position], row, &id) && !visit(op, id)) {
                return false;
            }
        } else if (op->kinds[row] == MERGE_REPEATS) {
            uint32_t record = op->record_of[row];
            if (!visit(op, column->is_rel ? column->refs.items[record].rel : column->ids.items[record])) {
                return false;
            }
        }
    }
    return merge_visit_targets(op, op->kinds[row] == MERGE_CREATES ? op->on_create : op->on_match, row, visit);
}

/* Takes the row into the run, or says that the run ends before it. first_record: of those made in this run. */
static ruzu_status merge_take_row(op_merge *op, uint32_t row, uint32_t first_record, bool *out_taken, rz_error *err)
{
    *out_taken = false;
    op->record_of[row] = MERGE_NO_RECORD;
    if (!rz_vec_is_null(op->input->columns[op->probe], row)) {
        op->kinds[row] = MERGE_MATCHED;
    } else {
        op->record_of[row] = merge_has_null_key(op, row) ? MERGE_NO_RECORD : record_find(op, row);
        op->kinds[row] = op->record_of[row] == MERGE_NO_RECORD ? MERGE_CREATES : MERGE_REPEATS;
    }
    if (op->assigns) {
        bool made_in_run = op->kinds[row] == MERGE_REPEATS && op->record_of[row] >= first_record;
        if (made_in_run || !merge_visit(op, row, merge_is_free)) {
            return RUZU_OK;
        }
        (void)merge_visit(op, row, merge_touch);
    }
    *out_taken = true;
    if (op->kinds[row] == MERGE_CREATES) {
        op->created[op->created_count++] = row;
        return record_add(op, row, &op->record_of[row], err);
    }
    op->matched[op->matched_count++] = row;
    return RUZU_OK;
}

/* Writes down what the run has created. */
static void merge_record(op_merge *op)
{
    const rz_bound_create *create = &op->op.plan->u.merge.bound->create;
    for (uint32_t i = 0; i < op->column_count; i++) {
        merge_column *column = &op->columns[i];
        const rz_vec *made = i < create->node_count ? rz_inserter_node(op->inserter, i) : rz_inserter_rel(op->inserter, i - create->node_count);
        for (uint32_t r = 0; r < op->created_count; r++) {
            uint32_t row = op->created[r];
            if (column->is_rel) {
                column->refs.items[op->record_of[row]] = ((const rz_rel_ref *)made->data)[row];
            } else {
                column->ids.items[op->record_of[row]] = ((const rz_id *)made->data)[row];
            }
        }
    }
}

/* The pattern's columns of the run's rows: found or created. */
static void merge_show(op_merge *op, const rz_sel *run)
{
    for (uint32_t i = 0; i < op->column_count; i++) {
        merge_column *column = &op->columns[i];
        const rz_vec *found = op->input->columns[column->position];
        rz_view view = {0};
        if (found->kind != RZ_VEC_SEQUENCE) {
            rz_vec_view(found, &view);
        }
        for (uint32_t r = 0; r < run->count; r++) {
            uint32_t row = run->rows[r];
            uint32_t record = op->record_of[row];
            if (column->is_rel) {
                ((rz_rel_ref *)column->shown->data)[row] =
                    record != MERGE_NO_RECORD ? column->refs.items[record] : ((const rz_rel_ref *)view.data)[rz_view_at(&view, row)];
            } else if (record != MERGE_NO_RECORD) {
                ((rz_id *)column->shown->data)[row] = column->ids.items[record];
            } else {
                (void)rz_change_id(found, row, &((rz_id *)column->shown->data)[row]);
            }
        }
    }
}

static ruzu_status merge_take_input(op_merge *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->input, err));
    if (op->input == NULL) {
        return RUZU_OK;
    }
    RZ_ASSERT(op->input->weight == NULL); /* the planner repeats weighted rows below */
    rz_sel sel = rz_chunk_sel(op->input);
    for (uint32_t i = 0; i < sel.count; i++) {
        op->rows[i] = rz_sel_at(&sel, i);
        op->hashes[op->rows[i]] = 0;
    }
    op->row_count = sel.count;
    op->next = 0;
    for (uint32_t i = 0; i < base->plan->u.merge.key_count; i++) {
        op->keys[i] = op->input->columns[op->key_positions[i]];
        rz_vec_hash(op->keys[i], &sel, op->hashes, i != 0);
    }
    for (uint32_t i = 0; i < op->work.column_count; i++) {
        bool own = false;
        for (uint32_t c = 0; c < op->column_count; c++) {
            own |= op->columns[c].position == (int32_t)i;
        }
        if (own) {
            rz_vec_reset(op->work.columns[i]);
        } else {
            rz_vec_reference(op->work.columns[i], op->input->columns[i]);
        }
    }
    op->work.count = op->input->count;
    return RUZU_OK;
}

static ruzu_status merge_assign(op_merge *op, rz_assigner *assigner, const uint32_t *rows, uint32_t count, rz_error *err)
{
    rz_sel sel = {.rows = rows, .count = count};
    RZ_TRY(rz_assigner_evaluate(assigner, &op->work, &sel, err));
    return rz_assigner_write(assigner, &op->work, &sel, err);
}

static ruzu_status merge_run(op_merge *op, rz_sel *out_run, rz_error *err)
{
    uint32_t first_record = op->records.hashes.count;
    uint32_t end = op->next;
    op->created_count = op->matched_count = 0;
    rz_touched_clear(&op->touched);
    for (bool taken = true; end < op->row_count; end++) {
        RZ_TRY(merge_take_row(op, op->rows[end], first_record, &taken, err));
        if (!taken) {
            break;
        }
    }
    rz_sel created = {.rows = op->created, .count = op->created_count};
    *out_run = (rz_sel){.rows = op->rows + op->next, .count = end - op->next};
    op->next = end;
    if (created.count != 0) {
        RZ_TRY(rz_inserter_run(op->inserter, op->input, &created, err));
        merge_record(op);
    }
    merge_show(op, out_run);
    RZ_TRY(merge_assign(op, op->on_create, op->created, op->created_count, err));
    return merge_assign(op, op->on_match, op->matched, op->matched_count, err);
}

static ruzu_status merge_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_merge *op = (op_merge *)base;
    rz_sel run = {NULL, 0};
    if (op->input == NULL || op->next == op->row_count) {
        RZ_TRY(merge_take_input(op, err));
        if (op->input == NULL) {
            return RUZU_OK;
        }
    }
    RZ_TRY(merge_run(op, &run, err));
    rz_op_pass(base, &op->work, op->positions);
    base->chunk->sel = run.rows;
    base->chunk->sel_count = run.count;
    *out = base->chunk;
    return RUZU_OK;
}

const rz_op_class rz_op_merge = {.name = "MERGE", .size = sizeof(op_merge), .open = merge_open, .next = merge_next, .close = merge_close, .single_worker = true};
