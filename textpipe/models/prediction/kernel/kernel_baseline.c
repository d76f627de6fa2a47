/* The kernel for any machine: see instructions.h. */
#define WIDTH 4
#include "kernel.h"
