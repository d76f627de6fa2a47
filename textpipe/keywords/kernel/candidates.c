/* The candidate phrases of one document; step by step as candidate_phrases.py finds them, and with its names. */
#include "candidates.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_LIMIT = 512 };

/* ------------------------------------------------------------------------------------------- places */

static int places_start(Places *places) {
    *places = (Places){calloc(2 * FIRST_LIMIT, sizeof(uint64_t)), malloc(2 * FIRST_LIMIT * sizeof(uint32_t)),
                       2 * FIRST_LIMIT, 0};
    return places->keys && places->numbers;
}

static void places_free(Places *places) {
    free(places->keys);
    free(places->numbers);
}

static inline uint32_t place_of(uint64_t key, uint32_t limit) {
    return (uint32_t)((key * 0x9E3779B97F4A7C15ULL) >> 32) & (limit - 1);
}

static int places_grow(Places *places) {
    uint32_t limit = places->limit * 2;
    uint64_t *keys = calloc(limit, sizeof(uint64_t));
    uint32_t *numbers = malloc(limit * sizeof(uint32_t));
    if (!keys || !numbers) {
        free(keys);
        free(numbers);
        PyErr_NoMemory();
        return 0;
    }
    for (uint32_t old = 0; old < places->limit; old++) {
        if (places->keys[old] == 0) continue;
        uint32_t place = place_of(places->keys[old], limit);
        while (keys[place]) place = (place + 1) & (limit - 1);
        keys[place] = places->keys[old], numbers[place] = places->numbers[old];
    }
    places_free(places);
    places->keys = keys, places->numbers = numbers, places->limit = limit;
    return 1;
}

/* Where the key stands, or where it would. */
static inline uint32_t places_find(const Places *places, uint64_t key) {
    uint32_t place = place_of(key, places->limit);
    while (places->keys[place] && places->keys[place] != key) place = (place + 1) & (places->limit - 1);
    return place;
}

static int places_put(Places *places, uint32_t place, uint64_t key, uint32_t number) {
    places->keys[place] = key, places->numbers[place] = number;
    return ++places->count * 2 < places->limit || places_grow(places);
}

/* ------------------------------------------------------------------------------------------- start and end */

int phrases_start(Phrases *phrases, int keep_texts) {
    memset(phrases, 0, sizeof(*phrases));
    phrases->broken = 1, phrases->keep_texts = (uint8_t)keep_texts;
    phrases->word_limit = FIRST_LIMIT, phrases->found_limit = FIRST_LIMIT;
    phrases->words = malloc(FIRST_LIMIT * sizeof(PhraseWord));
    phrases->found = malloc(FIRST_LIMIT * sizeof(Candidate));
    phrases->by_key = PyDict_New();
    int fine = places_start(&phrases->by_slot) & places_start(&phrases->by_words) & places_start(&phrases->links);
    if (fine && phrases->words && phrases->found && phrases->by_key) return 1;
    PyErr_NoMemory();
    return 0;
}

static void drop_texts(Occurrence *occurrences, int count) {
    for (int index = 0; index < count; index++) Py_CLEAR(occurrences[index].text);
}

void phrases_free(Phrases *phrases) {
    drop_texts(phrases->ending, phrases->ending_count);
    for (int64_t word = 0; word < phrases->word_count; word++) Py_XDECREF(phrases->words[word].key);
    for (int64_t number = 0; number < phrases->found_count; number++) Py_XDECREF(phrases->found[number].text);
    free(phrases->words);
    free(phrases->found);
    places_free(&phrases->by_slot);
    places_free(&phrases->by_words);
    places_free(&phrases->links);
    Py_XDECREF(phrases->by_key);
}

/* ------------------------------------------------------------------------------------------- words */

