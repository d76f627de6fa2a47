/* What every call from Python needs: the text of a str, and arrays to work in. */
#include "module.h"

#include <stdlib.h>

enum { LARGE_SCRATCH = 1 << 27 }; /* bytes that are given back after a call; only blocks of millions need them */
enum { POOLED = 64 };

/* Scratch for as many calls as ever run at once; taken and given back under the interpreter's lock. */
static Scratch *pool[POOLED];
static int pooled;

Scratch *take_scratch(void) {
    if (pooled) return pool[--pooled];
    return calloc(1, sizeof(Scratch));
}

void give_scratch(Scratch *scratch) {
    int64_t bytes = scratch->label_limit * 2 + scratch->limit * 13 + scratch->tokens.limit * 16 +
                    scratch->back_limit + scratch->glued_limit * 4 + scratch->byte_limit;
    if (bytes > LARGE_SCRATCH) scratch_free(scratch);
    if (pooled < POOLED) {
        pool[pooled++] = scratch;
    } else {
        scratch_free(scratch);
        free(scratch);
    }
}

int text_of(PyObject *object, Text *text) {
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "a text is needed, not %.100s", Py_TYPE(object)->tp_name);
        return 0;
    }
    text->characters = PyUnicode_DATA(object);
    text->width = PyUnicode_KIND(object);
    text->length = PyUnicode_GET_LENGTH(object);
    if (text->length > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a text of more than 2,147,483,647 characters");
        return 0;
    }
    return 1;
}
