/* SPDX-License-Identifier: MIT */
/*
 * Metadata of segments: layout of parts, encoding and decoding, and what others may ask of a segment.
 *
 * Encoded form (little-endian, no padding; the directory around it has magic, version and CRC):
 *
 *   segment   u64 rows · u64 null_count · u32 part_count · part[part_count] · zones · child segments in the order of the type
 *   part      u8 codec · u8 width · u8 aux_width · u8 flags (1: validity) · u32 rows · u32 null_count · u32 aux_count · u64 byte_count ·
 *             u64 base · u64 base_high · u64 first page · u32 page_count · u32 crc[page_count] · text[byte_count] of a CONSTANT string
 *   zones     root segments only: u8 flags (1: present, 2: by block, 4: NULL counts) and, as they say, u64 min_key · u64 max_key · u8 shift ·
 *             (u16 low · u16 high)[blocks] · u16 nulls[blocks]
 *
 * Decoding trusts nothing: the counts of a part determine its sections, and those the number of pages it must have.
 */
#include "storage/column/segment.h"
#include "storage/column/zone.h"

#define SEGMENT_FLAG_VALIDITY 1u
#define SEGMENT_ZONE_PRESENT 1u
#define SEGMENT_ZONE_BLOCKS 2u
#define SEGMENT_ZONE_NULLS 4u
#define SEGMENT_PART_BYTES 52u /* least encoded size of a part */

/* ---- types ---- */

uint32_t rz_column_child_count(const rz_type *type)
{
    switch ((rz_physical)type->physical) {
    case RZ_PHYS_LIST:
        return 1;
    case RZ_PHYS_STRUCT:
        return type->field_count + (type->id == RUZU_TYPE_UNION ? 1 : 0);
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_INT128:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
        return 0;
    }
    return 0;
}

const rz_type *rz_column_child_type(const rz_type *type, uint32_t idx)
{
    if (type->physical == RZ_PHYS_LIST) {
        return type->child;
    }
    if (type->id == RUZU_TYPE_UNION) {
        return idx == 0 ? rz_type_of(RUZU_TYPE_UINT8) : type->fields[idx - 1].type;
    }
    return type->fields[idx].type;
}

/* ---- layout ---- */

/* Bytes of the sections that follow the validity bitmap. False: the codec does not go with the type. */
static bool segment_section_sizes(const rz_part *part, rz_physical physical, uint64_t sizes[RZ_SECTION_COUNT])
{
    uint64_t size = rz_physical_size(physical);
    bool string = physical == RZ_PHYS_STRING;

    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
    case RZ_CODEC_SEQUENCE:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        return true;
    case RZ_CODEC_BITPACKED:
        sizes[RZ_SECTION_DATA] = rz_packed_bytes(part->rows, part->width);
        return true;
    case RZ_CODEC_RLE:
        sizes[RZ_SECTION_DATA] = rz_packed_bytes(part->aux_count, part->width);
        sizes[RZ_SECTION_AUX] = rz_column_is_packable(physical) ? rz_packed_bytes(part->aux_count, part->aux_width) : part->aux_count * size;
        return true;
    case RZ_CODEC_DICTIONARY:
        sizes[RZ_SECTION_DATA] = rz_packed_bytes(part->rows, part->width);
        sizes[RZ_SECTION_AUX] = string ? rz_packed_bytes((uint64_t)part->aux_count + 1, part->aux_width) : part->aux_count * size;
        sizes[RZ_SECTION_BYTES] = string ? part->byte_count : 0;
        return true;
    case RZ_CODEC_PLAIN:
        sizes[RZ_SECTION_DATA] = string ? rz_packed_bytes((uint64_t)part->rows + 1, part->width) : part->rows * size;
        sizes[RZ_SECTION_BYTES] = string ? part->byte_count : 0;
        return true;
    case RZ_CODEC_LIST:
        sizes[RZ_SECTION_DATA] = rz_packed_bytes((uint64_t)part->rows + 1, part->width);
        return true;
    }
    return false;
}

bool rz_part_layout(rz_part *part, rz_physical physical)
{
    uint64_t sizes[RZ_SECTION_COUNT] = {0};
    /* Rows and counts are 32 bits and widths at most 64, so only byte_count could overflow. */
    if (part->width > 64 || part->aux_width > 64 || part->byte_count > UINT64_MAX / 4 || !segment_section_sizes(part, physical, sizes)) {
        return false;
    }
    if (part->has_validity) {
        sizes[RZ_SECTION_VALIDITY] = RZ_BITMAP_WORDS((uint64_t)part->rows) * 8;
    }
    uint64_t off = 0;
    for (uint32_t i = 0; i < RZ_SECTION_COUNT; i++) {
        part->section_off[i] = off;
        off += (sizes[i] + 7) & ~UINT64_C(7);
    }
    part->size_bytes = off;
    return true;
}

