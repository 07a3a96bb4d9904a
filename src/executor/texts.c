/* SPDX-License-Identifier: MIT */
/*
 * Long texts: chunks of few rows where a full vector of them would be most of memory.
 *
 * A vector of texts holds copies, so 2,048 texts of 70 KB are 140 MB however little the query does with them. Expressions note the columns of texts that they read when they are
 * compiled; sources of rows ask columns how long the texts of the next rows are (offsets alone tell that) and make their chunks as short as the budget wants. One row is the
 * least: a text has to fit memory a few times.
 */
#include "executor/exec.h"

#define TEXTS_SHARE 32u /* of the memory limit, for all threads */
#define TEXTS_BUDGET_MIN ((uint64_t)64 * 1024)

typedef struct rz_text_use {
    struct rz_text_use *next;
    uint32_t table_id;
    uint32_t column_idx;
} rz_text_use;

uint64_t rz_texts_budget(const rz_mem *mem, uint32_t threads)
{
    uint64_t budget = rz_mem_smallest_limit(mem) / TEXTS_SHARE / (threads == 0 ? 1 : threads);
    return budget < TEXTS_BUDGET_MIN ? TEXTS_BUDGET_MIN : budget;
}

ruzu_status rz_texts_note(rz_worker *worker, uint32_t table_id, uint32_t column_idx, const rz_type *type, rz_error *err)
{
    if (type->physical != RZ_PHYS_STRING && type->physical != RZ_PHYS_LIST && type->physical != RZ_PHYS_STRUCT) {
        return RUZU_OK;
    }
    rz_text_use *use = RZ_NEW(&worker->arena, rz_text_use);
    RZ_TRY_ALLOC(use, err, "compiling an expression");
    *use = (rz_text_use){.next = worker->texts, .table_id = table_id, .column_idx = column_idx};
    worker->texts = use;
    if (worker->text_budget == 0) {
        worker->text_budget = rz_texts_budget(worker->exec->context->mem, worker->exec->context->max_threads);
    }
    return RUZU_OK;
}

ruzu_status rz_texts_fit(rz_worker *worker, rz_ntab_reader *reader, uint32_t table_id, uint64_t first, uint32_t count, uint32_t *out_count, rz_error *err)
{
    *out_count = count;
    if (RZ_LIKELY(worker->texts == NULL)) {
        return RUZU_OK;
    }
    while (*out_count > 1) {
        uint64_t bytes = 0;
        for (const rz_text_use *use = worker->texts; use != NULL; use = use->next) {
            if (use->table_id == table_id) {
                RZ_TRY(rz_ntab_text_bytes(reader, use->column_idx, first, *out_count, &bytes, err));
            }
        }
        if (bytes <= worker->text_budget) {
            break;
        }
        /* As many as fit if all were of the same length, but half of them at most: there are few rounds then. */
        uint64_t fit = *out_count * worker->text_budget / bytes;
        fit = fit < *out_count / 2 ? fit : *out_count / 2;
        *out_count = fit < 1 ? 1 : (uint32_t)fit;
    }
    return RUZU_OK;
}
