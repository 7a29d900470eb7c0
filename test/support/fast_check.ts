/**
 * fast-check with the same cases in each run, so that a red run means a fault of the
 * change, and is red again. TEST_SEED=random draws new cases, TEST_SEED=42 those of 42.
 */
import fc from "fast-check";

const { TEST_SEED = "20261130" } = process.env;

/** Of all random cases of a run; undefined: fast-check draws one, and prints it. */
export const seed = TEST_SEED === "random" ? undefined : Number(TEST_SEED);

fc.configureGlobal({ ...(seed !== undefined && { seed }) });

export default fc;
