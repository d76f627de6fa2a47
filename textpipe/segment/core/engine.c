/* The Python type Engine: one dictionary, every mode over it. Immutable once made; safe from any thread. */
#include "module.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a call asks for. */
typedef struct {
    Text text;
    Mode mode;
    int hmm, tagging;
} Request;

/* The tokens from `start` on, without the interpreter's lock when the text is long. */
static int next_tokens(EngineObject *self, const Request *request, int64_t start, Scratch *scratch) {
    PyThreadState *state = request->text.length < LONG_TEXT ? NULL : PyEval_SaveThread();
    clear_tokens(scratch);
    int fine = request->tagging
                   ? tag_stretch(&self->dictionary, &request->text, start, request->hmm, scratch)
                   : cut_stretch(&self->dictionary, &request->text, start, request->mode, request->hmm, scratch);
    if (state) PyEval_RestoreThread(state);
    if (!fine) PyErr_NoMemory();
    return fine;
}

/* A list of all tokens, or of pairs; made stretch by stretch, so that little room is needed beside it. */
static PyObject *new_list(EngineObject *self, const Request *request) {
    Scratch *scratch = take_scratch();
    if (scratch == NULL) return PyErr_NoMemory();
    PyObject *list = request->text.length ? NULL : PyList_New(0);
    for (int64_t start = 0; start < request->text.length; start += scratch->length) {
        PyObject *part = next_tokens(self, request, start, scratch)
                             ? (request->tagging ? pair_list : token_list)(self, &request->text, scratch)
                             : NULL;
        if (list == NULL) {
            list = part;
        } else if (part == NULL || PyList_SetSlice(list, PyList_GET_SIZE(list), PyList_GET_SIZE(list), part) < 0) {
            Py_CLEAR(list);
            Py_XDECREF(part);
        } else {
            Py_DECREF(part);
        }
        if (list == NULL) break;
    }
    give_scratch(scratch);
    return list;
}

static int mode_of(PyObject *name, Mode *mode) {
    static const char *const names[] = {"exact", "search", "full"};
    for (int index = 0; index < 3; index++)
        if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, names[index]) == 0) {
            *mode = (Mode)index;
            return 1;
        }
    PyErr_SetString(PyExc_ValueError, "the mode is none of exact, search, full");
    return 0;
}

static int read_request(PyObject *const *arguments, Py_ssize_t count, Py_ssize_t wanted, Request *request) {
    if (count != wanted) {
        PyErr_Format(PyExc_TypeError, "%zd arguments are needed, not %zd", wanted, count);
        return 0;
    }
    request->tagging = 0;
    request->hmm = PyObject_IsTrue(arguments[2]);
    return request->hmm >= 0 && mode_of(arguments[1], &request->mode) && text_of(arguments[0], &request->text);
}

static PyObject *engine_cut(EngineObject *self, PyObject *const *arguments, Py_ssize_t count) {
    Request request;
    return read_request(arguments, count, 3, &request) ? new_list(self, &request) : NULL;
}

static PyObject *engine_tag(EngineObject *self, PyObject *const *arguments, Py_ssize_t count) {
    Request request = {.tagging = 1};
    if (count != 2) {
        PyErr_Format(PyExc_TypeError, "2 arguments are needed, not %zd", count);
        return NULL;
    }
    request.hmm = PyObject_IsTrue(arguments[1]);
    return request.hmm >= 0 && text_of(arguments[0], &request.text) ? new_list(self, &request) : NULL;
}

static PyObject *engine_bounds(EngineObject *self, PyObject *const *arguments, Py_ssize_t count) {
    Request request;
    if (!read_request(arguments, count, 3, &request)) return NULL;
    Scratch *scratch = take_scratch();
    if (scratch == NULL) return PyErr_NoMemory();
    PyThreadState *state = request.text.length < LONG_TEXT ? NULL : PyEval_SaveThread();
    int fine = cut_text(&self->dictionary, &request.text, request.mode, request.hmm, scratch);
    if (state) PyEval_RestoreThread(state);
    int32_t *spans = (int32_t *)scratch->tokens.spans;
    for (int64_t bound = 0; request.mode == MODE_FULL && bound < 2 * scratch->tokens.count; bound++)
        if (spans[bound] > request.text.length) spans[bound] = (int32_t)request.text.length; /* of a glued token */
    int64_t size = scratch->tokens.count * sizeof(*scratch->tokens.spans);
    PyObject *bytes = fine ? PyByteArray_FromStringAndSize((const char *)spans, size) : PyErr_NoMemory();
    give_scratch(scratch);
    return bytes;
}

