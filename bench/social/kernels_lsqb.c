/* SPDX-License-Identifier: MIT */
/*
 * LSQB's nine questions by hand: what the machine allows. Chains are counted by multiplying list lengths, triangles by orienting `knows` from the person with
 * fewer friends to the one with more, "not known" by subtracting what is known from everything.
 */
#include "arrays.h"

#include "csv_out.h"

#include <stdlib.h>
#include <string.h>

struct lsqb_arrays {
    key_map persons, forums, posts, comments, tags, cities, countries;
    relation members, contains, reply_post, reply_comment, comment_tags, post_tags, comment_creator, post_creator, like_comment, like_post, knows, interests,
        person_city, city_country;
    adjacency friends;       /* knows in both directions, sorted */
    adjacency oriented;      /* each pair of friends once: from fewer friends to more, sorted */
    uint32_t *country;       /* of each person */
    uint32_t *interest_count;
    uint32_t *post_forum, *comment_post, *comment_comment, *creator_of_comment, *creator_of_post;
};

/* Rows of tables no question uses: they belong to the time of loading. */
static uint64_t lsqb_read_rest(const lsqb_arrays *graph, const char *directory)
{
    key_map companies = read_nodes(directory, "Company"), universities = read_nodes(directory, "University");
    key_map continents = read_nodes(directory, "Continent"), classes = read_nodes(directory, "TagClass");
    struct {
        const char *table;
        const key_map *from, *to;
    } rest[] = {
        {"Comment_isLocatedIn_Country", &graph->comments, &graph->countries}, {"Post_isLocatedIn_Country", &graph->posts, &graph->countries},
        {"Forum_hasModerator_Person", &graph->forums, &graph->persons},       {"Forum_hasTag_Tag", &graph->forums, &graph->tags},
        {"Person_studyAt_University", &graph->persons, &universities},        {"Person_workAt_Company", &graph->persons, &companies},
        {"Tag_hasType_TagClass", &graph->tags, &classes},                     {"TagClass_isSubclassOf_TagClass", &classes, &classes},
        {"University_isLocatedIn_City", &universities, &graph->cities},       {"Company_isLocatedIn_Country", &companies, &graph->countries},
        {"Country_isPartOf_Continent", &graph->countries, &continents},
    };
    uint64_t rows = (uint64_t)companies.count + universities.count + continents.count + classes.count;
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        relation rel = read_relation(directory, rest[i].table, rest[i].from, rest[i].to);
        rows += rel.count;
        relation_free(&rel);
    }
    key_map *maps[] = {&companies, &universities, &continents, &classes};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        key_map_free(maps[i]);
    }
    return rows;
}

static void lsqb_arrange_friends(lsqb_arrays *graph)
{
    uint64_t count = graph->knows.count;
    uint32_t *from = must_allocate(2 * count * sizeof *from), *to = must_allocate(2 * count * sizeof *to);
    memcpy(from, graph->knows.from, count * sizeof *from);
    memcpy(from + count, graph->knows.to, count * sizeof *from);
    memcpy(to, graph->knows.to, count * sizeof *to);
    memcpy(to + count, graph->knows.from, count * sizeof *to);
    graph->friends = adjacency_make(from, to, 2 * count, graph->persons.count);
    adjacency_sort(&graph->friends);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t a = graph->knows.from[i], b = graph->knows.to[i];
        uint32_t degree_a = degree(&graph->friends, a), degree_b = degree(&graph->friends, b);
        int swap = degree_a > degree_b || (degree_a == degree_b && a > b);
        from[i] = swap ? b : a;
        to[i] = swap ? a : b;
    }
    graph->oriented = adjacency_make(from, to, count, graph->persons.count);
    adjacency_sort(&graph->oriented);
    free(from);
    free(to);
}

static void lsqb_derive(lsqb_arrays *graph)
{
    lsqb_arrange_friends(graph);
    uint32_t *city = only_targets(&graph->person_city), *country = only_targets(&graph->city_country);
    graph->country = must_allocate(graph->persons.count * sizeof *graph->country);
    graph->interest_count = must_allocate(graph->persons.count * sizeof *graph->interest_count);
    for (uint32_t i = 0; i < graph->persons.count; i++) {
        graph->country[i] = country[city[i]];
        graph->interest_count[i] = degree(&graph->interests.out, i);
    }
    free(city);
    free(country);
    graph->comment_post = only_targets(&graph->reply_post);
    graph->comment_comment = only_targets(&graph->reply_comment);
    graph->creator_of_comment = only_targets(&graph->comment_creator);
    graph->creator_of_post = only_targets(&graph->post_creator);
    graph->post_forum = must_allocate(graph->posts.count * sizeof *graph->post_forum);
    for (uint32_t i = 0; i < graph->posts.count; i++) {
        graph->post_forum[i] = *neighbours(&graph->contains.in, i);
    }
    adjacency_sort(&graph->comment_tags.out);
    adjacency_sort(&graph->post_tags.out);
}

