/* SPDX-License-Identifier: MIT */
/* A social network with forums, posts, comments and likes, in the schema of LSQB: see generate.h. */
#include "csv_out.h"
#include "generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LSQB_CONTINENTS = 6, LSQB_COUNTRIES = 111, LSQB_CITIES = 1343, LSQB_TAGS = 16080, LSQB_TAG_CLASSES = 71, LSQB_COMPANIES = 1575, LSQB_UNIVERSITIES = 6380 };

#define LSQB_FIRST_CONTINENT 1454
#define LSQB_FIRST_CITY 111
/* Tags that a post's thread talks about. */
#define LSQB_TOPICS 6

typedef struct number_list {
    uint32_t *items;
    uint32_t count, capacity;
} number_list;

static void list_push(number_list *list, uint32_t item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity != 0 ? list->capacity * 2 : 8;
        list->items = must_resize(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = item;
}

static int list_has(const number_list *list, uint32_t item)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            return 1;
        }
    }
    return 0;
}

static void lists_free(number_list *lists, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        free(lists[i].items);
    }
}

typedef struct lsqb {
    const char *directory;
    random_source random;
    uint64_t persons, forums, posts_wanted, comments_wanted, messages;
    number_list country_cities[LSQB_COUNTRIES];
    uint32_t *person_city, *person_country, *person_interest;
    uint32_t *place_key;     /* sort key of a person by place */
    uint32_t *friends_wanted;
    number_list *friends;
    uint32_t *by_place;      /* persons in order of place, */
    uint32_t *place_rank;    /* and where each stands in it */
    number_list *members;    /* of each forum */
    uint32_t *forum_tag;
    double *forum_weight;
    double forum_weights;
} lsqb;

/* Ids are sparse as in LDBC data: a bucket of time above, a serial number below. */
static uint64_t sparse_id(uint64_t i, uint64_t count)
{
    return ((i * 36 / (count != 0 ? count : 1)) << 38) | i;
}

static uint64_t person_id(const lsqb *graph, uint64_t i)
{
    return sparse_id(i, graph->persons);
}

static csv_out lsqb_nodes(const lsqb *graph, const char *table)
{
    char header[100];
    snprintf(header, sizeof header, "id:ID(%s)", table);
    return csv_open(graph->directory, table, '|', header);
}

static void lsqb_dense_nodes(const lsqb *graph, const char *table, uint64_t first, uint64_t count)
{
    csv_out out = lsqb_nodes(graph, table);
    for (uint64_t i = 0; i < count; i++) {
        csv_int(&out, first + i);
        csv_end_row(&out);
    }
    csv_close(&out);
}

static void lsqb_sparse_nodes(const lsqb *graph, const char *table, uint64_t count)
{
    csv_out out = lsqb_nodes(graph, table);
    for (uint64_t i = 0; i < count; i++) {
        csv_int(&out, sparse_id(i, count));
        csv_end_row(&out);
    }
    csv_close(&out);
}

static csv_out lsqb_relationships(const lsqb *graph, const char *from, const char *verb, const char *to)
{
    char name[100], header[100];
    snprintf(name, sizeof name, "%s_%s_%s", from, verb, to);
    snprintf(header, sizeof header, ":START_ID(%s)|:END_ID(%s)", from, to);
    return csv_open(graph->directory, name, '|', header);
}

/* ---- places, companies, universities, tags ---- */

static void lsqb_static_part(lsqb *graph)
{
    random_source *random = &graph->random;
    csv_out out = lsqb_relationships(graph, "Country", "isPartOf", "Continent");
    for (uint64_t i = 0; i < LSQB_COUNTRIES; i++) {
        csv_pair(&out, i, LSQB_FIRST_CONTINENT + random_below(random, LSQB_CONTINENTS));
    }
    csv_close(&out);
    out = lsqb_relationships(graph, "City", "isPartOf", "Country");
    for (uint32_t i = 0; i < LSQB_CITIES; i++) {
        uint32_t country = i < LSQB_COUNTRIES ? i : (uint32_t)random_skewed(random, LSQB_COUNTRIES);
        list_push(&graph->country_cities[country], i);
        csv_pair(&out, LSQB_FIRST_CITY + i, country);
    }
    csv_close(&out);
    out = lsqb_relationships(graph, "Company", "isLocatedIn", "Country");
    for (uint64_t i = 0; i < LSQB_COMPANIES; i++) {
        csv_pair(&out, i, random_skewed(random, LSQB_COUNTRIES));
    }
    csv_close(&out);
    out = lsqb_relationships(graph, "University", "isLocatedIn", "City");
    for (uint64_t i = 0; i < LSQB_UNIVERSITIES; i++) {
        csv_pair(&out, LSQB_COMPANIES + i, LSQB_FIRST_CITY + random_below(random, LSQB_CITIES));
    }
    csv_close(&out);
    out = lsqb_relationships(graph, "Tag", "hasType", "TagClass");
    for (uint64_t i = 0; i < LSQB_TAGS; i++) {
        csv_pair(&out, i, random_skewed(random, LSQB_TAG_CLASSES));
    }
    csv_close(&out);
    out = lsqb_relationships(graph, "TagClass", "isSubclassOf", "TagClass");
    for (uint64_t i = 1; i < LSQB_TAG_CLASSES; i++) {
        csv_pair(&out, i, random_below(random, i));
    }
    csv_close(&out);
}

