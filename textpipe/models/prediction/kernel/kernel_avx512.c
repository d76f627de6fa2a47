/* The kernel for AVX-512; without x86 or the compiler's vector types there is none. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <stdlib.h>
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif
#define WIDTH 16
#define NAME "avx512"
#define KERNEL kernel_avx512
#define RUNS runs
static int runs(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
#include "kernel.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
#include "networks.h"
static int runs(void) { return 0; }
const Kernel kernel_avx512 = {"avx512", runs, 0, 0, 0};
#endif
