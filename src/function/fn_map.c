/* SPDX-License-Identifier: MIT */
/*
 * MAP: constructor and parts (dialect §13.5). A MAP row is a list of (KEY, VALUE) structs.
 */
#include "function/fn.h"

/* ---- constructor ---- */

/* Raises the error of a NULL or repeated key; quadratic, but over the hashes only. */
static ruzu_status map_check_keys(const rz_vec *keys, rz_list_entry list, rz_fn_context *context, rz_error *err)
{
    for (uint32_t i = 0; i < list.length; i++) {
        if (rz_vec_is_null(keys, list.offset + i)) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "Null value key is not allowed in map.");
        }
    }
    uint64_t *hashes = RZ_NEW_ARRAY(context->scratch, uint64_t, (size_t)list.offset + list.length + 1);
    RZ_TRY_ALLOC(hashes, err, "building a map");
    rz_sel all = {NULL, list.offset + list.length};
    rz_vec_hash(keys, &all, hashes, false);
    for (uint32_t i = list.offset; i < list.offset + list.length; i++) {
        for (uint32_t j = list.offset; j < i; j++) {
            if (hashes[i] == hashes[j] && rz_vec_equal(keys, i, keys, j)) {
                rz_str text;
                rz_str_init(&text, context->mem);
                rz_text_append(keys, i, &text);
                ruzu_status status =
                    rz_error_set(err, RUZU_ERROR_RUNTIME, "Found duplicate key: %s in map.", rz_str_text(&text));
                rz_str_free(&text);
                return status;
            }
        }
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    return RUZU_OK;
}

static ruzu_status map_create(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader keys = rz_fn_read(args[0]);
    rz_fn_reader values = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry key_list = RZ_FN_GET(rz_list_entry, keys, row);
        rz_list_entry value_list = RZ_FN_GET(rz_list_entry, values, row);
        if (key_list.length != value_list.length) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "Unaligned key list and value list.");
        }
        if (context->map_key_check) {
            RZ_TRY(map_check_keys(rz_fn_elements(&keys), key_list, context, err));
        }
        rz_list_entry entry = {0, key_list.length};
        RZ_TRY(rz_vec_list_reserve(out, entry.length, &entry.offset, err));
        ((rz_list_entry *)out->data)[row] = entry;
        const rz_vec *pairs = out->children[0];
        RZ_TRY(rz_fn_copy_run(pairs->children[0], entry.offset, rz_fn_elements(&keys), key_list.offset, entry.length,
                              context->scratch, err));
        RZ_TRY(rz_fn_copy_run(pairs->children[1], entry.offset, rz_fn_elements(&values), value_list.offset,
                              entry.length, context->scratch, err));
    }
    return RUZU_OK;
}

static ruzu_status map_bind_create(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                   rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    out->result = rz_type_map(arena, rz_fn_element_type(out->arg_types[0]), rz_fn_element_type(out->arg_types[1]));
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

/* ---- parts ---- */

static const rz_vec *map_part(const rz_fn_reader *maps, uint32_t part)
{
    return rz_fn_elements(maps)->children[part];
}

static ruzu_status map_part_lists(uint32_t part, rz_fn_context *context, const rz_vec *const *args, const rz_sel *sel,
                                  rz_vec *out, rz_error *err)
{
    rz_fn_reader maps = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry map = RZ_FN_GET(rz_list_entry, maps, row);
        rz_list_entry entry = {0, map.length};
        RZ_TRY(rz_vec_list_reserve(out, entry.length, &entry.offset, err));
        ((rz_list_entry *)out->data)[row] = entry;
        RZ_TRY(rz_fn_copy_run(out->children[0], entry.offset, map_part(&maps, part), map.offset, map.length,
                              context->scratch, err));
    }
    return RUZU_OK;
}

static ruzu_status map_keys(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                            const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return map_part_lists(0, context, args, sel, out, err);
}

static ruzu_status map_values(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return map_part_lists(1, context, args, sel, out, err);
}

static bool map_key_matches(const rz_fn_reader *maps, uint32_t element, const rz_vec *wanted, uint32_t row)
{
    const rz_vec *keys = map_part(maps, 0);
    return !rz_vec_is_null(keys, element) && rz_fn_values_equal(keys, element, wanted, row);
}

/* All values whose key is the wanted one: a list of none, one, or (of repeated keys) more. */
static ruzu_status map_extract(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader maps = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry map = RZ_FN_GET(rz_list_entry, maps, row);
        rz_list_entry entry = {0, 0};
        for (uint32_t i = 0; i < map.length; i++) {
            if (!map_key_matches(&maps, map.offset + i, args[1], row)) {
                continue;
            }
            uint32_t at;
            RZ_TRY(rz_vec_list_reserve(out, 1, &at, err));
            entry.offset = entry.length == 0 ? at : entry.offset;
            entry.length++;
            RZ_TRY(rz_fn_copy_row(out->children[0], at, map_part(&maps, 1), map.offset + i, err));
        }
        ((rz_list_entry *)out->data)[row] = entry;
    }
    return RUZU_OK;
}

/* map[key]: the value of the last such key, NULL without one. */
static ruzu_status map_lookup(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader maps = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry map = RZ_FN_GET(rz_list_entry, maps, row);
        uint32_t left = map.length;
        while (left != 0 && !map_key_matches(&maps, map.offset + left - 1, args[1], row)) {
            left--;
        }
        if (left == 0) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(rz_fn_copy_row(out, row, map_part(&maps, 1), map.offset + left - 1, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status map_bind_part(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                 rz_fn_bound *out, rz_error *err)
{
    (void)args;
    (void)arg_count;
    bool keys = strcmp(def->fn.name, "MAP_VALUES") != 0;
    out->result = rz_type_list(arena, out->arg_types[0]->child->fields[keys ? 0 : 1].type);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static ruzu_status map_bind_key(const rz_fn_arg *key, rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    const rz_type *wanted = out->arg_types[0]->child->fields[0].type;
    const rz_type *common = rz_type_equal(wanted, key->type) ? wanted : rz_type_common(arena, wanted, key->type);
    if (common == NULL || !rz_type_equal(common, wanted)) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Unmatched map key type and extract key type");
    }
    out->arg_types[1] = wanted;
    return RUZU_OK;
}

static ruzu_status map_bind_extract(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    RZ_TRY(map_bind_key(&args[1], arena, out, err));
    out->result = rz_type_list(arena, out->arg_types[0]->child->fields[1].type);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static ruzu_status map_bind_lookup(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                   rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    RZ_TRY(map_bind_key(&args[1], arena, out, err));
    out->result = out->arg_types[0]->child->fields[1].type;
    return RUZU_OK;
}

static const rz_fn_def map_defs[] = {
    RZ_FN_BIND("KEYS", 0, map_keys, map_bind_part, LIST, RZ_P1(MAP)),
    RZ_FN_BIND("LIST_EXTRACT", 0, map_lookup, map_bind_lookup, ANY, RZ_P2(MAP, ANY)),
    RZ_FN_BIND("MAP", RZ_FN_CAN_FAIL, map_create, map_bind_create, MAP, RZ_P2(LIST, LIST)),
    RZ_FN_BIND("MAP_EXTRACT", 0, map_extract, map_bind_extract, LIST, RZ_P2(MAP, ANY)),
    RZ_FN_BIND("MAP_KEYS", 0, map_keys, map_bind_part, LIST, RZ_P1(MAP)),
    RZ_FN_BIND("MAP_VALUES", 0, map_values, map_bind_part, LIST, RZ_P1(MAP)),
};

RZ_FN_GROUP(rz_fn_map_group, map_defs);
