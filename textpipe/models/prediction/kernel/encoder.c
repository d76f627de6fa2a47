/* Texts to ids: white space and full-width letters made plain, characters looked up in a table, words cut and hashed. */
#include "encoder.h"

#include <stdlib.h>
#include <string.h>

enum { SPACE_INSIDE = 0x2581 }; /* stands for white space in a vocabulary */
enum { DOTTED_I = 0x130, SIGMA = 0x3A3 };

/* ------------------------------------------------------------------------------------------- words */

static inline uint64_t stirred(uint64_t hash, uint32_t code) {
    hash = (hash ^ code) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 32;
}

int words_start(Words *words, int64_t count, int64_t characters) {
    uint64_t size = 16;
    while (size < 2 * (uint64_t)count) size *= 2;
    words->slots = calloc(size, sizeof(*words->slots));
    words->codes = malloc((size_t)(characters ? characters : 1) * sizeof(*words->codes));
    words->mask = size - 1, words->code_count = 0, words->code_limit = characters;
    return words->slots && words->codes;
}

void words_add(Words *words, const Text *word, int32_t id) {
    uint64_t hash = 0;
    int64_t start = words->code_count;
    if (start + word->length > words->code_limit) return;
    for (int64_t index = 0; index < word->length; index++) {
        uint32_t code = character_at(word, index);
        words->codes[words->code_count++] = code, hash = stirred(hash, code);
    }
    uint64_t place = hash & words->mask;
    while (words->slots[place].id) place = (place + 1) & words->mask;
    words->slots[place] = (WordSlot){hash, id, (uint32_t)word->length, start};
}

void words_free(Words *words) {
    free(words->slots);
    free(words->codes);
    *words = (Words){0};
}

static int32_t find_word(const Words *words, const uint32_t *codes, int64_t length, uint64_t hash) {
    for (uint64_t place = hash & words->mask; words->slots[place].id; place = (place + 1) & words->mask) {
        const WordSlot *slot = words->slots + place;
        if (slot->hash == hash && slot->length == (uint64_t)length &&
            memcmp(words->codes + slot->start, codes, (size_t)length * sizeof(*codes)) == 0)
            return slot->id;
    }
    return NO_UNIT;
}

/* ------------------------------------------------------------------------------------------- the text made plain */

static inline uint32_t folded(uint32_t code) {
    if (code == 0x3000) return ' ';
    if (code - 0xFF10 < 10 || code - 0xFF21 < 26 || code - 0xFF41 < 26) return code - 0xFEE0;
    return code;
}

static inline int plain(uint32_t code) { return code >= 0x3001 && code < 0xD800; } /* no white space, no capital */

static inline uint32_t small(const Encoder *encoder, uint32_t code) {
    if (code < 128) return code - 'A' < 26 ? code + 32 : code;
    return code >= 0x3000 && code < 0xA000 ? code : encoder->lower(code);
}

static int reserve_codes(Encoded *encoded, int64_t count) {
    if (count <= encoded->code_limit) return 1;
    void *codes = realloc(encoded->codes, (size_t)(count + count / 2) * sizeof(uint32_t));
    if (codes == NULL) return 0;
    encoded->codes = codes, encoded->code_limit = count + count / 2;
    return 1;
}

/* Every run of white space one space, none at the ends. Whether Python need not read it is the answer. */
static int normalise(const Encoder *encoder, const Text *text, Encoded *encoded) {
    uint32_t *to = encoded->codes;
    int space = 0, fine = 1;
    for (int64_t index = 0; index < text->length; index++) {
        uint32_t code = folded(character_at(text, index));
        if (!plain(code)) {
            if (is_space(code)) {
                space = 1;
                continue;
            }
            fine &= !(code == DOTTED_I || code == SIGMA || (code >= 0xD800 && code < 0xE000));
        }
        if (space && to > encoded->codes) *to++ = ' ';
        space = 0;
        *to++ = code;
    }
    encoded->code_count = to - encoded->codes;
    return fine || encoder->unit == UNIT_CHARACTER;
}

/* ------------------------------------------------------------------------------------------- ids */

static int reserve_ids(Encoded *encoded, int64_t more) {
    if (encoded->count + more <= encoded->limit) return 1;
    int64_t limit = (encoded->count + more) * 2 + 1024;
    void *characters = realloc(encoded->characters, (size_t)limit * sizeof(int32_t));
    if (characters) encoded->characters = characters;
    void *words = realloc(encoded->words, (size_t)limit * sizeof(int32_t));
    if (words) encoded->words = words;
    if (!characters || !words) return 0;
    encoded->limit = limit;
    return 1;
}

