/* SPDX-License-Identifier: MIT */
/*
 * Constructors and parts of STRUCT and UNION (dialect §13.5), field names of STRUCT, and the parts of value forms of
 * nodes and relationships, which are structs. References are the binder's (fn_rewrite.c).
 */
#include "function/fn.h"

/* ---- STRUCT ---- */

static ruzu_status struct_pack(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    for (uint32_t i = 0; i < bound->arg_count; i++) {
        RZ_TRY(rz_fn_copy_rows(out->children[i], args[i], sel, err));
    }
    return RUZU_OK;
}

/* Nothing to write: a struct without fields has no children. */
static ruzu_status struct_empty(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)args;
    (void)sel;
    (void)out;
    (void)err;
    return RUZU_OK;
}

static const char *struct_constant_text(const rz_fn_arg *arg, rz_arena *arena)
{
    if (arg->constant == NULL) {
        return arg->name == NULL ? "?" : arg->name;
    }
    rz_str text;
    rz_str_init(&text, arena->mem);
    rz_text_append_value(arg->constant, &text);
    const char *copy = rz_arena_strdup(arena, rz_str_text(&text));
    rz_str_free(&text);
    return copy == NULL ? "?" : copy;
}

static ruzu_status struct_bind_pack(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)def;
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, arg_count + 1);
    RZ_TRY_ALLOC(fields, err, "binding a function");
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i].name == NULL) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot infer field name for %s.",
                                struct_constant_text(&args[i], arena));
        }
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(fields[j].name, args[i].name) == 0) {
                return rz_error_set(err, RUZU_ERROR_BINDER, "Found duplicate field %s in STRUCT.", args[i].name);
            }
        }
        fields[i].name = args[i].name;
        fields[i].type = args[i].type->id == RUZU_TYPE_ANY ? RZ_STRING : args[i].type;
        out->arg_types[i] = fields[i].type;
    }
    out->result = rz_type_struct(arena, fields, arg_count);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

/* bound->data: the number of the child vector. */
static ruzu_status struct_extract(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    uint32_t field = *(const uint32_t *)bound->data;
    rz_fn_reader structs = rz_fn_read(args[0]);
    const rz_vec *child = structs.base->children[field];
    if (structs.index == NULL && structs.mask != 0) {
        return rz_fn_copy_rows(out, child, sel, err);
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(rz_fn_copy_row(out, row, child, rz_fn_at(&structs, row), err));
    }
    return RUZU_OK;
}

/* The name given as a constant; what else it is, is an error. */
static ruzu_status struct_constant_name(const rz_fn_arg *arg, rz_arena *arena, const char **out, rz_error *err)
{
    const rz_value *value = arg->constant;
    if (value == NULL || value->is_null || value->type->id != RUZU_TYPE_STRING) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Expected constant input for struct_extract.");
    }
    *out = rz_arena_strndup(arena, value->u.text.data, (size_t)value->u.text.length);
    RZ_TRY_ALLOC(*out, err, "binding a function");
    return RUZU_OK;
}

static ruzu_status struct_bind_extract(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                       rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    const rz_type *type = args[0].type;
    if (type->id == RUZU_TYPE_ANY) {
        out->result = RZ_ANY;
        return RUZU_OK;
    }
    const char *name;
    RZ_TRY(struct_constant_name(&args[1], arena, &name, err));
    int32_t field = rz_type_find_field(type, name);
    if (field < 0) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Invalid struct field name: %s.", name);
    }
    uint32_t *data = RZ_NEW(arena, uint32_t);
    RZ_TRY_ALLOC(data, err, "binding a function");
    *data = (uint32_t)field + (type->id == RUZU_TYPE_UNION ? 1 : 0);
    out->data = data;
    out->result = type->fields[field].type;
    return RUZU_OK;
}

/* struct[key] with a key that differs by row: all fields have been cast to one type. A field that is not there is NULL.
 */
static ruzu_status struct_lookup(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    const rz_type *type = bound->arg_types[0];
    rz_fn_reader structs = rz_fn_read(args[0]);
    rz_fn_reader keys = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *key = &RZ_FN_GET(rz_string, keys, row);
        uint32_t field = 0;
        while (field < type->field_count && !rz_name_equal_n(type->fields[field].name, strlen(type->fields[field].name),
                                                             rz_string_data(key), key->length)) {
            field++;
        }
        if (field == type->field_count) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(rz_fn_copy_row(out, row, structs.base->children[field], rz_fn_at(&structs, row), err));
        }
    }
    return RUZU_OK;
}

