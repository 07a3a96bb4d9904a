/* SPDX-License-Identifier: MIT */
/*
 * Results: a cursor over a finished result set, by rows or by chunks.
 *
 * Texts, boxed values and converted chunk data are made when asked for and remembered by the serial number of the row (chunk) they belong to, so that moving
 * on costs nothing for what nobody looks at. Getters take a const result, since they change nothing that a caller can see: result_mutable is the place where
 * that const is given up (results are never in read-only memory: only rz_result_create makes them).
 */
#include "api/api.h"

#include <string.h>

static ruzu_result *result_mutable(const ruzu_result *res)
{
    return (ruzu_result *)(uintptr_t)res;
}

/* False for none and in a process forked since: there a result is as if it were empty. One whose connection was closed is empty anyway. */
static bool result_usable(const ruzu_result *res)
{
    return res != NULL && (res->conn == NULL || rz_conn_usable(res->conn));
}

/* ---- life ---- */

static ruzu_status result_copy_columns(ruzu_result *result, const char *const *names, const rz_type *const *types, uint32_t count, rz_error *err)
{
    result->columns = RZ_NEW_ARRAY(&result->arena, rz_result_column, count);
    RZ_TRY_ALLOC(result->columns, err, "making a result");
    result->column_count = count;
    for (uint32_t i = 0; i < count; i++) {
        rz_result_column *column = &result->columns[i];
        rz_str_init(&column->text, result->mem);
        column->name = rz_arena_strdup(&result->arena, names[i]);
        column->type = types[i]->id == RUZU_TYPE_ANY ? RZ_STRING : rz_type_clone(&result->arena, types[i]);
        if (column->name == NULL || column->type == NULL) {
            return rz_error_no_memory(err, "making a result");
        }
    }
    return RUZU_OK;
}

static void result_link(ruzu_conn *conn, ruzu_result *result)
{
    result->conn = conn;
    result->next = conn->results;
    if (result->next != NULL) {
        result->next->prev = result;
    }
    conn->results = result;
}

ruzu_status rz_result_create(ruzu_conn *conn, const char *const *names, const rz_type *const *types, uint32_t count, rz_result_set *set, ruzu_result **out,
                             rz_error *err)
{
    *out = NULL;
    ruzu_result *result = (ruzu_result *)rz_mem_calloc(rz_mem_root(), 1, sizeof *result);
    if (result == NULL) {
        rz_result_set_free(set);
        return rz_error_no_memory(err, "making a result");
    }
    result->mem = rz_store_mem(conn->db->store);
    rz_arena_init(&result->arena, result->mem);
    rz_arena_init(&result->row_arena, result->mem);
    result->set = set;
    result->row_count = set == NULL ? 0 : rz_result_set_rows(set);
    result->fixed_doubles = rz_option_get(conn, RZ_OPTION_DOUBLE_FORMAT) == 1;
    result_link(conn, result);
    ruzu_status status = result_copy_columns(result, names, types, count, err);
    if (status != RUZU_OK) {
        ruzu_result_free(result);
        return status;
    }
    *out = result;
    return RUZU_OK;
}

static void result_unlink(ruzu_conn *conn, ruzu_result *result)
{
    if (result->prev != NULL) {
        result->prev->next = result->next;
    } else {
        conn->results = result->next;
    }
    if (result->next != NULL) {
        result->next->prev = result->prev;
    }
    result->prev = result->next = NULL;
}

void rz_result_detach(ruzu_result *result)
{
    ruzu_conn *conn = result->conn;
    if (conn == NULL) {
        return;
    }
    for (uint32_t i = 0; i < result->column_count; i++) {
        rz_str_free(&result->columns[i].text);
    }
    rz_result_set_free(result->set);
    rz_arena_free(&result->row_arena);
    rz_arena_free(&result->arena);
    result_unlink(conn, result);
    ruzu_result *following = result->following;
    bool chained = result->chained;
    memset(result, 0, sizeof *result);
    result->following = following;
    result->chained = chained;
    result->status = RUZU_ERROR_MISUSE;
}

/* ---- results used again ---- */

/* Frees a spare, its set included. */
static void result_free_spare(ruzu_conn *conn, ruzu_result *result)
{
    result_link(conn, result);
    rz_result_detach(result);
    rz_mem_free(rz_mem_root(), result, sizeof *result);
}

void rz_result_drop_spare(ruzu_result *result)
{
    result->set = NULL;
    result_free_spare(result->conn, result);
}

void rz_result_clear_spares(ruzu_conn *conn)
{
    for (uint32_t i = 0; i < RZ_SPARE_RESULTS; i++) {
        if (conn->spares[i] != NULL) {
            result_free_spare(conn, conn->spares[i]);
            conn->spares[i] = NULL;
        }
    }
}

