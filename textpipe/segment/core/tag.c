/* Tokens with parts of speech: jieba.posseg 0.42.1, whose blocks and splits are not those of cutting.
 *
 * Unknown words: Viterbi over 256 states (place in the word, tag), numbered in the order of jieba's tuples, so that a
 * tie takes the larger number. A character that jieba's table of states lacks may be in any of them, so that a step
 * would cost 128 x 128 sums. But -3.14e100, added for a missing emission, absorbs every ordinary term in double
 * precision: among origins that miss something the largest value wins whatever the transition, which sets of bits
 * decide. Only origins that miss nothing need their sums. */
#include "cut.h"

#include <string.h>

enum { WORDS_OF_SET = STATES / 64 };
enum { BEGIN, END, MIDDLE, SINGLE }; /* a state is its place x 64 + its tag */

static const double MISSING = -3.14e100;
static const double NOTHING_MISSING = -1e99; /* values above it */

typedef struct {
    uint64_t bits[WORDS_OF_SET];
} Set;

typedef struct {
    double values[STATES];
    int count, sound; /* states in all; those that miss nothing come first */
    uint8_t states[STATES];
    int group_count;  /* the others, by value from the largest */
    double group_values[STATES];
    Set groups[STATES];
    Set sound_set;
} Column;

static inline void set_add(Set *set, int state) { set->bits[state >> 6] |= 1ULL << (state & 63); }
static inline int set_has(const Set *set, int state) { return set->bits[state >> 6] >> (state & 63) & 1; }
static inline Set set_of(const uint64_t *bits, int state) {
    Set set;
    memcpy(&set, bits + WORDS_OF_SET * state, sizeof(set));
    return set;
}

static inline int highest_of_both(const Set *left, const Set *right) {
    for (int word = WORDS_OF_SET - 1; word >= 0; word--) {
        uint64_t both = left->bits[word] & right->bits[word];
        if (both) return word * 64 + 63 - __builtin_clzll(both);
    }
    return -1;
}

static void column_clear(Column *column) {
    column->count = column->sound = column->group_count = 0;
    memset(&column->sound_set, 0, sizeof(Set));
}

/* States must come in rising order. */
static inline void column_add(Column *column, int state, double value) {
    column->values[state] = value;
    column->states[column->count++] = (uint8_t)state;
    if (value > NOTHING_MISSING) {
        set_add(&column->sound_set, state);
        column->sound++;
        return;
    }
    int group = 0;
    while (group < column->group_count && column->group_values[group] > value) group++;
    if (group == column->group_count || column->group_values[group] != value) {
        memmove(column->groups + group + 1, column->groups + group, (column->group_count - group) * sizeof(Set));
        memmove(column->group_values + group + 1, column->group_values + group,
                (column->group_count - group) * sizeof(double));
        memset(column->groups + group, 0, sizeof(Set));
        column->group_values[group] = value;
        column->group_count++;
    }
    set_add(column->groups + group, state);
}

/* The best origin of `state`, and the value there: the largest (value + transition) + emission, then the last state. */
static inline int best_origin(const Table *table, const Column *before, int state, double emission, double *value) {
    Set origins = set_of(table->predecessors, state);
    int place = state >> 6, tag = state & 63, best = -1;
    double largest = 0.0;
    if (place == END || place == MIDDLE) {
        const double *into = table->into_end_middle + ((place == MIDDLE) * TAGS_OF_STATES + tag) * 2;
        for (int index = 0; index < 2; index++) {
            int origin = (index ? MIDDLE : BEGIN) * 64 + tag;
            if (!set_has(&before->sound_set, origin) || !set_has(&origins, origin)) continue;
            double candidate = (before->values[origin] + into[index]) + emission;
            if (best < 0 || candidate >= largest) largest = candidate, best = origin;
        }
    } else {
        const double *into = table->into_begin_single + ((place == SINGLE) * TAGS_OF_STATES + tag) * 128;
        for (int half = 0; half < 2; half++) {
            int word = half ? SINGLE : END;
            uint64_t left = before->sound_set.bits[word] & origins.bits[word];
            for (; left; left &= left - 1) {
                int index = __builtin_ctzll(left), origin = word * 64 + index;
                double candidate = (before->values[origin] + into[half * 64 + index]) + emission;
                if (best < 0 || candidate >= largest) largest = candidate, best = origin;
            }
        }
    }
    for (int group = 0; best < 0 && group < before->group_count; group++) {
        best = highest_of_both(&origins, before->groups + group);
        largest = before->group_values[group] + emission;
    }
    *value = largest;
    return best;
}

