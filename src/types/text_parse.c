/* SPDX-License-Identifier: MIT */
/*
 * Text to values (dialect §9.1), one row of a flat vector at a time: the inner loop of CSV loading and of casts from
 * STRING. The readers of single types live beside their writers; here are the dispatch and the error texts, which name
 * the value as it was given, blanks included.
 */
#include "types/text.h"

static inline void text_set_valid(rz_vec *vec, uint32_t row)
{
    if (vec->validity != NULL) {
        rz_bit_set(vec->validity, row);
    }
}

/* ---- errors ---- */

static RZ_COLD ruzu_status text_not_convertible(const char *text, size_t length, const char *type_name, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CONVERSION, "Cast failed. Could not convert \"%.*s\" to %s.",
                        rz_text_shown(length), text, type_name);
}

ruzu_status rz_text_not_in_range(const char *text, size_t length, const rz_vec *vec, rz_error *err)
{
    if (err == NULL) {
        return RUZU_ERROR_CONVERSION;
    }
    rz_str name;
    rz_str_init(&name, vec->heap->mem);
    rz_type_format(vec->type, &name);
    ruzu_status status = rz_error_set(err, RUZU_ERROR_CONVERSION, "Cast failed. %.*s is not in %s range.",
                                      rz_text_shown(length), text, rz_str_text(&name));
    rz_str_free(&name);
    return status;
}

static RZ_COLD ruzu_status text_invalid_timestamp(const char *text, size_t length, const rz_vec *vec,
                                                  rz_text_time_status problem, rz_error *err)
{
    const char *unit = "TIMESTAMP";
    if (vec->type->id == RUZU_TYPE_TIMESTAMP_SEC) {
        unit = "TIMESTAMP_SEC";
    } else if (vec->type->id == RUZU_TYPE_TIMESTAMP_MS) {
        unit = "TIMESTAMP_MS";
    } else if (vec->type->id == RUZU_TYPE_TIMESTAMP_NS) {
        unit = "TIMESTAMP_NS";
    } else if (vec->type->id == RUZU_TYPE_TIMESTAMP_TZ) {
        unit = "TIMESTAMP_TZ";
    }
    if (problem == RZ_TEXT_TIME_RANGE) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %.*s is not within %s range", rz_text_shown(length), text,
                            unit);
    }
    return rz_error_set(err, RUZU_ERROR_CONVERSION,
                        "Error occurred during parsing %s. Given: \"%.*s\". Expected format: (YYYY-MM-DD "
                        "hh:mm:ss[.zzzzzz][+-TT[:tt]])",
                        unit, rz_text_shown(length), text);
}

/* ---- single types ---- */

static bool text_read_bool(const char *text, size_t length, uint8_t *out)
{
    if (length == 1) {
        char c = rz_ascii_lower(*text);
        *out = c == 't' || c == '1';
        return *out != 0 || c == 'f' || c == '0';
    }
    *out = rz_name_equal_n(text, length, "true", 4);
    return *out != 0 || rz_name_equal_n(text, length, "false", 5);
}

/* Signed and unsigned integers of up to 64 bits share readers; RANGE says what the type holds. */
#define TEXT_STORE_SIGNED(ctype, lowest, highest, type_name)                                                \
    do {                                                                                                    \
        int64_t value;                                                                                      \
        if (RZ_UNLIKELY(!rz_text_read_i64(begin, size, reader->kuzu_numbers, &value) || value < (lowest) || \
                        value > (highest))) {                                                               \
            return text_not_convertible(text, length, type_name, err);                                      \
        }                                                                                                   \
        ((ctype *)vec->data)[row] = (ctype)value;                                                           \
    } while (0)

#define TEXT_STORE_UNSIGNED(ctype, highest, type_name)                                                        \
    do {                                                                                                      \
        uint64_t value;                                                                                       \
        if (RZ_UNLIKELY(!rz_text_read_u64(begin, size, reader->kuzu_numbers, &value) || value > (highest))) { \
            return text_not_convertible(text, length, type_name, err);                                        \
        }                                                                                                     \
        ((ctype *)vec->data)[row] = (ctype)value;                                                             \
    } while (0)

