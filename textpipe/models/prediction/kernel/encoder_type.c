/* The Python type Encoder. */
#include "bindings.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_BETWEEN_SIGNALS = 4096 };

PyTypeObject *engine_type;

typedef struct {
    PyObject_HEAD
    EngineObject *engine;
    Py_buffer characters;
    Encoder encoder;
} EncoderObject;

static uint32_t lower(uint32_t code) { return Py_UNICODE_TOLOWER(code); }

static int refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return 0;
}

static int choice(const char *name, const char *const *names, int count, int *chosen) {
    for (*chosen = 0; *chosen < count; ++*chosen)
        if (strcmp(name, names[*chosen]) == 0) return 1;
    return refuse("not a mode or unit that is known here");
}

static int take_words(EncoderObject *self, PyObject *words, int first) {
    if (!PyTuple_Check(words)) return refuse("words are a tuple");
    Text text;
    int64_t characters = 0;
    Py_ssize_t count = PyTuple_GET_SIZE(words);
    for (Py_ssize_t word = 0; word < count; word++) {
        if (!text_of(PyTuple_GET_ITEM(words, word), &text)) return 0;
        characters += text.length;
    }
    if (count > INT32_MAX - first || !words_start(&self->encoder.words, count, characters))
        return PyErr_NoMemory(), 0;
    for (Py_ssize_t word = 0; word < count && text_of(PyTuple_GET_ITEM(words, word), &text); word++)
        words_add(&self->encoder.words, &text, (int32_t)word + first);
    return 1;
}

static int take_characters(EncoderObject *self, PyObject *characters) {
    if (PyObject_GetBuffer(characters, &self->characters, PyBUF_SIMPLE) < 0) return 0;
    if (self->characters.len != CODES * (Py_ssize_t)sizeof(int32_t) || (uintptr_t)self->characters.buf % 4)
        return refuse("an id of every character is needed, int32");
    self->encoder.characters = self->characters.buf;
    return 1;
}

