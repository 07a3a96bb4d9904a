/* SPDX-License-Identifier: MIT */
/*
 * CSV options (dialect §17.2) from names and literal values.
 */
#include "io/io.h"

#include <string.h>

void rz_csv_options_init(rz_csv_options *options)
{
    static const char *const empty[] = {""};
    memset(options, 0, sizeof *options);
    options->delimiter = ',';
    options->quote = '"';
    options->escape = '"';
    options->parallel = true;
    options->auto_detect = true;
    options->sample_size = 256;
    options->null_strings = empty;
    options->null_string_count = 1;
}

static ruzu_status csv_option_wrong_type(const char *name, const char *wanted, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_BINDER, "The type of csv parsing option %s must be a %s.", name, wanted);
}

static ruzu_status csv_option_bool(const char *name, const rz_value *value, bool *out, rz_error *err)
{
    if (value == NULL) {
        *out = true;
        return RUZU_OK;
    }
    if (!value->is_null && value->type->id == RUZU_TYPE_BOOL) {
        *out = value->u.boolean;
        return RUZU_OK;
    }
    if (!value->is_null && value->type->id == RUZU_TYPE_INT64 && (value->u.i64 == 0 || value->u.i64 == 1)) {
        *out = value->u.i64 == 1;
        return RUZU_OK;
    }
    return csv_option_wrong_type(name, "boolean", err);
}

static ruzu_status csv_option_int(const char *name, const rz_value *value, uint64_t *out, rz_error *err)
{
    if (value == NULL || value->is_null || value->type->id != RUZU_TYPE_INT64) {
        return csv_option_wrong_type(name, "INT64", err);
    }
    if (value->u.i64 < 0) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The value of csv parsing option %s must not be negative.", name);
    }
    *out = (uint64_t)value->u.i64;
    return RUZU_OK;
}

static ruzu_status csv_option_text(const char *name, const rz_value *value, rz_arena *arena, const char **out, rz_error *err)
{
    if (value == NULL || value->is_null || value->type->id != RUZU_TYPE_STRING) {
        return csv_option_wrong_type(name, "string", err);
    }
    *out = rz_arena_strndup(arena, value->u.text.data, value->u.text.length);
    RZ_TRY_ALLOC(*out, err, "reading options");
    return RUZU_OK;
}

static ruzu_status csv_option_char(const char *name, const rz_value *value, char *out, bool *out_given, rz_error *err)
{
    if (value == NULL || value->is_null || value->type->id != RUZU_TYPE_STRING) {
        return csv_option_wrong_type(name, "string", err);
    }
    const char *text = value->u.text.data;
    uint64_t length = value->u.text.length;
    char c = length == 0 ? '\0' : text[length - 1];
    if (length == 2 && text[0] == '\\') {
        c = c == 't' ? '\t' : c;
    } else if (length != 1) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Copy csv option value must be a single character with an optional escape character.");
    }
    if (c == '\n' || c == '\r' || c == '\0') {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The value of csv parsing option %s must not be a line end.", name);
    }
    *out = c;
    *out_given = true;
    return RUZU_OK;
}

static ruzu_status csv_option_texts(const char *name, const rz_value *value, rz_arena *arena, rz_csv_options *options, rz_error *err)
{
    if (value == NULL || value->is_null || value->type->id != RUZU_TYPE_LIST) {
        return csv_option_wrong_type(name, "STRING[]", err);
    }
    const char **texts = RZ_NEW_ARRAY(arena, const char *, value->u.nested.count);
    RZ_TRY_ALLOC(texts, err, "reading options");
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        const rz_value *item = &value->u.nested.items[i];
        if (item->is_null || item->type->id != RUZU_TYPE_STRING) {
            return csv_option_wrong_type(name, "STRING[]", err);
        }
        RZ_TRY(csv_option_text(name, item, arena, &texts[i], err));
    }
    options->null_strings = texts;
    options->null_string_count = value->u.nested.count;
    return RUZU_OK;
}

ruzu_status rz_csv_options_set(rz_csv_options *options, const char *name, const rz_value *value, rz_arena *arena, rz_error *err)
{
    char *upper = rz_arena_strdup(arena, name);
    RZ_TRY_ALLOC(upper, err, "reading options");
    for (char *c = upper; *c != '\0'; c++) {
        *c = rz_ascii_upper(*c);
    }
    if (strcmp(upper, "HEADER") == 0) {
        options->header_given = true;
        return csv_option_bool(upper, value, &options->header, err);
    }
    if (strcmp(upper, "DELIM") == 0 || strcmp(upper, "DELIMITER") == 0) {
        return csv_option_char(upper, value, &options->delimiter, &options->delimiter_given, err);
    }
    if (strcmp(upper, "QUOTE") == 0) {
        return csv_option_char(upper, value, &options->quote, &options->quote_given, err);
    }
    if (strcmp(upper, "ESCAPE") == 0) {
        return csv_option_char(upper, value, &options->escape, &options->escape_given, err);
    }
    if (strcmp(upper, "SKIP") == 0) {
        return csv_option_int(upper, value, &options->skip, err);
    }
    if (strcmp(upper, "PARALLEL") == 0) {
        return csv_option_bool(upper, value, &options->parallel, err);
    }
    if (strcmp(upper, "LIST_UNBRACED") == 0) {
        return csv_option_bool(upper, value, &options->list_unbraced, err);
    }
    if (strcmp(upper, "IGNORE_ERRORS") == 0) {
        return csv_option_bool(upper, value, &options->ignore_errors, err);
    }
    if (strcmp(upper, "AUTO_DETECT") == 0 || strcmp(upper, "AUTODETECT") == 0) {
        return csv_option_bool(upper, value, &options->auto_detect, err);
    }
    if (strcmp(upper, "SAMPLE_SIZE") == 0) {
        return csv_option_int(upper, value, &options->sample_size, err);
    }
    if (strcmp(upper, "NULL_STRINGS") == 0) {
        return csv_option_texts(upper, value, arena, options, err);
    }
    if (strcmp(upper, "FILE_FORMAT") == 0) {
        return csv_option_text(upper, value, arena, &options->file_format, err);
    }
    if (strcmp(upper, "FROM") == 0) {
        return csv_option_text(upper, value, arena, &options->from, err);
    }
    if (strcmp(upper, "TO") == 0) {
        return csv_option_text(upper, value, arena, &options->to, err);
    }
    return rz_error_set(err, RUZU_ERROR_BINDER, "Unrecognized csv parsing option: %s.", upper);
}
