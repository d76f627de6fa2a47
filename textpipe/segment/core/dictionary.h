/* The words that segmentation knows: the table's, and over them the user's. */
#ifndef TEXTPIPE_DICTIONARY_H
#define TEXTPIPE_DICTIONARY_H

#include "table.h"

enum { ABSENT = -1 };

/* A text as Python holds it: 1, 2 or 4 bytes a character. */
typedef struct {
    const void *characters;
    int width;
    int64_t length;
} Text;

static inline uint32_t character_at(const Text *text, int64_t index) {
    if (text->width == 2) return ((const uint16_t *)text->characters)[index];
    return text->width == 1 ? ((const uint8_t *)text->characters)[index] : ((const uint32_t *)text->characters)[index];
}

typedef struct {
    int64_t frequency; /* ABSENT: the table's counts */
    double log_frequency;
    int32_t tag; /* ABSENT: the table's counts; else a number that the caller chose */
    uint8_t apart; /* deleted: the model for unknown words may not join it again */
} UserNode;

/* A trie of hashed edges, so that words come in without placing anything anew. Node 0 is the root. */
typedef struct {
    UserNode *nodes;
    uint32_t node_count, node_limit;
    uint64_t *edges; /* parent, label, 0 for none */
    uint32_t *children;
    uint32_t edge_limit; /* a power of two */
    int any_apart;
} UserWords;

typedef struct {
    const Table *table;
    const double *log_frequencies; /* [frequency_count]; minus infinity for what is no word */
    int64_t total;
    double log_total;
    UserWords *user; /* null for the table's words alone */
} Dictionary;

typedef struct {
    int64_t frequency; /* ABSENT: neither word nor prefix */
    uint32_t slot;     /* the table's node, 0 for none */
    uint32_t user;     /* the user's node, 0 for none */
} Found;

/* The word text[start:end]. */
Found dictionary_find(const Dictionary *dictionary, const Text *text, int64_t start, int64_t end);

/* The user's node below `node` by the label or code point, 0 for none. */
uint32_t user_child(const UserWords *user, uint32_t node, uint32_t label);

static inline uint32_t user_label(const Table *table, uint32_t character) {
    Label label = character < 0x10000 ? table->word_labels[character] : 0;
    return label > LABEL_LF ? label : 0x10000 + character;
}

/* Add a word, as jieba's add_word does; a tag of ABSENT leaves what is there. 0 when memory or the total runs out. */
int dictionary_add(Dictionary *dictionary, const Text *word, int64_t frequency, int32_t tag);

UserWords *user_words_new(void);
void user_words_free(UserWords *user);

#endif
