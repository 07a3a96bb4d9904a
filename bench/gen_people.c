/* SPDX-License-Identifier: MIT */
/*
 * Writes a made-up social network as CSV: people.csv (id, name, born, city) and follows.csv (from, to, since).
 *
 *     gen_people DIRECTORY [PEOPLE [FOLLOWS]]            default: 100,000 people, 24 follows each
 *
 * The same numbers give the same bytes everywhere: integers only, one generator. Degrees are skewed as in real networks: how many somebody follows and how
 * often somebody is followed both fall off like a power of the rank; nobody follows the same person twice or himself.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct people_random {
    uint64_t state;
} people_random;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t people_next(people_random *random)
{
    uint64_t x = random->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* 0 … below - 1; below is under 2^32. */
static uint64_t people_below(people_random *random, uint64_t below)
{
    return ((people_next(random) >> 32) * below) >> 32;
}

/* A rank 0 … count - 1 where small ones are much more likely: count * u * u for a uniform u in [0, 1). count is under 2^32. */
static uint64_t people_skewed(people_random *random, uint64_t count)
{
    uint64_t u = people_next(random) >> 32;
    return ((u * u) >> 32) * count >> 32;
}

/* A bijection of 0 … count - 1, so that popular people are spread over the ids. factor has no divisor in common with count. */
static uint64_t people_spread(uint64_t rank, uint64_t factor, uint64_t count)
{
    return rank * factor % count;
}

static uint64_t people_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t people_factor(uint64_t start, uint64_t count)
{
    while (people_common_divisor(start, count) != 1) {
        start++;
    }
    return start;
}

static const char *const people_first[] = {
    "Ada",   "Bela",  "Carl",  "Dina",  "Emil",  "Fay",   "Goran", "Hana",  "Ivo",   "Jun",   "Kira",  "Lars",  "Mina",  "Nils",  "Ola",   "Pia",
    "Quinn", "Rosa",  "Sven",  "Tara",  "Uma",   "Viktor", "Wanda", "Xenia", "Yusuf", "Zoe",  "Amir",  "Bruna", "Cleo",  "Dario", "Edda",  "Farid",
    "Greta", "Hugo",  "Ines",  "Jonas", "Kofi",  "Lena",  "Marek", "Noor",
};
static const char *const people_last[] = {
    "Abel",   "Brandt", "Costa",  "Duval",  "Ekberg", "Fontaine", "Garcia", "Haddad", "Ito",    "Jansen", "Kowalski", "Lindqvist", "Moreau",
    "Nakano", "Okafor", "Petrov", "Quist",  "Rossi",  "Sato",     "Tamm",   "Ueda",   "Vargas", "Weber",  "Xu",       "Yilmaz",    "Zhang",
    "Almeida", "Bauer", "Chopra", "Dietz",  "Eriksen", "Fabri",   "Gomes",  "Horvat", "Ivanova", "Juhasz", "Keller",
};
static const char *const people_cities[] = {
    "Accra",  "Bergen", "Bogota", "Cairo",    "Dublin", "Gdansk", "Hanoi",   "Izmir",   "Jaipur", "Kyoto",  "Lagos",  "Lima",   "Lisbon", "Lyon",
    "Malmo",  "Manila", "Medina", "Montreal", "Nairobi", "Oporto", "Ottawa", "Palermo", "Quito",  "Riga",   "Seoul",  "Sofia",  "Tampere", "Tunis",
    "Utrecht", "Vienna", "Wroclaw", "Zagreb",
};
#define PEOPLE_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A day of a year, from 1 to 28 so that every month has it. */
static void people_date(people_random *random, uint64_t first_year, uint64_t years, char *out, size_t size)
{
    uint64_t year = first_year + people_below(random, years);
    uint64_t month = 1 + people_below(random, 12);
    uint64_t day = 1 + people_below(random, 28);
    (void)snprintf(out, size, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
}

static FILE *people_create(const char *directory, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "gen_people: cannot write %s\n", path);
        exit(1);
    }
    return file;
}

static void people_finish(FILE *file)
{
    if (fflush(file) != 0 || ferror(file) || fclose(file) != 0) {
        fputs("gen_people: writing failed\n", stderr);
        exit(1);
    }
}