void encoded_free(Encoded *encoded) {
    free(encoded->characters);
    free(encoded->words);
    free(encoded->codes);
    *encoded = (Encoded){0};
}

/* The id of codes[start:end], in small letters from here on. `space`: what stands for a space. */
static int32_t id_of(const Encoder *encoder, Encoded *encoded, int64_t start, int64_t end, uint32_t space) {
    uint32_t word[64], *codes = end - start > 64 ? encoded->codes + encoded->code_count : word;
    uint64_t hash = 0;
    for (int64_t index = start; index < end; index++) {
        uint32_t code = encoded->codes[index];
        code = code == ' ' ? space : small(encoder, code);
        codes[index - start] = code, hash = stirred(hash, code);
    }
    return find_word(&encoder->words, codes, end - start, hash);
}

/* Each character gets the word that it lies in, of overlapping ones the last. */
static Outcome words_of_characters(const Encoder *encoder, const Text *text, Scratch *scratch, Encoded *encoded,
                                   int64_t count) {
    int32_t *ids = encoded->words + encoded->count;
    for (int64_t index = 0; index < count; index++) ids[index] = NO_UNIT;
    for (int64_t start = 0; start < count; start += scratch->length) {
        clear_tokens(scratch);
        if (!cut_stretch(encoder->dictionary, text, start, encoder->mode, encoder->hmm, scratch)) return NO_MEMORY;
        for (int64_t token = 0; token < scratch->tokens.count; token++) {
            int64_t first = scratch->tokens.spans[token][0], last = scratch->tokens.spans[token][1];
            int32_t id = first < count ? id_of(encoder, encoded, first, last, SPACE_INSIDE) : NO_UNIT;
            for (int64_t index = first; index < last && index < count; index++) ids[index] = id;
        }
    }
    encoded->count += count;
    return READ;
}

/* The words that a token is, white space inside it divides them. 0 without memory. */
static int add_words(const Encoder *encoder, Encoded *encoded, int64_t start, int64_t end) {
    while (start < end) {
        int64_t last = start;
        while (last < end && encoded->codes[last] != ' ') last++;
        if (last > start) {
            if (!reserve_ids(encoded, 1)) return 0;
            encoded->words[encoded->count++] = id_of(encoder, encoded, start, last, ' ');
        }
        start = last + 1;
    }
    return 1;
}

static Outcome words_of(const Encoder *encoder, const Text *text, Scratch *scratch, Encoded *encoded) {
    int64_t before = encoded->count;
    for (int64_t start = 0; start < text->length && encoded->count - before <= encoder->most; start += scratch->length) {
        clear_tokens(scratch);
        if (!cut_stretch(encoder->dictionary, text, start, encoder->mode, encoder->hmm, scratch)) return NO_MEMORY;
        for (int64_t token = 0; token < scratch->tokens.count; token++)
            if (!add_words(encoder, encoded, scratch->tokens.spans[token][0], scratch->tokens.spans[token][1]))
                return NO_MEMORY;
    }
    if (encoded->count - before > encoder->most) encoded->count = before + encoder->most, encoded->cut++;
    return READ;
}

Outcome encode_text(const Encoder *encoder, const Text *text, Scratch *scratch, Encoded *encoded) {
    if (!reserve_codes(encoded, 2 * text->length + 1)) return NO_MEMORY; /* room for one word of all */
    int fine = normalise(encoder, text, encoded);
    Text normal = {.characters = encoded->codes, .width = 4, .length = encoded->code_count};
    int64_t count = normal.length < encoder->most ? normal.length : encoder->most;
    Outcome outcome = fine ? READ : NOT_READ;
    if (fine && !reserve_ids(encoded, count)) outcome = NO_MEMORY;
    if (outcome == READ && encoder->unit == UNIT_WORD) {
        outcome = words_of(encoder, &normal, scratch, encoded);
    } else if (outcome == READ) {
        int32_t *ids = encoded->characters + encoded->count;
        for (int64_t index = 0; index < count; index++) ids[index] = encoder->characters[encoded->codes[index]];
        encoded->cut += normal.length > count;
        if (encoder->unit == UNIT_CHARACTER) encoded->count += count;
        else outcome = words_of_characters(encoder, &normal, scratch, encoded, count);
    }
    return outcome;
}