ruzu_result *rz_result_take_spare(ruzu_conn *conn, uint64_t plan_serial)
{
    for (uint32_t i = 0; i < RZ_SPARE_RESULTS; i++) {
        ruzu_result *result = conn->spares[i];
        if (result != NULL && result->plan_serial == plan_serial) {
            conn->spares[i] = NULL;
            return result;
        }
    }
    return NULL;
}

void rz_result_revive(ruzu_conn *conn, ruzu_result *result)
{
    result->row_count = result->set == NULL ? 0 : rz_result_set_rows(result->set);
    result->fixed_doubles = rz_option_get(conn, RZ_OPTION_DOUBLE_FORMAT) == 1;
    result->chunk = NULL;
    result->position = 0;
    result->serial++; /* what columns remember is of other rows */
    result->chunk_serial++;
    result->mode = RZ_CURSOR_START;
    result->status = RUZU_OK;
    result_link(conn, result);
}

/* True when the freed result waits for its plan's next execution. */
static bool result_spare(ruzu_result *result)
{
    ruzu_conn *conn = result->conn;
    if (conn == NULL || result->plan_serial == 0 || result->following != NULL || result->set == NULL || !rz_result_set_recycle(result->set)) {
        return false;
    }
    rz_arena_reset(&result->row_arena);
    result_unlink(conn, result);
    uint32_t place = conn->next_spare;
    for (uint32_t i = 0; i < RZ_SPARE_RESULTS; i++) {
        place = conn->spares[i] == NULL ? i : place;
    }
    if (conn->spares[place] != NULL) {
        result_free_spare(conn, conn->spares[place]);
        conn->next_spare = (place + 1) % RZ_SPARE_RESULTS;
    }
    conn->spares[place] = result;
    return true;
}

static void result_free_chain(ruzu_result *result)
{
    while (result != NULL) {
        ruzu_result *following = result->following;
        rz_result_detach(result);
        rz_mem_free(rz_mem_root(), result, sizeof *result);
        result = following;
    }
}

void ruzu_result_free(ruzu_result *res)
{
    if (res == NULL || res->chained || !result_usable(res)) {
        return; /* one that follows another goes with it */
    }
    if (!result_spare(res)) {
        result_free_chain(res);
    }
}

/* ---- what is in it ---- */

size_t ruzu_result_column_count(const ruzu_result *res)
{
    return result_usable(res) ? res->column_count : 0;
}

const char *ruzu_result_column_name(const ruzu_result *res, size_t col)
{
    return col < ruzu_result_column_count(res) ? res->columns[col].name : NULL;
}

const ruzu_type *ruzu_result_column_type(const ruzu_result *res, size_t col)
{
    return col < ruzu_result_column_count(res) ? res->columns[col].type : NULL;
}

uint64_t ruzu_result_row_count(const ruzu_result *res)
{
    return result_usable(res) ? res->row_count : 0;
}

double ruzu_result_compile_ms(const ruzu_result *res)
{
    return result_usable(res) ? res->compile_ms : 0;
}

double ruzu_result_execute_ms(const ruzu_result *res)
{
    return result_usable(res) ? res->execute_ms : 0;
}

ruzu_result *ruzu_result_next_result(ruzu_result *res)
{
    return result_usable(res) ? res->following : NULL;
}

ruzu_status ruzu_result_status(const ruzu_result *res)
{
    return result_usable(res) ? res->status : RUZU_ERROR_MISUSE;
}

/* ---- moving ---- */

void rz_result_fail(ruzu_result *result, const rz_error *err)
{
    result->status = err->code;
    if (result->conn != NULL) {
        rz_error_init(&result->conn->error);
        (void)rz_error_copy(&result->conn->error, err);
    }
}

/* The next chunk of the set into result->chunk; NULL at the end or on a failure. */
static ruzu_status result_fetch(ruzu_result *result, rz_error *err)
{
    result->chunk = NULL;
    result->chunk_serial++;
    RZ_TRY(rz_result_set_next(result->set, &result->chunk, err));
    return RUZU_OK;
}

ruzu_status rz_result_step(ruzu_result *result, bool *out_more)
{
    *out_more = false;
    result->serial++;
    if (result->row_arena.used_bytes != 0) {
        rz_arena_reset(&result->row_arena);
    }
    if (result->chunk != NULL && result->position + 1 < rz_chunk_sel(result->chunk).count) {
        result->position++;
        *out_more = true;
        return RUZU_OK;
    }
    if (result->mode == RZ_CURSOR_END || result->mode == RZ_CURSOR_CHUNKS || result->set == NULL) {
        return RUZU_OK;
    }
    rz_error err;
    rz_error_init(&err);
    ruzu_status status = RUZU_OK;
    do {
        status = result_fetch(result, &err);
    } while (status == RUZU_OK && result->chunk != NULL && rz_chunk_sel(result->chunk).count == 0);
    if (status != RUZU_OK) {
        rz_result_fail(result, &err);
    }
    result->position = 0;
    result->mode = result->chunk == NULL ? RZ_CURSOR_END : RZ_CURSOR_ROWS;
    *out_more = result->chunk != NULL;
    return status;
}

