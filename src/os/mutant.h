/* SPDX-License-Identifier: MIT */
/*
 * Deliberate defects, to test the tests: a build with -DRZ_MUTANT=n has defect n, and the default tests must fail in it
 * (docs/testing.md lists the defects and what finds each; tests/tools/run_mutants.py builds and runs them). Any other build has none of this code:
 * the condition is the constant 0.
 */
#ifndef RZ_OS_MUTANT_H
#define RZ_OS_MUTANT_H

#ifdef RZ_MUTANT
#define RZ_MUTANT_IS(n) (RZ_MUTANT == (n))
#else
#define RZ_MUTANT_IS(n) 0
#endif

#endif
