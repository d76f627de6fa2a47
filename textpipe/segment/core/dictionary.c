/* Words: looking them up, and adding the user's. */
#include "dictionary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t edge_key(uint32_t node, uint32_t label) { return ((uint64_t)node << 32 | label) + 1; }

static inline uint32_t edge_place(uint64_t key, uint32_t limit) {
    return (uint32_t)((key * 0x9E3779B97F4A7C15ULL) >> 32) & (limit - 1);
}

uint32_t user_child(const UserWords *user, uint32_t node, uint32_t label) {
    uint64_t key = edge_key(node, label);
    for (uint32_t place = edge_place(key, user->edge_limit);; place = (place + 1) & (user->edge_limit - 1)) {
        if (user->edges[place] == key) return user->children[place];
        if (user->edges[place] == 0) return 0;
    }
}

Found dictionary_find(const Dictionary *dictionary, const Text *text, int64_t start, int64_t end) {
    const Table *table = dictionary->table;
    Found found = {ABSENT, 0, 0};
    uint32_t slot = 0, user = 0;
    int in_table = 1, in_user = dictionary->user != NULL;
    for (int64_t index = start; index < end && (in_table || in_user); index++) {
        uint32_t character = character_at(text, index);
        uint32_t label = user_label(table, character);
        if (in_table) {
            if (label >= 0x10000) {
                in_table = 0;
            } else {
                uint32_t next = index == start ? label : node_base(table->nodes[slot]) + label;
                in_table = index == start || node_check(table->nodes[next]) == slot;
                slot = next;
            }
        }
        if (in_user) {
            user = user_child(dictionary->user, user, label);
            in_user = user != 0;
        }
    }
    if (start == end) return found;
    if (in_table) {
        uint32_t number = node_frequency(table->nodes[slot]);
        found.slot = slot;
        if (number) found.frequency = table->frequencies[number];
    }
    if (in_user) {
        found.user = user;
        int64_t frequency = dictionary->user->nodes[user].frequency;
        if (frequency != ABSENT) found.frequency = frequency;
        else if (found.frequency == ABSENT) found.frequency = 0; /* a prefix */
    }
    return found;
}

UserWords *user_words_new(void) {
    UserWords *user = calloc(1, sizeof(UserWords));
    if (user == NULL) return NULL;
    user->node_limit = 64, user->edge_limit = 128;
    user->nodes = malloc(user->node_limit * sizeof(UserNode));
    user->edges = calloc(user->edge_limit, sizeof(uint64_t));
    user->children = malloc(user->edge_limit * sizeof(uint32_t));
    if (user->nodes == NULL || user->edges == NULL || user->children == NULL) {
        user_words_free(user);
        return NULL;
    }
    user->nodes[0] = (UserNode){ABSENT, 0.0, ABSENT, 0};
    user->node_count = 1;
    return user;
}

void user_words_free(UserWords *user) {
    if (user == NULL) return;
    free(user->nodes);
    free(user->edges);
    free(user->children);
    free(user);
}

static int grow_edges(UserWords *user) {
    uint32_t limit = user->edge_limit * 2;
    uint64_t *edges = calloc(limit, sizeof(uint64_t));
    uint32_t *children = malloc(limit * sizeof(uint32_t));
    if (edges == NULL || children == NULL) {
        free(edges);
        free(children);
        return 0;
    }
    for (uint32_t old = 0; old < user->edge_limit; old++) {
        if (user->edges[old] == 0) continue;
        uint32_t place = edge_place(user->edges[old], limit);
        while (edges[place]) place = (place + 1) & (limit - 1);
        edges[place] = user->edges[old];
        children[place] = user->children[old];
    }
    free(user->edges);
    free(user->children);
    user->edges = edges, user->children = children, user->edge_limit = limit;
    return 1;
}

static uint32_t add_child(UserWords *user, uint32_t node, uint32_t label) {
    if (user->node_count * 2 >= user->edge_limit && !grow_edges(user)) return 0;
    if (user->node_count == user->node_limit) {
        UserNode *nodes = realloc(user->nodes, 2 * (size_t)user->node_limit * sizeof(UserNode));
        if (nodes == NULL) return 0;
        user->nodes = nodes, user->node_limit *= 2;
    }
    uint64_t key = edge_key(node, label);
    uint32_t place = edge_place(key, user->edge_limit);
    while (user->edges[place]) place = (place + 1) & (user->edge_limit - 1);
    user->edges[place] = key;
    user->children[place] = user->node_count;
    user->nodes[user->node_count] = (UserNode){ABSENT, 0.0, ABSENT, 0};
    return user->node_count++;
}

int dictionary_add(Dictionary *dictionary, const Text *word, int64_t frequency, int32_t tag) {
    UserWords *user = dictionary->user;
    if (frequency > INT64_MAX - dictionary->total) return 0;
    uint32_t node = 0;
    for (int64_t index = 0; index < word->length; index++) {
        uint32_t label = user_label(dictionary->table, character_at(word, index));
        uint32_t next = user_child(user, node, label);
        node = next ? next : add_child(user, node, label);
        if (node == 0) return 0;
    }
    user->nodes[node].frequency = frequency;
    user->nodes[node].log_frequency = log(frequency ? (double)frequency : 1.0);
    if (tag != ABSENT) user->nodes[node].tag = tag;
    if (frequency == 0) user->nodes[node].apart = 1, user->any_apart = 1;
    dictionary->total += frequency;
    dictionary->log_total = log((double)dictionary->total);
    return 1;
}
