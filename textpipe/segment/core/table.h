/* The table of jieba's data, as textpipe/segment/build_table.py writes it: read only, shared through the memory map. */
#ifndef TEXTPIPE_TABLE_H
#define TEXTPIPE_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { TABLE_VERSION = 1, TABLE_HEAD = 32 };
enum { STATES = 256, TAGS_OF_STATES = 64 }; /* states of the tag model: four places in a word, 64 tags */

/* labels of characters: 0 cuts, then CR, LF, digits, letters, .%+#&_-, Han */
enum { LABEL_CUT = 0, LABEL_CR = 1, LABEL_LF = 2, LABEL_DIGIT = 3, LABEL_LETTER = 13, LABEL_DOT = 65,
       LABEL_PERCENT = 66, LABEL_HAN = 72, LABEL_HAN_END = LABEL_HAN + 0x9FD6 - 0x4E00 };

typedef uint16_t Label;

typedef struct {
    int64_t total;            /* of all frequencies */
    int64_t labels, slots, frequency_count, tag_count;
    const Label *word_labels; /* [65536]: of every character that a word of the dictionary holds */
    const Label *cut_labels;  /* [65536]: of those that stand in blocks; all others cut */
    const Label *tag_labels;  /* [65536]: for tagging % and - cut too */
    const uint64_t *nodes;    /* [slots] */
    const int64_t *frequencies;
    const uint16_t *idf_numbers; /* [slots] */
    const double *idf_values;    /* the first is the median */
    const char *tag_names;       /* [tag_count][8], zero-padded */
    const double *word_model;    /* start B M E S, B to E and M, E to B and S, M to E and M, S to B and S */
    const double *word_emissions;   /* [labels][4] for B M E S */
    const double *tag_start;        /* [STATES] */
    const double *into_begin_single; /* [2][64][128], from E and S */
    const double *into_end_middle;  /* [2][64][2], from B and M */
    const uint64_t *successors;     /* [STATES][4], a bit a state */
    const uint64_t *predecessors;   /* [STATES][4] */
    const uint8_t *state_tags;      /* [64] */
    const uint32_t *emission_starts; /* [labels + 1] */
    const uint8_t *label_listed;    /* [labels]: whether jieba lists the states that the character may have */
    const uint8_t *emission_states;
    const uint8_t *emission_listed;
    const double *emission_values;
    uint32_t number_tag, latin_tag; /* m and eng */
} Table;

/* Null when `data` is such a table, else what is wrong; the digest is not looked at. */
const char *table_open(Table *table, const void *data, size_t size);

/* XXH64 with seed 0 (Collet 2012), of a multiple of 32 bytes in parts that are multiples of 32 bytes. */
typedef struct {
    uint64_t lanes[4];
    uint64_t size;
} Digest;

void digest_start(Digest *digest);
void digest_add(Digest *digest, const void *data, size_t size);
uint64_t digest_end(const Digest *digest);

static inline uint32_t node_base(uint64_t node) { return node & 0xFFFFF; }
static inline uint32_t node_check(uint64_t node) { return node >> 20 & 0xFFFFF; }
static inline uint32_t node_frequency(uint64_t node) { return node >> 40 & 0x1FFF; } /* 0: no word and no prefix */
static inline uint32_t node_tag(uint64_t node) { return node >> 53 & 0x7F; }

static inline int label_is_han(Label label) { return label >= LABEL_HAN && label < LABEL_HAN_END; }
static inline int label_is_digit(Label label) { return label >= LABEL_DIGIT && label < LABEL_LETTER; }
static inline int label_is_latin(Label label) { return label >= LABEL_DIGIT && label < LABEL_DOT; }

#endif
