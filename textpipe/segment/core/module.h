/* What the two Python types of the core share. */
#ifndef TEXTPIPE_MODULE_H
#define TEXTPIPE_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "cut.h"

enum { LONG_TEXT = 2000 }; /* characters from which other threads may run meanwhile */

typedef struct {
    PyObject_HEAD
    Py_buffer view;
    Table table;
    double *log_frequencies;
    PyObject **strings; /* by node: the word as one object for all, made when first needed */
    PyObject **pairs;   /* by node: (word, tag) */
    PyObject **tags;
} TableObject;

typedef struct {
    PyObject_HEAD
    TableObject *table;
    Dictionary dictionary;
    PyObject **strings; /* by the user's node */
    PyObject **pairs;
    PyObject *user_tags; /* list: tags that the table lacks, numbered from table.tag_count */
} EngineObject;

extern PyTypeObject TableType, EngineType;

/* False with an exception set for what is no str, or longer than offsets can tell. */
int text_of(PyObject *object, Text *text);

Scratch *take_scratch(void); /* null without memory */
void give_scratch(Scratch *scratch);

PyObject *token_list(EngineObject *engine, const Text *text, const Scratch *scratch);
PyObject *pair_list(EngineObject *engine, const Text *text, const Scratch *scratch);

#endif
