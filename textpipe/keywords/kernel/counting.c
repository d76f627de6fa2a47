/* Counting the tokens of a document that may become keywords: jieba's rules, word by word only the first time. */
#include "counting.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_LIMIT = 256 };

int counts_start(Counts *counts, const Wanted *wanted) {
    memset(counts, 0, sizeof(*counts));
    counts->word_limit = FIRST_LIMIT, counts->slot_limit = 2 * FIRST_LIMIT;
    counts->words = malloc(counts->word_limit * sizeof(Word));
    counts->slots = calloc(counts->slot_limit, sizeof(uint32_t));
    counts->numbers = malloc(counts->slot_limit * sizeof(uint32_t));
    counts->unknown = PyDict_New();
    int fine = counts->words && counts->slots && counts->numbers && counts->unknown;
    if (fine && wanted->window) {
        counts->edge_limit = 2 * FIRST_LIMIT, counts->pair_limit = 4 * FIRST_LIMIT;
        counts->edges = malloc(counts->edge_limit * sizeof(Edge));
        counts->pairs = calloc(counts->pair_limit, sizeof(uint64_t));
        counts->pair_edges = malloc(counts->pair_limit * sizeof(uint32_t));
        counts->recent = malloc(wanted->window * sizeof(uint32_t));
        counts->recent_positions = malloc(wanted->window * sizeof(int64_t));
        fine = counts->edges && counts->pairs && counts->pair_edges && counts->recent && counts->recent_positions;
    }
    if (!fine) PyErr_NoMemory();
    return fine;
}

void counts_free(Counts *counts) {
    for (int64_t word = 0; word < counts->word_count; word++) Py_XDECREF(counts->words[word].string);
    free(counts->words);
    free(counts->slots);
    free(counts->numbers);
    free(counts->edges);
    free(counts->pairs);
    free(counts->pair_edges);
    free(counts->recent);
    free(counts->recent_positions);
    Py_XDECREF(counts->unknown);
}

static inline uint32_t place_of(uint64_t key, uint32_t limit) {
    return (uint32_t)((key * 0x9E3779B97F4A7C15ULL) >> 32) & (limit - 1);
}

/* ------------------------------------------------------------------------------------------- words */

static int grow_slots(Counts *counts) {
    uint32_t limit = counts->slot_limit * 2;
    uint32_t *slots = calloc(limit, sizeof(uint32_t)), *numbers = malloc(limit * sizeof(uint32_t));
    if (!slots || !numbers) {
        free(slots);
        free(numbers);
        PyErr_NoMemory();
        return 0;
    }
    for (uint32_t old = 0; old < counts->slot_limit; old++) {
        if (counts->slots[old] == 0) continue;
        uint32_t place = place_of(counts->slots[old], limit);
        while (slots[place]) place = (place + 1) & (limit - 1);
        slots[place] = counts->slots[old], numbers[place] = counts->numbers[old];
    }
    free(counts->slots);
    free(counts->numbers);
    counts->slots = slots, counts->numbers = numbers, counts->slot_limit = limit;
    return 1;
}

/* Two characters at least, white space aside, and no stop word in lower case; -1 with an exception set. */
static int may_count(const Wanted *wanted, PyObject *string) {
    int plain = PyUnicode_KIND(string) == PyUnicode_2BYTE_KIND; /* Han alone has neither case nor white space */
    for (Py_ssize_t index = 0; plain && index < PyUnicode_GET_LENGTH(string); index++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(string, index);
        plain = character >= 0x4E00 && character <= 0x9FD5;
    }
    if (plain) {
        int stopped = PySet_Contains(wanted->stopwords, string);
        return stopped < 0 ? -1 : !stopped;
    }
    PyObject *stripped = PyObject_CallMethod(string, "strip", NULL);
    PyObject *lower = PyObject_CallMethod(string, "lower", NULL);
    int stopped = lower ? PySet_Contains(wanted->stopwords, lower) : -1;
    int long_enough = stripped && PyUnicode_GET_LENGTH(stripped) > 1;
    Py_XDECREF(stripped);
    Py_XDECREF(lower);
    return stopped < 0 || PyErr_Occurred() ? -1 : !stopped && long_enough;
}

/* A word met for the first time; takes the string. Its number, or -1. */
static int64_t new_word(Counts *counts, const Wanted *wanted, PyObject *string, uint32_t slot, int64_t offset) {
    int counting = may_count(wanted, string);
    if (counting >= 0 && counts->word_count == counts->word_limit) {
        Word *words = realloc(counts->words, 2 * counts->word_limit * sizeof(Word));
        if (words == NULL) counting = -1, PyErr_NoMemory();
        else counts->words = words, counts->word_limit *= 2;
    }
    if (counting < 0) {
        Py_DECREF(string);
        return -1;
    }
    if (!counting) Py_CLEAR(string);
    counts->words[counts->word_count] = (Word){string, 0, offset, slot};
    return counts->word_count++;
}

static PyObject *string_at(const Text *text, int64_t start, int64_t end) {
    const char *from = (const char *)text->characters + start * text->width;
    return PyUnicode_FromKindAndData(text->width, from, end - start);
}

static int64_t word_in_table(Counts *counts, const Wanted *wanted, EngineObject *engine, const Text *text,
                             int64_t start, int64_t end, uint32_t slot) {
    uint32_t place = place_of(slot, counts->slot_limit);
    for (; counts->slots[place]; place = (place + 1) & (counts->slot_limit - 1))
        if (counts->slots[place] == slot) return counts->numbers[place];
    PyObject *string = Py_XNewRef(engine->table->strings[slot]);
    if (string == NULL && (string = string_at(text, start, end)) == NULL) return -1;
    int64_t number = new_word(counts, wanted, string, slot, counts->offset + start);
    if (number < 0) return -1;
    counts->slots[place] = slot, counts->numbers[place] = (uint32_t)number;
    return counts->word_count * 2 < counts->slot_limit || grow_slots(counts) ? number : -1;
}

