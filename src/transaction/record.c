/* SPDX-License-Identifier: MIT */
/*
 * Payloads of log records: numbers, offsets and columns.
 */
#include "transaction/record.h"

#define RECORD_CONSECUTIVE 255u

void rz_record_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

void rz_record_put_u64(rz_str *out, uint64_t value)
{
    char bytes[8];
    rz_store_u64(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

void rz_record_put_offsets(rz_str *out, const rz_id *ids, const rz_sel *sel)
{
    uint64_t first = rz_id_offset(ids[rz_sel_at(sel, 0)]);
    uint64_t low = first;
    uint64_t high = first;
    bool consecutive = true;
    for (uint32_t i = 1; i < sel->count; i++) {
        uint64_t offset = rz_id_offset(ids[rz_sel_at(sel, i)]);
        consecutive = consecutive && offset == first + i;
        low = offset < low ? offset : low;
        high = offset > high ? offset : high;
    }
    uint32_t width = (rz_bit_width(high - low) + 7) / 8;
    rz_str_append_char(out, consecutive ? (char)(unsigned char)RECORD_CONSECUTIVE : (char)width);
    rz_record_put_u64(out, low);
    for (uint32_t i = 0; !consecutive && i < sel->count; i++) {
        char bytes[8];
        rz_store_u64(bytes, rz_id_offset(ids[rz_sel_at(sel, i)]) - low);
        rz_str_append(out, bytes, width);
    }
}

void rz_record_get_offsets(rz_reader *reader, uint32_t table_id, uint32_t count, rz_id *out)
{
    uint32_t width = rz_read_u8(reader);
    uint64_t base = rz_read_u64(reader);
    reader->failed = reader->failed || (width > 8 && width != RECORD_CONSECUTIVE);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = i;
        if (width != RECORD_CONSECUTIVE) {
            uint8_t bytes[8] = {0};
            const void *stored = rz_read_bytes(reader, width);
            if (stored == NULL) {
                return;
            }
            memcpy(bytes, stored, width);
            value = rz_load_u64(bytes);
        }
        if (base > RZ_ID_OFFSET_MASK || value > RZ_ID_OFFSET_MASK - base) {
            reader->failed = true;
            return;
        }
        out[i] = rz_id_make(table_id, base + value);
    }
}

void rz_record_put_column(rz_str *out, uint32_t column_id, const rz_vec *values, const rz_sel *sel)
{
    rz_record_put_u32(out, column_id);
    rz_str_append_char(out, values == NULL ? 0 : 1);
    if (values != NULL) {
        rz_vec_encode(values, sel, out);
    }
}
