/* SPDX-License-Identifier: MIT */
/*
 * Names of statuses and versions.
 */
#include "api/api.h"

#define STATUS_TEXT(x)    STATUS_TEXT_OF(x)
#define STATUS_TEXT_OF(x) #x

const char *ruzu_status_name(ruzu_status status)
{
    switch (status) {
    case RUZU_OK: return "ok";
    case RUZU_ERROR_PARSER: return "parser";
    case RUZU_ERROR_BINDER: return "binder";
    case RUZU_ERROR_CATALOG: return "catalog";
    case RUZU_ERROR_CONVERSION: return "conversion";
    case RUZU_ERROR_OVERFLOW: return "overflow";
    case RUZU_ERROR_RUNTIME: return "runtime";
    case RUZU_ERROR_COPY: return "copy";
    case RUZU_ERROR_CONSTRAINT: return "constraint";
    case RUZU_ERROR_TRANSACTION: return "transaction";
    case RUZU_ERROR_BUSY: return "busy";
    case RUZU_ERROR_INTERRUPTED: return "interrupted";
    case RUZU_ERROR_TIMEOUT: return "timeout";
    case RUZU_ERROR_NO_MEMORY: return "no_memory";
    case RUZU_ERROR_LIMIT: return "limit";
    case RUZU_ERROR_IO: return "io";
    case RUZU_ERROR_DISK_FULL: return "disk_full";
    case RUZU_ERROR_POISONED: return "poisoned";
    case RUZU_ERROR_OUTCOME_UNKNOWN: return "outcome_unknown";
    case RUZU_ERROR_CORRUPT: return "corrupt";
    case RUZU_ERROR_VERSION: return "version";
    case RUZU_ERROR_LOCKED: return "locked";
    case RUZU_ERROR_READ_ONLY: return "read_only";
    case RUZU_ERROR_MISUSE: return "misuse";
    case RUZU_ERROR_NOT_IMPLEMENTED: return "not_implemented";
    case RUZU_ERROR_INTERNAL: return "internal";
    }
    return "unknown";
}

const char *ruzu_version(void)
{
    return STATUS_TEXT(RUZU_VERSION_MAJOR) "." STATUS_TEXT(RUZU_VERSION_MINOR) "." STATUS_TEXT(RUZU_VERSION_PATCH);
}

uint32_t ruzu_storage_version(void)
{
    return RZ_FORMAT_VERSION;
}
