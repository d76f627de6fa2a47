/* The kernel for any machine: vectors of four floats, which every 64-bit one has. */
#ifdef __GNUC__
#define WIDTH 4
#else
#define WIDTH 1
#endif
#define NAME "baseline"
#define KERNEL kernel_baseline
#define RUNS runs
static int runs(void) { return 1; }
#include "kernel.h"