/* Takes the key. Its number, NO_ROOM, or -1 with an exception set. */
static int64_t new_word(Phrases *phrases, const Grammar *grammar, PyObject *key, uint32_t slot) {
    int stopped = PySet_Contains(grammar->stopwords, key);
    if (stopped == 0 && phrases->found_count >= grammar->most_candidates) {
        Py_DECREF(key);
        return NO_ROOM;
    }
    if (stopped >= 0 && phrases->word_count == phrases->word_limit) {
        PhraseWord *words = realloc(phrases->words, 2 * phrases->word_limit * sizeof(PhraseWord));
        if (words == NULL) stopped = -1, PyErr_NoMemory();
        else phrases->words = words, phrases->word_limit *= 2;
    }
    if (stopped < 0) {
        Py_DECREF(key);
        return -1;
    }
    if (stopped) Py_CLEAR(key);
    phrases->words[phrases->word_count] = (PhraseWord){key, 0, 0, slot};
    return phrases->word_count++;
}

static PyObject *string_at(const Text *text, int64_t start, int64_t end) {
    const char *from = (const char *)text->characters + start * text->width;
    return PyUnicode_FromKindAndData(text->width, from, end - start);
}

int64_t phrase_word_in_table(Phrases *phrases, const Grammar *grammar, EngineObject *engine, const Text *text,
                             int64_t start, int64_t end, uint32_t slot) {
    uint32_t place = places_find(&phrases->by_slot, slot);
    if (phrases->by_slot.keys[place]) return phrases->by_slot.numbers[place];
    PyObject *key = Py_XNewRef(engine->table->strings[slot]);
    if (key == NULL && (key = string_at(text, start, end)) == NULL) return -1;
    int64_t number = new_word(phrases, grammar, key, slot);
    return number < 0 || places_put(&phrases->by_slot, place, slot, (uint32_t)number) ? number : -1;
}

/* The same by the word in lower case, for words that the table lacks or that have case. */
int64_t phrase_word_by_key(Phrases *phrases, const Grammar *grammar, EngineObject *engine, const Text *text,
                           int64_t start, int64_t end) {
    PyObject *string = string_at(text, start, end);
    PyObject *key = string ? PyObject_CallMethod(string, "lower", NULL) : NULL;
    Py_XDECREF(string);
    if (key == NULL) return -1;
    PyObject *known = PyDict_GetItemWithError(phrases->by_key, key);
    int64_t number = known ? PyLong_AsLongLong(known) : PyErr_Occurred() ? -1 : NO_ROOM;
    if (number == NO_ROOM) {
        Text lower;
        uint32_t slot = text_of(key, &lower) ? dictionary_find(&engine->dictionary, &lower, 0, lower.length).slot : 0;
        number = PyErr_Occurred() ? -1 : new_word(phrases, grammar, Py_NewRef(key), slot);
        PyObject *value = number < 0 ? NULL : PyLong_FromLongLong(number);
        if (number >= 0 && (value == NULL || PyDict_SetItem(phrases->by_key, key, value) < 0)) number = -1;
        Py_XDECREF(value);
    }
    Py_DECREF(key);
    return number;
}

/* Count the word and each other one less than a window before it as neighbours, once a pair. */
static int link_word(Phrases *phrases, const Grammar *grammar, uint32_t word, int64_t position) {
    int kept = 0;
    for (int index = 0; index < phrases->recent_count; index++) {
        if (phrases->recent_positions[index] <= position - LINK_WINDOW) continue;
        uint32_t other = phrases->recent_words[index];
        phrases->recent_words[kept] = other, phrases->recent_positions[kept++] = phrases->recent_positions[index];
        if (other == word || phrases->links.count >= grammar->most_links) continue;
        uint64_t key = (other < word ? (uint64_t)other << 32 | word : (uint64_t)word << 32 | other) + 1;
        uint32_t place = places_find(&phrases->links, key);
        if (phrases->links.keys[place]) continue;
        if (!places_put(&phrases->links, place, key, 0)) return 0;
        phrases->words[word].degree++, phrases->words[other].degree++;
    }
    phrases->recent_words[kept] = word, phrases->recent_positions[kept] = position;
    phrases->recent_count = kept + 1;
    return 1;
}

/* ------------------------------------------------------------------------------------------- candidates */

