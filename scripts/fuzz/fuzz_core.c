/* Random texts, user dictionaries and table headers through the core, in a build with sanitizers: see scripts/fuzz/run.
 *
 * fuzz_core TABLE COUNT SEED [MEAN [FIRST]]: COUNT inputs, of MEAN characters mostly, from number FIRST on. Every text
 * and every section of the table is a heap block of its exact size, so that AddressSanitizer sees one element too many.
 * An input depends on SEED, MEAN and the inputs of its group before it, no more; what fails says how to repeat it. The
 * checksum at the end covers all results: what memory held before must not change it. */
#include <fcntl.h>
#include <math.h>
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cut.h"

enum { GROUP = 64 };       /* inputs that share a dictionary, to which words come between them */
enum { LONG_ODDS = 2000 }; /* one text in so many crosses the boundary of stretches */
enum { LONGEST = 20000, WORD_LIMIT = 255, SECTIONS = 21, HEADER = 240, USER_TAGS = 5 };

static uint64_t seed, random_state, checksum;
static int64_t number, mean = 60; /* of the input at hand; of a text's characters */

static void report(void) {
    fprintf(stderr, "\nfuzz_core: input %lld; to repeat it: COUNT %d SEED %llu MEAN %lld FIRST %lld\n",
            (long long)number, GROUP, (unsigned long long)seed, (long long)mean, (long long)(number - number % GROUP));
}

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_core: not so: %s\n", what);
    report();
    exit(1);
}

