/* Tokens to the words that phrases are made of, and to what ends phrases; as word_stream.py, and with its names. */
#include "candidates.h"

static inline int is_han(uint32_t character) {
    return (character >= 0x3400 && character <= 0x4DBF) || (character >= 0x4E00 && character <= 0x9FFF) ||
           (character >= 0x20000 && character <= 0x3FFFF);
}

typedef enum { HAN, LETTERS, SPACE, MARK } Shape;

/* Something with Han; letters and digits, or a letter and anything; white space; else a mark. mixed: Han and others */
static Shape shape_of(const Text *text, int64_t start, int64_t end, int *mixed) {
    int letters = 1, letter = 0, space = 1, han = 0, all_han = 1;
    for (int64_t index = start; index < end; index++) {
        uint32_t character = character_at(text, index);
        if (is_han(character)) {
            han = 1;
            continue;
        }
        all_han = 0;
        letter = letter || Py_UNICODE_ISALPHA(character);
        letters = letters && Py_UNICODE_ISALNUM(character);
        space = space && Py_UNICODE_ISSPACE(character);
    }
    *mixed = han && !all_han;
    return han ? HAN : letters || letter ? LETTERS : space ? SPACE : MARK;
}

static int among(const Text *text, int64_t start, int64_t end, const uint32_t *characters, int count) {
    for (int index = 0; end - start == 1 && index < count; index++)
        if (character_at(text, start) == characters[index]) return 1;
    return 0;
}

static const uint32_t JOINING[] = {'-', 0x2010, 0x2011, '\'', 0x2019, '/', '.', '&', '+', '_'};
static const uint32_t OPENING[] = {'(', 0xFF08, '[', 0xFF3B, 0x300A, 0x3008, 0x201C, '"', 0x300C, 0x300E, 0x3010,
                                   0x2018};
static const uint32_t CLOSING[] = {')', 0xFF09, ']', 0xFF3D, 0x300B, 0x3009, 0x201D, '"', 0x300D, 0x300F, 0x3011,
                                   0x2019};
#define AMONG(text, span, set) among(text, (span)[0], (span)[1], set, sizeof(set) / sizeof((set)[0]))

/* The token after the unit of letters that begins with `token`, joined over hyphens and the like. */
static int64_t letters_end(const Text *text, const Tokens *tokens, int64_t token) {
    int mixed;
    for (token++; token < tokens->count;) {
        const int32_t *span = tokens->spans[token];
        if (shape_of(text, span[0], span[1], &mixed) == LETTERS) token++;
        else if (token + 1 < tokens->count && AMONG(text, span, JOINING) &&
                 shape_of(text, tokens->spans[token + 1][0], tokens->spans[token + 1][1], &mixed) == LETTERS)
            token += 2;
        else break;
    }
    return token;
}

static int is_number(const Text *text, int64_t start, int64_t end) {
    for (int64_t index = start; index < end; index++) {
        uint32_t character = character_at(text, index);
        if (character != '.' && !Py_UNICODE_ISDIGIT(character)) return 0;
    }
    return 1;
}

static void add_mark(Phrases *phrases, const Text *text, const int32_t *span) {
    phrases->after_letters = 0, phrases->broken = 1, phrases->opened = (uint8_t)AMONG(text, span, OPENING);
    end_phrases(phrases, phrases->opened, AMONG(text, span, CLOSING));
}

/* A unit that is a word: one that phrases hold, or one that ends them. */
static int add_unit(Phrases *phrases, const Grammar *grammar, EngineObject *engine, const Text *text, int64_t start,
                    int64_t end, uint8_t kind, int letters, int mixed, PyObject *piece) {
    int apart = phrases->spaced && !(phrases->after_letters && letters && phrases->line_ends < 2);
    PlacedWord word = {phrases->offset + start, phrases->offset + end, phrases->position,
                       kind, (uint8_t)!(apart || phrases->broken), phrases->opened};
    phrases->after_letters = (uint8_t)letters, phrases->opened = 0;
    if (end - start > LONGEST_WORD) kind = 0;
    int64_t number = 0;
    if (kind) {
        uint32_t slot = letters || mixed ? 0 : dictionary_find(&engine->dictionary, text, start, end).slot;
        number = slot ? phrase_word_in_table(phrases, grammar, engine, text, start, end, slot)
                      : phrase_word_by_key(phrases, grammar, engine, text, start, end);
        if (number == -1) return 0;
    }
    phrases->broken = !kind || (number >= 0 && phrases->words[number].key == NULL);
    if (!phrases->broken) return add_phrase_word(phrases, grammar, &word, number, piece);
    end_phrases(phrases, 0, 0);
    return 1;
}

static int add_tokens(Phrases *phrases, const Grammar *grammar, EngineObject *engine, const Text *text,
                      const Tokens *tokens, PyObject *piece) {
    for (int64_t token = 0, next; token < tokens->count; token = next) {
        int64_t start = tokens->spans[token][0], end = tokens->spans[token][1];
        int mixed, fine = 1;
        Shape shape = shape_of(text, start, end, &mixed);
        next = token + 1;
        if (shape == SPACE) {
            phrases->spaced = 1;
            for (int64_t index = start; index < end; index++) phrases->line_ends += character_at(text, index) == '\n';
            continue;
        }
        if (shape == MARK) {
            add_mark(phrases, text, tokens->spans[token]);
        } else if (shape == HAN) {
            uint32_t tag = tokens->tags[token];
            uint8_t kind = tag == grammar->no_tag && end - start > 1 ? grammar->untagged : grammar->kinds[tag];
            fine = add_unit(phrases, grammar, engine, text, start, end, kind, 0, mixed, piece);
        } else {
            next = letters_end(text, tokens, token);
            end = tokens->spans[next - 1][1];
            uint8_t kind = next - token > 1 ? grammar->joined : grammar->latin[tokens->tags[token]];
            if (is_number(text, start, end)) kind = 0;
            fine = add_unit(phrases, grammar, engine, text, start, end, kind, 1, 0, piece);
        }
        if (!fine) return 0;
        phrases->position++;
        phrases->spaced = 0, phrases->line_ends = 0;
    }
    return 1;
}

int phrases_add(Phrases *phrases, const Grammar *grammar, EngineObject *engine, PyObject *object) {
    Text text;
    if (!text_of(object, &text)) return 0;
    Scratch *scratch = take_scratch();
    PyThreadState *state = text.length < LONG_TEXT ? NULL : PyEval_SaveThread();
    int fine = scratch && tag_text(&engine->dictionary, &text, grammar->hmm, scratch);
    if (state) PyEval_RestoreThread(state);
    if (!fine) PyErr_NoMemory();
    fine = fine && add_tokens(phrases, grammar, engine, &text, &scratch->tokens, object) &&
           keep_ending(phrases, object);
    phrases->offset += text.length;
    if (scratch) give_scratch(scratch);
    return fine;
}