/* ---- persons ---- */

static uint32_t lsqb_person_interests(lsqb *graph, csv_out *out, uint32_t *last_person, uint64_t i)
{
    random_source *random = &graph->random;
    int count = 1 + (int)random_exponential(random, 22.5);
    count = count > 80 ? 80 : count;
    uint32_t main_interest = (uint32_t)random_skewed(random, LSQB_TAGS);
    for (int j = 0; j < count; j++) {
        uint32_t tag = j == 0 ? main_interest : (uint32_t)random_skewed(random, LSQB_TAGS);
        if (last_person[tag] != i + 1) {
            last_person[tag] = (uint32_t)i + 1;
            csv_pair(out, person_id(graph, i), tag);
        }
    }
    return main_interest;
}

static void lsqb_persons(lsqb *graph)
{
    random_source *random = &graph->random;
    csv_out located = lsqb_relationships(graph, "Person", "isLocatedIn", "City");
    csv_out interested = lsqb_relationships(graph, "Person", "hasInterest", "Tag");
    csv_out studies = lsqb_relationships(graph, "Person", "studyAt", "University");
    csv_out works = lsqb_relationships(graph, "Person", "workAt", "Company");
    uint32_t *last_person = must_allocate_zeroed(LSQB_TAGS, sizeof *last_person);
    for (uint64_t i = 0; i < graph->persons; i++) {
        double u = random_unit(random);
        uint32_t country = (uint32_t)(u * u * u * LSQB_COUNTRIES);
        const number_list *cities = &graph->country_cities[country];
        uint32_t city = cities->items[random_skewed(random, cities->count)];
        graph->person_country[i] = country;
        graph->person_city[i] = city;
        csv_pair(&located, person_id(graph, i), LSQB_FIRST_CITY + city);
        graph->place_key[i] = (country << 20) | (city << 8 & 0xfff00) | (uint32_t)random_below(random, 256);
        graph->person_interest[i] = lsqb_person_interests(graph, &interested, last_person, i);
        if (random_unit(random) < 0.8) {
            csv_pair(&studies, person_id(graph, i), LSQB_COMPANIES + random_below(random, LSQB_UNIVERSITIES));
        }
        int jobs = (int)random_exponential(random, 2.5);
        uint32_t company = (uint32_t)random_below(random, LSQB_COMPANIES);
        for (int j = 0; j < jobs && j < 8; j++) {
            csv_pair(&works, person_id(graph, i), (company + (uint32_t)j) % LSQB_COMPANIES);
        }
        double friends = exp(log(44) - 0.5 * 0.8 * 0.8 + 0.8 * random_normal(random));
        double most = (double)graph->persons / 4.0;
        friends = friends > most ? most : friends;
        graph->friends_wanted[i] = (uint32_t)(friends < 1 ? 1 : friends);
    }
    csv_close(&located);
    csv_close(&interested);
    csv_close(&studies);
    csv_close(&works);
    free(last_person);
}

typedef struct keyed_person {
    uint32_t key, person;
} keyed_person;

static int compare_keyed(const void *left, const void *right)
{
    const keyed_person *a = left, *b = right;
    return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->person > b->person) - (a->person < b->person);
}

static void sort_persons(uint32_t *order, const uint32_t *keys, uint64_t count)
{
    keyed_person *sorted = must_allocate(count * sizeof *sorted);
    for (uint64_t i = 0; i < count; i++) {
        sorted[i] = (keyed_person){.key = keys[i], .person = (uint32_t)i};
    }
    qsort(sorted, count, sizeof *sorted, compare_keyed);
    for (uint64_t i = 0; i < count; i++) {
        order[i] = sorted[i].person;
    }
    free(sorted);
}

