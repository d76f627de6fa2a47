/* Tokens to a line of plain text, without a Python object for any of them. */
#include "cut.h"

#include <stdlib.h>

enum { LONGEST_CHARACTER = 6 }; /* bytes: of a lone surrogate, which is written as \\ud800 */

static char *add_surrogate(char *to, uint32_t character) {
    static const char digits[] = "0123456789abcdef";
    *to++ = '\\', *to++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) *to++ = digits[character >> shift & 15];
    return to;
}

static inline char *add_character(char *to, uint32_t character) {
    if (character < 0x80) {
        *to++ = (char)character;
    } else if (character < 0x800) {
        *to++ = (char)(0xC0 | character >> 6);
        *to++ = (char)(0x80 | (character & 0x3F));
    } else if (character >= 0xD800 && character < 0xE000) {
        to = add_surrogate(to, character);
    } else if (character < 0x10000) {
        *to++ = (char)(0xE0 | character >> 12);
        *to++ = (char)(0x80 | (character >> 6 & 0x3F));
        *to++ = (char)(0x80 | (character & 0x3F));
    } else {
        *to++ = (char)(0xF0 | character >> 18);
        *to++ = (char)(0x80 | (character >> 12 & 0x3F));
        *to++ = (char)(0x80 | (character >> 6 & 0x3F));
        *to++ = (char)(0x80 | (character & 0x3F));
    }
    return to;
}

static int reserve_bytes(const Text *text, Scratch *scratch) {
    const Tokens *tokens = &scratch->tokens;
    int64_t size = scratch->byte_count + tokens->count + 1, width = text->width == 1 ? 2 : LONGEST_CHARACTER;
    for (int64_t token = 0; token < tokens->count; token++) /* those of full mode overlap */
        size += (tokens->spans[token][1] - tokens->spans[token][0]) * width;
    if (size <= scratch->byte_limit) return 1;
    size += size / 2;
    void *bytes = realloc(scratch->bytes, size);
    if (bytes == NULL) return 0;
    scratch->bytes = bytes, scratch->byte_limit = size;
    return 1;
}

int join_tokens(const Text *text, int lines, int *apart, Scratch *scratch) {
    const Tokens *tokens = &scratch->tokens;
    if (!reserve_bytes(text, scratch)) return 0;
    char *to = scratch->bytes + scratch->byte_count;
    for (int64_t token = 0; token < tokens->count; token++) {
        int64_t start = tokens->spans[token][0], end = tokens->spans[token][1];
        if (start == end) continue;
        uint32_t word = tokens->words[token], character = character_at(text, start);
        if (word == 0 && is_space(character)) { /* alone, or CR LF */
            if (lines && character_at(text, end - 1) == '\n') *to++ = '\n', *apart = 0;
            continue;
        }
        if (*apart) *to++ = ' ';
        *apart = 1;
        if (word & GLUED_WORD && !(word & USER_WORD)) {
            for (int64_t index = 0; index < end - start; index++)
                to = add_character(to, character_at(text, scratch->glued[(word & ~GLUED_WORD) + index]));
            continue;
        }
        if (text->width == 2) {
            const uint16_t *from = text->characters;
            for (int64_t index = start; index < end; index++) to = add_character(to, from[index]);
        } else {
            for (int64_t index = start; index < end; index++) to = add_character(to, character_at(text, index));
        }
    }
    scratch->byte_count = to - scratch->bytes;
    return 1;
}
