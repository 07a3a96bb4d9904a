/* SPDX-License-Identifier: MIT */
/*
 * Casts of LIST, ARRAY, STRUCT, MAP and UNION values, by casting the vectors of their parts:
 *
 *   lists    all elements of the selected rows at once: a dictionary over the input's elements lines them up with the
 * new elements structs  field by field, by name; target fields that the source has not are NULL to UNION the member
 * that the source's type reaches most cheaply; from UNION only to UNION, members by name
 */
#include "types/cast.h"

/* ---- which casts exist ---- */

/* What it costs to make `from` the member `to` of a union: implicit casts only, and STRING when nothing else takes the
 * value. */
static uint32_t cast_member_cost(const rz_type *from, const rz_type *to)
{
    uint32_t cost = rz_type_implicit_cost(from, to);
    return to->id == RUZU_TYPE_STRING && cost != 0 && cost != RZ_CAST_IMPOSSIBLE ? RZ_CAST_IMPOSSIBLE - 1 : cost;
}

static int32_t cast_choose_member(const rz_type *from, const rz_type *to)
{
    int32_t best = -1;
    uint32_t best_cost = RZ_CAST_IMPOSSIBLE;
    for (uint32_t i = 0; i < to->field_count; i++) {
        uint32_t cost = cast_member_cost(from, to->fields[i].type);
        if (cost < best_cost) {
            best = (int32_t)i;
            best_cost = cost;
        }
    }
    return best;
}

/* "Cannot cast from A to B, …". */
static RZ_COLD ruzu_status cast_refused(const rz_type *from, const rz_type *to, const char *missing, rz_error *err)
{
    if (err == NULL) {
        return RUZU_ERROR_CONVERSION;
    }
    rz_str names[2];
    rz_str_init(&names[0], rz_mem_root());
    rz_str_init(&names[1], rz_mem_root());
    rz_type_format(from, &names[0]);
    rz_type_format(to, &names[1]);
    ruzu_status status;
    if (missing != NULL) {
        status =
            rz_error_set(err, RUZU_ERROR_CONVERSION, "Cannot cast from %s to %s, target type is missing field '%s'.",
                         rz_str_text(&names[0]), rz_str_text(&names[1]), missing);
    } else {
        status =
            rz_error_set(err, RUZU_ERROR_CONVERSION, "Cannot cast from %s to %s, target type has no compatible field.",
                         rz_str_text(&names[0]), rz_str_text(&names[1]));
    }
    rz_str_free(&names[0]);
    rz_str_free(&names[1]);
    return status;
}

/* Each field of `from` is found by name in `to`, and its cast exists. */
static ruzu_status cast_check_fields(const rz_type *from, const rz_type *to, rz_error *err)
{
    for (uint32_t i = 0; i < from->field_count; i++) {
        if (rz_type_find_field(to, from->fields[i].name) < 0) {
            return cast_refused(from, to, from->fields[i].name, err);
        }
    }
    for (uint32_t i = 0; i < from->field_count; i++) {
        int32_t idx = rz_type_find_field(to, from->fields[i].name);
        RZ_TRY(rz_cast_check(from->fields[i].type, to->fields[idx].type, err));
    }
    return RUZU_OK;
}

ruzu_status rz_cast_check_nested(const rz_type *from, const rz_type *to, rz_error *err)
{
    if (from->physical == RZ_PHYS_LIST && to->physical == RZ_PHYS_LIST) {
        return rz_cast_check(from->child, to->child, err);
    }
    if (to->id == RUZU_TYPE_UNION && from->id != RUZU_TYPE_UNION) {
        return cast_choose_member(from, to) < 0 ? cast_refused(from, to, NULL, err) : RUZU_OK;
    }
    return cast_check_fields(from, to, err);
}

/* ---- parts ---- */

static uint32_t cast_row_count(const rz_sel *sel)
{
    return sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
}

/* Child number idx of the input, its rows lined up with those of the view. */
static ruzu_status cast_child(const rz_cast_job *job, uint32_t idx, const rz_vec **out, rz_error *err)
{
    const rz_vec *child = job->view.base->children[idx];
    *out = child;
    if (job->view.index == NULL) {
        return RUZU_OK;
    }
    rz_vec *lined_up = NULL;
    RZ_TRY(rz_vec_create_empty(job->out->heap, job->out->heap, child->type, &lined_up, err));
    RZ_TRY(rz_vec_slice(lined_up, child, job->view.index, cast_row_count(&job->sel), err));
    *out = lined_up;
    return RUZU_OK;
}

