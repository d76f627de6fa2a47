/* Random texts through the n-grams of classifiers, in a build with sanitizers: see scripts/fuzz/run_ngrams.
 *
 * fuzz_ngrams COUNT SEED: COUNT random texts with random tokens, tables (some damaged) and settings. Texts, tokens, tables
 * and weights are heap blocks of their exact size, so that AddressSanitizer sees one element too many. What is checked:
 * the n-grams found are those that are found one by one, as often; their weights have length 1, or are counts; sums are theirs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ngrams.h"

static uint64_t state;
static long long number;

static uint64_t next_random(void) {
    state += 0x9E3779B97F4A7C15ULL;
    uint64_t mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBULL;
    return mixed ^ mixed >> 31;
}

static int64_t under(int64_t limit) { return (int64_t)(next_random() % (uint64_t)limit); }

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_ngrams: input %lld, not so: %s\n", number, what);
    exit(1);
}

static void *block(int64_t size) {
    void *made = malloc(size ? (size_t)size : 1);
    check(made != NULL, "there is memory");
    return made;
}

static uint32_t lower(uint32_t code) { return code >= 0x410 && code < 0x430 ? code + 32 : code; }
static int space(uint32_t code) { return code == 0x85 || code == 0xA0 || code == 0x3000; }

/* ------------------------------------------------------------------------------------------ a text */

static const uint32_t SMALL[] = {'a', 'B', ' ', '\t', 0, 0x1F, 0xE9, 0xA0};
static const uint32_t WIDE[] = {'a', 'B', ' ', '\n', 0, 0x416, 0x3000, 0xFF21, 0xFF11, 0x4E2D, 0x9FFF, 0x33FF, 0xD800, 0xFFFF};

static uint32_t some_character(int width) {
    if (width == 1) return under(9) ? SMALL[under(8)] : (uint32_t)under(256);
    if (under(9)) return WIDE[under(14)];
    return (uint32_t)under(width == 2 ? 0x10000 : 0x110000);
}

static Text make_text(void) {
    static const int widths[] = {1, 2, 4};
    Text text = {.width = widths[under(3)], .length = under(12) ? under(60) : under(3000)};
    uint8_t *characters = block(text.length * text.width);
    for (int64_t at = 0; at < text.length; at++) {
        uint32_t code = some_character(text.width);
        memcpy(characters + at * text.width, &code, (size_t)text.width); /* little-endian */
    }
    text.characters = characters, text.tokens = text.length ? under(text.length + 1) : 0;
    int32_t(*spans)[2] = block(text.tokens * (int64_t)sizeof(*spans));
    for (int64_t token = 0; token < text.tokens; token++) {
        spans[token][0] = (int32_t)under(text.length);
        spans[token][1] = spans[token][0] + (int32_t)under((text.length - spans[token][0] < 5 ? text.length - spans[token][0] : 5) + 1);
    }
    text.spans = (const int32_t(*)[2])spans;
    return text;
}

/* ------------------------------------------------------------------------------------------ one n-gram after the other */

static uint64_t step(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 32;
}

static uint32_t naive_lower(const Features *features, uint32_t code) {
    if (features->fold && code == 0x3000) return ' ';
    if (features->fold && ((code >= 0xFF10 && code <= 0xFF19) || (code >= 0xFF21 && code <= 0xFF3A) || (code >= 0xFF41 && code <= 0xFF5A)))
        code -= 0xFEE0;
    if (code >= 'A' && code <= 'Z') return code + 32;
    return code < 128 ? code : lower(code);
}

static int naive_space(uint32_t code) {
    return code == ' ' || (code >= 9 && code <= 13) || (code >= 28 && code <= 31) || space(code);
}

static uint32_t code_at(const Text *text, int64_t at) {
    uint32_t code = 0;
    memcpy(&code, (const uint8_t *)text->characters + at * text->width, (size_t)text->width);
    return code;
}

typedef struct {
    uint64_t *items;
    int64_t count;
} Items;

static Items naive_chars(const Features *features, const Text *text) {
    Items items = {block(text->length * 8), 0};
    for (int64_t at = 0; at < text->length;) {
        int64_t end = at;
        while (end < text->length && naive_space(naive_lower(features, code_at(text, end)))) end++;
        if (end == at) end++;
        items.items[items.count++] = end - at > 1 ? ' ' : naive_lower(features, code_at(text, at));
        at = end;
    }
    return items;
}

static Items naive_words(const Features *features, const Text *text) {
    Items items = {block(text->tokens * 8), 0};
    for (int64_t token = 0; token < text->tokens; token++) {
        uint64_t hash = features->token_start;
        int word = 0;
        for (int64_t at = text->spans[token][0]; at < text->spans[token][1]; at++) {
            uint32_t code = naive_lower(features, code_at(text, at));
            word |= !naive_space(code), hash = step(hash, code);
        }
        if (word) items.items[items.count++] = hash;
    }
    return items;
}