bool ruzu_result_next(ruzu_result *res)
{
    bool more = false;
    if (res == NULL || res->conn == NULL || res->status != RUZU_OK || !rz_conn_usable(res->conn)) {
        return false;
    }
    return rz_result_step(res, &more) == RUZU_OK && more;
}

void ruzu_result_rewind(ruzu_result *res)
{
    if (res == NULL || res->conn == NULL || !rz_conn_usable(res->conn)) {
        return;
    }
    if (res->set != NULL) {
        rz_result_set_rewind(res->set);
    }
    res->chunk = NULL;
    res->mode = RZ_CURSOR_START;
    res->status = RUZU_OK;
    res->serial++;
    res->chunk_serial++;
}

size_t ruzu_result_next_chunk(ruzu_result *res)
{
    if (res == NULL || res->conn == NULL || res->set == NULL || res->status != RUZU_OK || res->mode == RZ_CURSOR_ROWS || res->mode == RZ_CURSOR_END ||
        !rz_conn_usable(res->conn)) {
        return 0;
    }
    rz_error err;
    rz_error_init(&err);
    if (result_fetch(res, &err) != RUZU_OK) {
        rz_result_fail(res, &err);
    }
    res->mode = res->chunk == NULL ? RZ_CURSOR_END : RZ_CURSOR_CHUNKS;
    return res->chunk == NULL ? 0 : rz_chunk_sel(res->chunk).count;
}

/* ---- the current row ---- */

/* The vector that holds a column and the row in it; NULL without a current row. */
static const rz_vec *result_vec(const ruzu_result *res, size_t col, uint32_t *out_row)
{
    if (!result_usable(res) || res->mode != RZ_CURSOR_ROWS || res->chunk == NULL || col >= res->column_count) {
        return NULL;
    }
    rz_sel sel = rz_chunk_sel(res->chunk);
    *out_row = rz_sel_at(&sel, res->position);
    return res->chunk->columns[col];
}

bool ruzu_is_null(const ruzu_result *res, size_t col)
{
    uint32_t row = 0;
    const rz_vec *vec = result_vec(res, col, &row);
    return vec == NULL || rz_vec_is_null(vec, row);
}

/* A scalar of a column as a boxed value, without copying anything. False for NULL and for what is not in plain data. */
static bool result_scalar(const ruzu_result *res, size_t col, rz_value *out)
{
    uint32_t row = 0;
    const rz_vec *vec = result_vec(res, col, &row);
    uint32_t size = vec == NULL ? 0 : rz_type_size(vec->type);
    if (size == 0 || vec->kind != RZ_VEC_FLAT || vec->type->physical == RZ_PHYS_STRING || vec->type->physical == RZ_PHYS_LIST || rz_vec_is_null(vec, row)) {
        return false;
    }
    out->type = vec->type;
    out->is_null = false;
    memset(&out->u, 0, sizeof out->u);
    memcpy(&out->u, (const char *)vec->data + (size_t)size * row, size);
    return true;
}

bool ruzu_get_bool(const ruzu_result *res, size_t col)
{
    rz_value value;
    return result_scalar(res, col, &value) && rz_value_as_double(&value) != 0;
}

int64_t ruzu_get_int64(const ruzu_result *res, size_t col)
{
    rz_value value;
    return result_scalar(res, col, &value) ? rz_value_as_int64(&value) : 0;
}

double ruzu_get_double(const ruzu_result *res, size_t col)
{
    rz_value value;
    return result_scalar(res, col, &value) ? rz_value_as_double(&value) : 0;
}

static void result_no_memory(ruzu_result *result)
{
    rz_error err;
    rz_error_init(&err);
    (void)rz_error_no_memory(&err, "reading a result");
    rz_result_fail(result, &err);
}

const rz_value *rz_result_value(ruzu_result *result, size_t col)
{
    uint32_t row = 0;
    const rz_vec *vec = result_vec(result, col, &row);
    if (vec == NULL) {
        return NULL;
    }
    rz_result_column *column = &result->columns[col];
    if (column->value_row != result->serial) {
        rz_error err;
        rz_error_init(&err);
        if (rz_value_from_vec(vec, row, &result->row_arena, &column->value, &err) != RUZU_OK) {
            rz_result_fail(result, &err);
            return NULL;
        }
        column->value_row = result->serial;
    }
    return &column->value;
}