static PyObject *engine_joined(EngineObject *self, PyObject *const *arguments, Py_ssize_t count) {
    Request request;
    if (!read_request(arguments, count, 4, &request)) return NULL;
    int lines = PyObject_IsTrue(arguments[3]), apart = 0, fine = 1;
    Scratch *scratch = lines < 0 ? NULL : take_scratch();
    if (scratch == NULL) return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    PyThreadState *state = PyEval_SaveThread();
    scratch->byte_count = 0;
    for (int64_t start = 0; fine && start < request.text.length; start += scratch->length) {
        clear_tokens(scratch);
        fine = cut_stretch(&self->dictionary, &request.text, start, request.mode, request.hmm, scratch) &&
               join_tokens(&request.text, lines, &apart, scratch);
    }
    PyEval_RestoreThread(state);
    PyObject *bytes = fine ? PyBytes_FromStringAndSize(scratch->bytes, scratch->byte_count) : PyErr_NoMemory();
    give_scratch(scratch);
    return bytes;
}

/* numpy.ndarray and numpy.int32 as a dtype; numpy is imported when the first array is asked for. */
static PyObject *array_type, *integer_type;

static int find_numpy(void) {
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (numpy == NULL) return 0;
    array_type = PyObject_GetAttrString(numpy, "ndarray");
    integer_type = array_type ? PyObject_CallMethod(numpy, "dtype", "s", "int32") : NULL;
    if (integer_type == NULL) Py_CLEAR(array_type);
    Py_DECREF(numpy);
    return integer_type != NULL;
}

static PyObject *engine_spans(EngineObject *self, PyObject *const *arguments, Py_ssize_t count) {
    if (array_type == NULL && !find_numpy()) return NULL;
    PyObject *bytes = engine_bounds(self, arguments, count);
    if (bytes == NULL) return NULL;
    PyObject *rows = PyLong_FromSsize_t(PyByteArray_GET_SIZE(bytes) / 8), *columns = PyLong_FromLong(2);
    PyObject *shape = rows && columns ? PyTuple_Pack(2, rows, columns) : NULL;
    PyObject *given[] = {shape, integer_type, bytes};
    PyObject *array = shape ? PyObject_Vectorcall(array_type, given, 3, NULL) : NULL;
    Py_XDECREF(rows);
    Py_XDECREF(columns);
    Py_XDECREF(shape);
    Py_DECREF(bytes);
    return array;
}

static PyObject *engine_frequency(EngineObject *self, PyObject *word) {
    Text text;
    if (!text_of(word, &text)) return NULL;
    int64_t frequency = dictionary_find(&self->dictionary, &text, 0, text.length).frequency;
    return PyLong_FromLongLong(frequency == ABSENT ? 0 : frequency);
}

/* ------------------------------------------------------------------------------------------- suggested frequencies */

static int64_t whole_number(double value) { /* what int() gives, where 64 bits can hold it */
    return value < 9e18 ? (int64_t)value : (int64_t)9e18;
}

static double share(const Dictionary *dictionary, const Text *text, int64_t start, int64_t end) {
    int64_t frequency = dictionary_find(dictionary, text, start, end).frequency;
    return (frequency == ABSENT ? 1.0 : (double)frequency) / (double)dictionary->total;
}

/* The frequency that makes the word come out whole; ABSENT without memory. jieba's formula, in its order of sums. */
static int64_t joining_frequency(const Dictionary *dictionary, const Text *word, Scratch *scratch) {
    if (!cut_text(dictionary, word, MODE_EXACT, 0, scratch)) return ABSENT;
    double product = 1.0;
    for (int64_t token = 0; token < scratch->tokens.count; token++)
        product *= share(dictionary, word, scratch->tokens.spans[token][0], scratch->tokens.spans[token][1]);
    int64_t known = dictionary_find(dictionary, word, 0, word->length).frequency;
    int64_t suggested = whole_number(product * (double)dictionary->total) + 1;
    if (known == ABSENT) known = 1;
    return suggested > known ? suggested : known;
}

