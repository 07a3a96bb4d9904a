/* SPDX-License-Identifier: MIT */
/*
 * Values of sequences: nextval, currval, and the numbering of SERIAL columns.
 */
#include "transaction/sequence.h"

#include "transaction/store.h"

#include <string.h>

static ruzu_status sequence_find(const rz_txn *txn, const char *name, const rz_cat_sequence **out, rz_error *err)
{
    *out = rz_catalog_find_sequence(txn->catalog, name);
    return *out != NULL ? RUZU_OK : rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", name);
}

static rz_sequence_change *sequence_change(const rz_txn *txn, uint32_t id)
{
    for (uint32_t i = 0; i < txn->sequences.count; i++) {
        if (txn->sequences.items[i].id == id) {
            return &txn->sequences.items[i];
        }
    }
    return NULL;
}

/* The transaction's own state of a sequence, begun with the catalog's. */
static ruzu_status sequence_open(rz_txn *txn, const rz_cat_sequence *sequence, rz_sequence_change **out, rz_error *err)
{
    *out = sequence_change(txn, sequence->id);
    if (*out != NULL) {
        return RUZU_OK;
    }
    rz_sequence_change change = {.id = sequence->id, .current = sequence->current, .used = sequence->used};
    change.name = rz_arena_strdup(&txn->arena, sequence->name);
    if (change.name == NULL || !RZ_ARRAY_PUSH(&txn->sequences, &txn->arena, change)) {
        return rz_error_no_memory(err, "using a sequence");
    }
    *out = &txn->sequences.items[txn->sequences.count - 1];
    return RUZU_OK;
}

/* One step, without a sum that could overflow: current lies within the bounds. */
static ruzu_status sequence_step(const rz_cat_sequence *sequence, rz_sequence_change *change, rz_error *err)
{
    bool rises = sequence->increment > 0;
    uint64_t step = rises ? (uint64_t)sequence->increment : UINT64_C(0) - (uint64_t)sequence->increment;
    uint64_t room = rises ? (uint64_t)sequence->maximum - (uint64_t)change->current : (uint64_t)change->current - (uint64_t)sequence->minimum;
    if (!change->used) {
        change->current = sequence->start;
        change->used = true;
    } else if (room >= step) {
        change->current = (int64_t)((uint64_t)change->current + (uint64_t)sequence->increment);
    } else if (sequence->cycle) {
        change->current = rises ? sequence->minimum : sequence->maximum;
    } else {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "nextval: reached %s value of sequence \"%s\" %lld", rises ? "maximum" : "minimum", sequence->name,
                            (long long)(rises ? sequence->maximum : sequence->minimum));
    }
    return RUZU_OK;
}

ruzu_status rz_txn_next_values(rz_txn *txn, const char *name, uint32_t count, int64_t *out, rz_error *err)
{
    const rz_cat_sequence *sequence = NULL;
    rz_sequence_change *change = NULL;
    RZ_TRY(sequence_find(txn, name, &sequence, err));
    if (!txn->write) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "Can not execute a write query inside a read-only transaction.");
    }
    RZ_TRY(sequence_open(txn, sequence, &change, err));
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(sequence_step(sequence, change, err));
        out[i] = change->current;
    }
    return RUZU_OK;
}

ruzu_status rz_txn_current_value(const rz_txn *txn, const char *name, int64_t *out, rz_error *err)
{
    const rz_cat_sequence *sequence = NULL;
    *out = 0;
    RZ_TRY(sequence_find(txn, name, &sequence, err));
    const rz_sequence_change *change = sequence_change(txn, sequence->id);
    if (!(change != NULL ? change->used : sequence->used)) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "currval: sequence \"%s\" is not yet defined. To define the sequence, call nextval first.", sequence->name);
    }
    *out = change != NULL ? change->current : sequence->current;
    return RUZU_OK;
}

ruzu_status rz_txn_set_sequence(rz_txn *txn, const char *name, int64_t current, bool used, rz_error *err)
{
    const rz_cat_sequence *sequence = NULL;
    rz_sequence_change *change = NULL;
    RZ_TRY(sequence_find(txn, name, &sequence, err));
    if (current < sequence->minimum || current > sequence->maximum) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "The value %lld is outside of the bounds of sequence %s.", (long long)current, sequence->name);
    }
    RZ_TRY(sequence_open(txn, sequence, &change, err));
    change->current = current;
    change->used = used;
    return RUZU_OK;
}

const rz_sequence_change *rz_txn_sequence_changes(const rz_txn *txn, uint32_t *out_count)
{
    *out_count = txn->sequences.count;
    return txn->sequences.items;
}