lsqb_arrays *lsqb_arrays_read(const char *directory, uint64_t *rows, double *milliseconds)
{
    lsqb_arrays *graph = must_allocate_zeroed(1, sizeof *graph);
    double started = now_ms();
    struct {
        key_map *map;
        const char *table;
    } nodes[] = {{&graph->persons, "Person"}, {&graph->forums, "Forum"}, {&graph->posts, "Post"},       {&graph->comments, "Comment"},
                 {&graph->tags, "Tag"},       {&graph->cities, "City"},  {&graph->countries, "Country"}};
    struct {
        relation *rel;
        const char *table;
        const key_map *from, *to;
    } relations[] = {
        {&graph->members, "Forum_hasMember_Person", &graph->forums, &graph->persons},
        {&graph->contains, "Forum_containerOf_Post", &graph->forums, &graph->posts},
        {&graph->reply_post, "Comment_replyOf_Post", &graph->comments, &graph->posts},
        {&graph->reply_comment, "Comment_replyOf_Comment", &graph->comments, &graph->comments},
        {&graph->comment_tags, "Comment_hasTag_Tag", &graph->comments, &graph->tags},
        {&graph->post_tags, "Post_hasTag_Tag", &graph->posts, &graph->tags},
        {&graph->comment_creator, "Comment_hasCreator_Person", &graph->comments, &graph->persons},
        {&graph->post_creator, "Post_hasCreator_Person", &graph->posts, &graph->persons},
        {&graph->like_comment, "Person_likes_Comment", &graph->persons, &graph->comments},
        {&graph->like_post, "Person_likes_Post", &graph->persons, &graph->posts},
        {&graph->knows, "Person_knows_Person", &graph->persons, &graph->persons},
        {&graph->interests, "Person_hasInterest_Tag", &graph->persons, &graph->tags},
        {&graph->person_city, "Person_isLocatedIn_City", &graph->persons, &graph->cities},
        {&graph->city_country, "City_isPartOf_Country", &graph->cities, &graph->countries},
    };
    *rows = 0;
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        *nodes[i].map = read_nodes(directory, nodes[i].table);
        *rows += nodes[i].map->count;
    }
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        *relations[i].rel = read_relation(directory, relations[i].table, relations[i].from, relations[i].to);
        *rows += relations[i].rel->count;
    }
    *rows += lsqb_read_rest(graph, directory);
    *milliseconds = now_ms() - started;
    lsqb_derive(graph);
    return graph;
}

void lsqb_arrays_free(lsqb_arrays *graph)
{
    key_map *maps[] = {&graph->persons, &graph->forums, &graph->posts, &graph->comments, &graph->tags, &graph->cities, &graph->countries};
    relation *relations[] = {&graph->members,         &graph->contains,     &graph->reply_post,   &graph->reply_comment, &graph->comment_tags,
                             &graph->post_tags,       &graph->comment_creator, &graph->post_creator, &graph->like_comment,  &graph->like_post,
                             &graph->knows,           &graph->interests,    &graph->person_city,  &graph->city_country};
    uint32_t *numbers[] = {graph->country,         graph->interest_count,     graph->post_forum,     graph->comment_post,
                           graph->comment_comment, graph->creator_of_comment, graph->creator_of_post};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        key_map_free(maps[i]);
    }
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        relation_free(relations[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        free(numbers[i]);
    }
    adjacency_free(&graph->friends);
    adjacency_free(&graph->oriented);
    free(graph);
}

/* ---- lists ---- */

static uint32_t common_count(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    uint32_t i = 0, j = 0, common = 0;
    while (i < a_count && j < b_count) {
        uint32_t x = a[i], y = b[j];
        common += x == y;
        i += x <= y;
        j += y <= x;
    }
    return common;
}

static int sorted_has(const uint32_t *list, uint32_t count, uint32_t wanted)
{
    uint32_t low = 0;
    while (count > 1) {
        uint32_t half = count / 2;
        low += list[low + half - 1] < wanted ? half : 0;
        count -= half;
    }
    return count != 0 && list[low] == wanted;
}

/* ---- the questions ---- */

