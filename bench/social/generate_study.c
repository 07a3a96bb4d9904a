/* SPDX-License-Identifier: MIT */
/* Persons who follow each other, with places and interests: see generate.h. */
#include "csv_out.h"
#include "generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUDY_COUNTRIES = 3, STUDY_STATES = 66, STUDY_CITIES = 7200, STUDY_BIG_CITIES = 60, STUDY_INTERESTS = 41 };

static const char *const study_countries[STUDY_COUNTRIES] = {"Canada", "United Kingdom", "United States"};

static const char *const study_interests[STUDY_INTERESTS] = {
    "Photography", "Golf",     "Fishing",     "Tennis",   "Swimming",  "Hiking",       "Cooking",    "Painting", "Singing",          "Soccer",        "Running",
    "Cycling",     "Skiing",   "Snowboarding", "Hunting", "Camping",   "Sailing",      "Museums",    "Bowling",  "Billiards",        "Music",         "Yoga",
    "Rowing",      "Wine Tasting", "Kayaking", "Fine Dining", "Books", "Theater",      "Paragliding", "Video games", "Anime",         "Manga",         "Comics",
    "Skydiving",   "Surfing",  "Scuba Diving", "Snorkeling", "Biking", "Horseback Riding", "Rock Climbing", "Gardening"};

/* A name of `syllables` syllables, chosen by the lowest bits of `key`. */
static void study_name(char *name, uint64_t key, int syllables)
{
    static const char *const syllable[32] = {"ka", "lo", "mi",  "ra",  "ne", "to", "vi",  "sa",  "el", "an", "dor", "mar", "lin", "ber", "jo",   "ste",
                                             "ha", "wil", "ro", "de", "cla", "pe", "fi",  "gu",  "ing", "ton", "son", "man", "ley", "ard", "ette", "ius"};
    name[0] = '\0';
    for (int i = 0; i < syllables; i++) {
        strcat(name, syllable[key & 31]);
        key >>= 5;
    }
    name[0] = (char)(name[0] - 'a' + 'A');
}

static int study_country_of_state(int state)
{
    return state < 12 ? 0 : state < 16 ? 1 : 2;
}

/* States, their countries, cities and their states; the offsets of the cities people live in. */
static void study_places(const char *directory, random_source *random, uint64_t big_cities[STUDY_BIG_CITIES])
{
    char state_names[STUDY_STATES][40];
    csv_out states = csv_open(directory, "states", ',', "id,state,country");
    csv_out state_in = csv_open(directory, "state_in", ',', "from,to");
    for (int i = 0; i < STUDY_STATES; i++) {
        int country = study_country_of_state(i);
        study_name(state_names[i], random_next(random), 3);
        csv_int(&states, (uint64_t)i + 1);
        csv_next(&states);
        csv_text(&states, state_names[i]);
        csv_next(&states);
        csv_text(&states, study_countries[country]);
        csv_end_row(&states);
        csv_pair(&state_in, (uint64_t)i + 1, (uint64_t)country + 1);
    }
    csv_close(&states);
    csv_close(&state_in);

    csv_out cities = csv_open(directory, "cities", ',', "id,city,state,country,lat,lng,population");
    csv_out city_in = csv_open(directory, "city_in", ',', "from,to");
    for (int i = 0; i < STUDY_CITIES; i++) {
        int state = i == 0 ? 12 : (int)random_below(random, STUDY_STATES);
        char name[64], number[96];
        study_name(name, random_next(random), 4);
        if (i == 0) {
            strcpy(name, "London");
        }
        uint64_t population;
        if (i < STUDY_BIG_CITIES) {
            big_cities[i] = (uint64_t)i;
            population = 1000000 + random_below(random, 9000000);
        } else {
            population = 500 + random_below(random, 900000);
        }
        /* Drawn last first: the files have always been made so. */
        double longitude = -(random_unit(random) * 120);
        double latitude = 25 + 35 * random_unit(random);
        csv_int(&cities, (uint64_t)i + 1);
        csv_next(&cities);
        csv_text(&cities, name);
        csv_next(&cities);
        csv_text(&cities, state_names[state]);
        csv_next(&cities);
        csv_text(&cities, study_countries[study_country_of_state(state)]);
        csv_next(&cities);
        snprintf(number, sizeof number, "%.4f,%.4f", latitude, longitude);
        csv_text(&cities, number);
        csv_next(&cities);
        csv_int(&cities, population);
        csv_end_row(&cities);
        csv_pair(&city_in, (uint64_t)i + 1, (uint64_t)state + 1);
    }
    csv_close(&cities);
    csv_close(&city_in);
}