/* One person's friends among those that stand near in `order` (anywhere when `nearness` is 0), until `limit`. */
static void lsqb_befriend(lsqb *graph, csv_out *out, const uint32_t *order, uint64_t rank, uint32_t limit, double nearness)
{
    random_source *random = &graph->random;
    uint32_t a = order[rank];
    for (int tries = 0; graph->friends[a].count < limit && tries < 3 * (int)limit + 10; tries++) {
        uint64_t other = nearness > 0 ? rank + 1 + (uint64_t)random_exponential(random, nearness) : random_below(random, graph->persons);
        if (other >= graph->persons) {
            continue;
        }
        uint32_t b = order[other];
        if (b == a || graph->friends[b].count >= graph->friends_wanted[b] || list_has(&graph->friends[a], b)) {
            continue;
        }
        list_push(&graph->friends[a], b);
        list_push(&graph->friends[b], a);
        csv_pair(out, person_id(graph, a), person_id(graph, b));
    }
}

/* Windows over two orders that mean something, place and interest, and some chance: friends of friends know each other. */
static void lsqb_knows(lsqb *graph)
{
    static const double share[3] = {0.5, 0.92, 1.0};
    static const double nearness[3] = {55, 90, 0};
    csv_out out = lsqb_relationships(graph, "Person", "knows", "Person");
    uint32_t *order = must_allocate(graph->persons * sizeof *order);
    for (int round = 0; round < 3; round++) {
        if (round == 0) {
            sort_persons(order, graph->place_key, graph->persons);
            memcpy(graph->by_place, order, graph->persons * sizeof *order);
        } else if (round == 1) {
            sort_persons(order, graph->person_interest, graph->persons);
        } else {
            for (uint64_t i = 0; i < graph->persons; i++) {
                order[i] = (uint32_t)i;
            }
        }
        for (uint64_t rank = 0; rank < graph->persons; rank++) {
            uint32_t limit = (uint32_t)(graph->friends_wanted[order[rank]] * share[round] + 0.5);
            lsqb_befriend(graph, &out, order, rank, limit, nearness[round]);
        }
    }
    for (uint64_t i = 0; i < graph->persons; i++) {
        graph->place_rank[graph->by_place[i]] = (uint32_t)i;
    }
    free(order);
    csv_close(&out);
}

/* ---- forums ---- */

static void lsqb_forum_members(lsqb *graph, csv_out *out, uint32_t *last_forum, uint64_t forum, uint32_t moderator)
{
    random_source *random = &graph->random;
    double most = (double)graph->persons / 4.0 < 2600 ? (double)graph->persons / 4.0 : 2600;
    double size = 4 * pow(random_unit(random), -1 / 1.3);
    uint32_t wanted = (uint32_t)(size > most ? most : size);
    uint64_t window = 4 * (uint64_t)wanted + 20 > graph->persons ? graph->persons : 4 * (uint64_t)wanted + 20;
    const number_list *friends = &graph->friends[moderator];
    for (uint32_t j = 0; j < wanted; j++) {
        uint32_t person;
        if (friends->count != 0 && random_unit(random) < 0.4) {
            person = friends->items[random_below(random, friends->count)];
        } else if (random_unit(random) < 0.6) {
            person = graph->by_place[(graph->place_rank[moderator] + random_below(random, window)) % graph->persons];
        } else {
            person = (uint32_t)random_skewed(random, graph->persons);
        }
        if (last_forum[person] != forum + 1) {
            last_forum[person] = (uint32_t)forum + 1;
            list_push(&graph->members[forum], person);
            csv_pair(out, sparse_id(forum, graph->forums), person_id(graph, person));
        }
    }
}

