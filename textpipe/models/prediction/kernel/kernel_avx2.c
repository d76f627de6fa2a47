/* The kernel for AVX2 with FMA: see instructions.h. */
#define WIDTH 8
#include "kernel.h"
