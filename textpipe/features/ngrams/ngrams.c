/* Texts to n-grams, n-grams to rows of a table, rows to sums of weights: what features/{characters,hashing,table}.py say,
 * a text at a time. Look-ups come in batches: what memory they need is asked for before the first of them is made. */
#include "ngrams.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64 }; /* n-grams that are looked up together */

/* ------------------------------------------------------------------------------------------ characters */

static inline uint32_t character(const Text *text, int64_t at) {
    if (text->width == 2) return ((const uint16_t *)text->characters)[at];
    return text->width == 1 ? ((const uint8_t *)text->characters)[at] : ((const uint32_t *)text->characters)[at];
}

/* U+3400 to U+9FFF: neither case nor white space */
static inline int is_plain(uint32_t code) { return code - 0x3400U < 0x6C00U; }

static inline uint32_t folded(uint32_t code) {
    if (code == 0x3000) return ' ';
    int wide = code - 0xFF10U < 10 || code - 0xFF21U < 26 || code - 0xFF41U < 26;
    return wide ? code - 0xFEE0 : code;
}

static inline uint32_t lowered(const Features *features, uint32_t code) {
    if (is_plain(code)) return code;
    if (features->fold && code >= 0x3000) code = folded(code);
    if (code < 128) return code - 'A' < 26U ? code + 32 : code;
    return features->lower(code);
}

static inline int is_space(const Features *features, uint32_t code) {
    if (is_plain(code)) return 0;
    if (code < 128) return code == ' ' || code - 9 < 5 || code - 28 < 4;
    return features->space(code);
}

/* Lower case, and one space for a run of white space; how many characters that makes. */
static int64_t normalize(const Features *features, const Text *text, uint32_t *codes) {
    int64_t count = 0, run = 0;
    for (int64_t at = 0; at < text->length; at++) {
        uint32_t code = lowered(features, character(text, at));
        run = is_space(features, code) ? run + 1 : 0;
        if (run > 1) codes[count - 1] = ' ';
        else codes[count++] = code;
    }
    return count;
}

/* ------------------------------------------------------------------------------------------ room to work in */

/* At least so many elements; what was there is lost. */
static int room(void **array, int64_t *limit, int64_t wanted, size_t size) {
    if (wanted <= *limit) return 1;
    int64_t larger = wanted + wanted / 2 + 64;
    free(*array);
    *limit = 0;
    *array = malloc((size_t)larger * size);
    if (*array == NULL) return 0;
    *limit = larger;
    return 1;
}

void scratch_free(Scratch *scratch) {
    free(scratch->codes);
    free(scratch->words);
    free(scratch->items);
    free(scratch->places);
}

/* An empty set of items, with room for those of so many n-grams. */
static int items_start(Scratch *scratch, int64_t ngrams, uint32_t features) {
    int64_t most = ngrams < (int64_t)features ? ngrams : (int64_t)features;
    int bits = 4;
    while (((int64_t)1 << bits) < 2 * most) bits++;
    int fits = room((void **)&scratch->items, &scratch->item_limit, most, sizeof(Item)) &&
               room((void **)&scratch->places, &scratch->place_limit, (int64_t)1 << bits, sizeof(uint32_t));
    if (!fits) return 0;
    memset(scratch->places, 0, sizeof(uint32_t) << bits);
    scratch->place_mask = ((uint64_t)1 << bits) - 1, scratch->place_shift = 64 - bits, scratch->item_count = 0;
    return 1;
}

/* ------------------------------------------------------------------------------------------ n-grams */

static inline uint64_t stirred(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 32;
}

typedef struct {
    const Features *features;
    const float *weights;
    int64_t labels;
    Scratch *scratch;
    int waiting;
    uint64_t hashes[BATCH];
} Lookup;

static inline const Slot *find_slot(const Features *features, uint64_t hash) {
    uint64_t at = hash & features->mask;
    for (uint64_t tries = 0; tries <= features->mask; tries++, at = (at + 1) & features->mask) {
        const Slot *slot = features->table + at;
        if (slot->row >= features->features) return NULL; /* NO_ROW, or a damaged table */
        if (slot->hash == hash) return slot;
    }
    return NULL;
}