static void lsqb_forums(lsqb *graph)
{
    random_source *random = &graph->random;
    csv_out moderators = lsqb_relationships(graph, "Forum", "hasModerator", "Person");
    csv_out members = lsqb_relationships(graph, "Forum", "hasMember", "Person");
    csv_out tags = lsqb_relationships(graph, "Forum", "hasTag", "Tag");
    uint32_t *last_forum = must_allocate_zeroed(graph->persons, sizeof *last_forum);
    for (uint64_t forum = 0; forum < graph->forums; forum++) {
        uint64_t id = sparse_id(forum, graph->forums);
        uint32_t moderator = (uint32_t)random_below(random, graph->persons);
        csv_pair(&moderators, id, person_id(graph, moderator));
        lsqb_forum_members(graph, &members, last_forum, forum, moderator);
        graph->forum_weight[forum] = graph->members[forum].count + 1;
        graph->forum_weights += graph->forum_weight[forum];
        graph->forum_tag[forum] = (uint32_t)random_skewed(random, LSQB_TAGS);
        int count = 1 + (int)random_exponential(random, 2.2);
        for (int j = 0; j < count && j < 12; j++) {
            csv_pair(&tags, id, (graph->forum_tag[forum] + (uint32_t)j * 37) % LSQB_TAGS);
        }
    }
    csv_close(&moderators);
    csv_close(&members);
    csv_close(&tags);
    free(last_forum);
}

/* ---- posts and their threads of comments ---- */

typedef struct lsqb_threads {
    csv_out posts, comments, contains, post_creator, post_country, post_tag, comment_creator, comment_country, comment_tag, reply_comment, reply_post, like_post,
        like_comment;
    uint32_t *last_like;     /* of each person: the message it liked last, counted */
    uint32_t likes_round;
    number_list thread;      /* pairs: a comment's number within the thread, its creator */
} lsqb_threads;

/* `count` friends of `creator` like message `id`, each once. */
static void lsqb_likes(lsqb *graph, lsqb_threads *threads, csv_out *out, uint32_t creator, int count, uint64_t id)
{
    const number_list *friends = &graph->friends[creator];
    threads->likes_round++;
    for (int t = 0; t < count && friends->count != 0; t++) {
        uint32_t person = friends->items[random_below(&graph->random, friends->count)];
        if (threads->last_like[person] != threads->likes_round) {
            threads->last_like[person] = threads->likes_round;
            csv_pair(out, person_id(graph, person), id);
        }
    }
}

/* The number of likes: few, with a heavy tail. */
static int lsqb_like_count(lsqb *graph, double scale, int most)
{
    double expected = scale * pow(random_unit(&graph->random), -1 / 2.0) - 0.2;
    int count = (int)(expected + random_unit(&graph->random));
    return count > most ? most : count;
}

static void lsqb_post_tags(lsqb *graph, lsqb_threads *threads, uint64_t id, uint32_t forum_tag, uint32_t topics[LSQB_TOPICS])
{
    topics[0] = forum_tag;
    for (int t = 1; t < LSQB_TOPICS; t++) {
        topics[t] = (uint32_t)random_skewed(&graph->random, LSQB_TAGS);
    }
    int count = 1 + (int)random_below(&graph->random, 3);
    for (int t = 0; t < count; t++) {
        int seen = 0;
        for (int s = 0; s < t; s++) {
            seen |= topics[s] == topics[t];
        }
        if (!seen) {
            csv_pair(&threads->post_tag, id, topics[t]);
        }
    }
}

/* Up to five tags, mostly the thread's topics; a strange one ends it. */
static void lsqb_comment_tags(lsqb *graph, lsqb_threads *threads, uint64_t id, const uint32_t topics[LSQB_TOPICS])
{
    random_source *random = &graph->random;
    int count = (int)random_below(random, 6);
    uint32_t used = 0;
    for (int t = 0; t < count; t++) {
        uint32_t choice = (uint32_t)random_below(random, 12);
        uint32_t tag = choice < LSQB_TOPICS ? topics[choice] : (uint32_t)random_skewed(random, LSQB_TAGS);
        uint32_t compared = choice < LSQB_TOPICS ? choice : LSQB_TOPICS;
        int seen = 0;
        if (choice < LSQB_TOPICS && (used >> choice & 1) != 0) {
            continue;
        }
        for (uint32_t s = 0; s < compared; s++) {
            seen |= topics[s] == tag;
        }
        if (seen) {
            continue;
        }
        if (choice < LSQB_TOPICS) {
            used |= 1u << choice;
        }
        csv_pair(&threads->comment_tag, id, tag);
        if (choice >= LSQB_TOPICS) {
            break;
        }
    }
}