static void first_column(const Table *table, Label label, Column *column) {
    column_clear(column);
    uint32_t row = table->emission_starts[label], end = table->emission_starts[label + 1];
    int any = !table->label_listed[label];
    for (int state = 0; state < STATES; state++) {
        int here = row < end && table->emission_states[row] == state;
        if (any || (here && table->emission_listed[row]))
            column_add(column, state, table->tag_start[state] + (here ? table->emission_values[row] : MISSING));
        row += here;
    }
}

/* The states of `label` that can follow; all that can follow when none of its own does, as in jieba. */
static void next_column(const Table *table, Label label, const Column *before, Column *after, uint8_t *back) {
    Set expected = {{0}};
    for (int index = 0; index < before->count; index++)
        for (int word = 0; word < WORDS_OF_SET; word++)
            expected.bits[word] |= table->successors[WORDS_OF_SET * before->states[index] + word];
    uint32_t start = table->emission_starts[label], end = table->emission_starts[label + 1];
    column_clear(after);
    if (table->label_listed[label])
        for (uint32_t row = start; row < end; row++) {
            int state = table->emission_states[row];
            if (!table->emission_listed[row] || !set_has(&expected, state)) continue;
            double value;
            back[state] = (uint8_t)best_origin(table, before, state, table->emission_values[row], &value);
            column_add(after, state, value);
        }
    if (after->count) return;
    uint32_t row = start;
    for (int word = 0; word < WORDS_OF_SET; word++)
        for (uint64_t left = expected.bits[word]; left; left &= left - 1) {
            int state = word * 64 + __builtin_ctzll(left);
            while (row < end && table->emission_states[row] < state) row++;
            int here = row < end && table->emission_states[row] == state;
            double value;
            int origin = best_origin(table, before, state, here ? table->emission_values[row] : MISSING, &value);
            back[state] = (uint8_t)origin;
            column_add(after, state, value);
        }
}

static int last_state(const Column *column) {
    int best = column->states[0];
    for (int index = 1; index < column->count; index++)
        if (column->values[column->states[index]] >= column->values[best]) best = column->states[index];
    return best;
}

enum { WIDE = 128, LONGEST_ROW = STATES + 2 }; /* a row ends in how many states it has, two bytes */

/* Append where each state of a column came from: pairs of bytes, or for a wide column one byte for every state. */
static uint8_t *add_row(uint8_t *end, const Column *column, const uint8_t *origins) {
    if (column->count > WIDE) {
        memcpy(end, origins, STATES);
        end += STATES;
    } else {
        for (int index = 0; index < column->count; index++) {
            *end++ = column->states[index];
            *end++ = origins[column->states[index]];
        }
    }
    *end++ = (uint8_t)(column->count & 0xFF);
    *end++ = (uint8_t)(column->count >> 8);
    return end;
}

/* The origin of `state` in the row before `end`, which moves to the row's begin. */
static int take_row(const uint8_t **end, int state) {
    int count = (*end)[-2] | (*end)[-1] << 8;
    const uint8_t *row = *end - 2 - (count > WIDE ? STATES : 2 * count);
    *end = row;
    if (count > WIDE) return row[state];
    while (row[0] != state) row += 2; /* it is there: the path came through it */
    return row[1];
}

/* The states of the best path, in the stretch's lengths, which the route has no more use for. */
static int best_path(const Table *table, Scratch *scratch, int64_t start, int64_t length) {
    if (!reserve_back(scratch, length * LONGEST_ROW)) return 0; /* of which mostly little is touched */
    uint8_t *end = scratch->back, origins[STATES], *path = scratch->lengths + start;
    Column columns[2];
    first_column(table, scratch->labels[start], columns);
    for (int64_t index = 1; index < length; index++) {
        Column *before = columns + (index + 1) % 2, *after = columns + index % 2;
        next_column(table, scratch->labels[start + index], before, after, origins);
        end = add_row(end, after, origins);
    }
    const uint8_t *rows = end;
    path[length - 1] = (uint8_t)last_state(columns + (length + 1) % 2);
    for (int64_t index = length - 1; index > 0; index--) path[index - 1] = (uint8_t)take_row(&rows, path[index]);
    return 1;
}

/* Cut at ends and singles; what is left when the path stops inside a word takes the tag where it began. */
static int tag_han(const Table *table, Scratch *scratch, int64_t start, int64_t end) {
    if (!best_path(table, scratch, start, end - start)) return 0;
    const uint8_t *path = scratch->lengths;
    Tokens *tokens = &scratch->tokens;
    int64_t word = start;
    for (int64_t index = start; index < end; index++) {
        int place = path[index] >> 6;
        if (place != END && place != SINGLE) continue;
        tokens->tags[tokens->count] = table->state_tags[path[index] & 63];
        add_token(scratch, word, index + 1, 0);
        word = index + 1;
    }
    if (word < end) {
        tokens->tags[tokens->count] = table->state_tags[path[word] & 63];
        add_token(scratch, word, end, 0);
    }
    return 1;
}

