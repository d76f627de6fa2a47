/* A file in blocks, for counting; a token may be longer than a block. */
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 1 << 18 };

int64_t read_bytes(int file, uint8_t *into, int64_t size, int64_t offset) {
    int64_t have = 0;
    while (have < size) {
        ssize_t some = pread(file, into + have, (size_t)(size - have), (off_t)(offset + have));
        if (some < 0 && errno == EINTR) continue;
        if (some < 0) return -1;
        if (some == 0) break;
        have += some;
    }
    return have;
}

int reading_start(Reading *reading, int file) {
    *reading = (Reading){.file = file, .buffer = malloc(BLOCK + PADDING)};
    return reading->buffer != NULL;
}

void reading_free(Reading *reading) { free(reading->buffer); }

/* A block without a separator: a part of a token that is too long. How much of it is whole characters; -1 for no text. */
static int64_t part_of_token(Counts *counts, const uint8_t *bytes, int64_t size) {
    int64_t whole = size;
    while (whole > size - 3 && (bytes[whole - 1] & 0xC0) == 0x80) whole--;
    if (bytes[whole - 1] >= 0xC0) whole--;
    else whole = size;
    if (!counts->in_token) counts->tokens++, counts->too_long++;
    counts->in_token = 1;
    return is_utf8(bytes, bytes + whole) ? whole : -1;
}

int count_block(Counts *counts, Reading *reading) {
    uint8_t *bytes = reading->buffer;
    int64_t some = read_bytes(reading->file, bytes + reading->waiting, BLOCK - reading->waiting, reading->offset);
    if (some < 0) return UNREADABLE;
    int64_t size = reading->waiting + some, done = size;
    reading->offset += some, reading->ended = size < BLOCK;
    if (reading->ended) {
        memset(bytes + size, '\n', PADDING);
        return counts_add(counts, bytes, bytes + size);
    }
    while (done > 0 && !separates(bytes[done - 1])) done--;
    if (done > 0) {
        int state = counts_add(counts, bytes, bytes + done);
        if (state != COUNTED) return state;
    } else if ((done = part_of_token(counts, bytes, size)) < 0) {
        return NOT_TEXT;
    }
    reading->waiting = size - done;
    memmove(bytes, bytes + done, reading->waiting);
    return COUNTED;
}