/* Count one more of a row. */
static inline void count_item(Lookup *lookup, const Slot *slot) {
    Scratch *scratch = lookup->scratch;
    uint64_t at = (slot->row * 0x9E3779B97F4A7C15ULL) >> scratch->place_shift;
    for (; scratch->places[at]; at = (at + 1) & scratch->place_mask) {
        Item *item = scratch->items + scratch->places[at] - 1;
        if (item->row != slot->row) continue;
        item->weight++;
        return;
    }
    if (lookup->weights) {
        const float *row = lookup->weights + slot->row * lookup->labels;
        for (int64_t label = 0; label < lookup->labels && label < 64; label += 16) __builtin_prefetch(row + label);
        __builtin_prefetch(row + (lookup->labels < 64 ? lookup->labels : 64) - 1);
    }
    scratch->items[scratch->item_count++] = (Item){slot->row, slot->idf, 1};
    scratch->places[at] = (uint32_t)scratch->item_count;
}

static void look_up(Lookup *lookup) {
    for (int one = 0; one < lookup->waiting; one++) {
        const Slot *slot = find_slot(lookup->features, lookup->hashes[one]);
        if (slot) count_item(lookup, slot);
    }
    lookup->waiting = 0;
}

static inline void ask_for(Lookup *lookup, uint64_t hash) {
    __builtin_prefetch(lookup->features->table + (hash & lookup->features->mask));
    lookup->hashes[lookup->waiting++] = hash;
    if (lookup->waiting == BATCH) look_up(lookup);
}

/* tf to tf-idf, then to length 1, unless counts are asked for */
static void weigh(const Features *features, Scratch *scratch) {
    double square = 0;
    for (int64_t one = 0; one < scratch->item_count; one++) {
        Item *item = scratch->items + one;
        if (features->sublinear && item->weight > 1) item->weight = 1 + log(item->weight);
        item->weight *= item->idf;
        square += item->weight * item->weight;
    }
    if (features->counts) return;
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (int64_t one = 0; one < scratch->item_count; one++) scratch->items[one].weight *= scale;
}

static int64_t ngram_count(int64_t length, int least, int most) {
    int64_t count = 0;
    for (int size = least; size <= most && size <= length; size++) count += length - size + 1;
    return count;
}

int find_chars(const Features *features, const Text *text, const float *weights, int64_t labels, Scratch *scratch) {
    int least = features->char_least, most = features->char_most;
    if (!room((void **)&scratch->codes, &scratch->code_limit, text->length, sizeof(uint32_t))) return 0;
    int64_t length = normalize(features, text, scratch->codes);
    if (!items_start(scratch, ngram_count(length, least, most), features->features)) return 0;
    Lookup lookup = {.features = features, .weights = weights, .labels = labels, .scratch = scratch};
    const uint32_t *codes = scratch->codes;
    for (int64_t at = 0; at < length; at++) {
        uint64_t hash = features->char_start;
        int64_t longest = length - at < most ? length - at : most;
        for (int64_t size = 1; size <= longest; size++) {
            hash = stirred(hash, codes[at + size - 1]);
            if (size >= least) ask_for(&lookup, hash);
        }
    }
    look_up(&lookup);
    weigh(features, scratch);
    return 1;
}

/* The hash of a token, and whether it is a word: not white space, not nothing. */
static int token_hash(const Features *features, const Text *text, const int32_t *span, uint64_t *hash) {
    int is_word = 0;
    *hash = features->token_start;
    for (int32_t at = span[0]; at < span[1]; at++) {
        uint32_t code = lowered(features, character(text, at));
        is_word |= !is_space(features, code);
        *hash = stirred(*hash, code);
    }
    return is_word;
}

int find_words(const Features *features, const Text *text, const float *weights, int64_t labels, Scratch *scratch) {
    int least = features->word_least, most = features->word_most;
    if (!room((void **)&scratch->words, &scratch->word_limit, text->tokens, sizeof(uint64_t))) return 0;
    int64_t count = 0;
    for (int64_t token = 0; token < text->tokens; token++)
        count += token_hash(features, text, text->spans[token], scratch->words + count);
    if (!items_start(scratch, ngram_count(count, least, most), features->features)) return 0;
    Lookup lookup = {.features = features, .weights = weights, .labels = labels, .scratch = scratch};
    for (int64_t at = 0; at < count; at++) {
        uint64_t hash = features->word_start;
        int64_t longest = count - at < most ? count - at : most;
        for (int64_t size = 1; size <= longest; size++) {
            hash = stirred(hash, scratch->words[at + size - 1]);
            if (size >= least) ask_for(&lookup, hash);
        }
    }
    look_up(&lookup);
    weigh(features, scratch);
    return 1;
}

void add_weights(const Scratch *scratch, const float *restrict weights, int64_t labels, float *restrict sums) {
    for (int64_t one = 0; one < scratch->item_count; one++) {
        const float *restrict row = weights + scratch->items[one].row * labels;
        float weight = (float)scratch->items[one].weight;
        for (int64_t label = 0; label < labels; label++) sums[label] += weight * row[label];
    }
}