const rz_part *rz_segment_part_at(const rz_segment *segment, uint64_t row)
{
    RZ_ASSERT(row < segment->rows);
    uint32_t low = 0, high = segment->part_count;
    while (high - low > 1) { /* parts[low].first_row <= row < parts[high].first_row */
        uint32_t middle = low + (high - low) / 2;
        if (segment->parts[middle].first_row <= row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &segment->parts[low];
}

/* ---- encoding ---- */

static void segment_put_u8(rz_str *out, uint32_t value)
{
    rz_str_append_char(out, (char)(uint8_t)value);
}

static void segment_put_u16(rz_str *out, uint16_t value)
{
    char bytes[2];
    rz_store_u16(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static void segment_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static void segment_put_u64(rz_str *out, uint64_t value)
{
    char bytes[8];
    rz_store_u64(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static void segment_encode_part(const rz_part *part, rz_str *out)
{
    segment_put_u8(out, part->codec);
    segment_put_u8(out, part->width);
    segment_put_u8(out, part->aux_width);
    segment_put_u8(out, part->has_validity ? SEGMENT_FLAG_VALIDITY : 0);
    segment_put_u32(out, part->rows);
    segment_put_u32(out, part->null_count);
    segment_put_u32(out, part->aux_count);
    segment_put_u64(out, part->byte_count);
    segment_put_u64(out, part->base[0]);
    segment_put_u64(out, part->base[1]);
    segment_put_u64(out, part->pages.range.start);
    segment_put_u32(out, (uint32_t)part->pages.range.count);
    for (uint64_t i = 0; i < part->pages.range.count; i++) {
        segment_put_u32(out, part->pages.crcs[i]);
    }
    if (part->text != NULL) {
        rz_str_append(out, (const char *)part->text, part->byte_count);
    }
}

static void segment_encode_zones(const rz_zone_table *zones, rz_str *out)
{
    uint32_t flags = 0;
    if (zones->present) {
        flags |= SEGMENT_ZONE_PRESENT;
        flags |= zones->block_count != 0 ? SEGMENT_ZONE_BLOCKS : 0;
        flags |= zones->nulls != NULL ? SEGMENT_ZONE_NULLS : 0;
    }
    segment_put_u8(out, flags);
    if (!zones->present) {
        return;
    }
    segment_put_u64(out, zones->min_key);
    segment_put_u64(out, zones->max_key);
    segment_put_u8(out, zones->shift);
    for (uint32_t i = 0; i < zones->block_count; i++) {
        segment_put_u16(out, zones->low[i]);
        segment_put_u16(out, zones->high[i]);
    }
    for (uint32_t i = 0; zones->nulls != NULL && i < zones->block_count; i++) {
        segment_put_u16(out, zones->nulls[i]);
    }
}

static void segment_encode_tree(const rz_segment *segment, bool root, rz_str *out)
{
    segment_put_u64(out, segment->rows);
    segment_put_u64(out, segment->null_count);
    segment_put_u32(out, segment->part_count);
    for (uint32_t i = 0; i < segment->part_count; i++) {
        segment_encode_part(&segment->parts[i], out);
    }
    if (root) {
        segment_encode_zones(&segment->zones, out);
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        segment_encode_tree(&segment->children[i], false, out); /* as deep as the type */
    }
}

void rz_segment_encode(const rz_segment *segment, rz_str *out)
{
    segment_encode_tree(segment, true, out);
}

/* ---- decoding ---- */

static ruzu_status segment_corrupt(rz_error *err, const char *problem)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: metadata of a column segment: %s", problem);
}

static bool segment_codec_fits(const rz_part *part, const rz_type *type)
{
    rz_physical physical = (rz_physical)type->physical;
    bool nested = physical == RZ_PHYS_LIST || physical == RZ_PHYS_STRUCT;

    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        return !nested && (part->null_count == part->rows || (physical != RZ_PHYS_NONE && physical != RZ_PHYS_REL));
    case RZ_CODEC_SEQUENCE:
        return rz_column_is_packable(physical) && physical != RZ_PHYS_BOOL;
    case RZ_CODEC_BITPACKED:
        return rz_column_is_packable(physical) || physical == RZ_PHYS_INT128;
    case RZ_CODEC_RLE:
        return !nested && physical != RZ_PHYS_NONE && physical != RZ_PHYS_STRING;
    case RZ_CODEC_DICTIONARY:
    case RZ_CODEC_PLAIN:
        return !nested && physical != RZ_PHYS_NONE;
    case RZ_CODEC_LIST:
        return physical == RZ_PHYS_LIST && !rz_column_is_array(type);
    case RZ_CODEC_ARRAY:
        return physical == RZ_PHYS_LIST && rz_column_is_array(type);
    case RZ_CODEC_STRUCT:
        return physical == RZ_PHYS_STRUCT;
    }
    return false;
}

/* A boolean is a byte of 0 or 1 wherever it ends up, so its base and width must not give anything else. (Plain and dictionary values are
 * looked at when they are read.) */
static bool segment_bool_fits(const rz_part *part)
{
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        return part->base[0] <= 1;
    case RZ_CODEC_BITPACKED:
        return part->width == 1 && part->base[0] == 0;
    case RZ_CODEC_RLE:
        return part->aux_width <= 1 && part->base[0] + part->aux_width <= 1;
    case RZ_CODEC_SEQUENCE:
    case RZ_CODEC_DICTIONARY:
    case RZ_CODEC_PLAIN:
    case RZ_CODEC_LIST:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        return false;
    }
    return false;
}

/* Null counts and the counts special to a codec. */
static bool segment_counts_fit(const rz_part *part, rz_physical physical)
{
    bool all_null = part->null_count == part->rows;
    bool leaf = physical != RZ_PHYS_LIST && physical != RZ_PHYS_STRUCT;
    bool string = physical == RZ_PHYS_STRING;

    if (part->rows == 0 || part->null_count > part->rows) {
        return false;
    }
    if (part->has_validity ? part->null_count == 0 : part->null_count != 0 && !(all_null && leaf && part->codec == RZ_CODEC_CONSTANT)) {
        return false;
    }
    if (leaf && all_null && part->has_validity) {
        return false;
    }
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        return !string || part->byte_count <= RZ_CONSTANT_STRING_MAX;
    case RZ_CODEC_SEQUENCE:
        return part->null_count == 0;
    case RZ_CODEC_BITPACKED:
        return part->width != 0;
    case RZ_CODEC_RLE:
        return part->aux_count != 0 && part->aux_count <= part->rows && part->width != 0;
    case RZ_CODEC_DICTIONARY:
        return part->aux_count != 0 && part->aux_count <= part->rows && part->width <= 32;
    case RZ_CODEC_PLAIN:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        return true;
    case RZ_CODEC_LIST:
        return part->byte_count <= UINT32_MAX;
    }
    return false;
}

static ruzu_status segment_decode_part(rz_reader *reader, const rz_type *type, rz_arena *arena, rz_part *part, rz_error *err)
{
    rz_physical physical = (rz_physical)type->physical;

    part->codec = rz_read_u8(reader);
    part->width = rz_read_u8(reader);
    part->aux_width = rz_read_u8(reader);
    uint8_t flags = rz_read_u8(reader);
    part->has_validity = (flags & SEGMENT_FLAG_VALIDITY) != 0;
    part->rows = rz_read_u32(reader);
    part->null_count = rz_read_u32(reader);
    part->aux_count = rz_read_u32(reader);
    part->byte_count = rz_read_u64(reader);
    part->base[0] = rz_read_u64(reader);
    part->base[1] = rz_read_u64(reader);
    part->pages.range.start = rz_read_u64(reader);
    uint32_t page_count = rz_read_u32(reader);
    part->pages.range.count = page_count;
    if (reader->failed) {
        return segment_corrupt(err, "it ends too early");
    }
    if (flags > SEGMENT_FLAG_VALIDITY || !segment_codec_fits(part, type) || !segment_counts_fit(part, physical) ||
        (physical == RZ_PHYS_BOOL && part->null_count != part->rows && !segment_bool_fits(part)) || !rz_part_layout(part, physical)) {
        return segment_corrupt(err, "a codec does not fit its type or counts");
    }
    if (rz_part_page_count(part) != page_count || (page_count != 0 && part->pages.range.start < RZ_HEADER_SLOTS) ||
        part->pages.range.start > UINT64_MAX / RZ_PAGE_SIZE - page_count ||
        part->pages.range.start % RZ_REGION_PAGES + page_count > RZ_REGION_PAGES) {
        return segment_corrupt(err, "a page range does not fit its contents");
    }
    if (page_count != 0) {
        const uint8_t *crcs = (const uint8_t *)rz_read_bytes(reader, (size_t)page_count * 4);
        if (crcs == NULL) {
            return segment_corrupt(err, "it ends too early");
        }
        uint32_t *copy = (uint32_t *)rz_arena_dup(arena, crcs, (size_t)page_count * 4);
        RZ_TRY_ALLOC(copy, err, "reading the metadata of a column");
        part->pages.crcs = copy;
    }
    if (part->codec == RZ_CODEC_CONSTANT && physical == RZ_PHYS_STRING && part->null_count != part->rows) {
        const void *text = rz_read_bytes(reader, part->byte_count);
        if (text == NULL) {
            return segment_corrupt(err, "it ends too early");
        }
        part->text = (const uint8_t *)rz_arena_dup(arena, text, part->byte_count);
        RZ_TRY_ALLOC(part->text, err, "reading the metadata of a column");
    }
    return RUZU_OK;
}

static ruzu_status segment_decode_parts(rz_reader *reader, rz_arena *arena, rz_segment *segment, uint64_t *out_elements, rz_error *err)
{
    uint64_t rows = 0, nulls = 0, elements = 0;

    if (segment->part_count != 0) {
        segment->parts = RZ_NEW_ARRAY(arena, rz_part, segment->part_count);
        RZ_TRY_ALLOC(segment->parts, err, "reading the metadata of a column");
    }
    for (uint32_t i = 0; i < segment->part_count; i++) {
        rz_part *part = &segment->parts[i];
        RZ_TRY(segment_decode_part(reader, segment->type, arena, part, err));
        part->first_row = rows;
        part->first_element = elements;
        rows += part->rows;
        nulls += part->null_count;
        elements += part->codec == RZ_CODEC_LIST ? part->byte_count : 0;
    }
    if (rows != segment->rows || nulls != segment->null_count || rows > UINT32_MAX || elements > UINT32_MAX) {
        return segment_corrupt(err, "the rows of its parts do not add up");
    }
    *out_elements = elements;
    return RUZU_OK;
}

/* count values of 16 bits at the cursor, `stride` values apart, beginning with number `offset`; the caller has checked that they are there. */
static const uint16_t *segment_decode_u16s(const rz_reader *reader, rz_arena *arena, uint32_t count, uint32_t stride, uint32_t offset)
{
    const uint8_t *bytes = reader->data + reader->off;
    uint16_t *values = (uint16_t *)rz_arena_alloc(arena, (size_t)count * 2);
    for (uint32_t i = 0; values != NULL && i < count; i++) {
        values[i] = rz_load_u16(bytes + ((size_t)i * stride + offset) * 2);
    }
    return values;
}

static ruzu_status segment_decode_zones(rz_reader *reader, rz_arena *arena, rz_segment *segment, rz_error *err)
{
    rz_zone_table *zones = &segment->zones;
    uint8_t flags = rz_read_u8(reader);
    if (reader->failed) {
        return segment_corrupt(err, "it ends too early");
    }
    bool fits = flags == 0 || ((flags & SEGMENT_ZONE_PRESENT) != 0 && rz_zone_has_order((rz_physical)segment->type->physical) &&
                               flags <= (SEGMENT_ZONE_PRESENT | SEGMENT_ZONE_BLOCKS | SEGMENT_ZONE_NULLS));
    if (!fits) {
        return segment_corrupt(err, "zone map of unknown form");
    }
    if (flags == 0) {
        return RUZU_OK;
    }
    zones->present = true;
    zones->min_key = rz_read_u64(reader);
    zones->max_key = rz_read_u64(reader);
    zones->shift = rz_read_u8(reader);
    if (reader->failed || zones->shift > 48 || (zones->min_key > zones->max_key && segment->null_count != segment->rows)) {
        return segment_corrupt(err, "zone map without sense");
    }
    if ((flags & SEGMENT_ZONE_BLOCKS) == 0) {
        return flags == SEGMENT_ZONE_PRESENT ? RUZU_OK : segment_corrupt(err, "zone map of unknown form");
    }
    uint32_t count = (uint32_t)((segment->rows + RZ_VECTOR_CAPACITY - 1) / RZ_VECTOR_CAPACITY);
    bool nulls = (flags & SEGMENT_ZONE_NULLS) != 0;
    size_t need = (size_t)count * (nulls ? 6 : 4);
    if (need > reader->size - reader->off) {
        reader->failed = true;
        return segment_corrupt(err, "it ends too early");
    }
    zones->block_count = count;
    zones->low = segment_decode_u16s(reader, arena, count, 2, 0);
    zones->high = segment_decode_u16s(reader, arena, count, 2, 1);
    reader->off += (size_t)count * 4;
    if (nulls) {
        zones->nulls = segment_decode_u16s(reader, arena, count, 1, 0);
        reader->off += (size_t)count * 2;
    }
    if (zones->low == NULL || zones->high == NULL || (nulls && zones->nulls == NULL)) {
        return rz_error_no_memory(err, "reading the metadata of a column");
    }
    if (nulls != (segment->null_count != 0)) {
        return segment_corrupt(err, "zone map without sense");
    }
    return RUZU_OK;
}

static ruzu_status segment_decode_tree(rz_reader *reader, const rz_type *type, bool root, rz_arena *arena, rz_segment *segment, rz_error *err)
{
    uint64_t elements = 0;

    segment->type = type;
    segment->rows = rz_read_u64(reader);
    segment->null_count = rz_read_u64(reader);
    segment->part_count = rz_read_u32(reader);
    if (reader->failed || segment->part_count > (reader->size - reader->off) / SEGMENT_PART_BYTES) {
        return segment_corrupt(err, "it ends too early");
    }
    RZ_TRY(segment_decode_parts(reader, arena, segment, &elements, err));
    if (root) {
        RZ_TRY(segment_decode_zones(reader, arena, segment, err));
    }
    segment->child_count = rz_column_child_count(type);
    if (segment->child_count != 0) {
        segment->children = RZ_NEW_ARRAY(arena, rz_segment, segment->child_count);
        RZ_TRY_ALLOC(segment->children, err, "reading the metadata of a column");
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        rz_segment *child = &segment->children[i];
        RZ_TRY(segment_decode_tree(reader, rz_column_child_type(type, i), false, arena, child, err)); /* as deep as the type */
        uint64_t want = segment->rows;
        if (type->physical == RZ_PHYS_LIST) {
            want = rz_column_is_array(type) ? segment->rows * type->array_length : elements; /* both factors below 2^32 */
        }
        if (child->rows != want) {
            return segment_corrupt(err, "a child has a wrong number of rows");
        }
    }
    return RUZU_OK;
}

ruzu_status rz_segment_decode(rz_reader *reader, const rz_type *type, rz_arena *arena, rz_segment **out, rz_error *err)
{
    *out = NULL;
    rz_segment *segment = RZ_NEW(arena, rz_segment);
    RZ_TRY_ALLOC(segment, err, "reading the metadata of a column");
    RZ_TRY(segment_decode_tree(reader, type, true, arena, segment, err));
    *out = segment;
    return RUZU_OK;
}

/* ---- questions ---- */

uint64_t rz_segment_rows(const rz_segment *segment)
{
    return segment->rows;
}

uint64_t rz_segment_null_count(const rz_segment *segment)
{
    return segment->null_count;
}

const char *rz_segment_codec_name(const rz_segment *segment, uint32_t *out_bit_width)
{
    *out_bit_width = 0;
    if (segment->part_count == 0) {
        return "CONSTANT";
    }
    const rz_part *part = &segment->parts[0];
    *out_bit_width = part->width;
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        return "CONSTANT";
    case RZ_CODEC_SEQUENCE:
        return "SEQUENCE";
    case RZ_CODEC_BITPACKED:
        return segment->type->physical == RZ_PHYS_BOOL ? "BITMAP" : "BITPACKED";
    case RZ_CODEC_RLE:
        *out_bit_width = part->aux_width;
        return "RLE";
    case RZ_CODEC_DICTIONARY:
        return "DICTIONARY";
    case RZ_CODEC_PLAIN:
        return "PLAIN";
    case RZ_CODEC_LIST:
        return "LIST";
    case RZ_CODEC_ARRAY:
        return "ARRAY";
    case RZ_CODEC_STRUCT:
        return "STRUCT";
    }
    return "UNKNOWN";
}

uint64_t rz_segment_page_count(const rz_segment *segment)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < segment->part_count; i++) {
        count += segment->parts[i].pages.range.count;
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        count += rz_segment_page_count(&segment->children[i]);
    }
    return count;
}

uint64_t rz_segment_first_page(const rz_segment *segment)
{
    return segment->part_count == 0 || segment->parts[0].pages.range.count == 0 ? 0 : segment->parts[0].pages.range.start;
}

ruzu_status rz_segment_each_range(const rz_segment *segment, rz_range_fn fn, void *user, rz_error *err)
{
    for (uint32_t i = 0; i < segment->part_count; i++) {
        if (segment->parts[i].pages.range.count != 0) {
            RZ_TRY(fn(user, segment->parts[i].pages.range, err));
        }
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        RZ_TRY(rz_segment_each_range(&segment->children[i], fn, user, err));
    }
    return RUZU_OK;
}
