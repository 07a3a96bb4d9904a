/* SPDX-License-Identifier: MIT */
/*
 * Explicit casts between vectors (dialect §10.1): which exist, and the dispatch. Numbers go to loops per pair of types;
 * dates and timestamps to a loop here; text both ways row by row. A CONSTANT input is cast once and the result
 * repeated.
 */
#include "types/cast.h"

/* ---- which casts exist ---- */

static bool cast_is_time(const rz_type *type)
{
    return type->id == RUZU_TYPE_DATE || (type->id >= RUZU_TYPE_TIMESTAMP && type->id <= RUZU_TYPE_TIMESTAMP_TZ);
}

static bool cast_is_list(const rz_type *type)
{
    return type->id == RUZU_TYPE_LIST || type->id == RUZU_TYPE_ARRAY;
}

static bool cast_is_graph(const rz_type *type)
{
    return type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL || type->id == RUZU_TYPE_RECURSIVE_REL ||
           type->id == RUZU_TYPE_INTERNAL_ID;
}

/* The bare name that Kuzu uses for nested types on either side of a cast to one; NULL for the others. */
static const char *cast_bare_name(const rz_type *type)
{
    switch ((int)type->id) {
    case RUZU_TYPE_LIST: return "LIST";
    case RUZU_TYPE_ARRAY: return "ARRAY";
    case RUZU_TYPE_STRUCT: return "STRUCT";
    case RUZU_TYPE_MAP: return "MAP";
    default: return NULL;
    }
}

ruzu_status rz_cast_unsupported(const rz_type *from, const rz_type *to, rz_error *err)
{
    if (err == NULL) {
        return RUZU_ERROR_CONVERSION;
    }
    const char *bare_to = cast_bare_name(to);
    const char *bare_from = bare_to != NULL ? cast_bare_name(from) : NULL;
    rz_str names[2];
    rz_str_init(&names[0], rz_mem_root());
    rz_str_init(&names[1], rz_mem_root());
    rz_type_format(from, &names[0]);
    rz_type_format(to, &names[1]);
    ruzu_status status = rz_error_set(err, RUZU_ERROR_CONVERSION, "Unsupported casting function from %s to %s.",
                                      bare_from != NULL ? bare_from : rz_str_text(&names[0]),
                                      bare_to != NULL ? bare_to : rz_str_text(&names[1]));
    rz_str_free(&names[0]);
    rz_str_free(&names[1]);
    return status;
}

ruzu_status rz_cast_check(const rz_type *from, const rz_type *to, rz_error *err)
{
    if (from->id == RUZU_TYPE_ANY || to->id == RUZU_TYPE_STRING ||
        (from->id == to->id && from->physical != RZ_PHYS_LIST && from->physical != RZ_PHYS_STRUCT)) {
        return RUZU_OK;
    }
    if (from->id == RUZU_TYPE_STRING && !cast_is_graph(to) && to->id != RUZU_TYPE_ANY) {
        return RUZU_OK;
    }
    if ((rz_type_is_numeric(from) && rz_type_is_numeric(to)) || (cast_is_time(from) && cast_is_time(to)) ||
        rz_type_equal(from, to)) {
        return RUZU_OK;
    }
    bool nested = to->id == RUZU_TYPE_UNION || (cast_is_list(from) && cast_is_list(to)) ||
                  (from->id == to->id && (from->id == RUZU_TYPE_STRUCT || from->id == RUZU_TYPE_MAP));
    return nested ? rz_cast_check_nested(from, to, err) : rz_cast_unsupported(from, to, err);
}

bool rz_cast_exists(const rz_type *from, const rz_type *to)
{
    return rz_cast_check(from, to, NULL) == RUZU_OK;
}

/* ---- validity ---- */

void rz_cast_copy_validity(const rz_cast_job *job)
{
    rz_vec *out = job->out;
    if (job->view.validity == NULL) {
        if (out->validity != NULL) {
            for (uint32_t i = 0; i < job->sel.count; i++) {
                rz_bit_set(out->validity, rz_sel_at(&job->sel, i));
            }
        }
        return;
    }
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        if (!rz_view_valid(&job->view, rz_view_at(&job->view, row))) {
            rz_vec_set_null(out, row);
        } else if (out->validity != NULL) {
            rz_bit_set(out->validity, row);
        }
    }
}

/* ---- dates and timestamps ---- */

