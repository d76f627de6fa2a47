/* Random texts, user dictionaries and table headers through the core, in a build with sanitizers: see scripts/fuzz/run.
 *
 * fuzz_core TABLE COUNT SEED [MEAN [FIRST]]: COUNT inputs, of MEAN characters mostly, from number FIRST on. Every text,
 * every section of the table and every array in use is a heap block of its exact size, so that AddressSanitizer sees one
 * element too many. An input depends on nothing but SEED, MEAN and the inputs of its group before it; what fails says
 * how to repeat it. The checksum printed at the end covers all results: whatever memory held before must not change it. */
#include <fcntl.h>
#include <math.h>
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cut.h"

enum { GROUP = 64 };        /* inputs that share a dictionary, to which words come between them */
enum { LONG_ODDS = 2000 };  /* one text in so many crosses the boundary of stretches */
enum { LONGEST = 20000, WORD_LIMIT = 255, SECTIONS = 21, HEADER = 240, USER_TAGS = 5 };

static uint64_t seed, random_state, checksum;
static int64_t number, mean = 60; /* of the input at hand; of a text's characters */
static const char *stage = "starting";

static void report(void) {
    fprintf(stderr, "\nfuzz_core: input %lld, %s; repeat with COUNT %d SEED %llu MEAN %lld FIRST %lld\n",
            (long long)number, stage, GROUP, (unsigned long long)seed, (long long)mean,
            (long long)(number - number % GROUP));
}

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_core: not so: %s\n", what);
    report();
    exit(1);
}

/* ------------------------------------------------------------------------------------------- chance: SplitMix64 */

static uint64_t next_random(void) {
    uint64_t value = random_state += 0x9E3779B97F4A7C15ULL;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ value >> 27) * 0x94D049BB133111EBULL;
    return value ^ value >> 31;
}

static int64_t below(int64_t limit) { return (int64_t)(next_random() % (uint64_t)limit); }

static void remember(const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t index = 0; index < size; index++) checksum = (checksum ^ bytes[index]) * 0x100000001B3ULL; /* FNV-1a */
}

static void *exact_copy(const void *from, size_t size) {
    void *copy = malloc(size);
    check(copy != NULL, "there is memory");
    if (size) memcpy(copy, from, size);
    return copy;
}

/* ------------------------------------------------------------------------------------------- the table */

typedef struct {
    const void **place;
    int64_t count, size; /* elements, bytes of one */
} Section;

/* What table.h says each section holds; emissions end where the last label's do, so they come after their starts. */
static int sections_of(Table *table, int64_t emissions, Section *sections) {
    const Section all[SECTIONS] = {
        {(const void **)&table->word_labels, 65536, 2},
        {(const void **)&table->cut_labels, 65536, 2},
        {(const void **)&table->tag_labels, 65536, 2},
        {(const void **)&table->nodes, table->slots, 8},
        {(const void **)&table->frequencies, table->frequency_count, 8},
        {(const void **)&table->idf_numbers, table->slots, 2},
        {(const void **)&table->idf_values, 1, 8},
        {(const void **)&table->tag_names, table->tag_count, 8},
        {(const void **)&table->word_model, 12, 8},
        {(const void **)&table->word_emissions, 4 * table->labels, 8},
        {(const void **)&table->tag_start, STATES, 8},
        {(const void **)&table->into_begin_single, 2 * TAGS_OF_STATES * 128, 8},
        {(const void **)&table->into_end_middle, 2 * TAGS_OF_STATES * 2, 8},
        {(const void **)&table->successors, STATES * 4, 8},
        {(const void **)&table->predecessors, STATES * 4, 8},
        {(const void **)&table->state_tags, TAGS_OF_STATES, 1},
        {(const void **)&table->emission_starts, table->labels + 1, 4},
        {(const void **)&table->label_listed, table->labels, 1},
        {(const void **)&table->emission_states, emissions, 1},
        {(const void **)&table->emission_listed, emissions, 1},
        {(const void **)&table->emission_values, emissions, 8},
    };
    memcpy(sections, all, sizeof(all));
    return SECTIONS;
}

static void open_exactly(Table *table, const void *data, size_t size) {
    const char *problem = table_open(table, data, size);
    check(problem == NULL, problem ? problem : "");
    Section sections[SECTIONS];
    int count = sections_of(table, table->emission_starts[table->labels], sections);
    for (int index = 0; index < count; index++)
        *sections[index].place = exact_copy(*sections[index].place, sections[index].count * sections[index].size);
}