static ruzu_status text_read_blob(const char *text, size_t length, rz_vec *vec, uint32_t row, rz_error *err)
{
    char small[64];
    char *bytes = length <= sizeof small ? small : (char *)rz_arena_alloc(vec->heap, length);
    RZ_TRY_ALLOC(bytes, err, "reading a BLOB");
    size_t size;
    RZ_TRY(rz_text_read_blob(text, length, bytes, &size, err));
    return rz_vec_set_string(vec, row, bytes, size, err);
}

static ruzu_status text_read_decimal(const char *text, size_t length, rz_vec *vec, uint32_t row, rz_error *err)
{
    rz_int128 value;
    const char *begin = text;
    size_t size = length;
    rz_text_trim(&begin, &size);
    if (!rz_text_read_decimal(begin, size, vec->type->precision, vec->type->scale, &value)) {
        return rz_text_not_in_range(text, length, vec, err);
    }
    rz_decimal_store(vec->data, (rz_physical)vec->type->physical, row, value);
    return RUZU_OK;
}

/* A value of a type that is not nested; the row's validity is the caller's. */
static ruzu_status text_read_single(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                    uint32_t row, rz_error *err)
{
    const char *begin = text;
    size_t size = length;
    rz_text_trim(&begin, &size);
    ruzu_type_id id = (ruzu_type_id)vec->type->id;
    switch (id) {
    case RUZU_TYPE_INT64:
    case RUZU_TYPE_SERIAL: TEXT_STORE_SIGNED(int64_t, INT64_MIN, INT64_MAX, "INT64"); break;
    case RUZU_TYPE_INT32: TEXT_STORE_SIGNED(int32_t, INT32_MIN, INT32_MAX, "INT32"); break;
    case RUZU_TYPE_INT16: TEXT_STORE_SIGNED(int16_t, INT16_MIN, INT16_MAX, "INT16"); break;
    case RUZU_TYPE_INT8: TEXT_STORE_SIGNED(int8_t, INT8_MIN, INT8_MAX, "INT8"); break;
    case RUZU_TYPE_UINT64: TEXT_STORE_UNSIGNED(uint64_t, UINT64_MAX, "UINT64"); break;
    case RUZU_TYPE_UINT32: TEXT_STORE_UNSIGNED(uint32_t, UINT32_MAX, "UINT32"); break;
    case RUZU_TYPE_UINT16: TEXT_STORE_UNSIGNED(uint16_t, UINT16_MAX, "UINT16"); break;
    case RUZU_TYPE_UINT8: TEXT_STORE_UNSIGNED(uint8_t, UINT8_MAX, "UINT8"); break;
    case RUZU_TYPE_INT128:
        if (!rz_text_read_i128(begin, size, reader->kuzu_numbers, &((rz_int128 *)vec->data)[row])) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION, "Cast failed. %.*s is not within INT128 range.",
                                rz_text_shown(length), text);
        }
        break;
    case RUZU_TYPE_DOUBLE:
        if (!rz_text_read_double(begin, size, reader->kuzu_numbers, &((double *)vec->data)[row])) {
            return rz_text_not_in_range(text, length, vec, err);
        }
        break;
    case RUZU_TYPE_FLOAT:
        if (!rz_text_read_float(begin, size, reader->kuzu_numbers, &((float *)vec->data)[row])) {
            return rz_text_not_in_range(text, length, vec, err);
        }
        break;
    case RUZU_TYPE_DECIMAL: return text_read_decimal(text, length, vec, row, err);
    case RUZU_TYPE_BOOL:
        if (!text_read_bool(begin, size, &((uint8_t *)vec->data)[row])) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION, "Value %.*s is not a valid boolean", rz_text_shown(length),
                                text);
        }
        break;
    case RUZU_TYPE_DATE:
        if (!rz_text_read_date(begin, size, &((int32_t *)vec->data)[row])) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION,
                                "Error occurred during parsing date. Given: \"%.*s\". Expected format: (YYYY-MM-DD)",
                                rz_text_shown(length), text);
        }
        break;
    case RUZU_TYPE_TIMESTAMP:
    case RUZU_TYPE_TIMESTAMP_SEC:
    case RUZU_TYPE_TIMESTAMP_MS:
    case RUZU_TYPE_TIMESTAMP_NS:
    case RUZU_TYPE_TIMESTAMP_TZ: {
        rz_text_time_status problem = rz_text_read_timestamp(begin, size, id, &((int64_t *)vec->data)[row]);
        return problem == RZ_TEXT_TIME_OK ? RUZU_OK : text_invalid_timestamp(text, length, vec, problem, err);
    }
    case RUZU_TYPE_INTERVAL: return rz_text_read_interval(text, length, &((rz_interval *)vec->data)[row], err);
    case RUZU_TYPE_UUID:
        if (!rz_text_read_uuid(text, length, &((rz_int128 *)vec->data)[row])) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION, "Invalid UUID: %.*s", rz_text_shown(length), text);
        }
        break;
    case RUZU_TYPE_BLOB: return text_read_blob(text, length, vec, row, err);
    case RUZU_TYPE_STRING: return rz_vec_set_string(vec, row, text, length, err);
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION:
    case RUZU_TYPE_INTERNAL_ID:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: return rz_cast_unsupported(RZ_STRING, vec->type, err);
    }
    return RUZU_OK;
}