static bool cast_time_value(ruzu_type_id from, ruzu_type_id to, int64_t value, int64_t *out)
{
    if (from == RUZU_TYPE_DATE) {
        int64_t micros;
        if (to == RUZU_TYPE_TIMESTAMP_SEC) {
            *out = value * 86400;
            return true;
        }
        return rz_timestamp_from_date((int32_t)value, &micros) && rz_timestamp_from_micros(to, micros, out);
    }
    int64_t micros = rz_timestamp_to_micros(from, value);
    if (micros == INT64_MIN || micros == INT64_MAX) { /* SEC and MS reach further */
        return false;
    }
    if (to == RUZU_TYPE_DATE) {
        *out = rz_timestamp_to_date(micros);
        return true;
    }
    return rz_timestamp_from_micros(to, micros, out);
}

static ruzu_status cast_times(const rz_cast_job *job, rz_error *err)
{
    ruzu_type_id from = (ruzu_type_id)job->from->id;
    ruzu_type_id to = (ruzu_type_id)job->out->type->id;
    rz_cast_copy_validity(job);
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        uint32_t at = rz_view_at(&job->view, row);
        if (!rz_view_valid(&job->view, at)) {
            continue;
        }
        int64_t value =
            from == RUZU_TYPE_DATE ? ((const int32_t *)job->view.data)[at] : ((const int64_t *)job->view.data)[at];
        int64_t result = 0;
        if (!cast_time_value(from, to, value, &result)) {
            if (!job->try_cast) {
                return rz_cast_out_of_range(job, at, err);
            }
            rz_vec_set_null(job->out, row);
            continue;
        }
        if (to == RUZU_TYPE_DATE) {
            ((int32_t *)job->out->data)[row] = (int32_t)result;
        } else {
            ((int64_t *)job->out->data)[row] = result;
        }
    }
    return RUZU_OK;
}

/* ---- text ---- */

static ruzu_status cast_from_text(const rz_cast_job *job, rz_error *err)
{
    static const rz_text_reader reader = {.list_unbraced = false, .delimiter = ',', .kuzu_numbers = false};
    const rz_string *strings = (const rz_string *)job->view.data;
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        uint32_t at = rz_view_at(&job->view, row);
        if (!rz_view_valid(&job->view, at)) {
            rz_vec_set_null(job->out, row);
            continue;
        }
        ruzu_status status = rz_text_read_value(rz_string_data(&strings[at]), strings[at].length, &reader, job->out,
                                                row, job->try_cast ? NULL : err);
        if (status == RUZU_OK) {
            continue;
        }
        if (!job->try_cast) {
            return status;
        }
        if (!rz_cast_is_value_error(status)) {
            return rz_error_set(err, status, "out of memory while casting from STRING");
        }
        rz_vec_set_null(job->out, row);
    }
    return RUZU_OK;
}

static ruzu_status cast_to_text(const rz_cast_job *job, rz_error *err)
{
    bool bounded = rz_text_scalar_size(job->from) != 0;
    char buffer[RZ_TEXT_INTERVAL_SIZE];
    rz_str text;
    rz_str_init(&text, job->out->heap->mem);
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < job->sel.count && status == RUZU_OK; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        uint32_t at = rz_view_at(&job->view, row);
        if (!rz_view_valid(&job->view, at)) {
            rz_vec_set_null(job->out, row);
        } else if (bounded) {
            size_t length = rz_text_write_scalar(job->from, job->view.data, at, buffer);
            status = rz_vec_set_string(job->out, row, buffer, length, err);
        } else {
            rz_str_clear(&text);
            rz_text_append_cast(job->view.base, at, &text);
            status = text.failed ? rz_error_no_memory(err, "casting to STRING")
                                 : rz_vec_set_string(job->out, row, rz_str_text(&text), text.length, err);
        }
    }
    rz_str_free(&text);
    return status;
}

/* ---- dispatch ---- */

static ruzu_status cast_same(const rz_cast_job *job, rz_error *err)
{
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        uint32_t at = rz_view_at(&job->view, row);
        RZ_TRY(rz_vec_gather(job->out, row, job->view.base, &at, 1, err));
    }
    return RUZU_OK;
}

/* Nested values fail as a whole: each row on its own. */
static ruzu_status cast_nested_try(const rz_cast_job *job, rz_error *err)
{
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        rz_cast_job one = *job;
        one.sel = (rz_sel){&row, 1};
        one.try_cast = false;
        ruzu_status status = rz_cast_nested(&one, NULL);
        if (status != RUZU_OK && !rz_cast_is_value_error(status)) {
            return rz_error_set(err, status, "out of memory while casting nested values");
        }
        if (status != RUZU_OK) {
            rz_vec_set_null(job->out, row);
        }
    }
    return RUZU_OK;
}

