/* The most probable path through the dictionary's words, and the three modes over it. */
#include "cut.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef STRETCH
#define STRETCH 4096 /* characters at a time: the working arrays stay in the cache */
#endif

/* ------------------------------------------------------------------------------------------- memory */

int reserve_tokens(Tokens *tokens, int64_t more) {
    if (tokens->count + more <= tokens->limit) return 1;
    int64_t limit = tokens->limit * 2 > tokens->count + more ? tokens->limit * 2 : tokens->count + more;
    void *spans = realloc(tokens->spans, limit * sizeof(*tokens->spans));
    if (spans) tokens->spans = spans;
    void *words = realloc(tokens->words, limit * sizeof(*tokens->words));
    if (words) tokens->words = words;
    void *tags = realloc(tokens->tags, limit * sizeof(*tokens->tags));
    if (tags) tokens->tags = tags;
    if (!spans || !words || !tags) return 0;
    tokens->limit = limit;
    return 1;
}

int reserve_back(Scratch *scratch, int64_t bytes) {
    if (bytes <= scratch->back_limit) return 1;
    void *back = realloc(scratch->back, bytes);
    if (back == NULL) return 0;
    scratch->back = back, scratch->back_limit = bytes;
    return 1;
}

static int reserve_labels(Scratch *scratch, int64_t length) {
    if (length <= scratch->label_limit) return 1;
    void *labels = realloc(scratch->labels, (length + 1) * sizeof(Label));
    if (labels == NULL) return 0;
    scratch->labels = labels, scratch->label_limit = length;
    return 1;
}

/* Room for the route of the stretch; what was there is of no use any more, so that nothing is copied. */
static int reserve_route(Scratch *scratch, int64_t length) {
    if (length <= scratch->limit) return 1;
    free(scratch->best);
    free(scratch->lengths);
    free(scratch->words);
    scratch->best = malloc((length + 1) * sizeof(double));
    scratch->lengths = malloc(length);
    scratch->words = malloc(length * sizeof(uint32_t));
    scratch->limit = scratch->best && scratch->lengths && scratch->words ? length : 0;
    return scratch->limit != 0;
}

void scratch_free(Scratch *scratch) {
    free(scratch->labels);
    free(scratch->best);
    free(scratch->lengths);
    free(scratch->words);
    free(scratch->back);
    free(scratch->glued);
    free(scratch->bytes);
    free(scratch->tokens.spans);
    free(scratch->tokens.words);
    free(scratch->tokens.tags);
    memset(scratch, 0, sizeof(*scratch));
}

/* ------------------------------------------------------------------------------------------- stretches */

#define LOAD(type)                                                            \
    {                                                                         \
        const type *from = (const type *)text->characters + start + length;   \
        for (int64_t index = 0; index < more; index++)                        \
            to[index] = sizeof(type) < 4 || from[index] < 0x10000 ? map[from[index] & 0xFFFF] : LABEL_CUT; \
    }

/* Labels from `start` on, until a place where no token can cross; with whole_gaps not within a run of separators. */
int load_stretch(const Label *map, const Text *text, int64_t start, int whole_gaps, Scratch *scratch) {
    int64_t left = text->length - start, length = 0, more = left < STRETCH ? left : STRETCH;
    for (;;) {
        if (!reserve_labels(scratch, length + more)) return 0;
        Label *to = scratch->labels + length;
        if (text->width == 2) LOAD(uint16_t)
        else if (text->width == 1) LOAD(uint8_t)
        else LOAD(uint32_t)
        int64_t before = length;
        length += more;
        if (length == left) break;
        Label *labels = scratch->labels;
        int64_t end = length; /* two labels at least are known behind the place to stop at, or the text ends */
        while (--end > (before > 2 ? before - 2 : 0))
            if (labels[end - 1] <= LABEL_LF && !(labels[end - 1] == LABEL_CR && labels[end] == LABEL_LF) &&
                !(whole_gaps && labels[end] <= LABEL_LF))
                break;
        if (end > (before > 2 ? before - 2 : 0)) {
            length = end;
            break;
        }
        more = left - length < length ? left - length : length; /* a long block: twice as much */
    }
    scratch->labels[length] = LABEL_CUT;
    scratch->start = start, scratch->length = length;
    return reserve_route(scratch, length > STRETCH ? length : STRETCH);
}

/* ------------------------------------------------------------------------------------------- the route */

