/* Texts to ids of characters and of words, without an object for any of them. */
#ifndef TEXTPIPE_ENCODER_H
#define TEXTPIPE_ENCODER_H

#include "../../../segment/core/cut.h"

enum { NO_UNIT = 1 };       /* the id of what is not in the vocabulary */
enum { CODES = 0x110000 };  /* of characters */

typedef struct {
    uint64_t hash;
    int32_t id;      /* 0: empty */
    uint32_t length; /* characters */
    int64_t start;   /* in `codes` */
} WordSlot;

/* Words by their characters. */
typedef struct {
    WordSlot *slots;
    uint64_t mask; /* slots, a power of two, less one */
    uint32_t *codes;
    int64_t code_count, code_limit;
} Words;

typedef enum { UNIT_WORD, UNIT_CHARACTER, UNIT_BOTH } Unit;

/* How texts are read. */
typedef struct {
    Unit unit;
    Mode mode; /* exact or search */
    int hmm;
    int64_t most;               /* units of a text */
    const Dictionary *dictionary; /* null where no words are read */
    const int32_t *characters;  /* [CODES]: the id of each; null where none are read */
    Words words;
    uint32_t (*lower)(uint32_t);
} Encoder;

/* The ids of some texts, one after the other; of characters, of words, or both at the same places. */
typedef struct {
    int32_t *characters, *words;
    int64_t count, limit;
    int64_t cut; /* texts that were longer */
    uint32_t *codes; /* the text at hand, normalised */
    int64_t code_count, code_limit;
} Encoded;

typedef enum { READ, NOT_READ, NO_MEMORY } Outcome;

/* Add the ids of a text. NOT_READ, and nothing added, for one whose small letters depend on their neighbours, or that
 * has half a pair of surrogates: Python reads it. */
Outcome encode_text(const Encoder *encoder, const Text *text, Scratch *scratch, Encoded *encoded);
void encoded_free(Encoded *encoded);

int words_start(Words *words, int64_t count, int64_t characters); /* 0 without memory */
void words_add(Words *words, const Text *word, int32_t id);       /* so many as were announced */
void words_free(Words *words);

#endif
