/* What the module's parts share. */
#ifndef TEXTPIPE_TRAINER_H
#define TEXTPIPE_TRAINER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "model.h"

extern PyTypeObject TrainerType;

/* The kernel of that name, the best one for an empty name; null where it does not run here. */
const Kernel *kernel_named(const char *name);

#endif