/* What ends here ends before something that is no part of a phrase. */
void end_phrases(Phrases *phrases, int opens, int closes) {
    for (int index = 0; index < phrases->ending_count; index++) {
        Candidate *candidate = phrases->found + phrases->ending[index].candidate;
        candidate->right++;
        if (opens || (phrases->ending[index].opened && closes)) candidate->bracketed = 1;
    }
    drop_texts(phrases->ending, phrases->ending_count);
    phrases->ending_count = 0, phrases->goes_on = 0;
}

/* text[start:end] with each run of white space as one space. */
static PyObject *spaced_once(PyObject *piece, int64_t start, int64_t end, int32_t characters) {
    int as_it_is = end - start == characters;
    for (int64_t index = start; as_it_is && index < end; index++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(piece, index);
        as_it_is = character == ' ' || !Py_UNICODE_ISSPACE(character); /* a line feed is as long as a space */
    }
    if (as_it_is) return PyUnicode_Substring(piece, start, end);
    Py_UCS4 *copy = malloc(characters * sizeof(Py_UCS4));
    if (copy == NULL) return PyErr_NoMemory();
    int32_t length = 0;
    for (int64_t index = start; index < end && length < characters; index++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(piece, index);
        int space = Py_UNICODE_ISSPACE(character);
        if (space && length && copy[length - 1] == ' ') continue;
        copy[length++] = space ? ' ' : character;
    }
    PyObject *text = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, copy, length);
    free(copy);
    return text;
}

PyObject *candidate_text(const Candidate *candidate, PyObject *piece) {
    if (candidate->text) return Py_NewRef(candidate->text);
    return spaced_once(piece, candidate->first, candidate->first_end, candidate->characters);
}

int keep_ending(Phrases *phrases, PyObject *piece) {
    for (int index = 0; phrases->keep_texts && index < phrases->ending_count; index++) {
        Occurrence *occurrence = phrases->ending + index;
        int64_t start = occurrence->offset - phrases->offset, end = phrases->end_offset - phrases->offset;
        if (occurrence->text == NULL) occurrence->text = spaced_once(piece, start, end, occurrence->characters);
        if (occurrence->text == NULL) return 0;
    }
    return 1;
}

/* The text of one that begins in an earlier piece, and goes on with this word. */
static PyObject *longer_text(const Phrases *phrases, PyObject *before, int gap, const PlacedWord *word,
                             PyObject *piece) {
    PyObject *string = PyUnicode_Substring(piece, word->start - phrases->offset, word->end - phrases->offset);
    PyObject *text = string ? PyUnicode_FromFormat("%U%s%U", before, gap ? " " : "", string) : NULL;
    Py_XDECREF(string);
    return text;
}

static int new_candidate(Phrases *phrases, const Candidate *candidate) {
    if (phrases->found_count == phrases->found_limit) {
        Candidate *found = realloc(phrases->found, 2 * phrases->found_limit * sizeof(Candidate));
        if (found == NULL) {
            PyErr_NoMemory();
            return 0;
        }
        phrases->found = found, phrases->found_limit *= 2;
    }
    phrases->found[phrases->found_count++] = *candidate;
    return 1;
}