static PyObject *parting_frequency(const Dictionary *dictionary, PyObject *pieces) {
    double product = 1.0;
    PyObject *empty = PyUnicode_New(0, 0), *whole = empty ? PyUnicode_Join(empty, pieces) : NULL;
    Py_XDECREF(empty);
    if (whole == NULL) return NULL;
    Text text;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(pieces); index++) {
        if (!text_of(PyTuple_GET_ITEM(pieces, index), &text)) {
            Py_DECREF(whole);
            return NULL;
        }
        product *= share(dictionary, &text, 0, text.length);
    }
    int64_t known = ABSENT, suggested = whole_number(product * (double)dictionary->total);
    if (text_of(whole, &text)) known = dictionary_find(dictionary, &text, 0, text.length).frequency;
    Py_DECREF(whole);
    if (known == ABSENT) known = 0;
    return PyErr_Occurred() ? NULL : PyLong_FromLongLong(suggested < known ? suggested : known);
}

static PyObject *engine_suggested_frequency(EngineObject *self, PyObject *segment) {
    if (PyTuple_Check(segment)) return parting_frequency(&self->dictionary, segment);
    Text text;
    Scratch *scratch = text_of(segment, &text) ? take_scratch() : NULL;
    if (scratch == NULL) return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    int64_t frequency = joining_frequency(&self->dictionary, &text, scratch);
    give_scratch(scratch);
    return frequency == ABSENT ? PyErr_NoMemory() : PyLong_FromLongLong(frequency);
}

/* ------------------------------------------------------------------------------------------- making one */

static int32_t user_tag(EngineObject *self, PyObject *name, PyObject *numbers) {
    PyObject *number = PyDict_GetItemWithError(numbers, name);
    if (number) return (int32_t)PyLong_AsLong(number);
    if (PyErr_Occurred() || PyList_Append(self->user_tags, name) < 0) return ABSENT;
    int64_t next = self->table->table.tag_count + PyList_GET_SIZE(self->user_tags) - 1;
    PyObject *made = PyLong_FromLongLong(next);
    int kept = made ? PyDict_SetItem(numbers, name, made) : -1;
    Py_XDECREF(made);
    return kept < 0 ? ABSENT : (int32_t)next;
}

static int add_entry(EngineObject *self, PyObject *entry, PyObject *numbers, Scratch *scratch) {
    PyObject *word, *frequency_object, *tag_object;
    Text text;
    if (!PyTuple_Check(entry)) {
        PyErr_SetString(PyExc_TypeError, "an entry is a tuple of word, frequency and tag");
        return 0;
    }
    if (!PyArg_ParseTuple(entry, "UOO;an entry is a word, a frequency or None, a tag or None", &word,
                          &frequency_object, &tag_object) || !text_of(word, &text))
        return 0;
    if (text.length == 0 || text.length > 255) {
        PyErr_SetString(PyExc_ValueError, "a word has 1 to 255 characters");
        return 0;
    }
    int32_t tag = ABSENT;
    if (tag_object != Py_None && !PyUnicode_CheckExact(tag_object)) {
        PyErr_SetString(PyExc_TypeError, "a tag is a str");
        return 0;
    }
    if (tag_object != Py_None && PyUnicode_GET_LENGTH(tag_object) > 0) {
        tag = user_tag(self, tag_object, numbers);
        if (PyErr_Occurred()) return 0;
    }
    int64_t frequency = frequency_object == Py_None ? joining_frequency(&self->dictionary, &text, scratch)
                                                    : PyLong_AsLongLong(frequency_object);
    if (PyErr_Occurred()) return 0;
    if (frequency < 0 || frequency > INT64_MAX - self->dictionary.total) {
        PyErr_SetString(PyExc_OverflowError, "a frequency below 0, or frequencies that sum beyond 2^63");
        return 0;
    }
    if (dictionary_add(&self->dictionary, &text, frequency, tag)) return 1;
    PyErr_NoMemory();
    return 0;
}