static ruzu_status cast_rows(const rz_cast_job *job, rz_error *err)
{
    const rz_type *from = job->from;
    const rz_type *to = job->out->type;
    if (from->id == RUZU_TYPE_ANY) {
        for (uint32_t i = 0; i < job->sel.count; i++) {
            rz_vec_set_null(job->out, rz_sel_at(&job->sel, i));
        }
        return RUZU_OK;
    }
    if (to->id == RUZU_TYPE_STRING && from->id != RUZU_TYPE_STRING) {
        return cast_to_text(job, err);
    }
    if (from->id == RUZU_TYPE_STRING && to->id != RUZU_TYPE_STRING && to->id != RUZU_TYPE_UNION) {
        return cast_from_text(job, err);
    }
    if (rz_type_equal(from, to)) {
        return cast_same(job, err);
    }
    RZ_TRY(rz_cast_check(from, to, err));
    if (from->id == RUZU_TYPE_STRING) { /* to UNION */
        return cast_from_text(job, err);
    }
    if (rz_type_is_numeric(from) && rz_type_is_numeric(to)) {
        bool decimal = from->id == RUZU_TYPE_DECIMAL || to->id == RUZU_TYPE_DECIMAL;
        return decimal ? rz_cast_decimal(job, err) : rz_cast_numeric(job, err);
    }
    if (cast_is_time(from) && cast_is_time(to)) {
        return cast_times(job, err);
    }
    return job->try_cast ? cast_nested_try(job, err) : rz_cast_nested(job, err);
}

/* Repeats row `source` of a flat vector in the other rows; list elements and string bytes are shared. */
static void cast_repeat(rz_vec *vec, uint32_t source, const rz_sel *rows)
{
    size_t size = rz_type_size(vec->type);
    bool valid = vec->validity == NULL || rz_bit_get(vec->validity, source);
    char *data = (char *)vec->data;
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rz_sel_at(rows, i);
        if (row == source) {
            continue;
        }
        if (!valid) {
            rz_vec_set_null(vec, row);
            continue;
        }
        rz_vec_set_valid(vec, row);
        if (size != 0) {
            memcpy(data + row * size, data + source * size, size);
        }
    }
    if (vec->type->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < vec->child_count; i++) {
            cast_repeat(vec->children[i], source, rows);
        }
    }
}

/* Positions of a CONSTANT: all 0, also beyond the rows that its own view has an index for. */
static ruzu_status cast_constant(rz_cast_job *job, rz_error *err)
{
    rz_sel all = job->sel;
    uint32_t first = rz_sel_at(&all, 0);
    uint32_t *zeros = NULL;
    if (first >= RZ_VECTOR_CAPACITY) {
        zeros = RZ_NEW_ARRAY(job->out->heap, uint32_t, (size_t)first + 1);
        RZ_TRY_ALLOC(zeros, err, "casting a constant");
        job->view.index = zeros;
    }
    job->sel = (rz_sel){&first, 1};
    RZ_TRY(cast_rows(job, err));
    cast_repeat(job->out, first, &all);
    return RUZU_OK;
}

ruzu_status rz_cast(const rz_vec *in, const rz_sel *sel, bool try_cast, rz_vec *out, rz_error *err)
{
    RZ_ASSERT(out->kind == RZ_VEC_FLAT);
    if (sel->count == 0) {
        return RUZU_OK;
    }
    rz_cast_job job = {
        .from = in->type, .view = {NULL, NULL, NULL, NULL}, .sel = *sel, .try_cast = try_cast, .out = out};
    if (in->kind == RZ_VEC_SEQUENCE) {
        uint32_t row_count = rz_sel_at(sel, sel->count - 1) + 1;
        rz_vec *scratch = NULL;
        RZ_TRY(rz_vec_create(out->heap, out->heap, in->type, row_count, &scratch, err));
        rz_vec_view_any(in, sel, scratch, &job.view);
    } else {
        rz_vec_view(in, &job.view);
        if (job.view.base->kind == RZ_VEC_CONSTANT) {
            return cast_constant(&job, err);
        }
    }
    return cast_rows(&job, err);
}

/* ---- boxed values ---- */

ruzu_status rz_value_cast(const rz_value *value, const rz_type *to, rz_arena *arena, rz_value *out, rz_error *err)
{
    rz_vec *in = NULL;
    rz_vec *result = NULL;
    rz_sel one = {NULL, 1};
    RZ_TRY(rz_vec_create(arena, arena, value->type, 1, &in, err));
    RZ_TRY(rz_vec_create(arena, arena, to, 1, &result, err));
    RZ_TRY(rz_value_to_vec(value, in, 0, err));
    RZ_TRY(rz_cast(in, &one, false, result, err));
    return rz_value_from_vec(result, 0, arena, out, err);
}