static ruzu_status struct_bind_lookup(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                      rz_fn_bound *out, rz_error *err)
{
    static const rz_fn extract = {"LIST_EXTRACT", 0, struct_extract};
    const rz_type *type = args[0].type;
    const rz_value *key = args[1].constant;
    if (args[1].type->id != RUZU_TYPE_STRING && args[1].type->id != RUZU_TYPE_ANY) {
        return rz_fn_fail_arguments(err, def->fn.name, args, arg_count);
    }
    if (key != NULL && !key->is_null && key->type->id == RUZU_TYPE_STRING) {
        const char *name = rz_arena_strndup(arena, key->u.text.data, (size_t)key->u.text.length);
        RZ_TRY_ALLOC(name, err, "binding a function");
        if (rz_type_find_field(type, name) >= 0) {
            out->fn = &extract;
            return struct_bind_extract(def, args, arg_count, arena, out, err);
        }
    }
    const rz_type *common = RZ_ANY;
    for (uint32_t i = 0; i < type->field_count && common != NULL; i++) {
        common = rz_type_common(arena, common, type->fields[i].type);
    }
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, type->field_count + 1);
    RZ_TRY_ALLOC(fields, err, "binding a function");
    if (common == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER,
                            "The fields of %s have no common type, so their name must be a constant.",
                            rz_fn_type_text(arena, type));
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i].name = type->fields[i].name;
        fields[i].type = common;
    }
    out->arg_types[0] = rz_type_struct(arena, fields, type->field_count);
    RZ_TRY_ALLOC(out->arg_types[0], err, "binding a function");
    out->result = common->id == RUZU_TYPE_ANY ? RZ_STRING : common;
    return RUZU_OK;
}

/* bound->data: the STRUCT's type, whose field names are the value of every row. */
static ruzu_status struct_keys(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)args;
    const rz_type *type = (const rz_type *)bound->data;
    uint32_t offset;
    RZ_TRY(rz_vec_list_reserve(out, type->field_count, &offset, err));
    for (uint32_t i = 0; i < type->field_count; i++) {
        rz_fn_put_string(out->children[0], offset + i, type->fields[i].name, strlen(type->fields[i].name));
    }
    rz_list_entry entry = {offset, type->field_count};
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((rz_list_entry *)out->data)[rz_sel_at(sel, idx)] = entry;
    }
    return RUZU_OK;
}

static ruzu_status struct_bind_keys(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    out->data = args[0].type;
    return rz_fn_bind_string_list(def, args, arg_count, arena, out, err);
}

/* ---- UNION ---- */

static ruzu_status struct_union_value(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((uint8_t *)out->children[0]->data)[rz_sel_at(sel, idx)] = 0;
    }
    return rz_fn_copy_rows(out->children[1], args[0], sel, err);
}

static ruzu_status struct_bind_union_value(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                           rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    rz_type_field field = {args[0].name == NULL ? "" : args[0].name,
                           args[0].type->id == RUZU_TYPE_ANY ? RZ_STRING : args[0].type};
    out->arg_types[0] = field.type;
    out->result = rz_type_union(arena, &field, 1);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static ruzu_status struct_union_tag(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                    const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader unions = rz_fn_read(args[0]);
    rz_fn_reader tags = rz_fn_read(unions.base->children[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t tag = RZ_FN_GET(uint8_t, tags, rz_fn_at(&unions, row));
        const char *name = unions.base->type->fields[tag].name;
        rz_fn_put_string(out, row, name, strlen(name));
    }
    return RUZU_OK;
}

static ruzu_status struct_union_extract(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                        const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    uint32_t child = *(const uint32_t *)bound->data;
    rz_fn_reader unions = rz_fn_read(args[0]);
    rz_fn_reader tags = rz_fn_read(unions.base->children[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&unions, row);
        if (RZ_FN_GET(uint8_t, tags, at) + 1u == child) {
            RZ_TRY(rz_fn_copy_row(out, row, unions.base->children[child], at, err));
        } else {
            rz_vec_set_null(out, row);
        }
    }
    return RUZU_OK;
}

static const rz_fn_def struct_defs[] = {
    RZ_FN_BIND("KEYS", 0, struct_keys, struct_bind_keys, LIST, RZ_P1(STRUCT)),
    RZ_FN_BIND("LIST_EXTRACT", 0, struct_lookup, struct_bind_lookup, ANY, RZ_P2(STRUCT, STRING)),
    RZ_FN_BIND("STRUCT_EXTRACT", 0, struct_extract, struct_bind_extract, ANY, RZ_P2(STRUCT, STRING)),
    RZ_FN_BIND("STRUCT_EXTRACT", 0, struct_union_extract, struct_bind_extract, ANY, RZ_P2(UNION, STRING)),
    RZ_FN_VARIADIC("STRUCT_PACK", RZ_FN_NULL_AWARE, struct_pack, struct_bind_pack, STRUCT, RZ_P1(ANY)),
    RZ_FN_BIND("STRUCT_PACK", 0, struct_empty, struct_bind_pack, STRUCT, RZ_P0()),
    RZ_FN_BIND("UNION_EXTRACT", 0, struct_union_extract, struct_bind_extract, ANY, RZ_P2(UNION, STRING)),
    RZ_FN("UNION_TAG", 0, struct_union_tag, STRING, RZ_P1(UNION)),
    RZ_FN_BIND("UNION_VALUE", 0, struct_union_value, struct_bind_union_value, UNION, RZ_P1(ANY)),
};

RZ_FN_GROUP(rz_fn_struct_group, struct_defs);
