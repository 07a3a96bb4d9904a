/* SPDX-License-Identifier: MIT */
/*
 * Private to types: days and civil dates in 64 bits, shared by dates and timestamps.
 */
#ifndef RZ_TYPES_CALENDAR_H
#define RZ_TYPES_CALENDAR_H

#include "types/text.h"

/* The years that a TIMESTAMP in µs reaches. */
#define RZ_CALENDAR_YEAR_MIN   (-290307)
#define RZ_CALENDAR_YEAR_MAX   294247
#define RZ_CALENDAR_DAY_MICROS INT64_C(86400000000)

typedef struct rz_calendar_day {
    int64_t year;   /* astronomical: 0 is 1 BC */
    uint32_t month; /* 1 … 12 */
    uint32_t day;   /* 1 … 31 */
} rz_calendar_day;

/* Days since 1970-01-01 of a civil date, for years of up to 14 digits, and back. */
int64_t rz_calendar_to_days(int64_t year, uint32_t month, uint32_t day);
rz_calendar_day rz_calendar_from_days(int64_t days);
uint32_t rz_calendar_month_length(int64_t year, uint32_t month);
/* Adds months, the day cut to the length of the new month; false when the year leaves the range. */
bool rz_calendar_add_months(rz_calendar_day *civil, int64_t months);
/* As rz_text_write_date. */
size_t rz_calendar_write_day(int64_t days, char *out);

#endif