const ruzu_value *ruzu_get_value(const ruzu_result *res, size_t col)
{
    return res == NULL ? NULL : rz_result_value(result_mutable(res), col);
}

const char *rz_result_cell(ruzu_result *result, size_t col, size_t *length)
{
    uint32_t row = 0;
    *length = 0;
    const rz_vec *vec = result_vec(result, col, &row);
    if (vec == NULL || rz_vec_is_null(vec, row)) {
        return "";
    }
    rz_result_column *column = &result->columns[col];
    if (column->text_row != result->serial) {
        rz_value value;
        rz_str_clear(&column->text);
        if (result->fixed_doubles && (vec->type->id == RUZU_TYPE_DOUBLE || vec->type->id == RUZU_TYPE_FLOAT) && result_scalar(result, col, &value)) {
            rz_text_append_fixed(rz_value_as_double(&value), 6, &column->text);
        } else {
            rz_text_append(vec, row, &column->text);
        }
        if (column->text.failed) {
            result_no_memory(result);
            return "";
        }
        column->text_row = result->serial;
    }
    *length = column->text.length;
    return rz_str_text(&column->text);
}

const char *ruzu_get_string(const ruzu_result *res, size_t col, size_t *length)
{
    size_t bytes = 0;
    const char *text = res == NULL ? "" : rz_result_cell(result_mutable(res), col, &bytes);
    if (length != NULL) {
        *length = bytes;
    }
    return text;
}

/* ---- the current chunk ---- */

/* Bytes a value takes in what ruzu_chunk_data gives, when that is not the vector's own form; 0: it is, or there is none. */
static size_t result_converted_size(const rz_type *type)
{
    if (type->physical == RZ_PHYS_STRING) {
        return sizeof(ruzu_string);
    }
    return type->id == RUZU_TYPE_UUID ? sizeof(ruzu_uuid) : type->id == RUZU_TYPE_INTERNAL_ID ? sizeof(ruzu_internal_id) : 0;
}

static void result_convert(const rz_vec *vec, uint32_t row, void *out, uint32_t at)
{
    if (vec->type->physical == RZ_PHYS_STRING) {
        const rz_string *text = (const rz_string *)vec->data + row;
        ((ruzu_string *)out)[at] = (ruzu_string){.data = rz_string_data(text), .length = text->length};
    } else if (vec->type->id == RUZU_TYPE_UUID) {
        rz_uuid_to_bytes(((const rz_int128 *)vec->data)[row], ((ruzu_uuid *)out)[at].bytes);
    } else {
        rz_id id = ((const rz_id *)vec->data)[row];
        ((ruzu_internal_id *)out)[at] = (ruzu_internal_id){.table = rz_id_table(id), .offset = rz_id_offset(id)};
    }
}

/* Result sets give whole chunks of flat vectors (constants only of the untyped NULL, which is a column of texts here). */
static const rz_vec *result_chunk_vec(const ruzu_result *res, size_t col)
{
    if (!result_usable(res) || res->mode != RZ_CURSOR_CHUNKS || res->chunk == NULL || col >= res->column_count) {
        return NULL;
    }
    RZ_ASSERT(res->chunk->sel == NULL);
    return res->chunk->columns[col];
}

const void *ruzu_chunk_data(const ruzu_result *res, size_t col)
{
    const rz_vec *vec = result_chunk_vec(res, col);
    if (vec == NULL || vec->type->physical == RZ_PHYS_LIST || vec->type->physical == RZ_PHYS_STRUCT) {
        return NULL;
    }
    rz_result_column *column = &result_mutable(res)->columns[col];
    size_t size = result_converted_size(column->type);
    if (size == 0) {
        return vec->data;
    }
    if (column->data == NULL) {
        column->data = rz_arena_calloc(&result_mutable(res)->arena, RZ_VECTOR_CAPACITY, size);
        if (column->data == NULL) {
            result_no_memory(result_mutable(res));
            return NULL;
        }
    }
    if (column->data_chunk != res->chunk_serial) {
        for (uint32_t i = 0; i < res->chunk->count; i++) {
            if (vec->kind == RZ_VEC_FLAT && !rz_vec_is_null(vec, i)) {
                result_convert(vec, i, column->data, i);
            }
        }
        column->data_chunk = res->chunk_serial;
    }
    return column->data;
}

/* All NULL: what the validity of an untyped column shows. */
static const uint64_t result_no_values[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];

const uint64_t *ruzu_chunk_validity(const ruzu_result *res, size_t col)
{
    const rz_vec *vec = result_chunk_vec(res, col);
    if (vec == NULL) {
        return NULL;
    }
    return vec->type->physical == RZ_PHYS_NONE ? result_no_values : vec->validity;
}