/* The comment with number `serial` in the thread of post `post_id`, whose creator is `post_creator`. */
static void lsqb_comment(lsqb *graph, lsqb_threads *threads, uint64_t forum, uint64_t post_id, uint32_t post_creator, uint32_t serial, const uint32_t *topics)
{
    random_source *random = &graph->random;
    uint64_t number = graph->messages++, id = sparse_id(number, graph->posts_wanted + graph->comments_wanted + 16);
    const number_list *members = &graph->members[forum];
    number_list *thread = &threads->thread;
    uint32_t answered = post_creator;
    uint64_t parent = UINT64_MAX;
    csv_int(&threads->comments, id);
    csv_end_row(&threads->comments);
    if (thread->count != 0 && random_unit(random) < 0.62) {
        uint32_t chosen = (uint32_t)random_below(random, thread->count / 2) * 2;
        parent = number - serial + thread->items[chosen];
        answered = thread->items[chosen + 1];
    }
    const number_list *friends = &graph->friends[answered];
    uint32_t creator;
    if (friends->count != 0 && random_unit(random) < 0.93) {
        creator = friends->items[random_below(random, friends->count)];
    } else if (members->count != 0) {
        creator = members->items[random_below(random, members->count)];
    } else {
        creator = (uint32_t)random_below(random, graph->persons);
    }
    if (parent == UINT64_MAX) {
        csv_pair(&threads->reply_post, id, post_id);
    } else {
        csv_pair(&threads->reply_comment, id, sparse_id(parent, graph->posts_wanted + graph->comments_wanted + 16));
    }
    list_push(thread, serial);
    list_push(thread, creator);
    csv_pair(&threads->comment_creator, id, person_id(graph, creator));
    csv_pair(&threads->comment_country, id, random_unit(random) < 0.9 ? graph->person_country[creator] : random_below(random, LSQB_COUNTRIES));
    if (topics != NULL) {
        lsqb_comment_tags(graph, threads, id, topics);
    } else if (random_unit(random) < 0.25) {
        csv_pair(&threads->comment_tag, id, random_skewed(random, LSQB_TAGS));
    }
    lsqb_likes(graph, threads, &threads->like_comment, creator, lsqb_like_count(graph, 0.42, 100), id);
}

static void lsqb_post(lsqb *graph, lsqb_threads *threads, uint64_t forum)
{
    random_source *random = &graph->random;
    uint64_t id = sparse_id(graph->messages++, graph->posts_wanted + graph->comments_wanted + 16);
    const number_list *members = &graph->members[forum];
    uint32_t creator = members->count != 0 ? members->items[random_below(random, members->count)] : 0;
    csv_int(&threads->posts, id);
    csv_end_row(&threads->posts);
    csv_pair(&threads->contains, sparse_id(forum, graph->forums), id);
    csv_pair(&threads->post_creator, id, person_id(graph, creator));
    csv_pair(&threads->post_country, id, random_unit(random) < 0.9 ? graph->person_country[creator] : random_below(random, LSQB_COUNTRIES));
    uint32_t topics[LSQB_TOPICS];
    int tagged = random_unit(random) < 0.35;
    if (tagged) {
        lsqb_post_tags(graph, threads, id, graph->forum_tag[forum], topics);
    }
    lsqb_likes(graph, threads, &threads->like_post, creator, lsqb_like_count(graph, 0.45, 200), id);
    /* Many threads are empty, some are very long. */
    double per_post = (double)graph->comments_wanted / (double)graph->posts_wanted;
    double expected = random_unit(random) < 0.45 ? 0 : per_post / 0.55 * 0.5 * pow(random_unit(random), -0.5);
    int comments = (int)(expected + random_unit(random));
    comments = comments > 400 ? 400 : comments;
    threads->thread.count = 0;
    for (int serial = 0; serial < comments; serial++) {
        lsqb_comment(graph, threads, forum, id, creator, (uint32_t)serial, tagged ? topics : NULL);
    }
}

