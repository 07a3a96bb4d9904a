/* SPDX-License-Identifier: MIT */
/*
 * The bytes of log headers and records (log.h has the layout), and the wording of I/O errors.
 */
#include "storage/wal/log.h"

#define LOG_HEADER_CRC_OFF (LOG_HEADER_BYTES - 4u)

static const uint8_t log_magic[8] = {'R', 'U', 'Z', 'U', 'W', 'A', 'L', 0};

void rz_log_header_encode(const rz_log_header *header, uint8_t *out)
{
    memset(out, 0, LOG_HEADER_BYTES);
    memcpy(out, log_magic, sizeof log_magic);
    rz_store_u32(out + 8, header->version);
    memcpy(out + 16, header->uuid, sizeof header->uuid);
    rz_store_u64(out + 32, header->generation);
    rz_store_u64(out + 40, header->salt);
    rz_store_u64(out + 48, header->first_lsn);
    rz_store_u32(out + LOG_HEADER_CRC_OFF, rz_crc32c(0, out, LOG_HEADER_CRC_OFF));
}

bool rz_log_header_decode(const uint8_t *bytes, rz_log_header *out)
{
    memset(out, 0, sizeof *out);
    if (memcmp(bytes, log_magic, sizeof log_magic) != 0 ||
        rz_load_u32(bytes + LOG_HEADER_CRC_OFF) != rz_crc32c(0, bytes, LOG_HEADER_CRC_OFF)) {
        return false;
    }
    out->version = rz_load_u32(bytes + 8);
    memcpy(out->uuid, bytes + 16, sizeof out->uuid);
    out->generation = rz_load_u64(bytes + 32);
    out->salt = rz_load_u64(bytes + 40);
    out->first_lsn = rz_load_u64(bytes + 48);
    return true;
}

uint32_t rz_log_crc(uint64_t salt, uint64_t off, const uint8_t *record, uint32_t size_without_crc)
{
    uint8_t place[16];
    rz_store_u64(place, RZ_MUTANT_IS(7) ? 0 : salt);
    rz_store_u64(place + 8, off);
    return rz_crc32c(rz_crc32c(0, place, sizeof place), record, size_without_crc);
}

uint32_t rz_log_record_finish(uint8_t *record, const rz_log_record *what, uint64_t salt, uint64_t off, uint32_t *out_crc)
{
    RZ_ASSERT(what->size <= LOG_PAYLOAD_MAX);
    uint32_t size = rz_log_record_size(what->size);
    rz_store_u32(record, what->size);
    rz_store_u16(record + 4, what->type);
    rz_store_u16(record + 6, what->flags);
    rz_store_u64(record + 8, what->lsn);
    rz_store_u64(record + 16, what->txid);
    rz_store_u32(record + 24, what->crc_before);
    memset(record + LOG_HEAD + what->size, 0, size - LOG_TAIL - LOG_HEAD - what->size);
    *out_crc = rz_log_crc(salt, off, record, size - LOG_TAIL);
    rz_store_u32(record + size - LOG_TAIL, *out_crc);
    return size;
}

ruzu_status rz_log_io_error(rz_error *err, ruzu_status status, int errno_value, const char *operation, const char *path, uint64_t off,
                            uint64_t size)
{
    char cause[64];
    (void)rz_os_error_text(errno_value, cause, sizeof cause);
    if (size == 0) {
        return rz_error_set(err, status, "Cannot %s the log '%s': %s", operation, path, cause);
    }
    return rz_error_set(err, status, "Cannot %s the log '%s' (offset %llu, %llu bytes): %s", operation, path, (unsigned long long)off,
                        (unsigned long long)size, cause);
}

#undef LOG_HEADER_CRC_OFF