/* Count the phrase that the word ends; `occurrence` has its length and where it begins. False without room, too. */
static int count_phrase(Phrases *phrases, const Grammar *grammar, const PlacedWord *word, uint32_t number,
                        int32_t prefix, int length, Occurrence *occurrence, PyObject *piece) {
    uint64_t key = ((uint64_t)(prefix + 1) << 32 | number) + 1;
    uint32_t place = places_find(&phrases->by_words, key);
    if (phrases->by_words.keys[place] == 0) {
        if (phrases->found_count >= grammar->most_candidates) return 0;
        int32_t suffix = length > 1 ? phrases->ending[length - 2].candidate : -1;
        Candidate candidate = {.first = occurrence->offset, .first_end = word->end, .prefix = prefix, .suffix = suffix,
                               .word = number, .characters = occurrence->characters, .length = (uint8_t)length,
                               .first_kind = occurrence->kind, .last_kind = word->kind};
        if (phrases->keep_texts) {
            int64_t start = occurrence->offset - phrases->offset, end = word->end - phrases->offset;
            candidate.text = occurrence->text ? Py_NewRef(occurrence->text)
                                              : spaced_once(piece, start, end, occurrence->characters);
            if (candidate.text == NULL) return 0;
        }
        occurrence->candidate = (int32_t)phrases->found_count;
        if (!new_candidate(phrases, &candidate)) {
            Py_XDECREF(candidate.text);
            return 0;
        }
        if (!places_put(&phrases->by_words, place, key, (uint32_t)occurrence->candidate)) return 0;
    } else {
        occurrence->candidate = (int32_t)phrases->by_words.numbers[place];
    }
    Candidate *candidate = phrases->found + occurrence->candidate;
    candidate->count++;
    candidate->left += occurrence->free;
    candidate->last = word->end;
    return 1;
}

/* Count the word and every phrase that ends with it, as long as there is room for new ones; `before` are those that it
 * goes on from. */
static int count_phrases(Phrases *phrases, const Grammar *grammar, const PlacedWord *word, uint32_t number,
                         const Occurrence *before, int count, PyObject *piece) {
    int32_t added = (int32_t)(word->end - word->start), gap = word->start > phrases->end_offset;
    uint8_t free_before = !(count && phrases->goes_on);
    for (int index = 0; index <= count; index++) {
        Occurrence occurrence = {0, added, word->start, NULL, word->kind, free_before, word->opened};
        if (index) {
            occurrence = before[index - 1], occurrence.characters += gap + added;
            if (occurrence.text) {
                occurrence.text = longer_text(phrases, occurrence.text, gap, word, piece);
                if (occurrence.text == NULL) return 0;
            }
        }
        int32_t prefix = index ? before[index - 1].candidate : -1;
        if (!count_phrase(phrases, grammar, word, number, prefix, index + 1, &occurrence, piece)) {
            Py_XDECREF(occurrence.text);
            return !PyErr_Occurred();
        }
        phrases->ending[phrases->ending_count++] = occurrence;
    }
    return 1;
}

static int extend(Phrases *phrases, const Grammar *grammar, const PlacedWord *word, uint32_t number, PyObject *piece) {
    Occurrence before[MOST_WORDS];
    int all = phrases->ending_count, count = all < grammar->longest - 1 ? all : grammar->longest - 1;
    memcpy(before, phrases->ending, all * sizeof(Occurrence));
    phrases->ending_count = 0;
    int fine = count_phrases(phrases, grammar, word, number, before, count, piece);
    drop_texts(before, all);
    return fine;
}

int add_phrase_word(Phrases *phrases, const Grammar *grammar, const PlacedWord *word, int64_t number, PyObject *piece) {
    int goes_on = !(grammar->ending >> word->kind & 1);
    if (!word->joined) end_phrases(phrases, 0, 0);
    else if (!goes_on)
        for (int index = 0; index < phrases->ending_count; index++)
            phrases->found[phrases->ending[index].candidate].right++;
    if (number == NO_ROOM) {
        end_phrases(phrases, 0, 0);
        return 1;
    }
    phrases->words[number].count++;
    if (goes_on && word->end - word->start > 1 && !link_word(phrases, grammar, (uint32_t)number, word->position)) return 0;
    if (!extend(phrases, grammar, word, (uint32_t)number, piece)) return 0;
    phrases->goes_on = (uint8_t)goes_on, phrases->end_offset = word->end;
    return 1;
}

void phrases_finish(Phrases *phrases) {
    end_phrases(phrases, 0, 0);
    for (int64_t number = 0; number < phrases->found_count; number++) {
        const Candidate *candidate = phrases->found + number;
        int32_t parts[] = {candidate->prefix, candidate->suffix};
        for (int part = 0; part < 2; part++)
            if (parts[part] >= 0 && candidate->count > phrases->found[parts[part]].inside)
                phrases->found[parts[part]].inside = candidate->count;
    }
}
