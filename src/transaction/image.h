/* SPDX-License-Identifier: MIT */
/*
 * An image: a database file as one header describes it, read from the metadata down to the pages, without making tables of
 * it (private to the module). Check and backup walk images; nothing here goes through the buffer pool.
 */
#ifndef RZ_TRANSACTION_IMAGE_H
#define RZ_TRANSACTION_IMAGE_H

#include "transaction/transaction.h"

#define RZ_IMAGE_CHUNK 256u /* pages read at a time */

typedef struct rz_image {
    rz_mem *mem;            /* borrowed */
    rz_disk *disk;          /* borrowed: open, and its header's pages guarded */
    rz_file_header header;
    rz_page_nodes nodes;
    rz_page_set reached;    /* what the header refers to, as far as it has been read */
    rz_catalog *catalog;    /* owned; NULL until read */
    uint8_t *buffer;        /* owned: RZ_IMAGE_CHUNK pages */
} rz_image;

RZ_NODISCARD ruzu_status rz_image_init(rz_image *image, rz_mem *mem, rz_disk *disk, const rz_file_header *header, rz_error *err);
void rz_image_deinit(rz_image *image);
/* Notes that the header reaches the range. CORRUPT when it leaves the file or was reached before. */
RZ_NODISCARD ruzu_status rz_image_reach(rz_image *image, rz_page_range range, const char *what, rz_error *err);
/* Reaches a metadata range and reads it (CORRUPT: its checksum is wrong). No bytes for a reference to nothing. */
RZ_NODISCARD ruzu_status rz_image_read(rz_image *image, const rz_meta_ref *ref, const char *what, rz_arena *arena, const uint8_t **out, rz_error *err);
/* Reads the catalog that the header names; an empty one when it names none. */
RZ_NODISCARD ruzu_status rz_image_read_catalog(rz_image *image, rz_error *err);

/* One table of a list: where its directory is, and how to read it. */
typedef struct rz_image_entry {
    uint32_t id;
    rz_meta_ref directory;
    size_t ref_off;         /* of the reference in the list's bytes */
    rz_table_layout_def def; /* in the arena */
} rz_image_entry;
/* The number of tables in a list. CORRUPT when the bytes cannot hold them. */
RZ_NODISCARD ruzu_status rz_image_list_count(rz_reader *list, const char *what, uint32_t *out, rz_error *err);
/* The next entry. CORRUPT when the catalog has no such table of this kind. */
RZ_NODISCARD ruzu_status rz_image_list_next(const rz_image *image, rz_reader *list, bool nodes, rz_arena *arena, rz_image_entry *out, rz_error *err);

#endif