/* A tie takes the longer word, and the sums are made in jieba's order. */
static void route_in_table(const Dictionary *dictionary, Scratch *scratch) {
    const uint64_t *restrict nodes = dictionary->table->nodes;
    const double *restrict logs = dictionary->log_frequencies; /* minus infinity for what is no word */
    const double log_total = dictionary->log_total;
    const Label *restrict labels = scratch->labels;
    double *restrict best = scratch->best;
    uint8_t *restrict lengths = scratch->lengths;
    uint32_t *restrict words = scratch->words;
    best[scratch->length] = 0.0;
    for (int64_t start = scratch->length - 1; start >= 0; start--) {
        uint32_t slot = labels[start], word = slot, base;
        if (slot <= LABEL_LF) {
            best[start] = 0.0;
            continue;
        }
        uint64_t node = nodes[slot];
        int64_t end = start + 1, word_end = end;
        double value = (logs[node_frequency(node)] - log_total) + best[end];
        while ((base = node_base(node)) != 0) {
            uint32_t next = base + labels[end];
            node = nodes[next];
            if (node_check(node) != slot) break;
            slot = next;
            end++;
            uint32_t number = node_frequency(node);
            double candidate = (logs[number] - log_total) + best[end];
            if (number > 1 && candidate >= value) value = candidate, word_end = end, word = slot;
        }
        best[start] = value == -INFINITY ? (0.0 - log_total) + best[start + 1] : value; /* no word begins here */
        lengths[start] = (uint8_t)(word_end - start);
        words[start] = word;
    }
}

/* As above with the user's trie walked beside; its frequencies stand before the table's. */
static void route_with_user(const Dictionary *dictionary, Scratch *scratch) {
    const Table *table = dictionary->table;
    const UserWords *users = dictionary->user;
    const Label *labels = scratch->labels;
    double *best = scratch->best;
    best[scratch->length] = 0.0;
    for (int64_t start = scratch->length - 1; start >= 0; start--) {
        uint32_t slot = labels[start], user = 0;
        best[start] = 0.0;
        if (slot <= LABEL_LF) continue;
        int64_t end = start, word_end = start + 1;
        uint32_t word = slot;
        double value = 0.0;
        int alone = 1, in_table = 1, in_user = 1;
        do {
            uint32_t label = labels[end];
            if (end > start && in_table) {
                uint32_t base = node_base(table->nodes[slot]), next = base + label;
                in_table = base != 0 && node_check(table->nodes[next]) == slot;
                if (in_table) slot = next;
            }
            if (in_user) {
                user = label <= LABEL_LF ? 0 : user_child(users, user, label);
                in_user = user != 0;
            }
            if (end > start && !in_table && !in_user) break;
            end++;
            uint32_t number = in_table ? node_frequency(table->nodes[slot]) : 0;
            double log_frequency = dictionary->log_frequencies[number];
            int weighs = number > 1;
            uint32_t here = in_table ? slot : USER_WORD | user;
            if (in_user && users->nodes[user].frequency != ABSENT) {
                weighs = users->nodes[user].frequency > 0;
                log_frequency = users->nodes[user].log_frequency;
            }
            if (in_user && users->nodes[user].tag != ABSENT) here = USER_WORD | user;
            double candidate = (log_frequency - dictionary->log_total) + best[end];
            if (end == start + 1) {
                value = weighs ? candidate : (0.0 - dictionary->log_total) + best[end];
                alone = !weighs, word = here;
            } else if (weighs && (candidate >= value || alone)) {
                value = candidate, word_end = end, word = here, alone = 0;
            }
        } while (in_table || in_user);
        best[start] = value;
        scratch->lengths[start] = (uint8_t)(word_end - start);
        scratch->words[start] = word;
    }
}

void find_route(const Dictionary *dictionary, Scratch *scratch) {
    if (dictionary->user) route_with_user(dictionary, scratch);
    else route_in_table(dictionary, scratch);
}

/* ------------------------------------------------------------------------------------------- words by label */

/* Frequency of labels[start:end] as a word, 0 for none. */
static int64_t frequency_of(const Dictionary *dictionary, const Label *labels, int64_t start, int64_t end) {
    const Table *table = dictionary->table;
    uint32_t slot = labels[start], user = 0;
    int in_table = 1, in_user = dictionary->user != NULL;
    for (int64_t index = start; index < end && (in_table || in_user); index++) {
        if (index > start && in_table) {
            uint32_t base = node_base(table->nodes[slot]), next = base + labels[index];
            in_table = base != 0 && node_check(table->nodes[next]) == slot;
            slot = next;
        }
        if (in_user) {
            user = user_child(dictionary->user, user, labels[index]);
            in_user = user != 0;
        }
    }
    if (in_user && dictionary->user->nodes[user].frequency != ABSENT) return dictionary->user->nodes[user].frequency;
    return in_table ? table->frequencies[node_frequency(table->nodes[slot])] : 0;
}

int run_is_word(const Dictionary *dictionary, const Scratch *scratch, int64_t start, int64_t end) {
    return frequency_of(dictionary, scratch->labels, start, end) > 0;
}