static void lsqb_messages(lsqb *graph)
{
    lsqb_threads threads = {
        .posts = lsqb_nodes(graph, "Post"),
        .comments = lsqb_nodes(graph, "Comment"),
        .contains = lsqb_relationships(graph, "Forum", "containerOf", "Post"),
        .post_creator = lsqb_relationships(graph, "Post", "hasCreator", "Person"),
        .post_country = lsqb_relationships(graph, "Post", "isLocatedIn", "Country"),
        .post_tag = lsqb_relationships(graph, "Post", "hasTag", "Tag"),
        .comment_creator = lsqb_relationships(graph, "Comment", "hasCreator", "Person"),
        .comment_country = lsqb_relationships(graph, "Comment", "isLocatedIn", "Country"),
        .comment_tag = lsqb_relationships(graph, "Comment", "hasTag", "Tag"),
        .reply_comment = lsqb_relationships(graph, "Comment", "replyOf", "Comment"),
        .reply_post = lsqb_relationships(graph, "Comment", "replyOf", "Post"),
        .like_post = lsqb_relationships(graph, "Person", "likes", "Post"),
        .like_comment = lsqb_relationships(graph, "Person", "likes", "Comment"),
        .last_like = must_allocate_zeroed(graph->persons, sizeof *threads.last_like),
    };
    double due = 0;
    for (uint64_t forum = 0; forum < graph->forums; forum++) {
        due += graph->forum_weight[forum] / graph->forum_weights * (double)graph->posts_wanted;
        uint64_t count = (uint64_t)due;
        due -= (double)count;
        for (uint64_t j = 0; j < count; j++) {
            lsqb_post(graph, &threads, forum);
        }
    }
    csv_out *all[] = {&threads.posts,           &threads.comments,        &threads.contains,    &threads.post_creator,  &threads.post_country,
                      &threads.post_tag,        &threads.comment_creator, &threads.comment_country, &threads.comment_tag, &threads.reply_comment,
                      &threads.reply_post,      &threads.like_post,       &threads.like_comment};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        csv_close(all[i]);
    }
    free(threads.last_like);
    free(threads.thread.items);
}

static uint32_t *lsqb_numbers(uint64_t count)
{
    return must_allocate_zeroed(count, sizeof(uint32_t));
}

void generate_lsqb(const char *directory, double scale, uint64_t seed)
{
    lsqb graph = {.directory = directory, .posts_wanted = (uint64_t)(1100000 * scale), .comments_wanted = (uint64_t)(2300000 * scale)};
    random_seed(&graph.random, seed * 2 + 2);
    graph.persons = (uint64_t)(11000 * scale + 0.5);
    graph.persons = graph.persons < 50 ? 50 : graph.persons;
    graph.forums = (uint64_t)(100000 * scale + 0.5);
    graph.forums = graph.forums < 20 ? 20 : graph.forums;
    graph.person_city = lsqb_numbers(graph.persons);
    graph.person_country = lsqb_numbers(graph.persons);
    graph.person_interest = lsqb_numbers(graph.persons);
    graph.place_key = lsqb_numbers(graph.persons);
    graph.friends_wanted = lsqb_numbers(graph.persons);
    graph.by_place = lsqb_numbers(graph.persons);
    graph.place_rank = lsqb_numbers(graph.persons);
    graph.forum_tag = lsqb_numbers(graph.forums);
    graph.forum_weight = must_allocate_zeroed(graph.forums, sizeof *graph.forum_weight);
    graph.friends = must_allocate_zeroed(graph.persons, sizeof *graph.friends);
    graph.members = must_allocate_zeroed(graph.forums, sizeof *graph.members);

    lsqb_dense_nodes(&graph, "Continent", LSQB_FIRST_CONTINENT, LSQB_CONTINENTS);
    lsqb_dense_nodes(&graph, "Country", 0, LSQB_COUNTRIES);
    lsqb_dense_nodes(&graph, "City", LSQB_FIRST_CITY, LSQB_CITIES);
    lsqb_dense_nodes(&graph, "Tag", 0, LSQB_TAGS);
    lsqb_dense_nodes(&graph, "TagClass", 0, LSQB_TAG_CLASSES);
    lsqb_dense_nodes(&graph, "Company", 0, LSQB_COMPANIES);
    lsqb_dense_nodes(&graph, "University", LSQB_COMPANIES, LSQB_UNIVERSITIES);
    lsqb_sparse_nodes(&graph, "Person", graph.persons);
    lsqb_sparse_nodes(&graph, "Forum", graph.forums);
    lsqb_static_part(&graph);
    lsqb_persons(&graph);
    lsqb_knows(&graph);
    lsqb_forums(&graph);
    lsqb_messages(&graph);

    lists_free(graph.country_cities, LSQB_COUNTRIES);
    lists_free(graph.friends, graph.persons);
    lists_free(graph.members, graph.forums);
    void *arrays[] = {graph.person_city, graph.person_country, graph.person_interest, graph.place_key, graph.friends_wanted, graph.by_place,
                      graph.place_rank,  graph.forum_tag,      graph.forum_weight,    graph.friends,   graph.members};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        free(arrays[i]);
    }
}