static void study_named(const char *directory, const char *file, const char *header, const char *const *names, int count)
{
    csv_out out = csv_open(directory, file, ',', header);
    for (int i = 0; i < count; i++) {
        csv_int(&out, (uint64_t)i + 1);
        csv_next(&out);
        csv_text(&out, names[i]);
        csv_end_row(&out);
    }
    csv_close(&out);
}

static void study_person_interests(csv_out *out, random_source *random, uint64_t id)
{
    int chosen[4], count = 0, wanted = 1 + (int)random_below(random, 4);
    while (count < wanted) {
        int interest = (int)random_below(random, STUDY_INTERESTS), seen = 0;
        for (int j = 0; j < count; j++) {
            seen |= chosen[j] == interest;
        }
        if (!seen) {
            chosen[count++] = interest;
        }
    }
    for (int j = 0; j < count; j++) {
        csv_pair(out, id, (uint64_t)chosen[j] + 1);
    }
}

static void study_people(const char *directory, random_source *random, uint64_t people, const uint64_t big_cities[STUDY_BIG_CITIES])
{
    csv_out persons = csv_open(directory, "persons", ',', "id,name,gender,birthday,age,isMarried");
    csv_out lives_in = csv_open(directory, "lives_in", ',', "from,to");
    csv_out has_interest = csv_open(directory, "has_interest", ',', "from,to");
    for (uint64_t id = 1; id <= people; id++) {
        char first[40], last[40], birthday[64];
        uint64_t bits = random_next(random);
        study_name(first, bits & 0xfff, 2 + (int)((bits >> 20) & 1));
        study_name(last, (bits >> 24) & 0x7fff, 3);
        int year = 1970 + (int)random_below(random, 31), month = 1 + (int)random_below(random, 12), day = 1 + (int)random_below(random, 28);
        csv_int(&persons, id);
        csv_next(&persons);
        csv_text(&persons, first);
        csv_text(&persons, " ");
        csv_text(&persons, last);
        csv_next(&persons);
        csv_text(&persons, ((bits >> 60) & 1) != 0 ? "male" : "female");
        csv_next(&persons);
        snprintf(birthday, sizeof birthday, "%04d-%02d-%02d", year, month, day);
        csv_text(&persons, birthday);
        csv_next(&persons);
        csv_int(&persons, (uint64_t)(2025 - year - (month > 6)));
        csv_next(&persons);
        csv_text(&persons, ((bits >> 61) & 1) != 0 ? "true" : "false");
        csv_end_row(&persons);
        csv_pair(&lives_in, id, big_cities[random_below(random, STUDY_BIG_CITIES)] + 1);
        study_person_interests(&has_interest, random, id);
    }
    csv_close(&persons);
    csv_close(&lives_in);
    csv_close(&has_interest);
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Out-degrees lognormal with a mean of about 24, targets by popularity; the ranks of popularity are scattered over the ids by a multiplier coprime to them. */
static void study_follows(const char *directory, random_source *random, uint64_t people)
{
    csv_out follows = csv_open(directory, "follows", ',', "from,to");
    uint32_t *last_follower = must_allocate_zeroed(people, sizeof *last_follower);
    uint64_t multiplier = 0x9E3779B1u % people;
    while (greatest_common_divisor(multiplier, people) != 1) {
        multiplier++;
    }
    double sigma = 0.9, mu = log(24.6) - sigma * sigma / 2;
    for (uint64_t i = 0; i < people; i++) {
        uint64_t degree = (uint64_t)exp(mu + sigma * random_normal(random));
        degree = degree < 1 ? 1 : degree;
        degree = degree > people / 10 ? people / 10 : degree;
        for (uint64_t j = 0; j < degree; j++) {
            uint64_t target = (random_skewed(random, people) * multiplier + 12345) % people;
            if (target != i && last_follower[target] != i + 1) {
                last_follower[target] = (uint32_t)(i + 1);
                csv_pair(&follows, i + 1, target + 1);
            }
        }
    }
    csv_close(&follows);
    free(last_follower);
}

void generate_study(const char *directory, double scale, uint64_t seed)
{
    random_source random;
    uint64_t big_cities[STUDY_BIG_CITIES];
    uint64_t people = (uint64_t)(100000 * scale + 0.5);
    random_seed(&random, seed * 2 + 1);
    study_named(directory, "countries", "id,country", study_countries, STUDY_COUNTRIES);
    study_places(directory, &random, big_cities);
    study_named(directory, "interests", "id,interest", study_interests, STUDY_INTERESTS);
    study_people(directory, &random, people, big_cities);
    study_follows(directory, &random, people);
}
