/* Hash tables of words: those that are known beforehand, and those that are counted. */
#include "words.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1 << 12, FIRST_ARENA = 1 << 16 };

int words_start(Words *words, const uint8_t *bytes, const int64_t *offsets, int64_t count) {
    uint64_t limit = 16;
    while (limit < (uint64_t)count * 2) limit *= 2;
    words->bytes = bytes, words->offsets = offsets, words->mask = limit - 1;
    words->slots = malloc(limit * sizeof(*words->slots));
    if (words->slots == NULL) return 0;
    memset(words->slots, 0xFF, limit * sizeof(*words->slots));
    for (int64_t id = 0; id < count; id++) {
        uint64_t hash = hash_of(bytes + offsets[id], offsets[id + 1] - offsets[id]), place = hash >> 32 & words->mask;
        while (words->slots[place].id != NO_WORD) place = (place + 1) & words->mask;
        words->slots[place].tag = (uint32_t)hash, words->slots[place].id = (uint32_t)id;
    }
    return 1;
}

void words_free(Words *words) { free(words->slots); }

/* ------------------------------------------------------------------------------------------- counting */

int counts_start(Counts *counts) {
    memset(counts, 0, sizeof(*counts));
    counts->limit = FIRST_SLOTS / 2, counts->mask = FIRST_SLOTS - 1, counts->arena_limit = FIRST_ARENA;
    counts->line = 1;
    counts->words = malloc(counts->limit * sizeof(Counted));
    counts->slots = calloc(FIRST_SLOTS, sizeof(uint32_t));
    counts->arena = malloc(counts->arena_limit);
    return counts->words && counts->slots && counts->arena;
}

void counts_free(Counts *counts) {
    free(counts->words);
    free(counts->slots);
    free(counts->arena);
}

static int grow(Counts *counts) {
    uint64_t limit = (counts->mask + 1) * 2;
    Counted *words = realloc(counts->words, limit / 2 * sizeof(Counted));
    if (words) counts->words = words;
    uint32_t *slots = words ? calloc(limit, sizeof(uint32_t)) : NULL;
    if (slots == NULL) return 0;
    for (int64_t word = 0; word < counts->count; word++) {
        uint64_t place = words[word].hash >> 32 & (limit - 1);
        while (slots[place]) place = (place + 1) & (limit - 1);
        slots[place] = (uint32_t)word + 1;
    }
    free(counts->slots);
    counts->slots = slots, counts->mask = limit - 1, counts->limit = limit / 2;
    return 1;
}

static int new_word(Counts *counts, uint64_t place, uint64_t hash, const uint8_t *bytes, int64_t length) {
    if (!is_utf8(bytes, bytes + length)) return NOT_TEXT;
    if (counts->count >= INT32_MAX) return TOO_MANY;
    if (counts->arena_size + length > counts->arena_limit) {
        uint8_t *arena = realloc(counts->arena, counts->arena_limit * 2);
        if (arena == NULL) return NO_MEMORY;
        counts->arena = arena, counts->arena_limit *= 2;
    }
    memcpy(counts->arena + counts->arena_size, bytes, length);
    counts->words[counts->count++] = (Counted){hash, counts->arena_size, 1, (uint32_t)length};
    counts->slots[place] = (uint32_t)counts->count;
    counts->arena_size += length;
    return counts->count < counts->limit || grow(counts) ? COUNTED : NO_MEMORY;
}

static int count_one(Counts *counts, const uint8_t *bytes, int64_t length) {
    counts->tokens++;
    if (length > LONGEST) {
        counts->too_long++;
        return is_utf8(bytes, bytes + length) ? COUNTED : NOT_TEXT;
    }
    uint64_t hash = hash_of(bytes, length), place = hash >> 32 & counts->mask;
    for (; counts->slots[place]; place = (place + 1) & counts->mask) {
        Counted *word = counts->words + counts->slots[place] - 1;
        if (word->hash != hash || word->length != length) continue;
        if (memcmp(counts->arena + word->start, bytes, length) != 0) continue;
        word->count++;
        return COUNTED;
    }
    return new_word(counts, place, hash, bytes, length);
}

int counts_add(Counts *counts, const uint8_t *bytes, const uint8_t *end) {
    if (counts->in_token) {
        const uint8_t *stop = token_end(bytes);
        if (!is_utf8(bytes, stop)) return NOT_TEXT;
        counts->in_token = 0, bytes = stop;
    }
    while (bytes < end) {
        if (separates(*bytes)) {
            counts->line += *bytes++ == '\n';
            continue;
        }
        const uint8_t *stop = token_end(bytes);
        int state = count_one(counts, bytes, stop - bytes);
        if (state != COUNTED) return state;
        bytes = stop;
    }
    return COUNTED;
}

static const uint8_t *sorting_arena; /* qsort takes no context; the caller holds the interpreter's lock */

static int by_rank(const void *left, const void *right) {
    const Counted *a = left, *b = right;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    uint32_t length = a->length < b->length ? a->length : b->length;
    int order = memcmp(sorting_arena + a->start, sorting_arena + b->start, length);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

int64_t counts_rank(Counts *counts, int64_t least) {
    int64_t kept = 0;
    for (int64_t word = 0; word < counts->count; word++)
        if (counts->words[word].count >= least) counts->words[kept++] = counts->words[word];
    sorting_arena = counts->arena;
    qsort(counts->words, kept, sizeof(Counted), by_rank);
    return kept;
}

/* ------------------------------------------------------------------------------------------- text */

/* As Unicode has it: no longer form than needed, no surrogates, nothing beyond U+10FFFF. */
int is_utf8(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        uint8_t lead = *at++;
        if (lead < 0x80) continue;
        int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || end - at < more) return 0;
        uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (at[0] < least || at[0] > most) return 0;
        for (int byte = 1; byte < more; byte++)
            if ((at[byte] & 0xC0) != 0x80) return 0;
        at += more;
    }
    return 1;
}