static PyObject *encoder_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    static const char *const units[] = {"word", "char", "both"}, *const modes[] = {"exact", "search"};
    static char *names[] = {"unit", "engine", "mode", "hmm", "characters", "words", "first", "most", NULL};
    const char *unit_name, *mode_name;
    PyObject *engine, *characters, *words;
    int hmm, first, unit, mode;
    long long most;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "sOspOOiL", names, &unit_name, &engine, &mode_name, &hmm,
                                     &characters, &words, &first, &most))
        return NULL;
    if (!choice(unit_name, units, 3, &unit) || !choice(mode_name, modes, 2, &mode)) return NULL;
    if (most < 1 || first < 1) return refuse("units and ids are counted from 1"), NULL;
    EncoderObject *self = (EncoderObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->encoder = (Encoder){.unit = (Unit)unit, .mode = (Mode)mode, .hmm = hmm, .most = most, .lower = lower};
    int fine = 1;
    if (self->encoder.unit != UNIT_CHARACTER) {
        fine = PyObject_TypeCheck(engine, engine_type) || refuse("a compiled engine is needed for words");
        if (fine) {
            self->engine = (EngineObject *)Py_NewRef(engine);
            self->encoder.dictionary = &self->engine->dictionary;
            fine = take_words(self, words, first);
        }
    }
    if (fine && self->encoder.unit != UNIT_WORD) fine = take_characters(self, characters);
    if (fine) return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void encoder_dealloc(EncoderObject *self) {
    words_free(&self->encoder.words);
    if (self->characters.obj) PyBuffer_Release(&self->characters);
    Py_XDECREF(self->engine);
    Py_TYPE(self)->tp_free(self);
}

/* ------------------------------------------------------------------------------------------- encode */

typedef struct {
    PyObject *texts; /* a tuple: they stay alive */
    Py_ssize_t count;
    Text *each;
    int64_t *lengths; /* ids of each, -1 for one that Python is to read */
    Scratch *scratch;
    Encoded encoded;
} Call;

static int call_start(Call *call, PyObject *texts) {
    call->texts = PySequence_Tuple(texts);
    if (call->texts == NULL) return 0;
    call->count = PyTuple_GET_SIZE(call->texts);
    call->each = malloc((size_t)(call->count + 1) * sizeof(Text));
    call->lengths = malloc((size_t)(call->count + 1) * sizeof(int64_t));
    call->scratch = take_scratch();
    if (!call->each || !call->lengths || !call->scratch) return PyErr_NoMemory(), 0;
    for (Py_ssize_t text = 0; text < call->count; text++)
        if (!text_of(PyTuple_GET_ITEM(call->texts, text), call->each + text)) return 0;
    return 1;
}

static void call_end(Call *call) {
    if (call->scratch) give_scratch(call->scratch);
    encoded_free(&call->encoded);
    free(call->each);
    free(call->lengths);
    Py_XDECREF(call->texts);
}

static int encode_all(const Encoder *encoder, Call *call) {
    Outcome outcome = READ;
    for (Py_ssize_t text = 0; outcome != NO_MEMORY && text < call->count;) {
        Py_ssize_t end = call->count - text > TEXTS_BETWEEN_SIGNALS ? text + TEXTS_BETWEEN_SIGNALS : call->count;
        Py_BEGIN_ALLOW_THREADS
        for (; outcome != NO_MEMORY && text < end; text++) {
            int64_t before = call->encoded.count;
            outcome = encode_text(encoder, call->each + text, call->scratch, &call->encoded);
            call->lengths[text] = outcome == READ ? call->encoded.count - before : -1;
        }
        Py_END_ALLOW_THREADS
        if (outcome != NO_MEMORY && PyErr_CheckSignals() < 0) return 0;
    }
    if (outcome == NO_MEMORY) PyErr_NoMemory();
    return outcome != NO_MEMORY;
}

static PyObject *ids_of(const int32_t *ids, int64_t count, int wanted) {
    return wanted ? PyByteArray_FromStringAndSize((const char *)ids, count * (Py_ssize_t)sizeof(*ids)) : NULL;
}

static PyObject *encoder_encode(EncoderObject *self, PyObject *texts) {
    Call call = {0};
    PyObject *result = NULL;
    if (call_start(&call, texts) && encode_all(&self->encoder, &call)) {
        Unit unit = self->encoder.unit;
        PyObject *channels = PyTuple_New(unit == UNIT_BOTH ? 2 : 1);
        PyObject *lengths = PyByteArray_FromStringAndSize((char *)call.lengths, call.count * (Py_ssize_t)sizeof(int64_t));
        PyObject *characters = ids_of(call.encoded.characters, call.encoded.count, unit != UNIT_WORD);
        PyObject *words = ids_of(call.encoded.words, call.encoded.count, unit != UNIT_CHARACTER);
        int fine = channels && lengths && !PyErr_Occurred();
        if (fine && characters) PyTuple_SET_ITEM(channels, 0, Py_NewRef(characters));
        if (fine && words) PyTuple_SET_ITEM(channels, unit == UNIT_BOTH, Py_NewRef(words));
        if (fine) result = Py_BuildValue("OOL", channels, lengths, (long long)call.encoded.cut);
        Py_XDECREF(channels);
        Py_XDECREF(lengths);
        Py_XDECREF(characters);
        Py_XDECREF(words);
    }
    call_end(&call);
    return result;
}

static PyMethodDef encoder_methods[] = {
    {"encode", (PyCFunction)encoder_encode, METH_O,
     "encode(texts) -> (of each channel int32 ids as bytes, int64 ids of each text as bytes, texts that were longer); "
     "-1 is for a text that Python is to read, which has none"},
    {NULL},
};

PyTypeObject EncoderType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "textpipe.models.prediction._kernel.Encoder",
    .tp_doc = "Encoder(unit, engine, mode, hmm, characters, words, first, most): texts to ids; safe from any thread.",
    .tp_basicsize = sizeof(EncoderObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = encoder_new,
    .tp_dealloc = (destructor)encoder_dealloc,
    .tp_methods = encoder_methods,
};