/* A small file whose header is this table's but for the places, changed in some field: an error, or all within it. */
static void fuzz_header(const void *data) {
    static const int64_t odd[] = {0, 1, 7, HEADER - 1, HEADER, 4095, 4096, 1LL << 31, 1LL << 32, 1LL << 61, INT64_MAX};
    enum { FIELDS = HEADER / 8, ODD = sizeof(odd) / sizeof(*odd), FIRST_COUNT = 4, FIRST_OFFSET = 9 };
    int64_t size = HEADER + below(1 << 19), fields[FIELDS];
    memcpy(fields, data, HEADER);
    fields[2] = size;
    for (int field = FIRST_COUNT + 1; field < FIRST_OFFSET; field++) fields[field] = below(200);
    for (int field = FIRST_OFFSET; field < FIELDS; field++) fields[field] = HEADER + below(size - HEADER + 1) / 8 * 8;
    for (int64_t change = below(3); change > 0; change--) {
        int64_t *field = fields + below(FIELDS), value = odd[below(ODD)];
        *field = below(4) ? value * (below(2) ? 1 : -1) : (int64_t)next_random();
    }
    int64_t given = below(4) ? size : below(2) ? below(size) : below(HEADER + 9);
    char *file = calloc(1, given ? given : 1);
    memcpy(file, fields, given < HEADER ? given : HEADER);
    if (given < size && given >= HEADER && below(2)) memcpy(file + 16, &given, 8); /* cut short, and says so */
    char *exact = exact_copy(file, given);
    free(file);
    Table table;
    Section sections[SECTIONS];
    if (table_open(&table, exact, given) == NULL)
        for (int index = 0; index < sections_of(&table, 0, sections); index++) {
            int64_t offset = (const char *)*sections[index].place - exact, left = given - offset;
            check(offset >= HEADER && offset % sections[index].size == 0, "sections are aligned");
            check(sections[index].count >= 0, "nothing is counted below zero");
            check(sections[index].count <= left / sections[index].size, "sections lie within the file");
        }
    free(exact);
}

/* ------------------------------------------------------------------------------------------- texts */

static uint32_t *known; /* the dictionary's characters by label, so that the first are the most frequent */

static uint32_t *add_word(const Table *table, uint32_t *to) { /* of the dictionary, or how one begins: back to the root */
    int64_t slot = below(table->slots);
    while (node_check(table->nodes[slot]) == table->slots) slot = below(table->slots);
    uint32_t reversed[WORD_LIMIT], count = 0;
    for (uint32_t parent; slot; slot = parent) {
        parent = node_check(table->nodes[slot]);
        reversed[count++] = known[slot - (parent ? node_base(table->nodes[parent]) : 0)];
    }
    while (count) *to++ = reversed[--count];
    return to;
}

/* A few characters of one kind; `room` is for WORD_LIMIT of them. */
static uint32_t *add_piece(const Table *table, int kind, uint32_t *from, uint32_t *to) {
    static const uint32_t spaces[] = {' ', '\t', '\n', '\r', 0x0B, 0x1C, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x3000};
    static const uint32_t edges[] = {0, 0x7F, 0x80, 0xFF, 0x100, 0x7FF, 0x800, 0x3400, 0x4DFF, 0x4E00, 0x9FD5, 0x9FD6,
                                     0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    int64_t count = 1 + below(4), length = to - from;
    switch (kind) {
    case 0: return add_word(table, to);
    case 1: while (count--) *to++ = known[72 + below(500)]; return to;                  /* frequent Han */
    case 2: while (count--) *to++ = known[3 + below(table->labels - 3)]; return to;     /* any of the dictionary's */
    case 3: while (count--) *to++ = (uint32_t)below(0x80); return to;
    case 4: while (count--) *to++ = (uint32_t)"0123456789..%%"[below(14)]; return to;
    case 5: while (count--) *to++ = (uint32_t)"abzAZ019.%+#&_- T"[below(17)]; return to;
    case 6: *to++ = '\r'; if (below(2)) *to++ = '\n'; return to;
    case 7: while (count--) *to++ = spaces[below(12)]; return to;
    case 8: while (count--) *to++ = 0x4E00 + (uint32_t)below(0x5200); return to;        /* mostly rare Han */
    case 9: *to++ = (uint32_t)below(0x110000); return to;
    case 10: *to++ = edges[below(sizeof(edges) / sizeof(*edges))]; return to;
    case 11: *to++ = 0xFF0C; return to;
    case 12: *to++ = 0xD800 + (uint32_t)below(0x800); return to;
    default: /* what came before, again */
        for (int64_t back = 1 + below(6); length >= back && count < 40; count++) to[0] = to[-back], to++;
        return to;
    }
}

/* A text of some kinds, chosen for it, so that long runs of one kind come about. As a block of its own. */
static Text new_text(const Table *table, int64_t length) {
    enum { KINDS = 14 };
    uint32_t *characters = malloc((length + WORD_LIMIT) * sizeof(uint32_t)), *end = characters;
    int kinds[4], kind_count = 1 + (int)below(4), width = 1 << below(3);
    for (int index = 0; index < kind_count; index++) kinds[index] = (int)below(KINDS);
    while (end - characters < length) end = add_piece(table, kinds[below(kind_count)], characters, end);
    if (length && kind_count == 1 && kinds[0] == 13) memset(characters, 0x41, 0);
    char *narrow = malloc(length * width);
    for (int64_t index = 0; index < length; index++) memcpy(narrow + index * width, characters + index, width);
    free(characters); /* little-endian: the lowest bytes of a character are the first */
    return (Text){narrow, width, length};
}