static void q1_comments(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t comment = begin; comment < end; comment++) {
        uint32_t post = graph->comment_post[comment], tags = degree(&graph->comment_tags.out, comment);
        if (post != NO_NODE && tags != 0) {
            total += (uint64_t)tags * degree(&graph->members.out, graph->post_forum[post]);
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q1(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->comments.count, q1_comments);
}

static void q2_comments(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t comment = begin; comment < end; comment++) {
        uint32_t post = graph->comment_post[comment];
        if (post != NO_NODE) {
            uint32_t a = graph->creator_of_comment[comment], b = graph->creator_of_post[post];
            total += (uint64_t)sorted_has(neighbours(&graph->friends, a), degree(&graph->friends, a), b);
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q2(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->comments.count, q2_comments);
}

static void q3_persons(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    const adjacency *lists = &graph->oriented;
    uint64_t triangles = 0;
    for (uint64_t x = begin; x < end; x++) {
        uint32_t count = degree(lists, x), country = graph->country[x];
        const uint32_t *a = neighbours(lists, x);
        for (uint32_t i = 0; i < count; i++) {
            if (graph->country[a[i]] != country) {
                continue;
            }
            const uint32_t *b = neighbours(lists, a[i]);
            uint32_t b_count = degree(lists, a[i]), k = 0, j = 0;
            while (k < count && j < b_count) {
                uint32_t p = a[k], r = b[j];
                if (p == r) {
                    triangles += graph->country[p] == country;
                }
                k += p <= r;
                j += r <= p;
            }
        }
    }
    sum->sums[thread][0] += triangles * 6;
}

uint64_t lsqb_q3(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->persons.count, q3_persons);
}

/* Messages: comments first, posts after them. */
static void q4_messages(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t message = begin; message < end; message++) {
        if (message < graph->comments.count) {
            total += (uint64_t)degree(&graph->comment_tags.out, message) * degree(&graph->like_comment.in, message) * degree(&graph->reply_comment.in, message);
        } else {
            uint64_t post = message - graph->comments.count;
            total += (uint64_t)degree(&graph->post_tags.out, post) * degree(&graph->like_post.in, post) * degree(&graph->reply_post.in, post);
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q4(const void *graph, int threads)
{
    const lsqb_arrays *arrays = graph;
    return sum_ranges(graph, threads, (uint64_t)arrays->comments.count + arrays->posts.count, q4_messages);
}

static uint64_t at_least_one(uint32_t count)
{
    return count != 0 ? count : 1;
}

static void q7_messages(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t message = begin; message < end; message++) {
        if (message < graph->comments.count) {
            total += degree(&graph->comment_tags.out, message) * at_least_one(degree(&graph->like_comment.in, message)) *
                     at_least_one(degree(&graph->reply_comment.in, message));
        } else {
            uint64_t post = message - graph->comments.count;
            total +=
                degree(&graph->post_tags.out, post) * at_least_one(degree(&graph->like_post.in, post)) * at_least_one(degree(&graph->reply_post.in, post));
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q7(const void *graph, int threads)
{
    const lsqb_arrays *arrays = graph;
    return sum_ranges(graph, threads, (uint64_t)arrays->comments.count + arrays->posts.count, q7_messages);
}

/* Of each reply and what it answers: its tags, the other's tags, how many they share. */
static bool reply_tags(const lsqb_arrays *graph, uint64_t comment, uint64_t *own, uint64_t *other, uint64_t *shared)
{
    uint32_t count = degree(&graph->comment_tags.out, comment), answered = graph->comment_post[comment];
    const adjacency *lists = &graph->post_tags.out;
    if (count == 0) {
        return false;
    }
    if (answered == NO_NODE) {
        answered = graph->comment_comment[comment];
        lists = &graph->comment_tags.out;
        if (answered == NO_NODE) {
            return false;
        }
    }
    *own = count;
    *other = degree(lists, answered);
    *shared = common_count(neighbours(lists, answered), degree(lists, answered), neighbours(&graph->comment_tags.out, comment), count);
    return true;
}

static void q5_comments(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    uint64_t total = 0, own, other, shared;
    for (uint64_t comment = begin; comment < end; comment++) {
        if (reply_tags(sum->graph, comment, &own, &other, &shared)) {
            total += other * own - shared;
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q5(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->comments.count, q5_comments);
}

static void q8_comments(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    uint64_t total = 0, own, other, shared;
    for (uint64_t comment = begin; comment < end; comment++) {
        if (reply_tags(sum->graph, comment, &own, &other, &shared)) {
            total += (other - shared) * own;
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q8(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->comments.count, q8_comments);
}

static void q6_persons(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t middle = begin; middle < end; middle++) {
        uint32_t count = degree(&graph->friends, middle);
        const uint32_t *list = neighbours(&graph->friends, middle);
        uint64_t interests = 0;
        for (uint32_t i = 0; i < count; i++) {
            interests += graph->interest_count[list[i]];
        }
        /* Each friend of the middle but the end itself may be the start. */
        total += count != 0 ? interests * (count - 1) : 0;
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q6(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->persons.count, q6_persons);
}

/* Triangles weighted with the interests of their corners, both ways round: what q6 counts of people who do know each other. */
static void q9_persons(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const lsqb_arrays *graph = sum->graph;
    const adjacency *lists = &graph->oriented;
    uint64_t total = 0;
    for (uint64_t x = begin; x < end; x++) {
        uint32_t count = degree(lists, x);
        const uint32_t *a = neighbours(lists, x);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t *b = neighbours(lists, a[i]);
            uint32_t b_count = degree(lists, a[i]), k = 0, j = 0, weight = graph->interest_count[x] + graph->interest_count[a[i]];
            while (k < count && j < b_count) {
                uint32_t p = a[k], r = b[j];
                if (p == r) {
                    total += 2 * (uint64_t)(weight + graph->interest_count[p]);
                }
                k += p <= r;
                j += r <= p;
            }
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t lsqb_q9(const void *graph, int threads)
{
    return lsqb_q6(graph, threads) - sum_ranges(graph, threads, ((const lsqb_arrays *)graph)->persons.count, q9_persons);
}
