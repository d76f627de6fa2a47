/* Full mode: every word of the dictionary, wherever it lies, with jieba's empty strings and glued letters. */
#include "cut.h"

#include <stdlib.h>

int is_space(uint32_t character) {
    return (character >= 0x09 && character <= 0x0D) || (character >= 0x1C && character <= 0x20) || character == 0x85 ||
           character == 0xA0 || character == 0x1680 || (character >= 0x2000 && character <= 0x200A) ||
           character == 0x2028 || character == 0x2029 || character == 0x202F || character == 0x205F ||
           character == 0x3000;
}

/* What lies between blocks: split at white space, with the empty strings that jieba gives. */
static void full_gap(const Text *text, Scratch *scratch, int64_t start, int64_t end) {
    int64_t piece = start, index = start;
    while (index < end) {
        if (is_space(character_at(text, scratch->start + index))) {
            int64_t next = gap_end(scratch->labels, index);
            add_token(scratch, piece, index, 0);
            add_token(scratch, index, next, 0);
            piece = index = next;
        } else {
            index++;
        }
    }
    add_token(scratch, piece, end, 0);
}

/* The ends of the dictionary's words that begin at `start`; if there is none, the character alone. */
static int64_t edges_from(const Dictionary *dictionary, const Label *labels, int64_t start, int64_t *ends) {
    const Table *table = dictionary->table;
    const UserWords *users = dictionary->user;
    uint32_t slot = labels[start], user = 0;
    int in_table = 1, in_user = users != NULL;
    int64_t count = 0, end = start;
    while (in_table || in_user) {
        uint32_t label = labels[end];
        if (end > start && in_table) {
            uint32_t base = node_base(table->nodes[slot]), next = base + label;
            in_table = base != 0 && node_check(table->nodes[next]) == slot;
            slot = next;
        }
        if (in_user) {
            user = label <= LABEL_LF ? 0 : user_child(users, user, label);
            in_user = user != 0;
        }
        if (!in_table && !in_user) break;
        end++;
        int64_t frequency = in_table ? table->frequencies[node_frequency(table->nodes[slot])] : 0;
        if (in_user && users->nodes[user].frequency != ABSENT) frequency = users->nodes[user].frequency;
        if (frequency > 0) ends[count++] = end;
    }
    if (count == 0) ends[count++] = start + 1;
    return count;
}

static int glue(Scratch *scratch, int64_t start, int64_t end) {
    if (scratch->glued_count + end - start >= GLUED_WORD) return 0; /* half a billion: more than memory should hold */
    if (scratch->glued_count + end - start > scratch->glued_limit) {
        int64_t limit = 2 * (scratch->glued_count + end - start);
        void *glued = realloc(scratch->glued, limit * sizeof(int32_t));
        if (glued == NULL) return 0;
        scratch->glued = glued, scratch->glued_limit = limit;
    }
    for (int64_t index = start; index < end; index++)
        scratch->glued[scratch->glued_count++] = (int32_t)(scratch->start + index);
    return 1;
}

/* The glued characters from `first` on as a token. Mostly they lie side by side; then a span tells them. */
static void add_glued(Scratch *scratch, int64_t first) {
    int64_t length = scratch->glued_count - first, start = scratch->glued[first] - scratch->start;
    int together = 1; /* characters may be left out, and others stand twice */
    for (int64_t index = first + 1; together && index < scratch->glued_count; index++)
        together = scratch->glued[index] == scratch->glued[index - 1] + 1;
    add_token(scratch, start, start + length, together ? 0 : GLUED_WORD | (uint32_t)first);
    if (together) scratch->glued_count = first;
}

/* jieba's __cut_all: every edge of the graph; Latin characters are glued, also across words given in between. */
static int full_block(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t stop) {
    const Label *labels = scratch->labels;
    int64_t ends[256], covered = start - 1, latin = -1;
    for (int64_t index = start; index < stop; index++) {
        if (latin >= 0 && !label_is_latin(labels[index])) {
            add_glued(scratch, latin);
            latin = -1;
        }
        int64_t count = edges_from(dictionary, labels, index, ends);
        if (!reserve_tokens(&scratch->tokens, count + 2)) return 0;
        if (count == 1 && index > covered) {
            if (label_is_latin(labels[index])) {
                if (latin < 0) latin = scratch->glued_count;
                if (!glue(scratch, index, ends[0])) return 0;
            }
            if (latin < 0) add_token(scratch, index, ends[0], 0);
            covered = ends[0] - 1;
        } else {
            for (int64_t edge = 0; edge < count; edge++)
                if (ends[edge] > index + 1) {
                    add_token(scratch, index, ends[edge], 0);
                    covered = ends[edge] - 1;
                }
        }
    }
    if (latin >= 0) add_glued(scratch, latin);
    return 1;
}

int full_stretch(const Dictionary *dictionary, const Text *text, Scratch *scratch) {
    const Label *labels = scratch->labels;
    for (int64_t start = 0, end; start < scratch->length; start = end) {
        int gap = labels[start] <= LABEL_LF;
        for (end = start + 1; end < scratch->length && (labels[end] <= LABEL_LF) == gap; end++) continue;
        if (!reserve_tokens(&scratch->tokens, 2 * (end - start) + 2)) return 0;
        if (gap) full_gap(text, scratch, start, end);
        else if (!full_block(dictionary, scratch, start, end)) return 0;
    }
    return 1;
}