/* ------------------------------------------------------------------------------------------- exact mode */

/* A run of single characters: what the model joins, unless the run is itself a word of the dictionary. */
static int add_run(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end) {
    if (end - start > 1 && !run_is_word(dictionary, scratch, start, end))
        return split_unknown(dictionary, scratch, start, end);
    for (int64_t index = start; index < end; index++) add_token(scratch, index, index + 1, scratch->words[index]);
    return 1;
}

static int exact_with_hmm(const Dictionary *dictionary, Scratch *scratch) {
    const Label *labels = scratch->labels;
    int64_t single = 0, index = 0;
    while (index < scratch->length) {
        int gap = labels[index] <= LABEL_LF;
        int64_t length = gap ? gap_end(labels, index) - index : scratch->lengths[index];
        if (gap || length > 1) {
            if (single < index && !add_run(dictionary, scratch, single, index)) return 0;
            add_token(scratch, index, index + length, gap ? 0 : scratch->words[index]);
            single = index + length;
        }
        index += length;
    }
    return single == index || add_run(dictionary, scratch, single, index);
}

static void exact_without_hmm(Scratch *scratch) {
    const Label *labels = scratch->labels;
    int64_t latin = 0, index = 0;
    while (index < scratch->length) {
        int gap = labels[index] <= LABEL_LF;
        int64_t length = gap ? gap_end(labels, index) - index : scratch->lengths[index];
        if (length > 1 || !label_is_latin(labels[index])) {
            if (latin < index) add_token(scratch, latin, index, index - latin == 1 ? scratch->words[latin] : 0);
            add_token(scratch, index, index + length, gap ? 0 : scratch->words[index]);
            latin = index + length;
        }
        index += length;
    }
    if (latin < index) add_token(scratch, latin, index, index - latin == 1 ? scratch->words[latin] : 0);
}

/* ------------------------------------------------------------------------------------------- search mode */

/* The dictionary's words of two, then of three characters inside a token, before the token itself. */
static int add_with_parts(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end, uint32_t word) {
    for (int64_t size = 2; size < 4; size++)
        for (int64_t part = start; end - start > size && part + size <= end; part++)
            if (frequency_of(dictionary, scratch->labels, part, part + size) > 0) {
                if (!reserve_tokens(&scratch->tokens, 1)) return 0;
                add_token(scratch, part, part + size, 0);
            }
    if (!reserve_tokens(&scratch->tokens, 1)) return 0;
    add_token(scratch, start, end, word);
    return 1;
}

/* Do so for the tokens from `first` on. */
static int add_parts(const Dictionary *dictionary, Scratch *scratch, int64_t first) {
    Tokens *tokens = &scratch->tokens;
    int64_t count = tokens->count - first, token = first;
    while (token < tokens->count && tokens->spans[token][1] - tokens->spans[token][0] < 3) token++;
    if (token == tokens->count) return 1;
    int32_t(*spans)[2] = malloc(count * sizeof(*spans));
    uint32_t *words = malloc(count * sizeof(*words));
    int fine = spans && words;
    if (fine) {
        memcpy(spans, tokens->spans + first, count * sizeof(*spans));
        memcpy(words, tokens->words + first, count * sizeof(*words));
        tokens->count = first;
    }
    for (token = 0; fine && token < count; token++) {
        int64_t start = spans[token][0] - scratch->start, end = spans[token][1] - scratch->start;
        fine = add_with_parts(dictionary, scratch, start, end, words[token]);
    }
    free(spans);
    free(words);
    return fine;
}

/* ------------------------------------------------------------------------------------------- whole texts */

int cut_stretch(const Dictionary *dictionary, const Text *text, int64_t start, Mode mode, int hmm, Scratch *scratch) {
    if (!load_stretch(dictionary->table->cut_labels, text, start, mode == MODE_FULL, scratch)) return 0;
    if (mode == MODE_FULL) return full_stretch(dictionary, text, scratch);
    int64_t first = scratch->tokens.count;
    if (!reserve_tokens(&scratch->tokens, scratch->length)) return 0;
    find_route(dictionary, scratch);
    if (!hmm) exact_without_hmm(scratch);
    else if (!exact_with_hmm(dictionary, scratch)) return 0;
    return mode != MODE_SEARCH || add_parts(dictionary, scratch, first);
}

int cut_text(const Dictionary *dictionary, const Text *text, Mode mode, int hmm, Scratch *scratch) {
    clear_tokens(scratch);
    for (int64_t start = 0; start < text->length; start += scratch->length)
        if (!cut_stretch(dictionary, text, start, mode, hmm, scratch)) return 0;
    return 1;
}