ruzu_status rz_txn_settle_sequences(rz_txn *txn, rz_error *err)
{
    if (txn->sequences.count == 0) {
        return RUZU_OK;
    }
    if (!txn->edited && !txn->settled) {
        rz_catalog *copy = NULL;
        RZ_TRY(rz_catalog_fork(txn->catalog, &copy, err));
        rz_catalog_release(txn->catalog);
        txn->catalog = copy;
    }
    txn->settled = true;
    uint32_t kept = 0; /* what has been dropped since goes, what has been renamed is called by its name */
    for (uint32_t i = 0; i < rz_catalog_sequence_count(txn->catalog); i++) {
        uint32_t at = kept;
        while (at < txn->sequences.count && txn->sequences.items[at].id != rz_catalog_sequence_at(txn->catalog, i)->id) {
            at++;
        }
        if (at == txn->sequences.count) {
            continue;
        }
        rz_sequence_change change = txn->sequences.items[at];
        RZ_TRY(rz_catalog_set_sequence(txn->catalog, rz_catalog_sequence_at(txn->catalog, i)->name, change.current, change.used, err));
        change.name = rz_catalog_sequence_at(txn->catalog, i)->name;
        txn->sequences.items[at] = txn->sequences.items[kept];
        txn->sequences.items[kept++] = change;
    }
    txn->sequences.count = kept;
    return RUZU_OK;
}

/* ---- SERIAL ---- */

/* Scratch memory for the numbers of one call's rows: per SERIAL column a vector and RZ_VECTOR_CAPACITY values; it stays for the next call. */
static ruzu_status sequence_scratch(rz_txn *txn, const rz_cat_table *table, rz_error *err)
{
    uint32_t serials = 0;
    for (uint32_t i = 0; i < table->property_count; i++) {
        serials += table->properties[i].type->id == RUZU_TYPE_SERIAL;
    }
    if (txn->number_columns < serials) {
        txn->numbers = RZ_NEW_ARRAY(&txn->arena, int64_t, (size_t)serials * RZ_VECTOR_CAPACITY);
        txn->number_vecs = RZ_NEW_ARRAY(&txn->arena, rz_vec, serials);
        txn->number_columns = txn->numbers == NULL || txn->number_vecs == NULL ? 0 : serials;
    }
    if (txn->number_values < table->property_count) {
        txn->number_list = RZ_NEW_ARRAY(&txn->arena, rz_vec *, table->property_count);
        txn->number_values = txn->number_list == NULL ? 0 : table->property_count;
    }
    return txn->number_columns < serials || txn->number_values < table->property_count ? rz_error_no_memory(err, "numbering rows") : RUZU_OK;
}

/* Whether the next values are next_offset, next_offset + 1, …; then they are taken at once. */
static ruzu_status sequence_follows(rz_txn *txn, const rz_cat_sequence *sequence, uint64_t next_offset, uint32_t count, bool *out_follows, rz_error *err)
{
    rz_sequence_change *change = NULL;
    RZ_TRY(sequence_open(txn, sequence, &change, err));
    uint64_t next = change->used ? (uint64_t)change->current + 1 : (uint64_t)sequence->start;
    *out_follows = sequence->increment == 1 && next == next_offset && (change->used ? change->current < sequence->maximum : true) &&
                   (uint64_t)sequence->maximum - next >= count - 1;
    if (*out_follows) {
        change->used = true;
        change->current = (int64_t)(next + count - 1);
    }
    return RUZU_OK;
}

ruzu_status rz_txn_number_rows(rz_txn *txn, const rz_cat_table *table, uint64_t next_offset, rz_vec *const **io_values, const rz_sel *sel, rz_error *err)
{
    rz_vec *const *values = *io_values;
    uint32_t serials = 0;
    if (sel->count == 0) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < table->property_count; i++) {
        const rz_cat_sequence *sequence = NULL;
        bool follows = true;
        if (table->properties[i].type->id == RUZU_TYPE_SERIAL && values[i] == NULL) {
            sequence = rz_catalog_serial_sequence(txn->catalog, table, i);
        }
        if (sequence == NULL) {
            continue; /* given, or its sequence was dropped: the table numbers */
        }
        RZ_TRY(sequence_follows(txn, sequence, next_offset, sel->count, &follows, err));
        serials += !follows;
        if (follows) {
            continue;
        }
        if (serials == 1) {
            RZ_TRY(sequence_scratch(txn, table, err));
            memcpy(txn->number_list, values, table->property_count * sizeof *values);
            *io_values = txn->number_list;
        }
        int64_t *numbers = txn->numbers + (size_t)(serials - 1) * RZ_VECTOR_CAPACITY;
        rz_vec *vec = &txn->number_vecs[serials - 1];
        *vec = (rz_vec){.type = table->properties[i].type, .kind = RZ_VEC_FLAT, .data = numbers};
        for (uint32_t r = 0; r < sel->count; r++) {
            RZ_TRY(rz_txn_next_values(txn, sequence->name, 1, &numbers[rz_sel_at(sel, r)], err));
        }
        txn->number_list[i] = vec;
    }
    return RUZU_OK;
}
