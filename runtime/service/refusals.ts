/** Answers of a collector over HTTP. */

/** It answers so to what it will never take. */
const REFUSALS = [400, 413, 422];

export const isRefusal = (status: number): boolean => REFUSALS.includes(status);