/* Rows of the job that are not NULL. */
static ruzu_status cast_valid_rows(const rz_cast_job *job, rz_sel *out, rz_error *err)
{
    *out = job->sel;
    if (job->view.validity == NULL) {
        return RUZU_OK;
    }
    uint32_t *rows = RZ_NEW_ARRAY(job->out->heap, uint32_t, (size_t)job->sel.count + 1);
    RZ_TRY_ALLOC(rows, err, "casting nested values");
    uint32_t count = 0;
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        if (rz_view_valid(&job->view, rz_view_at(&job->view, row))) {
            rows[count++] = row;
        }
    }
    *out = (rz_sel){rows, count};
    return RUZU_OK;
}

/* ---- lists ---- */

/* Which element of the input each new element comes from; positions before `offset` are not used. */
static ruzu_status cast_element_index(const rz_cast_job *job, const rz_sel *valid, uint32_t offset, uint32_t total,
                                      uint32_t **out_index, rz_error *err)
{
    const rz_list_entry *entries = (const rz_list_entry *)job->view.data;
    rz_list_entry *out_entries = (rz_list_entry *)job->out->data;
    uint32_t *index = RZ_NEW_ARRAY(job->out->heap, uint32_t, (size_t)offset + total + 1);
    RZ_TRY_ALLOC(index, err, "casting lists");
    uint32_t next = offset;
    for (uint32_t i = 0; i < valid->count; i++) {
        uint32_t row = rz_sel_at(valid, i);
        rz_list_entry entry = entries[rz_view_at(&job->view, row)];
        out_entries[row] = (rz_list_entry){next, entry.length};
        for (uint32_t j = 0; j < entry.length; j++) {
            index[next++] = entry.offset + j;
        }
    }
    *out_index = index;
    return RUZU_OK;
}

/* The number of elements of all rows; raises when an ARRAY gets another number of them. */
static ruzu_status cast_count_elements(const rz_cast_job *job, const rz_sel *valid, uint32_t *out_total, rz_error *err)
{
    const rz_list_entry *entries = (const rz_list_entry *)job->view.data;
    const rz_type *to = job->out->type;
    uint64_t total = 0;
    for (uint32_t i = 0; i < valid->count; i++) {
        uint32_t length = entries[rz_view_at(&job->view, rz_sel_at(valid, i))].length;
        if (to->id == RUZU_TYPE_ARRAY && length != to->array_length) {
            return rz_error_set(
                err, RUZU_ERROR_CONVERSION,
                "Unsupported casting LIST with incorrect list entry to ARRAY. Expected: %lu, Actual: %lu.",
                (unsigned long)to->array_length, (unsigned long)length);
        }
        total += length;
    }
    if (total > UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "The lists of one vector may hold at most %lu elements together.",
                            (unsigned long)UINT32_MAX);
    }
    *out_total = (uint32_t)total;
    return RUZU_OK;
}

static ruzu_status cast_lists(const rz_cast_job *job, rz_error *err)
{
    rz_sel valid;
    uint32_t total = 0;
    uint32_t offset = 0;
    RZ_TRY(cast_valid_rows(job, &valid, err));
    RZ_TRY(cast_count_elements(job, &valid, &total, err));
    RZ_TRY(rz_vec_list_reserve(job->out, total, &offset, err));
    rz_cast_copy_validity(job);
    uint32_t *index = NULL;
    RZ_TRY(cast_element_index(job, &valid, offset, total, &index, err));
    if (total == 0) {
        return RUZU_OK;
    }
    rz_arena *heap = job->out->heap;
    uint32_t *rows = NULL;
    if (offset != 0) {
        rows = RZ_NEW_ARRAY(heap, uint32_t, total);
        RZ_TRY_ALLOC(rows, err, "casting lists");
        for (uint32_t i = 0; i < total; i++) {
            rows[i] = offset + i;
        }
    }
    const rz_vec *elements = job->view.base->children[0];
    rz_vec *lined_up = NULL;
    RZ_TRY(rz_vec_create_empty(heap, heap, elements->type, &lined_up, err));
    RZ_TRY(rz_vec_slice(lined_up, elements, index, offset + total, err));
    rz_sel sel = {rows, total};
    return rz_cast(lined_up, &sel, false, job->out->children[0], err);
}

