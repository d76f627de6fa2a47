/* Texts to n-grams, n-grams to rows of a table, rows to sums of weights. */
#ifndef TEXTPIPE_NGRAMS_H
#define TEXTPIPE_NGRAMS_H

#include <stdint.h>

#define NO_ROW UINT32_MAX

/* One entry of the table (features/table.py): a cache line has four. */
typedef struct {
    uint64_t hash;
    uint32_t row; /* NO_ROW: empty */
    float idf;
} Slot;

typedef struct {
    const void *characters;
    int width; /* bytes of a character: 1, 2 or 4 */
    int64_t length;
    const int32_t (*spans)[2]; /* its tokens, only for n-grams of words */
    int64_t tokens;
} Text;

/* What n-grams are looked up, and in what. */
typedef struct {
    int char_least, char_most, word_least, word_most; /* lengths; most: 0 for no such n-grams */
    int fold, sublinear;
    int counts; /* weights are how often n-grams occur, of no length */
    uint64_t char_start, word_start, token_start; /* what hashes begin with */
    const Slot *table;
    uint64_t mask; /* slots of the table, a power of two, less one */
    uint32_t features;
    uint32_t (*lower)(uint32_t);
    int (*space)(uint32_t);
} Features;

/* An n-gram of the text at hand: how often it occurs, and then its weight. */
typedef struct {
    uint32_t row;
    float idf;
    double weight;
} Item;

/* What one call works in. */
typedef struct {
    uint32_t *codes; /* the characters, normalised */
    int64_t code_limit;
    uint64_t *words; /* hashes of tokens */
    int64_t word_limit;
    Item *items;
    int64_t item_count, item_limit;
    uint32_t *places; /* row → item + 1, an open-addressing table; 0: empty */
    int64_t place_limit;
    uint64_t place_mask;
    int place_shift;
} Scratch;

void scratch_free(Scratch *scratch);

/* The weighted n-grams of one block of a text into scratch->items, together of length 1 (but for `counts`), in the order
 * in which they first occur. 0 when memory runs out. `weights`: where rows of `labels` weights are, fetched beforehand; or null. */
int find_chars(const Features *features, const Text *text, const float *weights, int64_t labels, Scratch *scratch);
int find_words(const Features *features, const Text *text, const float *weights, int64_t labels, Scratch *scratch);

/* sums[labels] += the items' weights times their rows of weights */
void add_weights(const Scratch *scratch, const float *weights, int64_t labels, float *sums);

#endif
