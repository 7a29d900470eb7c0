/**
 * Counting of what an address gets wrong. Addresses are counted as `ipKeyGenerator`
 * writes them: an IPv6 client by its network, and a mapped IPv4 address as IPv4.
 */
import type { Request, Response } from "express";
import { ipKeyGenerator, type RateLimitRequestHandler, rateLimit } from "express-rate-limit";
import { Refused } from "../http/refused.ts";

interface Limit {
  readonly windowMs: number;
  /** Most in the window. */
  readonly most: number;
  readonly message: string;
  /** Default: the address. */
  readonly keyOf?: (request: Request) => string;
}

export function countingLimit({ windowMs, most, message, keyOf = addressKey }: Limit) {
  return rateLimit({
    windowMs,
    limit: most,
    keyGenerator: keyOf,
    standardHeaders: true,
    legacyHeaders: false,
    validate: false,
    handler: (_request, _response, next) => next(new Refused(429, message, { isBrief: true })),
  });
}

/** Counts once. @throws Refused 429 */
export async function count(
  limit: RateLimitRequestHandler,
  request: Request,
  response: Response,
): Promise<void> {
  const passed = Promise.withResolvers<void>();
  await limit(request, response, (error?: unknown) =>
    error === undefined ? passed.resolve() : passed.reject(error),
  );
  return passed.promise;
}

export function addressKey(request: Request): string {
  return ipKeyGenerator(request.ip ?? "unknown");
}