static int add_entries(EngineObject *self, PyObject *entries) {
    PyObject *numbers = PyDict_New(), *sequence = PySequence_Tuple(entries); /* ours: it cannot change */
    Scratch *scratch = take_scratch();
    int fine = numbers && sequence && scratch && (self->dictionary.user = user_words_new()) != NULL;
    for (int64_t tag = 0; fine && tag < self->table->table.tag_count; tag++) {
        PyObject *number = PyLong_FromLongLong(tag);
        fine = number && PyDict_SetItem(numbers, self->table->tags[tag], number) == 0;
        Py_XDECREF(number);
    }
    for (Py_ssize_t index = 0; fine && index < PyTuple_GET_SIZE(sequence); index++)
        fine = add_entry(self, PyTuple_GET_ITEM(sequence, index), numbers, scratch);
    if (fine) {
        self->strings = calloc(self->dictionary.user->node_count, sizeof(PyObject *));
        self->pairs = calloc(self->dictionary.user->node_count, sizeof(PyObject *));
        fine = self->strings && self->pairs;
    }
    if (scratch) give_scratch(scratch);
    Py_XDECREF(numbers);
    Py_XDECREF(sequence);
    if (!fine && !PyErr_Occurred()) PyErr_NoMemory();
    return fine;
}

static PyObject *engine_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    static char *names[] = {"table", "entries", NULL};
    PyObject *table, *entries;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!O", names, &TableType, &table, &entries)) return NULL;
    EngineObject *self = (EngineObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->table = (TableObject *)Py_NewRef(table);
    self->dictionary.table = &self->table->table;
    self->dictionary.log_frequencies = self->table->log_frequencies;
    self->dictionary.total = self->table->table.total;
    self->dictionary.log_total = log((double)self->dictionary.total);
    self->user_tags = PyList_New(0);
    int has_entries = PyObject_IsTrue(entries);
    if (self->user_tags == NULL || has_entries < 0 || (has_entries && !add_entries(self, entries))) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void engine_dealloc(EngineObject *self) {
    for (uint32_t node = 0; self->strings && self->pairs && node < self->dictionary.user->node_count; node++) {
        Py_XDECREF(self->strings[node]);
        Py_XDECREF(self->pairs[node]);
    }
    free(self->strings);
    free(self->pairs);
    user_words_free(self->dictionary.user);
    Py_XDECREF(self->user_tags);
    Py_XDECREF(self->table);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *engine_total(EngineObject *self, void *Py_UNUSED(closure)) {
    return PyLong_FromLongLong(self->dictionary.total);
}

static PyGetSetDef engine_properties[] = {
    {"total", (getter)engine_total, NULL, "The sum of all frequencies.", NULL},
    {NULL},
};

static PyMethodDef engine_methods[] = {
    {"cut", (PyCFunction)(void (*)(void))engine_cut, METH_FASTCALL, "cut(text, mode, hmm) -> list of tokens"},
    {"spans", (PyCFunction)(void (*)(void))engine_spans, METH_FASTCALL,
     "spans(text, mode, hmm) -> int32[n, 2]: where each token of `cut` begins and ends"},
    {"bounds", (PyCFunction)(void (*)(void))engine_bounds, METH_FASTCALL,
     "bounds(text, mode, hmm) -> bytearray of the same"},
    {"joined", (PyCFunction)(void (*)(void))engine_joined, METH_FASTCALL,
     "joined(text, mode, hmm, lines) -> UTF-8 bytes: the tokens of `cut` with a space between, white space left out; "
     "with lines, line feeds stay"},
    {"tag", (PyCFunction)(void (*)(void))engine_tag, METH_FASTCALL, "tag(text, hmm) -> list of (token, tag)"},
    {"frequency", (PyCFunction)engine_frequency, METH_O, "frequency(word) -> int, 0 for an unknown or deleted word"},
    {"suggested_frequency", (PyCFunction)engine_suggested_frequency, METH_O,
     "suggested_frequency(word or tuple of words) -> int: what joins the word, or keeps the words apart"},
    {NULL},
};

PyTypeObject EngineType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "textpipe.segment._core.Engine",
    .tp_doc = "Engine(table, entries): segmentation over the table's words and (word, frequency, tag) entries.",
    .tp_basicsize = sizeof(EngineObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = engine_new,
    .tp_dealloc = (destructor)engine_dealloc,
    .tp_methods = engine_methods,
    .tp_getset = engine_properties,
};