static void people_write_people(const char *directory, uint64_t count)
{
    people_random random = {.state = 1};
    FILE *file = people_create(directory, "people.csv");
    fputs("id,name,born,city\n", file);
    for (uint64_t id = 0; id < count; id++) {
        char born[16];
        people_date(&random, 1940, 68, born, sizeof born);
        fprintf(file, "%llu,%s %s,%s,%s\n", (unsigned long long)id, people_first[people_below(&random, PEOPLE_COUNT_OF(people_first))],
                people_last[people_below(&random, PEOPLE_COUNT_OF(people_last))], born,
                people_cities[people_skewed(&random, PEOPLE_COUNT_OF(people_cities))]);
    }
    people_finish(file);
}

/* Shares follows out: degree of rank r falls like 1 / (r + count / 64), everybody at least one. */
static uint32_t *people_degrees(uint64_t count, uint64_t follows)
{
    uint32_t *degrees = (uint32_t *)calloc(count, sizeof *degrees);
    if (degrees == NULL) {
        fputs("gen_people: out of memory\n", stderr);
        exit(1);
    }
    uint64_t total_weight = 0;
    for (uint64_t rank = 0; rank < count; rank++) {
        total_weight += (UINT64_C(1) << 32) / (rank + count / 64 + 1);
    }
    uint64_t factor = people_factor(count / 3 + 7, count);
    uint64_t left = follows;
    for (uint64_t rank = 0; rank < count && left != 0; rank++) {
        uint64_t weight = (UINT64_C(1) << 32) / (rank + count / 64 + 1);
        uint64_t share = 1 + weight * follows / total_weight;
        share = share > left ? left : share > count / 4 ? count / 4 : share;
        degrees[people_spread(rank, factor, count)] = (uint32_t)share;
        left -= share;
    }
    for (uint64_t id = 0; left != 0; id = (id + 1) % count) { /* what the division lost */
        degrees[id]++;
        left--;
    }
    return degrees;
}

static void people_write_follows(const char *directory, uint64_t count, uint64_t follows)
{
    people_random random = {.state = 2};
    uint32_t *degrees = people_degrees(count, follows);
    uint32_t *seen = (uint32_t *)calloc(count, sizeof *seen); /* by id: 1 + who was followed it last */
    if (seen == NULL) {
        fputs("gen_people: out of memory\n", stderr);
        exit(1);
    }
    uint64_t factor = people_factor(count / 2 + 11, count);
    FILE *file = people_create(directory, "follows.csv");
    fputs("from,to,since\n", file);
    for (uint64_t id = 0; id < count; id++) {
        seen[id] = (uint32_t)id + 1; /* nobody follows himself */
        for (uint32_t i = 0; i < degrees[id]; i++) {
            uint64_t other = people_spread(people_skewed(&random, count), factor, count);
            while (seen[other] == (uint32_t)id + 1) {
                other = (other + 1 + people_below(&random, 97)) % count;
            }
            seen[other] = (uint32_t)id + 1;
            char since[16];
            people_date(&random, 2008, 17, since, sizeof since);
            fprintf(file, "%llu,%llu,%s\n", (unsigned long long)id, (unsigned long long)other, since);
        }
    }
    people_finish(file);
    free(seen);
    free(degrees);
}

static bool people_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);
    *out = number;
    return *text != '\0' && *end == '\0' && number >= low && number <= high;
}

int main(int argc, char **argv)
{
    uint64_t count = 100000;
    bool ok = argc >= 2 && argc <= 4 && (argc < 3 || people_number(argv[2], 100, 100000000, &count));
    uint64_t follows = count * 24;
    ok = ok && (argc < 4 || people_number(argv[3], count, count * (count / 8), &follows));
    if (!ok) {
        fputs("usage: gen_people DIRECTORY [PEOPLE [FOLLOWS]]\n", stderr);
        return 3;
    }
    people_write_people(argv[1], count);
    people_write_follows(argv[1], count, follows);
    printf("%s: %llu people, %llu follows\n", argv[1], (unsigned long long)count, (unsigned long long)follows);
    return 0;
}