/* [.0-9]+ is m, [a-zA-Z0-9]+ eng, what lies between such matches x. */
static void tag_other(const Table *table, Scratch *scratch, int64_t start, int64_t end) {
    const Label *labels = scratch->labels;
    for (int64_t index = start, next; index < end; index = next) {
        uint32_t tag = 0;
        next = index;
        if (label_is_digit(labels[index]) || labels[index] == LABEL_DOT) {
            while (next < end && (label_is_digit(labels[next]) || labels[next] == LABEL_DOT)) next++;
            tag = table->number_tag;
        } else if (label_is_latin(labels[index])) {
            while (next < end && label_is_latin(labels[next])) next++;
            tag = table->latin_tag;
        } else {
            while (next < end && !label_is_latin(labels[next]) && labels[next] != LABEL_DOT) next++;
        }
        scratch->tokens.tags[scratch->tokens.count] = tag;
        add_token(scratch, index, next, 0);
    }
}

static uint32_t tag_of_word(const Dictionary *dictionary, uint32_t word) {
    if (!(word & USER_WORD)) return node_tag(dictionary->table->nodes[word]);
    int32_t tag = dictionary->user->nodes[word & ~USER_WORD].tag;
    return tag == ABSENT ? 0 : (uint32_t)tag;
}

static void add_tagged(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end, uint32_t word) {
    scratch->tokens.tags[scratch->tokens.count] = word ? tag_of_word(dictionary, word) : 0;
    add_token(scratch, start, end, word);
}

static int tag_run(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end) {
    const Label *labels = scratch->labels;
    if (end - start == 1 || run_is_word(dictionary, scratch, start, end)) {
        for (int64_t index = start; index < end; index++)
            add_tagged(dictionary, scratch, index, index + 1, scratch->words[index]);
        return 1;
    }
    for (int64_t index = start, next; index < end; index = next) {
        int han = label_is_han(labels[index]);
        for (next = index + 1; next < end && label_is_han(labels[next]) == han; next++) continue;
        if (!han) tag_other(dictionary->table, scratch, index, next);
        else if (!tag_han(dictionary->table, scratch, index, next)) return 0;
    }
    return 1;
}

static int tag_with_hmm(const Dictionary *dictionary, Scratch *scratch) {
    const Label *labels = scratch->labels;
    int64_t single = 0, index = 0;
    while (index < scratch->length) {
        int gap = labels[index] <= LABEL_LF;
        int64_t length = gap ? gap_end(labels, index) - index : scratch->lengths[index];
        if (gap || length > 1) {
            if (single < index && !tag_run(dictionary, scratch, single, index)) return 0;
            add_tagged(dictionary, scratch, index, index + length, gap ? 0 : scratch->words[index]);
            single = index + length;
        }
        index += length;
    }
    return single == index || tag_run(dictionary, scratch, single, index);
}

static void add_latin(const Table *table, Scratch *scratch, int64_t start, int64_t end) {
    scratch->tokens.tags[scratch->tokens.count] = table->latin_tag;
    add_token(scratch, start, end, 0);
}

static void tag_without_hmm(const Dictionary *dictionary, Scratch *scratch) {
    const Label *labels = scratch->labels;
    int64_t latin = 0, index = 0;
    while (index < scratch->length) {
        int gap = labels[index] <= LABEL_LF;
        int64_t length = gap ? gap_end(labels, index) - index : scratch->lengths[index];
        if (length > 1 || !label_is_latin(labels[index])) {
            if (latin < index) add_latin(dictionary->table, scratch, latin, index);
            add_tagged(dictionary, scratch, index, index + length, gap ? 0 : scratch->words[index]);
            latin = index + length;
        }
        index += length;
    }
    if (latin < index) add_latin(dictionary->table, scratch, latin, index);
}

int tag_stretch(const Dictionary *dictionary, const Text *text, int64_t start, int hmm, Scratch *scratch) {
    if (!load_stretch(dictionary->table->tag_labels, text, start, 0, scratch)) return 0;
    if (!reserve_tokens(&scratch->tokens, scratch->length)) return 0;
    find_route(dictionary, scratch);
    if (hmm) return tag_with_hmm(dictionary, scratch);
    tag_without_hmm(dictionary, scratch);
    return 1;
}

int tag_text(const Dictionary *dictionary, const Text *text, int hmm, Scratch *scratch) {
    clear_tokens(scratch);
    for (int64_t start = 0; start < text->length; start += scratch->length)
        if (!tag_stretch(dictionary, text, start, hmm, scratch)) return 0;
    return 1;
}
