/* The kernel for AVX-512: see instructions.h. */
#define WIDTH 16
#include "kernel.h"