/* ---- structs ---- */

static ruzu_status cast_structs(const rz_cast_job *job, rz_error *err)
{
    const rz_type *to = job->out->type;
    rz_cast_copy_validity(job);
    for (uint32_t i = 0; i < to->field_count; i++) {
        rz_vec *target = job->out->children[i];
        int32_t idx = rz_type_find_field(job->from, to->fields[i].name);
        if (idx < 0) {
            for (uint32_t j = 0; j < job->sel.count; j++) {
                rz_vec_set_null(target, rz_sel_at(&job->sel, j));
            }
            continue;
        }
        const rz_vec *source = NULL;
        RZ_TRY(cast_child(job, (uint32_t)idx, &source, err)); /* fields of a NULL row are NULL */
        RZ_TRY(rz_cast(source, &job->sel, false, target, err));
    }
    return RUZU_OK;
}

/* ---- unions ---- */

/* Makes the rows unions of which no member has a value yet. */
static void cast_clear_union(rz_vec *out, const rz_sel *rows)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rz_sel_at(rows, i);
        rz_vec_set_valid(out, row);
        for (uint32_t j = 0; j < out->child_count; j++) {
            rz_vec_set_null(out->children[j], row);
        }
    }
}

/* Casts `source` into member `idx` of the rows and tags them so. */
static ruzu_status cast_into_member(const rz_vec *source, const rz_sel *rows, rz_vec *out, uint32_t idx, rz_error *err)
{
    rz_vec *tag = out->children[0];
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rz_sel_at(rows, i);
        ((uint8_t *)tag->data)[row] = (uint8_t)idx;
        rz_vec_set_valid(tag, row);
    }
    return rz_cast(source, rows, false, out->children[1 + idx], err);
}

static ruzu_status cast_to_union(const rz_cast_job *job, rz_error *err)
{
    rz_sel valid;
    int32_t idx = cast_choose_member(job->from, job->out->type);
    RZ_TRY(cast_valid_rows(job, &valid, err));
    rz_cast_copy_validity(job);
    cast_clear_union(job->out, &valid);
    const rz_vec *source = job->view.base;
    if (job->view.index != NULL) {
        rz_vec *lined_up = NULL;
        RZ_TRY(rz_vec_create_empty(job->out->heap, job->out->heap, job->from, &lined_up, err));
        RZ_TRY(rz_vec_slice(lined_up, source, job->view.index, cast_row_count(&job->sel), err));
        source = lined_up;
    }
    return cast_into_member(source, &valid, job->out, (uint32_t)idx, err);
}

static ruzu_status cast_between_unions(const rz_cast_job *job, rz_error *err)
{
    rz_sel valid;
    RZ_TRY(cast_valid_rows(job, &valid, err));
    rz_cast_copy_validity(job);
    cast_clear_union(job->out, &valid);
    uint32_t *rows = RZ_NEW_ARRAY(job->out->heap, uint32_t, (size_t)valid.count + 1);
    RZ_TRY_ALLOC(rows, err, "casting unions");
    rz_view tags;
    rz_vec_view(job->view.base->children[0], &tags);
    for (uint32_t member = 0; member < job->from->field_count; member++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < valid.count; i++) {
            uint32_t row = rz_sel_at(&valid, i);
            uint32_t at = rz_view_at(&job->view, row);
            if (((const uint8_t *)tags.data)[rz_view_at(&tags, at)] == member) {
                rows[count++] = row;
            }
        }
        if (count == 0) {
            continue;
        }
        const rz_vec *source = NULL;
        RZ_TRY(cast_child(job, 1 + member, &source, err));
        int32_t idx = rz_type_find_field(job->out->type, job->from->fields[member].name);
        rz_sel sel = {rows, count};
        RZ_TRY(cast_into_member(source, &sel, job->out, (uint32_t)idx, err));
    }
    return RUZU_OK;
}

ruzu_status rz_cast_nested(const rz_cast_job *job, rz_error *err)
{
    if (job->out->type->id == RUZU_TYPE_UNION) {
        return job->from->id == RUZU_TYPE_UNION ? cast_between_unions(job, err) : cast_to_union(job, err);
    }
    return job->out->type->physical == RZ_PHYS_LIST ? cast_lists(job, err) : cast_structs(job, err);
}
