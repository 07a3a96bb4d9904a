/* SPDX-License-Identifier: MIT */
/*
 * Raising, copying and prefixing of errors. Nothing here allocates. The parentheses around the names keep the macros of error.h,
 * which tell callers that the result is a failure, out of the definitions.
 */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rz_error_init(rz_error *err)
{
    err->code = RUZU_OK;
    err->position = RZ_ERROR_NO_POSITION;
    err->message[0] = '\0';
}

const char *rz_error_prefix(ruzu_status code)
{
    switch (code) {
    case RUZU_ERROR_PARSER: return "Parser exception: ";
    case RUZU_ERROR_BINDER: return "Binder exception: ";
    case RUZU_ERROR_CATALOG: return "Catalog exception: ";
    case RUZU_ERROR_CONVERSION: return "Conversion exception: ";
    case RUZU_ERROR_OVERFLOW: return "Overflow exception: ";
    case RUZU_ERROR_COPY: return "Copy exception: ";
    case RUZU_ERROR_RUNTIME:
    case RUZU_ERROR_CONSTRAINT:
    case RUZU_ERROR_VERSION: return "Runtime exception: ";
    case RUZU_ERROR_NO_MEMORY: return "Buffer manager exception: ";
    case RUZU_ERROR_IO:
    case RUZU_ERROR_DISK_FULL:
    case RUZU_ERROR_LOCKED: return "IO exception: ";
    case RUZU_ERROR_CORRUPT: return "Storage exception: ";
    case RUZU_ERROR_READ_ONLY: return "Connection exception: ";
    case RUZU_OK:
    case RUZU_ERROR_TRANSACTION:
    case RUZU_ERROR_BUSY:
    case RUZU_ERROR_INTERRUPTED:
    case RUZU_ERROR_TIMEOUT:
    case RUZU_ERROR_LIMIT:
    case RUZU_ERROR_POISONED:
    case RUZU_ERROR_OUTCOME_UNKNOWN:
    case RUZU_ERROR_MISUSE:
    case RUZU_ERROR_NOT_IMPLEMENTED:
    case RUZU_ERROR_INTERNAL: return "";
    }
    return "";
}

/* Where to cut text[0..length) so that no character of several bytes is split by the end of the buffer. */
static size_t error_whole_characters(const char *text, size_t length)
{
    size_t at = length;
    while (at > 0 && length - at < 3 && ((uint8_t)text[at - 1] & 0xC0u) == 0x80u) {
        at--;
    }
    if (at == 0) {
        return length;
    }
    uint8_t lead = (uint8_t)text[at - 1];
    size_t wanted = lead >= 0xF0u ? 4 : lead >= 0xE0u ? 3 : lead >= 0xC0u ? 2 : 1;
    return length - (at - 1) < wanted ? at - 1 : length;
}

RZ_PRINTF(5, 0)
static ruzu_status error_raise(rz_error *err, ruzu_status code, uint32_t position, ruzu_status prefix_of,
                               const char *format, va_list args)
{
    RZ_ASSERT(code != RUZU_OK);
    if (err == NULL) {
        return code;
    }
    if (err->code != RUZU_OK) {
        return err->code; /* the first one is the cause */
    }
    err->code = code;
    err->position = position;
    const char *prefix = rz_error_prefix(prefix_of);
    size_t prefix_length = strlen(prefix);
    size_t room = sizeof err->message - prefix_length;
    memcpy(err->message, prefix, prefix_length);
    int length = vsnprintf(err->message + prefix_length, room, format, args);
    if (length < 0) {
        err->message[prefix_length] = '\0';
    } else if ((size_t)length >= room) {
        err->message[error_whole_characters(err->message, sizeof err->message - 1)] = '\0';
    }
    return code;
}

ruzu_status (rz_error_set)(rz_error *err, ruzu_status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ruzu_status status = error_raise(err, code, RZ_ERROR_NO_POSITION, code, format, args);
    va_end(args);
    return status;
}

ruzu_status (rz_error_set_as)(rz_error *err, ruzu_status code, ruzu_status prefix_of, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ruzu_status status = error_raise(err, code, RZ_ERROR_NO_POSITION, prefix_of, format, args);
    va_end(args);
    return status;
}

ruzu_status (rz_error_set_at)(rz_error *err, ruzu_status code, uint32_t position, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ruzu_status status = error_raise(err, code, position, code, format, args);
    va_end(args);
    return status;
}

ruzu_status (rz_error_no_memory)(rz_error *err, const char *what)
{
    return rz_error_set(err, RUZU_ERROR_NO_MEMORY, "out of memory while %s", what);
}

ruzu_status rz_error_copy(rz_error *to, const rz_error *from)
{
    if (to->code == RUZU_OK && from->code != RUZU_OK) {
        to->code = from->code;
        to->position = from->position;
        memcpy(to->message, from->message, strlen(from->message) + 1);
    }
    return to->code;
}