/* How often each row occurs, into counts[features]. */
static void naive_count(const Features *features, Items items, uint64_t start, int least, int most, int64_t *counts) {
    memset(counts, 0, features->features * sizeof(*counts));
    for (int64_t at = 0; at < items.count; at++)
        for (int size = least; size <= most && at + size <= items.count; size++) {
            uint64_t hash = start;
            for (int one = 0; one < size; one++) hash = step(hash, items.items[at + one]);
            for (uint64_t slot = 0; slot <= features->mask; slot++) /* as the table is probed, to the first empty one */
            {
                const Slot *found = features->table + ((hash + slot) & features->mask);
                if (found->row >= features->features) break;
                if (found->hash != hash) continue;
                counts[found->row]++;
                break;
            }
        }
}

/* A table of about half of the text's n-grams; now and then a damaged one. */
static Slot *make_table(Features *features, Items items, uint64_t start, int least, int most) {
    int bits = 4 + (int)under(8);
    uint64_t size = (uint64_t)1 << bits;
    Slot *table = block((int64_t)(size * sizeof(Slot)));
    for (uint64_t slot = 0; slot < size; slot++) table[slot] = (Slot){0, NO_ROW, 0};
    features->table = table, features->mask = size - 1, features->features = 0;
    for (int64_t tries = items.count ? under((int64_t)size / 2) : 0; tries > 0; tries--) {
        int64_t at = under(items.count), length = least + under(most - least + 1);
        if (at + length > items.count) continue;
        uint64_t hash = start;
        for (int64_t one = 0; one < length; one++) hash = step(hash, items.items[at + one]);
        uint64_t slot = hash & features->mask;
        while (table[slot].row != NO_ROW && table[slot].hash != hash) slot = (slot + 1) & features->mask;
        if (table[slot].row == NO_ROW) table[slot] = (Slot){hash, features->features++, 1 + (float)under(9)};
    }
    if (under(10) == 0)
        for (uint64_t slot = 0; slot < size; slot++) table[slot].row = (uint32_t)under(under(2) ? 8 : (int64_t)1 << 32);
    return table;
}

static void examine(const Features *features, const Text *text, const int64_t *counts, int words, Scratch *scratch) {
    int64_t labels = 1 + under(under(8) ? 20 : 200), different = 0, size = (int64_t)features->features * labels;
    float *weights = block(size * 4), *sums = block(labels * 4);
    for (int64_t at = 0; at < size; at++) weights[at] = (float)under(100) / 50 - 1;
    memset(sums, 0, (size_t)labels * 4);
    check((words ? find_words : find_chars)(features, text, under(2) ? weights : NULL, labels, scratch), "there is memory");
    double square = 0;
    for (uint32_t row = 0; row < features->features; row++) different += counts[row] > 0;
    check(scratch->item_count == different, "as many n-grams are found");
    double *expected = block(labels * 8);
    memset(expected, 0, (size_t)labels * 8);
    for (int64_t one = 0; one < scratch->item_count; one++) {
        const Item *item = scratch->items + one, *first = scratch->items;
        check(counts[item->row] > 0, "an n-gram that is found is there");
        double tf = features->sublinear ? 1 + log((double)counts[item->row]) : (double)counts[item->row];
        double before = features->sublinear ? 1 + log((double)counts[first->row]) : (double)counts[first->row];
        double one_way = item->weight * before * first->idf, other_way = first->weight * tf * item->idf;
        check(fabs(one_way - other_way) <= 1e-9 * fmax(1, fabs(one_way)), "it is there as often");
        check(!features->counts || fabs(item->weight - tf * item->idf) <= 1e-9 * tf, "it weighs its count");
        square += item->weight * item->weight;
        for (int64_t label = 0; label < labels; label++) expected[label] += item->weight * weights[item->row * labels + label];
    }
    check(scratch->item_count == 0 || features->counts || fabs(square - 1) < 1e-9, "the weights have length 1");
    add_weights(scratch, weights, labels, sums);
    for (int64_t label = 0; label < labels; label++)
        check(fabs(sums[label] - expected[label]) < 1e-3 * fmax(1, sqrt(square)), "sums are theirs");
    free(weights), free(sums), free(expected);
}

static void one_input(Scratch *scratch) {
    Text text = make_text();
    int least = 1 + (int)under(3), most = least + (int)under(3), words = (int)under(2);
    Features features = {.char_least = least, .char_most = most, .word_least = least, .word_most = most,
                         .fold = (int)under(2), .sublinear = (int)under(2), .counts = (int)under(2),
                         .char_start = next_random(), .word_start = next_random(), .token_start = next_random(), .lower = lower, .space = space};
    uint64_t start = words ? features.word_start : features.char_start;
    Items items = words ? naive_words(&features, &text) : naive_chars(&features, &text);
    Slot *table = make_table(&features, items, start, least, most);
    int64_t *counts = block((int64_t)features.features * 8);
    naive_count(&features, items, start, least, most, counts);
    examine(&features, &text, counts, words, scratch);
    free(counts), free(table), free(items.items), free((void *)text.characters), free((void *)text.spans);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    long long count = atoll(arguments[1]);
    state = strtoull(arguments[2], NULL, 10);
    Scratch scratch = {0};
    for (number = 0; number < count; number++) {
        one_input(&scratch);
        if (under(50) == 0) scratch_free(&scratch), scratch = (Scratch){0};
    }
    scratch_free(&scratch);
    printf("%lld inputs\n", count);
    return 0;
}
