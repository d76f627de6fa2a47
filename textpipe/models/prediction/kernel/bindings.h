/* What the files of the extension module share. */
#ifndef TEXTPIPE_BINDINGS_H
#define TEXTPIPE_BINDINGS_H

#include "../../../segment/core/module.h"

#include "encoder.h"
#include "networks.h"

extern PyTypeObject EncoderType;
extern PyTypeObject *engine_type; /* textpipe.segment._core.Engine */

const Kernel *kernel_named(const char *name); /* "" for the best; null with an exception set */

PyObject *module_pool(PyObject *module, PyObject *arguments);
PyObject *module_multiply(PyObject *module, PyObject *arguments);
PyObject *module_read(PyObject *module, PyObject *arguments);

#endif