static uint64_t next_random(void) { /* SplitMix64 */
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

/* Bytes of each section, as table.h counts them; how many emissions there are is content. */
static void section_sizes(const Table *table, int64_t emissions, int64_t *sizes) {
    const int64_t labels = table->labels, slots = table->slots, tags = TAGS_OF_STATES;
    const int64_t all[SECTIONS] = {
        2 << 16, 2 << 16, 2 << 16, 8 * slots, 8 * table->frequency_count, 2 * slots, 8, 8 * table->tag_count, 12 * 8,
        4 * labels * 8, STATES * 8, 2 * tags * 128 * 8, 2 * tags * 2 * 8, STATES * 4 * 8, STATES * 4 * 8, tags,
        4 * (labels + 1), labels, emissions, emissions, 8 * emissions};
    memcpy(sizes, all, sizeof(all));
}

/* The table's pointers stand in the order of its sections. */
static const void **sections_of(Table *table) {
    _Static_assert(offsetof(Table, number_tag) - offsetof(Table, word_labels) == SECTIONS * sizeof(void *), "as many");
    return (const void **)&table->word_labels;
}

static void open_exactly(Table *table, const void *data, size_t size) {
    check(table_open(table, data, size) == NULL, "the table is one");
    int64_t sizes[SECTIONS];
    section_sizes(table, table->emission_starts[table->labels], sizes);
    const void **sections = sections_of(table);
    for (int section = 0; section < SECTIONS; section++)
        sections[section] = exact_copy(sections[section], sizes[section]);
}

/* A small file whose header is this table's but for the places, changed in some field: an error, or all within it. */
static void fuzz_header(const void *data) {
    static const int64_t odd[] = {0, 1, 7, HEADER - 1, HEADER, 4095, 4096, 1LL << 31, 1LL << 32, 1LL << 61, INT64_MAX};
    enum { FIELDS = HEADER / 8, ODD = sizeof(odd) / sizeof(*odd), FILE_SIZE = 2, LABELS = 5, FIRST_OFFSET = 9 };
    int64_t size = HEADER + below(1 << 20), fields[FIELDS];
    memcpy(fields, data, HEADER);
    fields[FILE_SIZE] = size;
    for (int field = LABELS; field < FIRST_OFFSET; field++) fields[field] = below(200);
    for (int field = FIRST_OFFSET; field < FIELDS; field++) fields[field] = HEADER + below(size - HEADER + 1) / 8 * 8;
    for (int64_t change = below(3); change > 0; change--) {
        int64_t *field = fields + below(FIELDS), value = odd[below(ODD)];
        *field = below(4) ? value * (below(2) ? 1 : -1) : (int64_t)next_random();
    }
    int64_t given = below(4) ? size : below(2) ? below(size) : below(HEADER + 9);
    if (given < size && below(2)) fields[FILE_SIZE] = given; /* cut short, and says so */
    char *file = calloc(1, given);
    memcpy(file, fields, given < HEADER ? given : HEADER);
    Table table;
    if (table_open(&table, file, given) == NULL) {
        const int64_t counts[] = {table.labels, table.slots, table.frequency_count, table.tag_count};
        for (int index = 0; index < 4; index++)
            check(counts[index] >= 0 && counts[index] <= given, "counts are possible");
        int64_t sizes[SECTIONS];
        section_sizes(&table, 0, sizes);
        for (int section = 0; section < SECTIONS; section++) {
            int64_t offset = (const char *)sections_of(&table)[section] - file;
            check(offset >= HEADER && offset % 8 == 0, "sections are aligned");
            check(sizes[section] <= given - offset, "sections lie within the file");
        }
    }
    free(file);
}

static uint32_t *known; /* the dictionary's characters by label, so that the first are the most frequent */

/* A word of the dictionary, or how one begins: from any node back to the root. */
static uint32_t *add_word(const Table *table, uint32_t *to) {
    int64_t slot = below(table->slots);
    while (node_check(table->nodes[slot]) == table->slots) slot = below(table->slots);
    uint32_t reversed[WORD_LIMIT];
    int count = 0;
    for (uint32_t parent; slot; slot = parent) {
        parent = node_check(table->nodes[slot]);
        reversed[count++] = known[slot - (parent ? node_base(table->nodes[parent]) : 0)];
    }
    while (count) *to++ = reversed[--count];
    return to;
}

enum { FREQUENT_HAN, ANY_KNOWN, ASCII, NUMBERS, LATIN, LINE_ENDS, SPACES, RARE_HAN, ANY, EDGES, COMMAS, SURROGATES,
       WORDS, REPEATS, KINDS };

static uint32_t new_character(const Table *table, int kind) {
    static const uint32_t spaces[] = {' ', '\t', '\n', '\r', 0x0B, 0x1C, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x3000};
    static const uint32_t edges[] = {0, 0x7F, 0x80, 0xFF, 0x100, 0x7FF, 0x800, 0x3400, 0x4DFF, 0x4E00, 0x9FD5, 0x9FD6,
                                     0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    switch (kind) {
    case FREQUENT_HAN: return known[LABEL_HAN + below(500)];
    case ANY_KNOWN: return known[LABEL_DIGIT + below(table->labels - LABEL_DIGIT)];
    case ASCII: return (uint32_t)below(0x80);
    case NUMBERS: return (uint32_t)"0123456789..%%"[below(14)];
    case LATIN: return (uint32_t)"abzAZ019.%+#&_- T"[below(17)];
    case LINE_ENDS: return (uint32_t)"\r\n"[below(2)];
    case SPACES: return spaces[below(sizeof(spaces) / sizeof(*spaces))];
    case RARE_HAN: return 0x4E00 + (uint32_t)below(0x5200);
    case ANY: return (uint32_t)below(0x110000);
    case EDGES: return edges[below(sizeof(edges) / sizeof(*edges))];
    case SURROGATES: return 0xD800 + (uint32_t)below(0x800);
    default: return 0xFF0C; /* a full-width comma */
    }
}

/* WORD_LIMIT characters at most. */
static uint32_t *add_piece(const Table *table, int kind, const uint32_t *from, uint32_t *to) {
    if (kind == WORDS) return add_word(table, to);
    int64_t back = 1 + below(6), count = 1 + below(kind == REPEATS ? 40 : 4);
    int repeats = kind == REPEATS && to - from >= back;
    for (; count > 0; count--, to++) *to = repeats ? to[-back] : new_character(table, kind);
    return to;
}

/* As a block of its own: of a few kinds, chosen for each text, so that long runs of one kind come about. */
static Text new_text(const Table *table, int64_t length) {
    uint32_t *characters = malloc((length + WORD_LIMIT) * sizeof(uint32_t)), *end = characters;
    int kinds[4], kind_count = 1 + (int)below(4), width = 1 << below(3);
    for (int index = 0; index < kind_count; index++) kinds[index] = (int)below(KINDS);
    while (end - characters < length) end = add_piece(table, kinds[below(kind_count)], characters, end);
    char *narrow = malloc(length * width);
    for (int64_t index = 0; index < length; index++) /* little-endian: the lowest bytes come first */
        memcpy(narrow + index * width, characters + index, width);
    free(characters);
    return (Text){narrow, width, length};
}

/* Every token within the text; all in order without a gap when they tile it; a word is the node Python keeps it by. */
static void check_tokens(const Dictionary *dictionary, const Text *text, const Scratch *scratch, int tile) {
    const Tokens *tokens = &scratch->tokens;
    int64_t covered = 0;
    check(tokens->count <= tokens->limit, "tokens lie within their arrays");
    for (int64_t token = 0; token < tokens->count; token++) {
        int64_t start = tokens->spans[token][0], end = tokens->spans[token][1];
        uint32_t word = tokens->words[token];
        int apart = word & GLUED_WORD && !(word & USER_WORD);
        check(0 <= start && start <= end && (end <= text->length || apart), "a token lies within the text");
        if (tile) check(start == covered && start < end && !apart, "tokens tile the text");
        covered = end;
        if (apart) { /* glued characters may be met twice, as in jieba: then the span, their number, ends too late */
            int64_t first = word & ~GLUED_WORD;
            check(first + end - start <= scratch->glued_count, "glued characters are all there");
            for (int64_t index = first; index < first + end - start; index++)
                check(start <= scratch->glued[index] && scratch->glued[index] < text->length, "they are the text's");
        } else if (word) {
            Found found = dictionary_find(dictionary, text, start, end);
            check(word & USER_WORD ? found.user == (word & ~USER_WORD) : found.slot == word, "a word is its node");
        }
    }
    if (tile) check(covered == text->length, "tokens tile the text to its end");
    remember(tokens->spans, tokens->count * sizeof(*tokens->spans));
    remember(tokens->words, tokens->count * sizeof(*tokens->words));
}

static void fuzz_text(const Dictionary *dictionary, const Text *text, Scratch *scratch) {
    for (int hmm = 0; hmm < 2; hmm++) {
        for (Mode mode = MODE_EXACT; mode <= MODE_FULL; mode++) {
            check(cut_text(dictionary, text, mode, hmm, scratch), "cutting has memory");
            check_tokens(dictionary, text, scratch, mode == MODE_EXACT);
            for (int lines = 0; lines < 2; lines++) {
                int apart = 0;
                scratch->byte_count = 0;
                check(join_tokens(text, lines, &apart, scratch), "joining has memory");
                check(scratch->byte_count <= scratch->byte_limit, "joined tokens lie within their array");
                remember(scratch->bytes, scratch->byte_count);
            }
        }
        check(tag_text(dictionary, text, hmm, scratch), "tagging has memory");
        check_tokens(dictionary, text, scratch, 1);
        for (int64_t token = 0; token < scratch->tokens.count; token++)
            check(scratch->tokens.tags[token] < dictionary->table->tag_count + USER_TAGS, "a tag has a name");
        remember(scratch->tokens.tags, scratch->tokens.count * sizeof(*scratch->tokens.tags));
    }
}

/* A word, mostly out of the text so that it comes up again; its frequency may delete it, or use up the total. */
static void fuzz_words(Dictionary *dictionary, const Text *text) {
    const Table *table = dictionary->table;
    int from_text = text->length > 0 && below(4);
    int64_t start = from_text ? below(text->length) : 0, left = text->length - start;
    int64_t limit = below(16) ? 6 : WORD_LIMIT, length = 1 + below(from_text && left < limit ? left : limit);
    Text word = from_text ? *text : new_text(table, length);
    if (from_text) word.characters = exact_copy((char *)text->characters + start * text->width, length * text->width);
    word.length = length;
    int64_t room = INT64_MAX - dictionary->total, frequency = below(64) ? below(1 << below(21)) : room - below(2);
    if (frequency > room || frequency < 0) frequency = room;
    int32_t tag = below(2) ? (int32_t)below(table->tag_count + USER_TAGS) : ABSENT;
    check(dictionary_add(dictionary, &word, frequency, tag), "adding has memory");
    Found found = dictionary_find(dictionary, &word, 0, word.length);
    check(found.frequency == frequency && found.user > 0 && found.user < dictionary->user->node_count, "it is found");
    if (dictionary->total == INT64_MAX) check(!dictionary_add(dictionary, &word, 1, ABSENT), "the total has its limit");
    free((void *)word.characters);
}

static void fuzz_finding(const Dictionary *dictionary, const Text *text) {
    for (int64_t times = 4; times > 0; times--) {
        int64_t start = below(text->length + 1), end = start + below(text->length - start + 1);
        Found found = dictionary_find(dictionary, text, start, end);
        check(found.frequency >= ABSENT && found.slot < dictionary->table->slots, "what is found is a node's");
        remember(&found.frequency, sizeof(found.frequency));
    }
}

static void fuzz_input(const Table *table, const double *log_frequencies, Dictionary *dictionary, Scratch *scratch) {
    random_state = seed * 0x9E3779B97F4A7C15ULL ^ (uint64_t)number * 0xD1B54A32D192ED03ULL;
    if (number % GROUP == 0) {
        user_words_free(dictionary->user);
        *dictionary = (Dictionary){table, log_frequencies, table->total, log((double)table->total), NULL};
        if (below(2)) check((dictionary->user = user_words_new()) != NULL, "there is memory");
    }
    if (number % GROUP == 0 || below(2)) scratch_free(scratch); /* else the arrays are those of longer texts too */
    Text text = new_text(table, below(LONG_ODDS) ? below(2 * mean + 1) : 5000 + below(LONGEST - 5000));
    for (int64_t words = dictionary->user ? below(4) : 0; words > 0; words--) fuzz_words(dictionary, &text);
    fuzz_finding(dictionary, &text);
    fuzz_text(dictionary, &text, scratch);
    free((void *)text.characters);
}

int main(int given, char **arguments) {
    if (given < 4) return fputs("usage: fuzz_core TABLE COUNT SEED [MEAN [FIRST]]\n", stderr), 2;
    int64_t first = given > 5 ? atoll(arguments[5]) : 0, end = first + atoll(arguments[2]);
    seed = strtoull(arguments[3], NULL, 10);
    if (given > 4) mean = atoll(arguments[4]);
    __sanitizer_set_death_callback(report);
    int file = open(arguments[1], O_RDONLY);
    off_t size = file < 0 ? 0 : lseek(file, 0, SEEK_END);
    const void *data = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    check(data != MAP_FAILED, "the table can be mapped");
    Table table;
    open_exactly(&table, data, (size_t)size);
    double *log_frequencies = malloc(table.frequency_count * sizeof(double));
    for (int64_t index = 0; index < table.frequency_count; index++)
        log_frequencies[index] = log((double)table.frequencies[index]);
    known = calloc(table.labels, sizeof(uint32_t));
    for (uint32_t character = 0; character < 0x10000; character++) known[table.word_labels[character]] = character;
    Dictionary dictionary = {0};
    Scratch scratch = {0};
    for (number = first - first % GROUP; number < end; number++)
        fuzz_input(&table, log_frequencies, &dictionary, &scratch);
    for (number = first; number < end; number += GROUP) {
        random_state = seed ^ (uint64_t)number * 0xD1B54A32D192ED03ULL;
        fuzz_header(data);
    }
    user_words_free(dictionary.user); /* all of it: then a leak is the core's */
    scratch_free(&scratch);
    for (int section = 0; section < SECTIONS; section++) free((void *)sections_of(&table)[section]);
    free(log_frequencies);
    free(known);
    printf("%lld inputs, checksum %016llx\n", (long long)(end - first), (unsigned long long)checksum);
    return 0;
}