#undef TEXT_STORE_SIGNED
#undef TEXT_STORE_UNSIGNED

ruzu_status rz_text_read_value(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec, uint32_t row,
                               rz_error *err)
{
    switch ((ruzu_type_id)vec->type->id) {
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION: return rz_text_read_nested(text, length, reader, vec, row, err);
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_BOOL:
    case RUZU_TYPE_INT8:
    case RUZU_TYPE_INT16:
    case RUZU_TYPE_INT32:
    case RUZU_TYPE_INT64:
    case RUZU_TYPE_INT128:
    case RUZU_TYPE_UINT8:
    case RUZU_TYPE_UINT16:
    case RUZU_TYPE_UINT32:
    case RUZU_TYPE_UINT64:
    case RUZU_TYPE_SERIAL:
    case RUZU_TYPE_FLOAT:
    case RUZU_TYPE_DOUBLE:
    case RUZU_TYPE_DECIMAL:
    case RUZU_TYPE_STRING:
    case RUZU_TYPE_BLOB:
    case RUZU_TYPE_UUID:
    case RUZU_TYPE_DATE:
    case RUZU_TYPE_TIMESTAMP:
    case RUZU_TYPE_TIMESTAMP_SEC:
    case RUZU_TYPE_TIMESTAMP_MS:
    case RUZU_TYPE_TIMESTAMP_NS:
    case RUZU_TYPE_TIMESTAMP_TZ:
    case RUZU_TYPE_INTERVAL:
    case RUZU_TYPE_INTERNAL_ID:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: break;
    }
    RZ_TRY(text_read_single(text, length, reader, vec, row, err));
    text_set_valid(vec, row);
    return RUZU_OK;
}

ruzu_status rz_text_parse(const char *text, size_t length, const rz_text_options *options, rz_vec *vec, uint32_t row,
                          rz_error *err)
{
    rz_text_reader reader = {.list_unbraced = false, .delimiter = ',', .kuzu_numbers = false};
    if (options != NULL) {
        reader.list_unbraced = options->list_unbraced;
        reader.delimiter = options->list_unbraced ? options->delimiter : ',';
        reader.kuzu_numbers = options->kuzu_numbers;
    }
    return rz_text_read_value(text, length, &reader, vec, row, err);
}

bool rz_text_parse_int64(const char *text, size_t length, int64_t *out)
{
    return rz_text_read_i64(text, length, false, out);
}

bool rz_text_parse_int128(const char *text, size_t length, rz_int128 *out)
{
    return rz_text_read_i128(text, length, false, out);
}

bool rz_text_parse_double(const char *text, size_t length, double *out)
{
    return rz_text_read_double(text, length, false, out);
}
