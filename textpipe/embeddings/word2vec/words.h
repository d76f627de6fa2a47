/* Tokens in the bytes of a file, and hash tables of words. */
#ifndef TEXTPIPE_WORDS_H
#define TEXTPIPE_WORDS_H

#include <stdint.h>
#include <string.h>

enum {
    LONGEST = 1024, /* bytes; longer tokens are counted, but are no words */
    PADDING = 8,    /* bytes that may be read after the last one; the first of them is a separator */
};
#define NO_WORD UINT32_MAX

/* ASCII white space */
static inline int separates(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/* The first separator from `at`; one must follow. Eight bytes at a time: those up to a space are looked at again. */
static inline const uint8_t *token_end(const uint8_t *at) {
    for (;;) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        if (((eight - 0x2121212121212121ULL) & ~eight & 0x8080808080808080ULL) == 0) {
            at += 8;
            continue;
        }
        for (int byte = 0; byte < 8; byte++, at++)
            if (separates(*at)) return at;
    }
}

static inline uint64_t stir(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 29;
}

static inline uint64_t hash_of(const uint8_t *bytes, int64_t length) {
    uint64_t hash = (uint64_t)length, value = 0;
    for (; length > 8; bytes += 8, length -= 8) {
        memcpy(&value, bytes, 8);
        hash = stir(hash, value);
    }
    value = 0;
    if (length >= 4) {
        uint32_t first, last; /* they may overlap */
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + length - 4, 4);
        value = (uint64_t)first << 32 | last;
    } else if (length > 0) {
        value = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 | bytes[length - 1];
    }
    hash = stir(hash, value);
    return hash * 0xBF58476D1CE4E5B9ULL;
}

/* Words that are known beforehand: ids by their bytes. */
typedef struct {
    const uint8_t *bytes;   /* all words, one after the other */
    const int64_t *offsets; /* where each begins, and where the last one ends */
    struct {
        uint32_t tag, id; /* id: NO_WORD where nothing is */
    } *slots;
    uint64_t mask;
} Words;

/* False when memory runs out. */
int words_start(Words *words, const uint8_t *bytes, const int64_t *offsets, int64_t count);
void words_free(Words *words);

static inline uint32_t word_id(const Words *words, const uint8_t *bytes, int64_t length) {
    uint64_t hash = hash_of(bytes, length), place = hash >> 32 & words->mask;
    uint32_t tag = (uint32_t)hash;
    for (; words->slots[place].id != NO_WORD; place = (place + 1) & words->mask) {
        uint32_t id = words->slots[place].id;
        if (words->slots[place].tag != tag || words->offsets[id + 1] - words->offsets[id] != length) continue;
        if (memcmp(words->bytes + words->offsets[id], bytes, length) == 0) return id;
    }
    return NO_WORD;
}

/* A word and how often it was met; `start` in the arena. */
typedef struct {
    uint64_t hash;
    int64_t start, count;
    uint32_t length;
} Counted;

typedef struct {
    Counted *words;
    int64_t count, limit;
    uint32_t *slots; /* number of a word and 1, 0 for none */
    uint64_t mask;
    uint8_t *arena;
    int64_t arena_size, arena_limit;
    int64_t tokens, too_long, line; /* line: of the file, from 1 */
    int in_token;                   /* inside one that is too long for a buffer */
} Counts;

enum { COUNTED, NO_MEMORY, NOT_TEXT, TOO_MANY, UNREADABLE };

int counts_start(Counts *counts);
void counts_free(Counts *counts);
/* Count the tokens of [bytes, end), which end with a separator. One of those above; NOT_TEXT at counts->line. */
int counts_add(Counts *counts, const uint8_t *bytes, const uint8_t *end);
/* Words met `least` times or more to the front, most frequent first, equally frequent ones by bytes. How many. */
int64_t counts_rank(Counts *counts, int64_t least);
int is_utf8(const uint8_t *bytes, const uint8_t *end);

/* A file that is counted block by block; what a block cuts off waits at the front of the buffer. */
typedef struct {
    int file, ended;
    int64_t offset, waiting;
    uint8_t *buffer;
} Reading;

int reading_start(Reading *reading, int file);
void reading_free(Reading *reading);
/* As counts_add, or UNREADABLE with errno set. */
int count_block(Counts *counts, Reading *reading);
/* As many bytes as there are; -1 with errno set. */
int64_t read_bytes(int file, uint8_t *into, int64_t size, int64_t offset);

#endif
