/* SPDX-License-Identifier: MIT */
/* Random numbers and the writer of delimited files: see csv_out.h. */
#include "csv_out.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CSV_BUFFER ((size_t)1 << 20)
/* Longest row: flushed at the end of a row only. */
#define CSV_ROW 4096

static uint64_t splitmix_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void random_seed(random_source *random, uint64_t seed)
{
    random->state[0] = splitmix_next(&seed);
    random->state[1] = splitmix_next(&seed);
}

uint64_t random_next(random_source *random)
{
    uint64_t a = random->state[0];
    uint64_t b = random->state[1];
    uint64_t result = a + b;
    b ^= a;
    random->state[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    random->state[1] = (b << 37) | (b >> 27);
    return result;
}

/* The upper half of the product of two 64-bit numbers. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a_low = a & 0xffffffffu, a_high = a >> 32, b_low = b & 0xffffffffu, b_high = b >> 32;
    uint64_t middle = a_high * b_low + ((a_low * b_low) >> 32);
    uint64_t other = a_low * b_high + (middle & 0xffffffffu);
    return a_high * b_high + (middle >> 32) + (other >> 32);
}

uint64_t random_below(random_source *random, uint64_t n)
{
    return multiply_high(random_next(random), n);
}

double random_unit(random_source *random)
{
    return ((double)(random_next(random) >> 11) + 0.5) * (1.0 / 9007199254740992.0);
}

double random_exponential(random_source *random, double mean)
{
    return -log(random_unit(random)) * mean;
}

double random_normal(random_source *random)
{
    /* Box and Muller. The two numbers are drawn in this order, whatever order a compiler evaluates a product in. */
    double radius = sqrt(-2 * log(random_unit(random)));
    return radius * cos(6.283185307179586 * random_unit(random));
}

uint64_t random_skewed(random_source *random, uint64_t n)
{
    double u = random_unit(random);
    return (uint64_t)(u * u * (double)n);
}

void *must_allocate(size_t bytes)
{
    void *memory = malloc(bytes + 1);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

void *must_allocate_zeroed(size_t count, size_t bytes)
{
    void *memory = calloc(count + 1, bytes);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

void *must_resize(void *memory, size_t bytes)
{
    void *larger = realloc(memory, bytes);
    if (larger == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return larger;
}

csv_out csv_open(const char *directory, const char *name, char delimiter, const char *header)
{
    char path[4096];
    csv_out out = {.delimiter = delimiter};
    snprintf(path, sizeof path, "%s/%s.csv", directory, name);
    out.file = fopen(path, "wb");
    if (out.file == NULL) {
        fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
    out.buffer = must_allocate(CSV_BUFFER + CSV_ROW);
    csv_text(&out, header);
    csv_end_row(&out);
    return out;
}

static void csv_flush(csv_out *out)
{
    if (fwrite(out->buffer, 1, out->used, out->file) != out->used) {
        perror("write");
        exit(1);
    }
    out->used = 0;
}

void csv_int(csv_out *out, uint64_t value)
{
    char digits[24];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0) {
        out->buffer[out->used++] = digits[--count];
    }
}

void csv_text(csv_out *out, const char *text)
{
    size_t length = strlen(text);
    memcpy(out->buffer + out->used, text, length);
    out->used += length;
}

void csv_next(csv_out *out)
{
    out->buffer[out->used++] = out->delimiter;
}

void csv_end_row(csv_out *out)
{
    out->buffer[out->used++] = '\n';
    if (out->used >= CSV_BUFFER) {
        csv_flush(out);
    }
}

void csv_pair(csv_out *out, uint64_t from, uint64_t to)
{
    csv_int(out, from);
    csv_next(out);
    csv_int(out, to);
    csv_end_row(out);
}

void csv_close(csv_out *out)
{
    csv_flush(out);
    if (fclose(out->file) != 0) {
        perror("close");
        exit(1);
    }
    free(out->buffer);
}
