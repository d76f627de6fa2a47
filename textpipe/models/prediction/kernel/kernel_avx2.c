/* The kernel for AVX2 with FMA; without x86 or the compiler's vector types there is none. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <stdlib.h>
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define WIDTH 8
#define NAME "avx2"
#define KERNEL kernel_avx2
#define RUNS runs
static int runs(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#include "kernel.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
#include "networks.h"
static int runs(void) { return 0; }
const Kernel kernel_avx2 = {"avx2", runs, 0, 0, 0};
#endif