static int64_t word_outside(Counts *counts, const Wanted *wanted, const Text *text, int64_t start, int64_t end) {
    PyObject *string = string_at(text, start, end);
    if (string == NULL) return -1;
    PyObject *known = PyDict_GetItemWithError(counts->unknown, string);
    if (known || PyErr_Occurred()) {
        Py_DECREF(string);
        return known ? PyLong_AsLongLong(known) : -1;
    }
    int64_t number = new_word(counts, wanted, Py_NewRef(string), 0, counts->offset + start);
    PyObject *value = number < 0 ? NULL : PyLong_FromLongLong(number);
    int kept = value ? PyDict_SetItem(counts->unknown, string, value) : -1;
    Py_XDECREF(value);
    Py_DECREF(string);
    return kept < 0 ? -1 : number;
}

/* ------------------------------------------------------------------------------------------- neighbours */

static int grow_pairs(Counts *counts) {
    uint32_t limit = counts->pair_limit * 2;
    Edge *edges = realloc(counts->edges, limit / 2 * sizeof(Edge));
    if (edges) counts->edges = edges;
    uint64_t *pairs = calloc(limit, sizeof(uint64_t));
    uint32_t *numbers = malloc(limit * sizeof(uint32_t));
    if (!edges || !pairs || !numbers) {
        free(pairs);
        free(numbers);
        PyErr_NoMemory();
        return 0;
    }
    for (uint32_t old = 0; old < counts->pair_limit; old++) {
        if (counts->pairs[old] == 0) continue;
        uint32_t place = place_of(counts->pairs[old], limit);
        while (pairs[place]) place = (place + 1) & (limit - 1);
        pairs[place] = counts->pairs[old], numbers[place] = counts->pair_edges[old];
    }
    free(counts->pairs);
    free(counts->pair_edges);
    counts->pairs = pairs, counts->pair_edges = numbers, counts->pair_limit = limit, counts->edge_limit = limit / 2;
    return 1;
}

static int add_edge(Counts *counts, uint32_t left, uint32_t right) {
    uint64_t key = left < right ? (uint64_t)left << 32 | right : (uint64_t)right << 32 | left;
    key++;
    uint32_t place = place_of(key, counts->pair_limit);
    for (; counts->pairs[place]; place = (place + 1) & (counts->pair_limit - 1))
        if (counts->pairs[place] == key) {
            counts->edges[counts->pair_edges[place]].weight++;
            return 1;
        }
    counts->pairs[place] = key, counts->pair_edges[place] = (uint32_t)counts->edge_count;
    counts->edges[counts->edge_count++] = (Edge){left, right, 1};
    return counts->edge_count < counts->edge_limit || grow_pairs(counts);
}

/* Link the word to those fewer than `window` tokens before it. */
static int link_word(Counts *counts, const Wanted *wanted, uint32_t word, int64_t position) {
    while (counts->recent_count && counts->recent_positions[counts->recent_first] <= position - wanted->window)
        counts->recent_first = (counts->recent_first + 1) % wanted->window, counts->recent_count--;
    int64_t place = counts->recent_first;
    for (int64_t index = 0; index < counts->recent_count; index++, place = (place + 1) % wanted->window)
        if (!add_edge(counts, counts->recent[place], word)) return 0;
    counts->recent[place] = word, counts->recent_positions[place] = position;
    counts->recent_count++;
    return 1;
}

/* ------------------------------------------------------------------------------------------- texts */

static int count_token(Counts *counts, const Wanted *wanted, EngineObject *engine, const Text *text,
                       const Tokens *tokens, int64_t token) {
    int64_t start = tokens->spans[token][0], end = tokens->spans[token][1];
    uint32_t slot = tokens->words[token];
    if (slot == 0 || slot & USER_WORD) slot = dictionary_find(&engine->dictionary, text, start, end).slot;
    int64_t number = slot ? word_in_table(counts, wanted, engine, text, start, end, slot)
                          : word_outside(counts, wanted, text, start, end);
    if (number < 0) return 0;
    Word *word = counts->words + number;
    if (word->string == NULL) return 1;
    word->count++;
    counts->total++;
    return !wanted->window || link_word(counts, wanted, (uint32_t)number, counts->position + token);
}

int counts_add(Counts *counts, const Wanted *wanted, EngineObject *engine, PyObject *object) {
    Text text;
    if (!text_of(object, &text)) return 0;
    Scratch *scratch = take_scratch();
    PyThreadState *state = text.length < LONG_TEXT ? NULL : PyEval_SaveThread();
    int fine = scratch && (wanted->allowed ? tag_text(&engine->dictionary, &text, wanted->hmm, scratch)
                                           : cut_text(&engine->dictionary, &text, MODE_EXACT, wanted->hmm, scratch));
    if (state) PyEval_RestoreThread(state);
    if (!fine) PyErr_NoMemory();
    const Tokens *tokens = scratch ? &scratch->tokens : NULL;
    for (int64_t token = 0; fine && token < tokens->count; token++) {
        if (tokens->spans[token][1] - tokens->spans[token][0] < 2) continue;
        if (wanted->allowed && !wanted->allowed[tokens->tags[token]]) continue;
        fine = count_token(counts, wanted, engine, &text, tokens, token);
    }
    if (tokens) counts->offset += text.length, counts->position += tokens->count;
    if (scratch) give_scratch(scratch);
    return fine;
}
