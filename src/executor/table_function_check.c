/* SPDX-License-Identifier: MIT */
/*
 * CALL check_database([deep := true]): a row for each problem of the database; none when it is sound.
 * CALL corruption_log(): the pages that statements stumbled over since the database was opened, newest first.
 */
#include "executor/table_function.h"

#define CHECK_MAX_ROWS 10000u /* a file that is damaged all over would fill the memory with its problems */

typedef struct check_rows {
    rz_table_call *call;
    uint64_t count;
} check_rows;

static rz_value check_place(uint64_t place)
{
    rz_value cell = rz_cell_uint(place == RZ_NO_PLACE ? 0 : place);
    cell.is_null = place == RZ_NO_PLACE;
    return cell;
}

static ruzu_status check_emit(void *user, const rz_problem *problem, rz_error *err)
{
    check_rows *rows = (check_rows *)user;
    if (rows->count++ >= CHECK_MAX_ROWS) {
        return RUZU_OK;
    }
    rz_value cells[] = {rz_cell_text(problem->severity == RZ_SEVERITY_ERROR ? "error" : "warning"), rz_cell_text(problem->object),
                        check_place(problem->page), check_place(problem->offset), rz_cell_text(problem->text)};
    return rz_table_emit(rows->call, cells, err);
}

static ruzu_status check_poll(void *user, rz_error *err)
{
    return rz_exec_poll(((check_rows *)user)->call->exec, err);
}

ruzu_status rz_produce_check_database(rz_table_call *call, rz_error *err)
{
    const rz_exec_context *context = call->exec->context;
    check_rows rows = {.call = call};
    rz_inspector inspector = {.report = check_emit, .poll = check_poll, .user = &rows};
    bool deep = call->arg_count != 0 && call->args[0].u.boolean;
    RZ_TRY(rz_store_check(context->txn, context->mem, deep, &inspector, err));
    if (rows.count > CHECK_MAX_ROWS) {
        const char *text = rz_arena_printf(call->arena, "%llu more problems are not listed", (unsigned long long)(rows.count - CHECK_MAX_ROWS));
        RZ_TRY_ALLOC(text, err, "checking a database");
        rz_problem more = {.severity = RZ_SEVERITY_WARNING, .object = "check_database", .page = RZ_NO_PLACE, .offset = RZ_NO_PLACE, .text = text};
        rows.count = 0;
        RZ_TRY(check_emit(&rows, &more, err));
    }
    return RUZU_OK;
}

ruzu_status rz_produce_corruption_log(rz_table_call *call, rz_error *err)
{
    rz_disk *disk = rz_store_disk(rz_txn_store(call->exec->context->txn));
    rz_corruption entry;
    for (uint32_t i = 0; rz_disk_corruption_at(disk, i, &entry); i++) {
        const char *text = rz_arena_printf(call->arena, "%s: checksum 0x%08x, expected 0x%08x", entry.what, entry.crc, entry.expected);
        RZ_TRY_ALLOC(text, err, "listing damaged pages");
        rz_value cells[] = {{.type = rz_type_of(RUZU_TYPE_TIMESTAMP), .u.i64 = (int64_t)entry.time_us}, rz_cell_uint(entry.page), rz_cell_text(text)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}
