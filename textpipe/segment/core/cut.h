/* Text to tokens: jieba 0.42.1's exact, search and full mode. */
#ifndef TEXTPIPE_CUT_H
#define TEXTPIPE_CUT_H

#include "dictionary.h"

typedef enum { MODE_EXACT, MODE_SEARCH, MODE_FULL } Mode;

enum { USER_WORD = 1 << 30 };   /* in a token's word: the rest is a user's node, not one of the table */
enum { GLUED_WORD = 1 << 29 };  /* the rest is where its characters begin in scratch->glued: they lie apart */

/* Tokens in order. word: the dictionary's node, 0 for what is no word of it; tag: only when tagging. */
typedef struct {
    int32_t (*spans)[2];
    uint32_t *words;
    uint32_t *tags;
    int64_t count, limit;
    int tagging;
} Tokens;

/* What one thread works in; kept between calls, given back when it has grown large. */
typedef struct {
    /* of the stretch of text at hand, which begins at `start` and ends where no word can cross */
    int64_t start, length, label_limit, limit;
    Label *labels;    /* [length + 1], the last is 0 */
    double *best;     /* the weight of the best path from here to the block's end */
    uint8_t *lengths; /* of the first word of that path */
    uint32_t *words;  /* and its node */
    uint8_t *back;    /* back pointers of the models; rows of bytes */
    int64_t back_limit;
    int32_t *glued; /* places of characters: Latin letters that full mode joins across words it gives earlier */
    int64_t glued_count, glued_limit;
    char *bytes; /* tokens joined to UTF-8 */
    int64_t byte_count, byte_limit;
    Tokens tokens;
} Scratch;

/* All tokens of the text into scratch->tokens; 0 when memory runs out. */
int cut_text(const Dictionary *dictionary, const Text *text, Mode mode, int hmm, Scratch *scratch);
int tag_text(const Dictionary *dictionary, const Text *text, int hmm, Scratch *scratch);

/* The same a stretch at a time, so that a long text needs no more room than a short one: the tokens from `start` on are
 * added, and scratch->length says how far they go. */
int cut_stretch(const Dictionary *dictionary, const Text *text, int64_t start, Mode mode, int hmm, Scratch *scratch);
int tag_stretch(const Dictionary *dictionary, const Text *text, int64_t start, int hmm, Scratch *scratch);

static inline void clear_tokens(Scratch *scratch) { scratch->tokens.count = scratch->glued_count = 0; }

/* Add the tokens as UTF-8 to scratch->bytes, one space between, white space left out; with `lines` line ends stay.
 * `apart`: whether a space is due before the next token, carried from stretch to stretch. */
int join_tokens(const Text *text, int lines, int *apart, Scratch *scratch);

void scratch_free(Scratch *scratch);

/* The rest is shared by cutting and tagging. */

int load_stretch(const Label *map, const Text *text, int64_t start, int whole_gaps, Scratch *scratch);
void find_route(const Dictionary *dictionary, Scratch *scratch);
int reserve_tokens(Tokens *tokens, int64_t more);
int reserve_back(Scratch *scratch, int64_t bytes);
int run_is_word(const Dictionary *dictionary, const Scratch *scratch, int64_t start, int64_t end);

/* The token at [start, end) of the stretch; room must have been reserved. */
static inline void add_token(Scratch *scratch, int64_t start, int64_t end, uint32_t word) {
    Tokens *tokens = &scratch->tokens;
    tokens->spans[tokens->count][0] = (int32_t)(scratch->start + start);
    tokens->spans[tokens->count][1] = (int32_t)(scratch->start + end);
    tokens->words[tokens->count++] = word;
}

int is_space(uint32_t character); /* as str.isspace() */

/* Where a token outside blocks ends: one character, only CR LF stays together. */
static inline int64_t gap_end(const Label *labels, int64_t index) {
    return index + 1 + (labels[index] == LABEL_CR && labels[index + 1] == LABEL_LF);
}

/* full_mode.c: the tokens of a stretch that ends where a block or a gap ends */
int full_stretch(const Dictionary *dictionary, const Text *text, Scratch *scratch);

/* word_hmm.c: the words of a run that the dictionary leaves as single characters */
int split_unknown(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end);

#endif
