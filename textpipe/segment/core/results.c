/* Tokens as Python objects. Words of the dictionary and single characters are one object each, shared by all lists. */
#include "module.h"

enum { BASIC = 0x10000, ASTRAL = 1024 };

/* Single characters outside the dictionary, and their pairs with the tag x: those of the basic plane each in a place of
 * its own; of the others, emoji mostly, the last that came to a place stays. */
static PyObject *characters[BASIC + ASTRAL], *character_pairs[BASIC + ASTRAL];
static uint32_t astral[ASTRAL];
static PyObject *line_end, *line_end_pair; /* CR LF, the only token of two characters outside blocks */

static uint32_t place_of_character(uint32_t character) {
    if (character < BASIC) return character;
    uint32_t place = character % ASTRAL;
    if (astral[place] != character) {
        astral[place] = character;
        Py_CLEAR(characters[BASIC + place]);
        Py_CLEAR(character_pairs[BASIC + place]);
    }
    return BASIC + place;
}

static PyObject *new_string(const Text *text, int64_t start, int64_t end) {
    const char *from = (const char *)text->characters + start * text->width;
    return PyUnicode_FromKindAndData(text->width, from, end - start); /* width is Python's kind */
}

static PyObject *kept_string(const Text *text, int64_t start, int64_t end, PyObject **place) {
    if (*place == NULL && (*place = new_string(text, start, end)) == NULL) return NULL;
    return Py_NewRef(*place);
}

static PyObject *glued_string(const Text *text, const Scratch *scratch, int64_t first, int64_t length) {
    Py_UCS4 *letters = PyMem_New(Py_UCS4, length);
    if (letters == NULL) return PyErr_NoMemory();
    for (int64_t index = 0; index < length; index++) letters[index] = character_at(text, scratch->glued[first + index]);
    PyObject *string = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, letters, length); /* as narrow as they allow */
    PyMem_Free(letters);
    return string;
}

static PyObject *string_of(EngineObject *engine, const Text *text, const Scratch *scratch, int64_t token) {
    int64_t start = scratch->tokens.spans[token][0], end = scratch->tokens.spans[token][1];
    uint32_t word = scratch->tokens.words[token];
    if (word & USER_WORD) return kept_string(text, start, end, engine->strings + (word & ~USER_WORD));
    if (word & GLUED_WORD) return glued_string(text, scratch, word & ~GLUED_WORD, end - start);
    if (word) return kept_string(text, start, end, engine->table->strings + word);
    uint32_t first = start < end ? character_at(text, start) : 0;
    if (end - start == 1) return kept_string(text, start, end, characters + place_of_character(first));
    if (end - start == 2 && first == '\r') return kept_string(text, start, end, &line_end);
    return new_string(text, start, end);
}

PyObject *token_list(EngineObject *engine, const Text *text, const Scratch *scratch) {
    const Tokens *tokens = &scratch->tokens;
    PyObject *list = PyList_New(tokens->count);
    if (list == NULL) return NULL;
    for (int64_t token = 0; token < tokens->count; token++) {
        uint32_t word = tokens->words[token];
        PyObject *string = word && word < GLUED_WORD ? engine->table->strings[word] : NULL;
        if (string) Py_INCREF(string);
        else if ((string = string_of(engine, text, scratch, token)) == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, token, string);
    }
    return list;
}

static PyObject *tag_string(EngineObject *engine, uint32_t tag) {
    int64_t known = engine->table->table.tag_count;
    PyObject *name = tag < known ? engine->table->tags[tag] : PyList_GET_ITEM(engine->user_tags, tag - known);
    return Py_NewRef(name);
}

static PyObject *new_pair(EngineObject *engine, const Text *text, const Scratch *scratch, int64_t token) {
    PyObject *string = string_of(engine, text, scratch, token);
    PyObject *pair = string ? PyTuple_New(2) : NULL;
    if (pair == NULL) {
        Py_XDECREF(string);
        return NULL;
    }
    PyTuple_SET_ITEM(pair, 0, string);
    PyTuple_SET_ITEM(pair, 1, tag_string(engine, scratch->tokens.tags[token]));
    PyObject_GC_UnTrack(pair); /* two strings: no cycle can pass through it */
    return pair;
}

/* Where the pair of a token is kept, or null for one that is made anew each time. */
static PyObject **pair_place(EngineObject *engine, const Text *text, const Scratch *scratch, int64_t token) {
    uint32_t word = scratch->tokens.words[token];
    if (word & USER_WORD) return engine->pairs + (word & ~USER_WORD);
    if (word) return engine->table->pairs + word;
    int64_t start = scratch->tokens.spans[token][0];
    if (scratch->tokens.tags[token] != 0) return NULL;
    if (scratch->tokens.spans[token][1] - start > 1) return character_at(text, start) == '\r' ? &line_end_pair : NULL;
    return character_pairs + place_of_character(character_at(text, start));
}

PyObject *pair_list(EngineObject *engine, const Text *text, const Scratch *scratch) {
    const Tokens *tokens = &scratch->tokens;
    PyObject *list = PyList_New(tokens->count);
    if (list == NULL) return NULL;
    for (int64_t token = 0; token < tokens->count; token++) {
        PyObject **place = pair_place(engine, text, scratch, token);
        PyObject *pair = place ? *place : NULL;
        if (pair == NULL) {
            if ((pair = new_pair(engine, text, scratch, token)) == NULL) {
                Py_DECREF(list);
                return NULL;
            }
            if (place) *place = Py_NewRef(pair);
        } else {
            Py_INCREF(pair);
        }
        PyList_SET_ITEM(list, token, pair);
    }
    return list;
}
